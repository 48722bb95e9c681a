
export const _tlm: TelemetryTracer = /* @__PURE__ */ _telemetryInject(null);
