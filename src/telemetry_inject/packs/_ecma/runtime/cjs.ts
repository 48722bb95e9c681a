
export declare const _tlm: TelemetryTracer;
// Said by hand, as `export` is no syntax of CommonJS where types are only stripped.
exports._tlm = _telemetryInject(module && typeof module.require === "function" ? (name) => module.require(name) : null);
