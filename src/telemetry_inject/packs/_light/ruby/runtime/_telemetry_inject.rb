# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0
# The runtime helper of telemetry-inject: spans without a dependency, as OTLP/JSON lines in a file.
#
# They go to telemetry/<service>-<pid>.jsonl under the working directory; TELEMETRY_INJECT_FILE names another file
# ("{pid}" and "{service}" are filled in). TELEMETRY_INJECT_DISABLED=true or OTEL_SDK_DISABLED=true switches it off.
# "thread.id" is another for each thread and fiber; what runs in a ractor of its own is not recorded.
# It never raises into the program and never prints. Of an exception only the class is recorded.
unless defined?(::TelemetryInject)
  module TelemetryInject
    LIMIT = 200 # spans kept before they are written
    KEY = :_telemetry_inject
    LANE = :_telemetry_inject_lane

    # What is done when telemetry is off.
    class Nothing
      def fail(_error); end

      def exit; end
    end

    # One call of one function.
    class Span
      attr_reader :trace_id, :id

      def initialize(name)
        @name = name
        @parent = Thread.current[KEY]
        @trace_id = @parent ? @parent.trace_id : TelemetryInject.random(32)
        @id = TelemetryInject.random(16)
        @error = nil
        @lane = Thread.current[LANE] ||= TelemetryInject.lane
        @start = Process.clock_gettime(Process::CLOCK_REALTIME, :nanosecond)
        Thread.current[KEY] = self
      end

      # Exceptions that steer the program are no errors.
      def fail(error)
        case error
        when ::SystemExit, ::Interrupt, ::StopIteration then nil
        else @error = error.class.name.to_s
        end
      rescue ::StandardError
        nil
      end

      def exit
        Thread.current[KEY] = @parent
        finish = Process.clock_gettime(Process::CLOCK_REALTIME, :nanosecond)
        TelemetryInject.add(to_json_text(finish))
      rescue ::StandardError
        nil
      end

      private

      def to_json_text(finish)
        parent = @parent ? %("parentSpanId":"#{@parent.id}",) : ''
        failed = ''
        if @error
          name = @error.gsub(/[^A-Za-z0-9_:]/, '?')
          failed = %(,{"key":"error.type","value":{"stringValue":"#{name}"}})
        end
        status = @error ? ',"status":{"code":2}' : ''
        %({"traceId":"#{@trace_id}","spanId":"#{@id}",#{parent}"name":"#{@name}","kind":1,) +
          %("startTimeUnixNano":"#{@start}","endTimeUnixNano":"#{finish}","attributes":[{"key":"code.function.name",) +
          %("value":{"stringValue":"#{@name}"}},{"key":"thread.id","value":{"intValue":"#{@lane}"}}#{failed}]#{status}})
      end
    end

    NOTHING = Nothing.new.freeze # for ractors too
    OFF = %w[TELEMETRY_INJECT_DISABLED OTEL_SDK_DISABLED].any? { |name| ENV[name].to_s.downcase == 'true' }
    @lock = Mutex.new
    @spans = []
    @lanes = 0
    @random = Random.new
    @pid = Process.pid
    @ending = false # what runs at exit after us, as test runners do, is written call by call
    service = ENV['OTEL_SERVICE_NAME'].to_s
    service = File.basename($PROGRAM_NAME.to_s, '.rb') if service.empty?
    @service = service.gsub(/[^A-Za-z0-9_.-]/, '_')
    pattern = ENV['TELEMETRY_INJECT_FILE'].to_s
    pattern = 'telemetry/{service}-{pid}.jsonl' if pattern.empty?
    @pattern = File.expand_path(pattern)

    class << self
      def enter(name)
        OFF ? NOTHING : Span.new(name)
      rescue ::StandardError, ::ScriptError # what another ractor may not touch is one of the latter
        NOTHING
      end

      # A number for each thread and each fiber, which have calls of their own.
      def lane
        @lock.synchronize { @lanes += 1 }
      end

      def random(digits)
        @random.bytes(digits / 2).unpack1('H*')
      end

      def add(text)
        full = @lock.synchronize do
          if @pid != Process.pid # forked: what was not written yet is the parent's
            @pid = Process.pid
            @spans.clear
          end
          @spans << text
          @spans.size >= LIMIT || forked? || (@ending && Thread.current[KEY].nil?)
        end
        flush if full
      end

      def flush
        spans = @lock.synchronize { @pid == Process.pid ? @spans.slice!(0..) : [] }
        return if spans.empty?

        path = @pattern.gsub('{pid}', Process.pid.to_s).gsub('{service}', @service)
        folder = File.dirname(path)
        folders = []
        until File.directory?(folder)
          folders.unshift(folder)
          folder = File.dirname(folder)
        end
        folders.each { |each| Dir.mkdir(each) unless File.directory?(each) }
        File.open(path, 'ab') do |file|
          file.syswrite(%({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":) +
            %({"stringValue":"#{@service}"}},{"key":"process.pid","value":{"intValue":"#{Process.pid}"}}]},) +
            %("scopeSpans":[{"scope":{"name":"telemetry-inject"},"spans":[#{spans.join(',')}]}]}]}\n))
        end
      rescue ::StandardError
        nil
      end

      def ending
        @ending = true
        flush
      end

      private

      def forked?
        Process.pid != MAIN && Thread.current[KEY].nil?
      end
    end

    MAIN = Process.pid
    at_exit { TelemetryInject.ending }
  end
end
