#!/usr/bin/env ruby
# frozen_string_literal: true
require "set"

class Invoice
  def initialize(lines, tax: 0.2)
    @lines = lines
    @tax = tax
  end

  def total
    sum = 0
    @lines.each do |l|
      if l > 0
        sum += l
      end
    end
    return 0 if sum.zero?
    sum * (1 + @tax)
  end

  def self.load(text)
    new(text.split(",").map { |x| Integer(x) })
  rescue ArgumentError => e
    raise "bad input: #{e.message}"
  ensure
    $loaded = true
  end

  private def helper(a,
                     b = ")")
    # nothing
    a + b
  end
end

def usage
  puts <<~TEXT
    def fake
      x
    end
  TEXT
end

usage
puts Invoice.load("1,2,3").total
begin
  Invoice.load("x")
rescue => e
  puts e.message, e.backtrace.first
end
