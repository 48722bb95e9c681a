
export const _tlm = /* @__PURE__ */ _telemetryInject(null);
