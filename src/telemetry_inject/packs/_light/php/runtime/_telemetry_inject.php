<?php
// SPDX-License-Identifier: Apache-2.0
// The runtime helper of telemetry-inject: spans without a dependency, as OTLP/JSON lines in a file.
//
// They go to telemetry/<service>-<pid>.jsonl under the working directory; TELEMETRY_INJECT_FILE names another file
// ("{pid}" and "{service}" are filled in). TELEMETRY_INJECT_DISABLED=true or OTEL_SDK_DISABLED=true switches it off.
// It never throws into the program and never prints. Of an exception only the class is recorded.
if (!class_exists('_TelemetryInject', false)) {
    final class _TelemetryInject
    {
        private const LIMIT = 200; // spans kept before they are written

        private static ?bool $off = null;
        private static ?_TelemetryInject $current = null;
        private static array $spans = [];
        private static string $path = '';
        private static string $service = '';

        private string $id = '';
        private string $trace = '';
        private int $start = 0;
        private ?string $error = null;
        private bool $ended = false;

        private function __construct(private string $name, private ?_TelemetryInject $parent)
        {
        }

        public static function enter(string $name): _TelemetryInject
        {
            if (self::$off === null) {
                self::set_up();
            }
            $span = new self($name, self::$current);
            if (self::$off) {
                $span->ended = true;
                return $span;
            }
            $span->id = bin2hex(random_bytes(8));
            $span->trace = $span->parent === null ? bin2hex(random_bytes(16)) : $span->parent->trace;
            $span->start = self::now();
            self::$current = $span;
            return $span;
        }

        public function fail(\Throwable $error): void
        {
            $this->error = preg_replace('/[^A-Za-z0-9_.]/', '.', str_replace('@anonymous', '', get_class($error)));
        }

        public function exit(): void
        {
            if ($this->ended) {
                return;
            }
            $this->ended = true;
            $finish = self::now();
            self::$current = $this->parent;
            $parent = $this->parent === null ? '' : '"parentSpanId":"' . $this->parent->id . '",';
            $failed = $this->error === null ? '' : ',{"key":"error.type","value":{"stringValue":"' . $this->error . '"}}';
            $status = $this->error === null ? '' : ',"status":{"code":2}';
            self::$spans[] = '{"traceId":"' . $this->trace . '","spanId":"' . $this->id . '",' . $parent . '"name":"'
                . $this->name . '","kind":1,"startTimeUnixNano":"' . $this->start . '","endTimeUnixNano":"' . $finish
                . '","attributes":[{"key":"code.function.name","value":{"stringValue":"' . $this->name . '"}}' . $failed
                . ']' . $status . '}';
            if (count(self::$spans) >= self::LIMIT) {
                self::flush();
            }
        }

        public static function flush(): void
        {
            if (self::$spans === []) {
                return;
            }
            $text = '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"'
                . self::$service . '"}},{"key":"process.pid","value":{"intValue":"' . getmypid()
                . '"}}]},"scopeSpans":[{"scope":{"name":"telemetry-inject"},"spans":[' . implode(',', self::$spans)
                . "]}]}]}\n";
            self::$spans = [];
            set_error_handler(static fn () => true); // the program's own would hear of ours
            try {
                $folder = dirname(self::$path);
                if (!is_dir($folder)) {
                    mkdir($folder, 0777, true);
                }
                file_put_contents(self::$path, $text, FILE_APPEND | LOCK_EX);
            } catch (\Throwable) {
                // telemetry that cannot be written is dropped
            } finally {
                restore_error_handler();
            }
        }

        private static function set_up(): void
        {
            self::$off = false;
            foreach (['TELEMETRY_INJECT_DISABLED', 'OTEL_SDK_DISABLED'] as $name) {
                self::$off = self::$off || strtolower((string) getenv($name)) === 'true';
            }
            $script = basename((string) ($_SERVER['SCRIPT_NAME'] ?? 'php'), '.php');
            self::$service = preg_replace('/[^A-Za-z0-9_.-]/', '_', getenv('OTEL_SERVICE_NAME') ?: $script);
            $path = getenv('TELEMETRY_INJECT_FILE') ?: 'telemetry/{service}-{pid}.jsonl';
            $path = str_replace(['{pid}', '{service}'], [(string) getmypid(), self::$service], $path);
            $absolute = preg_match('~\A(?:/|[A-Za-z]:|\\\\)~', $path) === 1;
            self::$path = $absolute ? $path : getcwd() . '/' . $path;
            register_shutdown_function(static function (): void {
                for ($span = self::$current; $span !== null; $span = self::$current) {
                    $span->exit(); // exit() was called inside of it
                }
                self::flush();
            });
        }

        private static function now(): int
        {
            return (int) (microtime(true) * 1e6) * 1000;
        }
    }
}
