/* eslint-disable */
/* istanbul ignore file */
/* c8 ignore start */
/* v8 ignore start */
// SPDX-License-Identifier: Apache-2.0
/**
 * The runtime helper of telemetry-inject: OpenTelemetry spans without a dependency, in Node and in browsers.
 *
 * telemetry-inject copied this file into your tree; the functions that it instrumented import `_tlm` from here.
 *
 * Where spans go, decided when the file is loaded:
 *     to the program's own OpenTelemetry SDK as soon as it has registered one (`@opentelemetry/api`); spans of both
 *     nest in each other;
 *     else to `telemetry/<service>-<pid>.jsonl` under the working directory, as OTLP/JSON lines, readable by any OTLP
 *     tool (threads: `<service>-<pid>-<thread>.jsonl`); TELEMETRY_INJECT_FILE names another file ("{pid}" and
 *     "{service}" are filled in);
 *     or by OTLP/HTTP (JSON) if OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or
 *     OTEL_TRACES_EXPORTER=otlp is set, the protocol is not grpc, and TELEMETRY_INJECT_FILE is not set.
 * To switch it off: TELEMETRY_INJECT_DISABLED=true, OTEL_SDK_DISABLED=true or OTEL_TRACES_EXPORTER=none.
 * What else it reads: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER(_ARG), OTEL_BSP_*,
 *     OTEL_EXPORTER_OTLP_*, and TELEMETRY_INJECT_MAX_BYTES (of one file; 256 MiB).
 * Whose trace it continues: that of TRACEPARENT and TRACESTATE, and that of the request which a server of Node answers,
 *     unless OTEL_PROPAGATORS leaves out tracecontext. TELEMETRY_INJECT_PROPAGATE=true sends the trace on: by http,
 *     https and fetch, and to child processes.
 * In a browser: the page says the same, with the names of those variables, by
 *     `globalThis.TELEMETRY_INJECT = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://..." }`; until then nothing is recorded.
 * What it promises: never to throw into the program, never to print, to run none of its code (no getter, no proxy, no
 *     toString), to keep none of its objects alive. What can't be delivered is dropped and counted in the scope's
 *     attribute `telemetry.dropped_spans`.
 * What is lost: spans are written when 512 have ended, one second after the first that waits, and at exit; those that
 *     have not ended then are marked `telemetry.unfinished`. A crash, SIGKILL and an unhandled SIGTERM or SIGINT lose
 *     those not yet written. Over HTTP the exit waits OTEL_BSP_EXPORT_TIMEOUT milliseconds at most.
 * A call whose caller has ended, as from a timer, is a child of the nearest enclosing call that still runs; of the call
 *     that asked for it if none does and it ended less than ten seconds ago; else it begins a trace, linked to it.
 */
