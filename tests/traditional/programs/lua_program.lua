#!/usr/bin/env lua
-- a shop
local M = {}

function M.total(items)
  local sum = 0
  for _, item in ipairs(items) do
    if item > 0 then
      sum = sum + item
    end
  end
  return sum
end

local function count(n)
  if n == 0 then
    return 0
  end
  return count(n - 1)
end

M.fail = function(text)
  local s = [[
function fake()
end
]]
  error(text .. #s)
end

print(M.total({1, 2, 3}), count(10))
print(pcall(M.fail, "no"))
local co = coroutine.wrap(function() coroutine.yield(M.total({4})) end)
print(co())
