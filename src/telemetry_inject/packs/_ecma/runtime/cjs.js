
// Node before 20.16 gives its own modules to `require` alone. Bundlers know no `module.require`.
exports._tlm = _telemetryInject(module && typeof module.require === "function" ? (name) => module.require(name) : null);
