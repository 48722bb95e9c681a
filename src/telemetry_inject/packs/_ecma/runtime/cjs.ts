
export declare const _tlm: TelemetryTracer;
// Said by hand, as `export` is no syntax of CommonJS where types are only stripped.
const requireOf = (host) => (host && typeof host.require === "function" ? (name) => host.require(name) : null);
exports._tlm = _telemetryInject(requireOf(module));
