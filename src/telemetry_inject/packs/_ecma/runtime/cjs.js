
// Node before 20.16 gives its own modules to `require` alone. Bundlers know no `module.require`.
const requireOf = (host) => (host && typeof host.require === "function" ? (name) => host.require(name) : null);
exports._tlm = _telemetryInject(requireOf(module));
