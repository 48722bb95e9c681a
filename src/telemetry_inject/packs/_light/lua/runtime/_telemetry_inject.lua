-- SPDX-License-Identifier: Apache-2.0
-- The runtime helper of telemetry-inject: spans without a dependency, as OTLP/JSON lines in a file.
--
-- They go to telemetry/<service>-<pid>.jsonl under the working directory; TELEMETRY_INJECT_FILE names another file
-- ("{pid}" and "{service}" are filled in). TELEMETRY_INJECT_DISABLED=true or OTEL_SDK_DISABLED=true switches it off.
-- It never raises into the program and never prints. Lua's own clock counts whole seconds: what lies between them is
-- the processor's time. Of an error only the type of its value is recorded.
local registry = debug and debug.getregistry and debug.getregistry() or {} -- test runners empty package.loaded
local loaded = package.loaded._telemetry_inject or registry._telemetry_inject
if loaded then
  package.loaded._telemetry_inject = loaded
  return loaded
end

local open, getenv, time, clock, execute = io.open, os.getenv, os.time, os.clock, os.execute
local format, concat, pcall, tostring, type = string.format, table.concat, pcall, tostring, type
local setmetatable, running = setmetatable, coroutine.running
local LIMIT = 200 -- spans kept before they are written

local function set(name) return (getenv(name) or ""):lower() == "true" end
local off = set("TELEMETRY_INJECT_DISABLED") or set("OTEL_SDK_DISABLED")

-- A generator of our own: the program's may be seeded, and has to give what it gave.
local state = time() * 1000003 + math.floor(clock() * 1e6) + (tonumber(tostring({}):match("0x(%x+)"), 16) or 0)
local urandom = open("/dev/urandom", "rb")
if urandom then
  local bytes = urandom:read(8)
  urandom:close()
  if bytes and #bytes == 8 then state = state ~ (string.unpack("<i8", bytes)) end
end
local function random()
  state = state + 0x9E3779B97F4A7C15
  local z = state
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return format("%016x", z ~ (z >> 31))
end

local began = time()
local base, since, latest = began * 1000000000, clock(), 0
local function now()
  local whole, used = time() * 1000000000, clock()
  local here = base + math.floor((used - since) * 1e9)
  if whole > here then -- the program has waited: from here on it is counted again
    base, since, here = whole, used, whole
  end
  if here <= latest then here = latest + 1 end -- no two moments are one, so that calls are seen to nest
  latest = here
  return here
end

local function process_id()
  local file = open("/proc/self/stat", "r")
  local id = file and file:read("n")
  if file then file:close() end
  return id and format("%d", id) or format("%d", began)
end
local pid = process_id()
local service = getenv("OTEL_SERVICE_NAME") or (arg and arg[0] or "lua"):gsub("^.*[/\\]", ""):gsub("%.lua$", "")
service = service:gsub("[^%w_.-]", "_")
if service == "" then service = "lua" end
local path = getenv("TELEMETRY_INJECT_FILE") or ""
if path == "" then path = "telemetry/{service}-{pid}.jsonl" end
path = path:gsub("{pid}", pid):gsub("{service}", service)

local spans, current = {}, setmetatable({}, { __mode = "k" })
local tried = false

local function write()
  if #spans == 0 then return end
  local text = '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"' .. service
    .. '"}},{"key":"process.pid","value":{"intValue":"' .. pid .. '"}}]},"scopeSpans":[{"scope":{"name":"telemetry-inject"},"spans":['
    .. concat(spans, ",") .. "]}]}]}\n"
  spans = {}
  local file = open(path, "ab")
  local folder = path:match("^([%w_./-]+)/[^/]*$")
  if not file and folder and not tried then
    tried = true
    execute("mkdir -p -- '" .. folder .. "' 2>/dev/null")
    file = open(path, "ab")
  end
  if file then
    file:write(text)
    file:close()
  end
end

local Span = {}
Span.__close = function(span, problem)
  pcall(function()
    local finish = now()
    current[span.thread] = span.parent
    local failed, status = "", ""
    if problem ~= nil then
      failed = ',{"key":"error.type","value":{"stringValue":"' .. type(problem) .. '"}}'
      status = ',"status":{"code":2}'
    end
    local parent = span.parent and '"parentSpanId":"' .. span.parent.id .. '",' or ""
    spans[#spans + 1] = '{"traceId":"' .. span.trace .. '","spanId":"' .. span.id .. '",' .. parent .. '"name":"'
      .. span.name .. '","kind":1,"startTimeUnixNano":"' .. format("%d", span.start) .. '","endTimeUnixNano":"'
      .. format("%d", finish) .. '","attributes":[{"key":"code.function.name","value":{"stringValue":"' .. span.name
      .. '"}}' .. failed .. "]" .. status .. "}"
    -- os.exit ends a program without a word: what is whole is written at once.
    if not span.parent or #spans >= LIMIT then write() end
  end)
end

local module = {}
local nothing = setmetatable({}, { __close = function() end })

function module.enter(name)
  if off then return nothing end
  local thread = running()
  local parent = current[thread]
  local span = setmetatable({
    name = name, thread = thread, parent = parent, id = random(), trace = parent and parent.trace or random() .. random(),
    start = now(),
  }, Span)
  current[thread] = span
  return span
end

package.loaded._telemetry_inject, registry._telemetry_inject = module, module
return module
