function _telemetryInject(localRequire) {
  "use strict";
  // Written for every engine and bundler of the last years: no import, no export, no syntax after ES2019.
  // A program may replace what it likes in the prototypes of built-in objects: what is needed later is bound now,
  // and lists are linked by hand, as even an assignment to an array's element may be caught.
  const VERSION = "0.1.0";
  const PROTOCOL = 1; // between copies of this file
  const TEXT = 120, ITEMS = 10, LABELS = 100, EVENTS = 128, FRAMES = 32, OPEN = 1000; // bounds
  const DRIFT = 50; // milliseconds between the clocks before the time of day is believed anew
  const MANY = 1000; // an object with more keys is not looked into a second time

  const G = globalThis;
  const SHARED = Symbol.for("telemetry-inject." + PROTOCOL);
  const apply = Reflect.apply, keysOf = Object.keys, describe = Object.getOwnPropertyDescriptor;
  const define = Object.defineProperty, prototypeOf = Object.getPrototypeOf, create = Object.create;
  const stringify = JSON.stringify, floor = Math.floor, round = Math.round, isArray = Array.isArray;
  const isSafeInteger = Number.isSafeInteger, text = String, fromCode = String.fromCharCode;
  const capture = Error.captureStackTrace;
  const free = (method) => Function.prototype.call.bind(method);
  const hasOwn = free(Object.prototype.hasOwnProperty), codeAt = free("".charCodeAt), slice = free("".slice);
  const indexOf = free("".indexOf), lower = free("".toLowerCase), trim = free("".trim);
  const weakGet = free(WeakMap.prototype.get), weakSet = free(WeakMap.prototype.set);
  const then = free(Promise.prototype.then);
  const descriptionOf = (describe(Symbol.prototype, "description") || {}).get;
  const nothing = () => undefined;

  // ---- One helper for all copies of this file ---------------------------------------------------------------

  const before = G[SHARED];
  if (before && before.protocol === PROTOCOL && typeof before.tracer === "function") return before.tracer;

  // ---- The platform -----------------------------------------------------------------------------------------

  const proc = G.process;
  const onNode = !!(proc && typeof proc === "object" && proc.versions && typeof proc.versions.node === "string");
  let fs, als, isProxy = null, types = null, pid = 0, thread = 0, hidden = false;
  let later = G.setTimeout, soon = G.setImmediate, cancel = G.clearTimeout;
  let performance = G.performance, wall = Date.now, toBytes = null, random = null, env = {}, folder = ".";

  function builtin(name) {
    try {
      if (typeof proc.getBuiltinModule === "function") return proc.getBuiltinModule("node:" + name);
      if (localRequire) return localRequire("node:" + name);
    } catch (_) {
      // not there: the helper does without
    }
    return undefined;
  }

  function startNode() {
    const module = builtin("fs");
    if (!module) return false;
    fs = {};
    for (const name of ["openSync", "writeSync", "closeSync", "fstatSync", "mkdirSync", "ftruncateSync"]) {
      fs[name] = module[name].bind(module);
    }
    const util = builtin("util"), timers = builtin("timers"), hooks = builtin("perf_hooks");
    if (util && util.types) {
      types = Object.assign({}, util.types);
      isProxy = types.isProxy;
    }
    if (timers) {
      later = timers.setTimeout;
      soon = timers.setImmediate;
      cancel = timers.clearTimeout;
    }
    if (hooks && hooks.performance) performance = hooks.performance;
    try {
      wall = module.statSync(proc.execPath).mtime.constructor.now; // that of Node itself, if `Date` is replaced
      wall();
    } catch (_) {
      wall = Date.now;
    }
    const buffers = builtin("buffer");
    toBytes = buffers.Buffer.from.bind(buffers.Buffer);
    pid = proc.pid;
    const threads = builtin("worker_threads");
    thread = (threads && threads.threadId) || 0;
    // There, 'exit' is not announced: worlds apart as of `vm` and jest, threads and children that are ended from
    // outside. They write whenever the event loop comes round.
    hidden = !(module.writeSync instanceof Function) || thread !== 0 || proc.connected === true;
    foreign = !(module.writeSync instanceof Function);
    try {
      folder = proc.cwd(); // now: a later chdir does not move the file
    } catch (_) {
      folder = ".";
    }
    const crypto = builtin("crypto");
    if (crypto) random = (words) => crypto.randomFillSync(words);
    return true;
  }

  function startContext() {
    const hooks = builtin("async_hooks");
    if (!hooks || typeof hooks.AsyncLocalStorage !== "function") return;
    const storage = new hooks.AsyncLocalStorage();
    if (typeof storage.enterWith !== "function") return;
    define(storage, "getStore", { value: storage.getStore });
    define(storage, "enterWith", { value: storage.enterWith });
    resourceOf = hooks.executionAsyncResource;
    als = storage;
  }

  let foreign = false, resourceOf = null, current; // `current` is used where there is no AsyncLocalStorage

  function get() {
    return als === undefined ? current : als.getStore();
  }

  function enter(span) {
    if (als === undefined) current = span;
    else als.enterWith(span);
  }

  // ---- Settings ---------------------------------------------------------------------------------------------

  /** The first that is set and not empty, of variables or, for `OTLP_...`, of those of traces before all. */
  function setting(name, fallback) {
    const otlp = "OTEL_EXPORTER_OTLP_", names = [name];
    if (name.startsWith("OTLP_")) names.splice(0, 1, otlp + "TRACES_" + name.slice(5), otlp + name.slice(5));
    for (const variable of names) {
      const value = env[variable];
      const words = value === undefined || value === null || typeof value === "object" ? "" : String(value).trim();
      if (words) return words;
    }
    return fallback || "";
  }

  function number(name, fallback) {
    const value = setting(name);
    return /^[0-9]+$/.test(value) ? Number(value) : fallback;
  }

  /** Read `key=value,...` with percent-encoding; one mistake discards all, as the specification wants. */
  function pairs(list) {
    const found = create(null);
    try {
      for (const item of list.split(",")) {
        const at = item.indexOf("="), key = at < 0 ? item : item.slice(0, at);
        const value = at < 0 ? "" : decodeURIComponent(item.slice(at + 1).trim());
        if (key.trim()) found[decodeURIComponent(key.trim())] = value;
      }
    } catch (_) {
      return create(null);
    }
    return found;
  }

  /** The call that W3C Trace Context names; null where its rules are broken. */
  function remoteParent(header, state) {
    const fields = /^[ \t]*([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?[ \t]*$/.exec(header);
    if (!fields || fields[1] === "ff" || /^0*$/.test(fields[2]) || /^0*$/.test(fields[3])) return null;
    if (fields[1] === "00" && fields[5] !== undefined) return null;
    const word = (digits, at) => parseInt(digits.slice(at, at + 8), 16) | 0;
    const trace = fields[2], span = fields[3];
    return {
      words: [word(trace, 0), word(trace, 8), word(trace, 16), word(trace, 24)],
      high: word(span, 0), low: word(span, 8), sampled: (parseInt(fields[4], 16) & 1) === 1, state: vendors(state),
      header, id: trace,
    };
  }

  /** A tracestate without its empty entries; nothing if one of the others is wrong. */
  function vendors(state) {
    const seen = create(null), kept = [];
    for (const entry of (state || "").split(",")) {
      const words = entry.replace(/^[ \t]+|[ \t]+$/g, "");
      if (!words) continue;
      const key = words.slice(0, words.indexOf("="));
      if (!/^[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\x2d-<>-~]{1,256}$/.test(words) || hasOwn(seen, key)) return "";
      seen[key] = kept.push(words);
    }
    return kept.length > 32 ? "" : kept.join(",");
  }

  let off = false, remote = null, followsParent = true, ratio = 1, attributes, service, url = "", path = "";
  let QUEUE = 2048, BATCH = 512, DELAY = 1000, PATIENCE = 5000, MAX_BYTES = 256 * 1024 * 1024, TIMEOUT = 10000;
  const PAUSE = 2; // between two writes of a world that may be ended without a word, in milliseconds
  let gzip = false, certificates = {}, headers = {}, configured = false, propagates = true;

  function isOff() {
    const isTrue = (name) => setting(name).toLowerCase() === "true";
    if (isTrue("TELEMETRY_INJECT_DISABLED") || isTrue("OTEL_SDK_DISABLED")) return true;
    return setting("OTEL_TRACES_EXPORTER").toLowerCase() === "none";
  }

  function configure() {
    configured = true;
    off = isOff();
    if (off) return;
    propagates = setting("OTEL_PROPAGATORS", "tracecontext").replace(/ /g, "").split(",").includes("tracecontext");
    remote = propagates ? remoteParent(setting("TRACEPARENT"), setting("TRACESTATE")) : null;
    const sampler = setting("OTEL_TRACES_SAMPLER").toLowerCase();
    const rule = sampler.startsWith("parentbased_") ? sampler.slice(12) : sampler;
    const asked = Number(setting("OTEL_TRACES_SAMPLER_ARG", "1")), share = asked >= 0 && asked <= 1 ? asked : 1;
    const ratios = { always_on: 1, always_off: 0, traceidratio: share };
    followsParent = rule !== sampler || !hasOwn(ratios, rule);
    ratio = hasOwn(ratios, rule) ? ratios[rule] : 1;

    const program = onNode ? String(proc.execPath || "node").replace(/\\/g, "/").replace(/^.*\//, "") : "browser";
    attributes = create(null);
    attributes["service.name"] = "unknown_service:" + program.replace(/\.exe$/i, "");
    Object.assign(attributes, pairs(setting("OTEL_RESOURCE_ATTRIBUTES")));
    const named = setting("OTEL_SERVICE_NAME");
    if (named) attributes["service.name"] = named;
    attributes["telemetry.sdk.name"] = "telemetry-inject";
    attributes["telemetry.sdk.language"] = onNode ? "nodejs" : "webjs";
    attributes["telemetry.sdk.version"] = VERSION;
    service = "";
    for (const letter of attributes["service.name"]) {
      service += /^[\p{L}\p{N}_.-]$/u.test(letter) ? letter : "_";
    }
    service = encodable(service.slice(0, 80));

    if (!setting("TELEMETRY_INJECT_FILE") && setting("OTLP_PROTOCOL") !== "grpc") {
      const exact = setting("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
      const wanted = setting("OTEL_TRACES_EXPORTER").replace(/ /g, "").split(",").includes("otlp");
      const base = setting("OTEL_EXPORTER_OTLP_ENDPOINT", wanted ? "http://localhost:4318" : "");
      if (exact) url = /:\/\/.*\//.test(exact) ? exact : exact + "/";
      else url = base && base.replace(/\/+$/, "") + "/v1/traces";
    }
    QUEUE = Math.max(1, number("OTEL_BSP_MAX_QUEUE_SIZE", 2048));
    // A browser takes 64 KiB when its page is left: not more than that should wait.
    BATCH = Math.min(QUEUE, Math.max(1, number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", onNode ? 512 : 64)));
    DELAY = Math.min(number("OTEL_BSP_SCHEDULE_DELAY", url ? 5000 : 1000), 3600000);
    PATIENCE = Math.min(number("OTEL_BSP_EXPORT_TIMEOUT", 5000), 3600000);
    MAX_BYTES = number("TELEMETRY_INJECT_MAX_BYTES", 256 * 1024 * 1024);
    TIMEOUT = Math.min(number("OTLP_TIMEOUT", 10000), 3600000);
    gzip = setting("OTLP_COMPRESSION").toLowerCase() === "gzip";
    const files = { ca: "CERTIFICATE", cert: "CLIENT_CERTIFICATE", key: "CLIENT_KEY" };
    for (const key of keysOf(files)) {
      const file = setting("OTLP_" + files[key]);
      if (file) certificates[key] = file;
    }
    headers = Object.assign({ "Content-Type": "application/json" }, pairs(setting("OTLP_HEADERS")));
    if (onNode) headers["User-Agent"] = "telemetry-inject-js/" + VERSION;
    if (onNode && gzip) headers["Content-Encoding"] = "gzip";
    path = setting("TELEMETRY_INJECT_FILE", "telemetry/{service}-{pid}.jsonl");
    path = path.split("{service}").join(service).split("{pid}").join(thread ? pid + "-" + thread : String(pid));
    if (!/^([/\\<]|.:)/.test(path)) path = folder + "/" + path;
  }

  // ---- Values: short, plain, without secrets ----------------------------------------------------------------

  const REDACTED = "[redacted]", MISSING = {};
  const SECRET_NAMES = { auth: 1, pwd: 1, pass: 1, pin: 1, otp: 1, ssn: 1, cvv: 1, cvc: 1, sid: 1, dsn: 1 };
  const SECRET_PARTS = [ // of names without separators; the first five also before a colon in running text
    "password", "passwd", "passphrase", "secret", "apikey", "token", "authorization", "cookie", "credential",
    "privatekey", "session", "accesskey", "signingkey", "encryptionkey", "bearer", "jwt", "creditcard", "cardnumber",
  ];
  const SECRET_STARTS = [ // how keys and tokens begin, and how many letters follow at least
    "eyJ", "AKIA", "ASIA", "AIza", "sk-", "sk_live_", "rk_live_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-",
    "xoxb-", "xoxp-", "bearer ", "Bearer ", "BEARER ", "-----BEGIN ",
  ];
  const SECRET_LENGTHS = [20, 16, 16, 30, 20, 10, 10, 20, 20, 20, 20, 16, 10, 10, 8, 8, 8, 3];

  const between = (code, first, last) => code >= first && code <= last;
  const isDigit = (code) => between(code, 48, 57);
  const isAlnum = (code) => isDigit(code) || between(code, 97, 122) || between(code, 65, 90) || code > 127;
  const inTail = (code) => isAlnum(code) || between(code, 45, 47) || code === 43 || code === 61 || code === 95;

  /** Without halves of surrogate pairs, which UTF-8 can't encode. */
  function encodable(words) {
    let out = "", from = 0;
    for (let i = 0; i < words.length; i++) {
      const code = codeAt(words, i);
      if (code < 0xd800 || code > 0xdfff) continue;
      const next = i + 1 < words.length ? codeAt(words, i + 1) : 0;
      if (code < 0xdc00 && between(next, 0xdc00, 0xdfff)) {
        i++;
      } else {
        out += slice(words, from, i) + "?";
        from = i + 1;
      }
    }
    return from === 0 ? words : out + slice(words, from);
  }

  /** As JSON, in ASCII: some readers end lines at other characters than "\n". */
  function quote(words) {
    const quoted = stringify(words);
    let out = "", from = 0;
    for (let i = 0; i < quoted.length; i++) {
      const code = codeAt(quoted, i);
      if (code < 127) continue;
      out += slice(quoted, from, i) + "\\u" + HEX[code >>> 8] + HEX[code & 255];
      from = i + 1;
    }
    return from === 0 ? quoted : out + slice(quoted, from);
  }

  const HEX = [];
  for (let i = 0; i < 256; i++) HEX[i] = (i < 16 ? "0" : "") + i.toString(16);

  function cut(words, limit) {
    return words.length <= limit ? words : slice(words, 0, limit - 1) + "\u2026";
  }

  function plain(words) {
    let out = "";
    for (let i = 0; i < words.length; i++) if (isAlnum(codeAt(words, i))) out += words[i];
    return lower(out);
  }

  function secretName(name) {
    const words = plain(slice(name, 0, TEXT));
    if (hasOwn(SECRET_NAMES, words)) return true;
    for (let i = 0; i < SECRET_PARTS.length; i++) if (indexOf(words, SECRET_PARTS[i]) >= 0) return true;
    return false;
  }

  function endsLikeSecret(words, parts) {
    const end = plain(slice(words, -24));
    for (let i = 0; i < parts; i++) {
      const part = SECRET_PARTS[i];
      if (end.length >= part.length && slice(end, -part.length) === part) return true;
    }
    return false;
  }

  function secretText(words) {
    for (let i = 0; i < SECRET_STARTS.length; i++) {
      const start = SECRET_STARTS[i], length = SECRET_LENGTHS[i];
      for (let at = indexOf(words, start); at >= 0; at = indexOf(words, start, at + 1)) {
        const tail = at + start.length;
        let whole = tail + length <= words.length;
        for (let j = tail; whole && j < tail + length; j++) whole = inTail(codeAt(words, j));
        if (whole && (at === 0 || !isAlnum(codeAt(words, at - 1)))) return true;
      }
    }
    const scheme = indexOf(words, "://");
    if (scheme >= 0) { // user:password@host
      const rest = slice(words, scheme + 3), at = indexOf(rest, "@"), slash = indexOf(rest, "/");
      const colon = indexOf(rest, ":");
      if (colon >= 0 && at >= 0 && colon < at && (slash < 0 || at < slash)) return true;
    }
    for (let kind = 0; kind < 2; kind++) { // password=..., "token": "..."
      const sign = kind ? ":" : "=";
      let from = 0;
      for (let n = 0; n < 20; n++) {
        const at = indexOf(words, sign, from);
        if (at < 0) break;
        const name = slice(words, from, at), last = slice(trim(name), -1);
        const sure = kind === 0 || last === '"' || last === "'";
        if (endsLikeSecret(name, sure ? SECRET_PARTS.length : 5)) return true;
        from = at + 1;
      }
    }
    return false;
  }

  /** Without secrets, cut, and encodable. */
  function clean(words, limit) {
    if (words.length > 8 && secretText(slice(words, 0, 4 * limit))) return REDACTED;
    return encodable(cut(words, limit));
  }

  /** The value of a property of this very object that is no accessor. Of proxies, nothing. */
  function dataOf(object, key) {
    if (isProxy !== null && isProxy(object)) return MISSING;
    const property = describe(object, key);
    return property !== undefined && hasOwn(property, "value") ? property.value : MISSING;
  }

  /** The value of a property of an object or of what it inherits from, without running code of the program. */
  function inherited(object, key) {
    for (let i = 0; object !== null && i < FRAMES; i++) {
      if (isProxy !== null && isProxy(object)) return MISSING;
      if (hasOwn(object, key)) return dataOf(object, key);
      object = prototypeOf(object);
    }
    return MISSING;
  }

  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  /** The name of the class of an object, as far as it can be told without its help. */
  function className(object) {
    try {
      if (isProxy !== null && isProxy(object)) return "Proxy";
      const maker = inherited(object, "constructor");
      const name = typeof maker === "function" ? dataOf(maker, "name") : MISSING;
      if (typeof name === "string" && name) return encodable(slice(name, 0, TEXT));
    } catch (_) {
      // a revoked or foreign object
    }
    return isArray(object) ? "Array" : "Object";
  }

  const quoted = (words) => "'" + words + "'";
  let sizeOfMap = nothing, sizeOfSet = nothing, lengthOfBytes = nothing;
  try {
    sizeOfMap = free(describe(Map.prototype, "size").get);
    sizeOfSet = free(describe(Set.prototype, "size").get);
    lengthOfBytes = free(describe(prototypeOf(Uint8Array.prototype), "length").get);
  } catch (_) {
    // an engine without them
  }
  const large = new WeakMap(); // objects with too many keys to look into them again

  /** How many things a container holds, or -1. */
  function sizeOf(value) {
    if (types === null) return -1;
    if (types.isMap(value)) return sizeOfMap(value);
    if (types.isSet(value)) return sizeOfSet(value);
    if (types.isTypedArray(value)) return lengthOfBytes(value);
    return isArray(value) ? dataOf(value, "length") : -1;
  }

  /** What an object is, in angle brackets. */
  function kindOf(value) {
    if (isProxy === null) return typeof value === "function" ? "<function>" : "<object>"; // looking might call a proxy
    if (isProxy(value)) return "<Proxy>";
    if (typeof value === "function") {
      const name = dataOf(value, "name");
      return typeof name === "string" && name ? "<function " + clean(name, TEXT) + ">" : "<function>";
    }
    if (types.isModuleNamespaceObject(value)) return "<module>";
    const size = sizeOf(value);
    return "<" + className(value) + (size >= 0 ? " of " + size : "") + ">";
  }

  /** A value inside of a container, as text. */
  function item(value) {
    if (value === MISSING) return "<accessor>";
    if (isObject(value)) return kindOf(value);
    const shown = show(value);
    if (typeof value === "string" && shown !== REDACTED) return quoted(cut(shown, 40));
    return text(shown);
  }

  function entries(value) {
    if (isArray(value)) {
      const length = dataOf(value, "length");
      let out = "";
      for (let i = 0; i < length && i < ITEMS; i++) {
        out += (i ? ", " : "") + (hasOwn(value, i) ? item(dataOf(value, i)) : "<empty>");
      }
      return "[" + out + (length > ITEMS ? ", \u2026 " + (length - ITEMS) + " more" : "") + "]";
    }
    const keys = keysOf(value), length = keys.length;
    if (length > MANY) weakSet(large, value, true);
    let out = "";
    for (let i = 0; i < length && i < ITEMS; i++) {
      const key = keys[i];
      out += (i ? ", " : "") + clean(key, 40) + ": " + (secretName(key) ? REDACTED : item(dataOf(value, key)));
    }
    return "{" + out + (length > ITEMS ? ", \u2026 " + (length - ITEMS) + " more" : "") + "}";
  }

  /** Whether it is an array, or an object without a class, that can be looked into. */
  function isOpen(value) {
    if (typeof value === "function" || isProxy === null || isProxy(value) || weakGet(large, value)) return false;
    if (isArray(value)) return true;
    const parent = prototypeOf(value);
    if (parent === null) return !types.isModuleNamespaceObject(value);
    return !isProxy(parent) && prototypeOf(parent) === null && className(value) === "Object" && sizeOf(value) < 0;
  }

  /** A value as it may be recorded: boolean, number or short text. Runs no code of the program. */
  function show(value) {
    switch (typeof value) {
      case "string": return clean(value, TEXT);
      case "number": case "boolean": return value;
      case "undefined": return "undefined";
      case "bigint": return isShortInteger(value) ? value : "<bigint>";
      case "symbol": {
        const words = descriptionOf ? apply(descriptionOf, value, []) : "";
        return "Symbol(" + (words ? clean(words, TEXT) : "") + ")";
      }
    }
    if (value === null) return "null";
    try {
      return isOpen(value) ? cut(entries(value), 2 * TEXT) : kindOf(value);
    } catch (_) {
      return "<object>";
    }
  }

  const asSigned = typeof BigInt === "function" ? BigInt.asIntN : null;
  const isShortInteger = (value) => asSigned(64, value) === value;

  const secrets = create(null); // name of a variable -> whether its value is secret
  let secretsKnown = 0;

  function isSecret(name) {
    let secret = secrets[name];
    if (secret === undefined) {
      secret = secretName(name);
      if (secretsKnown++ < 10000) secrets[name] = secret;
    }
    return secret;
  }

  /** The values as a chain of attributes, in front of `last`. */
  function captured(prefix, values, chain) {
    const keys = keysOf(values);
    for (let i = 0; i < keys.length && i < EVENTS; i++) {
      const key = keys[i];
      chain.add(prefix + encodable(key), isSecret(key) ? REDACTED : show(values[key]));
    }
    return chain;
  }

  class Chain {
    constructor() {
      this.first = this.last = null;
    }

    add(key, value) {
      const link = { key, value, next: null };
      if (this.last === null) this.first = link;
      else this.last.next = link;
      this.last = link;
      return this;
    }
  }

  // ---- Numbers and clocks -----------------------------------------------------------------------------------

  // Not Math.random: programs seed and replace it. This is "sfc32" of the PractRand suite.
  let r0 = 0, r1 = 0, r2 = 0, r3 = 1;

  function bits() {
    const sum = ((r0 + r1) | 0) + r3 | 0;
    r3 = (r3 + 1) | 0;
    r0 = r1 ^ (r1 >>> 9);
    r1 = (r2 + (r2 << 3)) | 0;
    r2 = (r2 << 21) | (r2 >>> 11);
    r2 = (r2 + sum) | 0;
    return sum;
  }

  function seed() {
    const words = new Uint32Array(4);
    try {
      if (random !== null) random(words);
      else G.crypto.getRandomValues(words);
    } catch (_) {
      for (let i = 0; i < 4; i++) words[i] = Math.random() * 4294967296;
    }
    r0 = words[0] | 0;
    r1 = words[1] | 0;
    r2 = words[2] ^ pid;
    r3 = words[3] | 1;
    for (let i = 0; i < 12; i++) bits();
  }

  let clock = null, origin = null; // milliseconds; `origin`, added to it, is the time of day

  function startClock() {
    if (performance && typeof performance.now === "function") {
      clock = performance.now.bind(performance);
      const start = performance.timeOrigin || wall() - clock();
      origin = { whole: floor(start), rest: start - floor(start) };
      resynchronise();
    } else {
      clock = wall;
      origin = { whole: 0, rest: 0 };
    }
  }

  /** Where the time of day has moved against the clock (the machine slept, say), traces to come go by it. */
  function resynchronise() {
    const start = wall() - clock(), off = start - origin.whole - origin.rest;
    if (off > DRIFT || off < -DRIFT) origin = { whole: floor(start), rest: start - floor(start) };
  }

  // ---- Spans ------------------------------------------------------------------------------------------------

  let dropped = 0, pending = null, lastPending = null, waiting = 0, due = Infinity, armed = false, ending = false;
  let open = null, opened = 0, untracked = 0; // asynchronous calls and generators that have not ended
  let busy = false; // inside of the program's SDK, which may be instrumented itself

  class Trace {
    constructor(first, second, third, fourth, sampled, parent) {
      this.first = first;
      this.second = second;
      this.third = third;
      this.fourth = fourth;
      this.sampled = sampled;
      this.origin = origin;
      this.parent = parent; // what another process said of the call that it begins below, or null
    }
  }

  function newTrace() {
    if (remote !== null) return traceBelow(remote);
    const third = bits(), fourth = bits() | 1;
    return new Trace(bits(), bits(), third, fourth, isKept(third, fourth), null);
  }

  function traceBelow(parent) {
    const words = parent.words;
    const kept = followsParent ? parent.sampled : isKept(words[2], words[3]);
    return new Trace(words[0], words[1], words[2], words[3], kept, parent);
  }

  /** Whether the low half of the trace's id is below the bound. */
  function isKept(third, fourth) {
    if (ratio >= 1) return true;
    return ((third >>> 0) * 4294967296 + (fourth >>> 0)) / 18446744073709551616 < ratio;
  }

  /** What is known of one instrumented function from its first call on. */
  class Site {
    constructor(strings, kind, tag) {
      const name = strings[0] === undefined ? strings.raw[0] : strings[0];
      this.name = encodable(typeof name === "string" ? name : "?");
      this.facts = new Chain().add("code.function.name", this.name);
      const place = placeOf(tag);
      if (place !== null) {
        if (place.file) this.facts.add("code.file.path", encodable(place.file));
        if (place.line) this.facts.add("code.line.number", place.line);
      }
      if (kind) this.facts.add("telemetry.kind", kind);
      this.head = encode(this.words(257));
      this.tail = encode('","attributes":[' + keyValues(this.facts) +
        ',{"key":"thread.id","value":{"intValue":"' + thread + '"}}');
    }

    words(flags) {
      return '","flags":' + flags + ',"name":' + quote(this.name) + ',"kind":1,"startTimeUnixNano":"';
    }
  }

  const sites = new WeakMap();

  function siteOf(strings, kind, tag) {
    const site = new Site(strings, kind, tag);
    weakSet(sites, strings, site);
    return site;
  }

  /** What only some spans have. */
  class Notes {
    constructor() {
      this.values = new Chain();
      this.branches = this.loops = this.handlers = null; // label -> how often
      this.labels = 0;
      this.events = this.lastEvent = null;
      this.eventCount = this.lost = 0;
      this.error = "";
      this.link = null; // to the call that asked for this one, and had ended
      this.unfinished = false;
    }

    attributes() {
      const all = new Chain();
      for (let link = this.values.first; link !== null; link = link.next) all.add(link.key, link.value);
      counts(all, "telemetry.branch.", this.branches);
      counts(all, "telemetry.loop.", this.loops);
      counts(all, "telemetry.handled.", this.handlers);
      if (this.error) all.add("error.type", this.error);
      if (this.unfinished) all.add("telemetry.unfinished", true);
      return all;
    }

    event(name, attributes) {
      if (this.eventCount >= EVENTS) {
        this.lost++;
        return;
      }
      const event = { at: clock(), name, attributes, next: null };
      if (this.lastEvent === null) this.events = event;
      else this.lastEvent.next = event;
      this.lastEvent = event;
      this.eventCount++;
    }
  }

  function counts(chain, prefix, table) {
    if (table === null) return;
    const keys = keysOf(table);
    for (let i = 0; i < keys.length; i++) chain.add(prefix + encodable(keys[i]), table[keys[i]]);
  }

  /** The nearest call that has not ended. */
  function living(span) {
    while (span !== undefined && span.end !== 0) span = span.up;
    return span;
  }

  /**
   * One call of an instrumented function. `before` is what was current when it began, `up` the nearest enclosing
   * call that has not ended, `end` is 0 until the end.
   */
  class Span {
    constructor(site, before) {
      const up = before === undefined ? undefined : living(before);
      this.site = site;
      this.before = before;
      this.up = up;
      this.notes = null;
      this.next = null;
      this.end = 0;
      this.high = bits();
      this.low = bits() | 1;
      if (up !== undefined) {
        this.trace = up.trace;
        this.parentHigh = up.high;
        this.parentLow = up.low;
        this.start = clock();
      } else {
        this.start = clock();
        this.parentHigh = this.parentLow = 0;
        this.trace = null;
        this.begin(before);
      }
    }

    /** No enclosing call runs any more: go on with the trace of the one that asked for this call, or begin one. */
    begin(asked) {
      if (asked !== undefined && (asked instanceof Asker || follows(asked, this.start))) {
        this.trace = asked.trace;
        this.parentHigh = asked.high;
        this.parentLow = asked.low;
        return;
      }
      this.trace = newTrace();
      if (remote !== null) {
        this.parentHigh = remote.high;
        this.parentLow = remote.low;
      }
      if (asked !== undefined && asked.trace.sampled) {
        this.more().link = { trace: asked.trace, high: asked.high, low: asked.low };
      }
    }

    exit() {
      try {
        if (this.end !== 0) return;
        enter(this.before);
        this.finish(clock());
      } catch (_) {
        dropped++;
      }
    }

    finish(now) {
      const end = this.end = now > this.start ? now : this.start || 1e-6;
      this.before = undefined;
      if (this.up !== undefined) this.up = living(this.up);
      if (!this.trace.sampled) return;
      if (waiting >= QUEUE) { // nobody takes them
        dropped++;
        return;
      }
      if (lastPending === null) pending = this;
      else lastPending.next = this;
      lastPending = this;
      waiting++;
      if (end >= due || waiting >= BATCH || !armed) deliver(end);
    }

    more() {
      return this.notes === null ? (this.notes = new Notes()) : this.notes;
    }

    fail(error) {
      try {
        if (this.trace.sampled && this.end === 0 && !isControlFlow(error)) noteError(this, error);
      } catch (_) {
        // no room to describe it
      }
      return error;
    }

    wait(value) {
      return value;
    }

    back(value) {
      return value;
    }

    branch(label) {
      try {
        const notes = this.more();
        if (notes.branches === null) notes.branches = create(null);
        count(notes, notes.branches, label);
      } catch (_) {
        // no room
      }
    }

    loop(label) {
      try {
        const notes = this.more();
        if (notes.loops === null) notes.loops = create(null);
        count(notes, notes.loops, label);
      } catch (_) {
        // no room
      }
    }

    handled(label, error) {
      try {
        const notes = this.more();
        if (notes.handlers === null) notes.handlers = create(null);
        const told = count(notes, notes.handlers, label) && arguments.length > 1;
        if (told) notes.handlers[label + ".type"] = typeOf(error);
      } catch (_) {
        // no room
      }
    }

    args(values) {
      try {
        if (this.trace.sampled) captured("telemetry.arg.", values, this.more().values);
      } catch (_) {
        // no room
      }
      return this;
    }

    assign(values) {
      try {
        if (!this.trace.sampled) return;
        const notes = this.more();
        if (notes.eventCount >= EVENTS) notes.lost++;
        else notes.event("assign", captured("telemetry.assign.", values, new Chain()));
      } catch (_) {
        // no room
      }
    }

    returns(value) {
      try {
        if (this.trace.sampled) this.more().values.add("telemetry.return", show(value));
      } catch (_) {
        // no room
      }
      return value;
    }
  }

  const FOLLOW = 10000; // ms after the end of a call in which what it asked for still belongs to its trace

  /** Whether what begins now, asked for by a call that has ended, still belongs to its trace. */
  function follows(asked, now) {
    return now - asked.end < FOLLOW && !servesRequest();
  }

  /** Whether the event loop came here because a server was asked something: that begins a trace of its own. */
  function servesRequest() {
    try {
      const resource = resourceOf === null ? undefined : resourceOf();
      return isObject(resource) && className(resource) === "HTTPServerAsyncResource";
    } catch (_) {
      return false;
    }
  }

  function count(notes, table, label) {
    const times = table[label];
    if (times !== undefined) table[label] = times + 1;
    else if (notes.labels++ < LABELS) table[label] = 1;
    else return false;
    return true;
  }

  /** A call that may outlive the moment: among the open ones, which are written if the process ends before. */
  class OpenSpan extends Span {
    constructor(site, before) {
      super(site, before);
      this.left = null;
      this.right = null;
      this.tracked = false;
      if (!this.trace.sampled) return;
      if (opened >= OPEN) {
        untracked++;
        return;
      }
      this.tracked = true;
      opened++;
      this.right = open;
      if (open !== null) open.left = this;
      open = this;
    }

    finish(now) {
      if (!this.tracked) {
        if (this.trace.sampled) untracked--;
      } else {
        this.tracked = false;
        opened--;
        if (this.left !== null) this.left.right = this.right;
        else open = this.right;
        if (this.right !== null) this.right.left = this.left;
        this.left = this.right = null;
      }
      super.finish(now);
    }
  }

  /** A call of an asynchronous function: current while it runs, its caller's span while it waits. */
  class AsyncSpan extends OpenSpan {
    constructor(site, before) {
      super(site, before);
      this.waited = false;
    }

    wait(value) {
      try {
        if (!this.waited) {
          this.waited = true;
          enter(this.before);
        } else if (als === undefined) {
          enter(undefined); // whoever runs next is no caller of ours
        }
      } catch (_) {
        // no room
      }
      return value;
    }

    back(value) {
      try {
        if (this.end === 0 && get() !== this) enter(this);
      } catch (_) {
        // no room
      }
      return value;
    }

    exit() {
      try {
        if (this.end !== 0) return;
        if (get() === this) enter(als === undefined && this.waited ? undefined : this.before);
        this.finish(clock());
      } catch (_) {
        dropped++;
      }
    }
  }

  /** A generator: recorded, never current, as its consumer is not inside of it. */
  class GeneratorSpan extends OpenSpan {
    exit() {
      try {
        if (this.end === 0) this.finish(clock());
      } catch (_) {
        dropped++;
      }
    }
  }

  // ---- Errors -----------------------------------------------------------------------------------------------

  const recorded = new WeakMap(); // error -> where and when it was recorded
  let thrown, thrownAt = null; // the last one that is no object

  // React's exceptions for suspending: in development, and by their numbers in production (of `use` and of actions).
  const SUSPENSE = ["Suspense Exception:", "Minified React error #460;", "Minified React error #542;"];
  const DIGESTS = ["NEXT_", "DYNAMIC_SERVER_USAGE", "BAILOUT_TO_CLIENT_SIDE_RENDERING"];

  /** React throws promises, and its `use` and Next.js errors, to say something else than that something is wrong. */
  function isControlFlow(error) {
    if (!isObject(error)) return false;
    if (typeof inherited(error, "then") === "function") return true;
    const digest = inherited(error, "digest");
    if (typeof digest === "string") {
      for (let i = 0; i < DIGESTS.length; i++) if (indexOf(digest, DIGESTS[i]) === 0) return true;
    }
    const message = inherited(error, "message");
    if (typeof message !== "string") return false;
    for (let i = 0; i < SUSPENSE.length; i++) if (indexOf(message, SUSPENSE[i]) === 0) return true;
    return false;
  }

  function typeOf(error) {
    if (!isObject(error)) return error === null ? "null" : typeof error;
    try {
      const name = dataOf(error, "name");
      if (typeof name === "string" && name && typeof error !== "function") return encodable(slice(name, 0, 2 * TEXT));
    } catch (_) {
      // a revoked or foreign object
    }
    return className(error);
  }

  function messageOf(error) {
    if (!isObject(error)) return typeof error === "string" ? clean(error, 2 * TEXT) : text(show(error));
    const message = inherited(error, "message");
    return typeof message === "string" ? clean(message, 2 * TEXT) : "";
  }

  /** Record the error: in full only at the innermost instrumented function that it passes. */
  function noteError(span, error) {
    const type = span.more().error = typeOf(error);
    const before = isObject(error) ? weakGet(recorded, error) : thrown === error ? thrownAt : null;
    if (before !== undefined && before !== null && before.trace === span.trace && before.at >= span.start) return;
    const here = { trace: span.trace, at: clock() };
    if (isObject(error)) {
      weakSet(recorded, error, here);
    } else {
      thrown = typeof error === "string" && error.length > MANY ? undefined : error;
      thrownAt = here;
    }
    const message = messageOf(error);
    const values = new Chain().add("exception.type", type).add("exception.message", message);
    const stack = stackOf(span.fail);
    if (stack) values.add("exception.stacktrace", encodable(type + (message && ": ") + message + stack));
    span.notes.event("exception", values);
  }

  // ---- Stacks -----------------------------------------------------------------------------------------------
  // An error's own stack is not read: its text, with the message in it, is made when it is read first, and programs
  // change messages on the way. So it is the stack of the innermost instrumented function that is recorded.

  let frames = null;
  const keepFrames = (_, found) => {
    frames = found;
    return "";
  };

  /** Call sites from the caller of `below` on. */
  function callSites(below, limit) {
    const oldLimit = describe(Error, "stackTraceLimit"), oldPrepare = describe(Error, "prepareStackTrace");
    frames = null;
    try {
      define(Error, "prepareStackTrace", { value: keepFrames, configurable: true, writable: true, enumerable: false });
    } catch (_) {
      return null; // frozen
    }
    try {
      define(Error, "stackTraceLimit", { value: limit, configurable: true, writable: true, enumerable: true });
      const holder = {};
      capture(holder, below);
      void holder.stack;
    } catch (_) {
      frames = null;
    } finally {
      if (oldLimit) define(Error, "stackTraceLimit", oldLimit);
      else delete Error.stackTraceLimit;
      if (oldPrepare) define(Error, "prepareStackTrace", oldPrepare);
      else delete Error.prepareStackTrace;
    }
    const found = frames;
    frames = null;
    return found;
  }

  /** The stack as the engine prints it, where it can't be had otherwise; "" if the program would be asked. */
  function printedStack(below, inner) {
    const prepare = describe(Error, "prepareStackTrace");
    const theirs = prepare !== undefined && prepare.value !== undefined;
    if (theirs && dataOf(prepare.value, "name") !== "ErrorPrepareStackTrace") return ""; // that is Node's own
    if (capture) {
      const holder = {};
      capture(holder, below);
      const stack = holder.stack;
      return typeof stack === "string" ? slice(stack, indexOf(stack, "\n")) : "";
    }
    const stack = new Error().stack;
    if (typeof stack !== "string") return "";
    return "\n" + stack.split("\n").filter((line) => /:\d+\)?$/.test(line)).slice(inner).join("\n");
  }

  function fileOf(name) {
    if (typeof name !== "string" || !name) return "";
    if (indexOf(name, "file://") !== 0) return name;
    let path = slice(name, 7);
    try {
      path = decodeURIComponent(path);
    } catch (_) {
      // as it is
    }
    return path[2] === ":" ? slice(path, 1) : path;
  }

  /** Where the caller of `tag` stands. */
  function placeOf(tag) {
    try {
      const found = capture ? callSites(tag, 1) : null;
      if (found !== null) {
        if (!found.length) return null;
        const site = found[0];
        return { file: fileOf(site.getFileName() || site.getScriptNameOrSourceURL()), line: site.getLineNumber() || 0 };
      }
      const place = /(?:\(|@|at )?([^\s(@][^(@]*?):(\d+)(?::\d+)?\)?$/.exec(printedStack(tag, 5).split("\n")[1]);
      return place === null ? null : { file: fileOf(place[1].replace(/^\s*at /, "")), line: Number(place[2]) };
    } catch (_) {
      return null;
    }
  }

  function stackOf(below) {
    const found = capture ? callSites(below, FRAMES) : null;
    if (found === null) return printedStack(below, 4);
    let out = "";
    for (let i = 0; i < found.length; i++) {
      const site = found[i], name = site.getFunctionName();
      const place = (site.getFileName() || "<anonymous>") + ":" + site.getLineNumber() + ":" + site.getColumnNumber();
      out += "\n    at " + (name ? slice(name, 0, TEXT) + " (" + place + ")" : place);
    }
    return out;
  }

  // ---- OTLP/JSON --------------------------------------------------------------------------------------------

  function anyValue(value) {
    if (typeof value === "string") return '{"stringValue":' + quote(value) + "}";
    if (typeof value === "boolean") return '{"boolValue":' + value + "}";
    if (typeof value === "bigint" || (isSafeInteger(value) && (value !== 0 || 1 / value > 0))) {
      return '{"intValue":"' + value + '"}';
    }
    if (value !== value) return '{"doubleValue":"NaN"}';
    if (value === Infinity || value === -Infinity) return '{"doubleValue":"' + value + '"}';
    return '{"doubleValue":' + (value === 0 ? "-0.0" : value) + "}";
  }

  function keyValues(chain) {
    let out = "";
    for (let link = chain.first; link !== null; link = link.next) {
      out += (out && ",") + '{"key":' + quote(link.key) + ',"value":' + anyValue(link.value) + "}";
    }
    return out;
  }

  // Spans are written as bytes: ten times as fast as putting strings together.
  const DIGITS = new Uint8Array(16);
  for (let i = 0; i < 16; i++) DIGITS[i] = i < 10 ? 48 + i : 87 + i;
  const setBytes = free(prototypeOf(Uint8Array.prototype).set);
  const copyBytes = free(prototypeOf(Uint8Array.prototype).slice);
  const partOf = free(prototypeOf(Uint8Array.prototype).subarray);
  const ROOM = 65536; // what is kept between batches at least
  let bytes = new Uint8Array(ROOM), used = 0, second = -1;
  const secondDigits = new Uint8Array(10);
  let TRACE_ID, SPAN_ID, PARENT_ID, END, CLOSE, COMMA;

  function startText() {
    TRACE_ID = encode('{"traceId":"');
    SPAN_ID = encode('","spanId":"');
    PARENT_ID = encode('","parentSpanId":"');
    END = encode('","endTimeUnixNano":"');
    CLOSE = encode("]}");
    COMMA = encode(",");
  }

  function encode(words) {
    return toBytes(words, "utf8");
  }

  function need(length) {
    if (used + length <= bytes.length) return;
    const more = new Uint8Array(2 * (used + length));
    setBytes(more, partOf(bytes, 0, used), 0);
    bytes = more;
  }

  function put(piece) {
    const length = piece.length;
    if (used + length + 256 > bytes.length) need(length + 256); // the spare is for numbers
    if (length > 16) {
      setBytes(bytes, piece, used);
    } else {
      for (let i = 0; i < length; i++) bytes[used + i] = piece[i];
    }
    used += length;
  }

  function putHex(word) {
    for (let shift = 28; shift >= 0; shift -= 4) bytes[used++] = DIGITS[(word >>> shift) & 15];
  }

  function putDigits(number, width) {
    for (let at = used + width - 1; at >= used; at--) {
      const rest = floor(number / 10);
      bytes[at] = 48 + number - rest * 10;
      number = rest;
    }
    used += width;
  }

  /** Nanoseconds since 1970: more digits than a number holds. */
  function putTime(at, origin) {
    let whole = floor(at), rest = round((at - whole + origin.rest) * 1e6);
    whole += origin.whole;
    while (rest >= 1e6) {
      rest -= 1e6;
      whole++;
    }
    const seconds = floor(whole / 1000);
    if (seconds !== second) {
      const from = used;
      putDigits(seconds, 10);
      for (let i = 0; i < 10; i++) secondDigits[i] = bytes[from + i];
      used = from;
      second = seconds;
    }
    for (let i = 0; i < 10; i++) bytes[used++] = secondDigits[i];
    putDigits(whole - seconds * 1000, 3);
    putDigits(rest, 6);
  }

  function putTrace(trace) {
    putHex(trace.first);
    putHex(trace.second);
    putHex(trace.third);
    putHex(trace.fourth);
  }

  function putSpan(span) {
    const trace = span.trace, site = span.site, high = span.parentHigh, low = span.parentLow;
    put(TRACE_ID);
    putTrace(trace);
    put(SPAN_ID);
    putHex(span.high);
    putHex(span.low);
    if (high !== 0 || low !== 0) {
      put(PARENT_ID);
      putHex(high);
      putHex(low);
    }
    const from = trace.parent;
    if (from === null) {
      put(site.head);
    } else {
      if (from.state) putText('","traceState":' + slice(quote(from.state), 0, -1));
      put(high === from.high && low === from.low ? encode(site.words(769)) : site.head);
    }
    putTime(span.start, trace.origin);
    put(END);
    putTime(span.end, trace.origin);
    put(site.tail);
    if (span.notes === null) put(CLOSE);
    else putNotes(span.notes, trace.origin);
  }

  function putText(words) {
    put(encode(words));
  }

  function putNotes(notes, origin) {
    const values = keyValues(notes.attributes());
    putText((values && "," + values) + "]");
    for (let event = notes.events; event !== null; event = event.next) {
      putText((event === notes.events ? ',"events":[' : ",") + '{"timeUnixNano":"');
      putTime(event.at, origin);
      putText('","name":"' + event.name + '","attributes":[' + keyValues(event.attributes) + "]}");
    }
    const link = notes.link;
    putText((notes.events === null ? "" : "]") + (notes.lost ? ',"droppedEventsCount":' + notes.lost : ""));
    if (link !== null) {
      putText(',"links":[{"traceId":"');
      putTrace(link.trace);
      put(SPAN_ID);
      putHex(link.high);
      putHex(link.low);
      putText('"}]');
    }
    putText((notes.error ? ',"status":{"code":2}' : "") + "}");
  }

  let resource = "";

  function resourceText() {
    const chain = new Chain();
    for (const key of keysOf(attributes)) chain.add(encodable(key), encodable(attributes[key]));
    if (onNode) chain.add("process.pid", pid);
    return keyValues(chain);
  }

  /**
   * Take up to `most` of the spans that wait and put an ExportTraceServiceRequest of them into `bytes`; with `room`, no
   * further one once there are that many bytes.
   */
  function request(most, room) {
    resynchronise();
    if (bytes.length > 16 * ROOM) bytes = new Uint8Array(ROOM);
    used = 0;
    const lost = dropped ? '{"key":"telemetry.dropped_spans","value":{"intValue":"' + dropped + '"}}' : "";
    putText('{"resourceSpans":[{"resource":{"attributes":[' + resource +
      ']},"scopeSpans":[{"scope":{"name":"telemetry-inject","version":"' + VERSION + '","attributes":[' + lost +
      ']},"spans":[');
    let taken = 0;
    while (pending !== null && taken < most && (room === undefined || taken === 0 || used < room)) {
      const span = pending;
      pending = span.next;
      span.next = null; // not to keep the whole queue alive
      if (pending === null) lastPending = null;
      waiting--;
      if (taken++ > 0) put(COMMA);
      putSpan(span);
    }
    putText("]}]}]}");
    return taken;
  }

  // ---- Delivery ---------------------------------------------------------------------------------------------

  function deliver(now) {
    if (url === "" && fs !== undefined && (ending || waiting >= BATCH || now >= due)) drain();
    else if (!armed) arm(now);
    else if (url !== "" && waiting >= BATCH && !hurried) hurry();
  }

  let lastWrite = -Infinity, hurried = false, late = false;

  /** A batch is full: send it as soon as the program waits for something. */
  function hurry() {
    hurried = true;
    if (soon) unref(soon(alarm));
    else if (later) later(alarm, 0);
  }

  function unref(timer) {
    if (timer && typeof timer.unref === "function") timer.unref();
    return timer;
  }

  function arm(now) {
    armed = true;
    due = url === "" ? now + DELAY : Infinity;
    if (!later) {
      if (hidden) alarm();
    } else if (hidden && soon && now - lastWrite > PAUSE) {
      const immediate = soon(alarm);
      if (!foreign) unref(immediate);
    } else {
      unref(later(alarm, hidden ? PAUSE : DELAY));
    }
  }

  function alarm() {
    try {
      armed = hurried = false;
      due = Infinity;
      if (waiting === 0) return;
      if (late) arm(clock());
      else if (url !== "") send();
      else drain();
    } catch (_) {
      // nothing that the program should hear of
    }
  }

  /** Write what has ended to the file; in a browser without an endpoint, forget it. */
  function drain() {
    lastWrite = clock();
    due = armed ? lastWrite + DELAY : Infinity;
    while (waiting > 0) {
      const taken = request(BATCH);
      let done = false;
      try {
        done = fs !== undefined && append();
      } catch (_) {
        // a broken disk
      }
      if (!done) dropped += taken;
    }
  }

  /** Append a line to the file, whole or not at all; false when that fails or the file would get too long. */
  function append(spare, again) {
    need(1);
    bytes[used] = 10;
    const line = bytes, length = used + 1;
    let file;
    try {
      file = fs.openSync(path, "a", 0o600); // each time: a program may close all descriptors
    } catch (error) {
      return !again && error.code === "ENOENT" && makeFolders() && append(spare, true);
    }
    if (typeof file !== "number") return false; // a stand-in of a test
    let size = 0, done = 0;
    try {
      const status = fs.fstatSync(file);
      size = status.size;
      if (size + length + (spare === undefined ? 1024 : spare) > MAX_BYTES) return false;
      while (done < length) done += fs.writeSync(file, line, done, length - done);
      return true;
    } catch (_) {
      if (done > 0 && fs.fstatSync(file).size === size + done) fs.ftruncateSync(file, size);
      return false;
    } finally {
      fs.closeSync(file);
    }
  }

  function makeFolders() {
    for (let at = 1; at < path.length; at++) { // one by one: `recursive` never ends below /proc in Node 20
      if (path[at] !== "/" && path[at] !== "\\") continue;
      try {
        fs.mkdirSync(slice(path, 0, at));
      } catch (_) {
        // there already, or the file can't be opened either
      }
    }
    return true;
  }

  // ---- OTLP/HTTP --------------------------------------------------------------------------------------------

  let flight = null; // the request that is under way: at most one
  const RETRY = [429, 502, 503, 504];

  function send() {
    if (flight !== null || waiting === 0) return;
    lastWrite = clock();
    const taken = request(BATCH);
    flight = { body: copyBytes(bytes, 0, used), taken, gone: false, attempt: 0 };
    attempt(flight);
  }

  function landed(sent, ok) {
    if (flight !== sent) return;
    flight = null;
    if (!ok) dropped += sent.taken;
    if (waiting >= BATCH) send();
    else if (waiting > 0 && !armed) arm(clock());
  }

  /** Milliseconds until the next attempt: as the server wishes, or longer each time. */
  function pauseOf(after, attempt) {
    const date = /^[0-9]+$/.test(after || "") ? wall() + Number(after) * 1000 : Date.parse(after || "");
    if (date === date) return Math.max(0, Math.min(date - wall(), 3600000));
    return 1000 * 2 ** attempt * (0.75 + (bits() & 0xffff) / 131072); // not all at once
  }

  /** How many spans a collector that took a request did not take. */
  function rejected(answer) {
    const found = /"rejectedSpans"\s*:\s*"?([0-9]{1,15})/.exec(answer);
    return found === null ? 0 : Number(found[1]);
  }

  function attempt(sent) {
    let answered = false;
    const answer = (status, after, words) => {
      if (answered) return;
      answered = true;
      if (status >= 200 && status < 300) {
        dropped += rejected(words);
        return landed(sent, true);
      }
      if ((status !== 0 && RETRY.indexOf(status) < 0) || ++sent.attempt >= 5) return landed(sent, false);
      sent.gone = false;
      if (later) unref(later(() => attempt(sent), pauseOf(after, sent.attempt - 1)));
    };
    const around = get();
    try {
      enter(SUPPRESSED); // what is called from here may be instrumented
      if (onNode) post(sent, answer);
      else fetchIt(sent, answer);
    } catch (_) {
      answer(0);
    } finally {
      enter(around);
    }
  }

  function post(sent, answer) {
    const request = requestOf(url), options = { method: "POST", headers: Object.assign({}, headers) };
    const body = packed(sent.body);
    options.headers["Content-Length"] = body.length;
    for (const key of keysOf(certificates)) options[key] = builtin("fs").readFileSync(certificates[key]);
    let head = null, words = "";
    const done = () => {
      if (timer) cancel(timer);
      if (head === null) answer(0);
      else answer(head.statusCode, head.headers["retry-after"], words);
    };
    const timer = later && unref(later(() => {
      done();
      call.destroy();
    }, TIMEOUT));
    const call = request(url, options, (response) => {
      head = response;
      response.on("data", (piece) => words.length < ROOM && (words += piece));
      response.on("end", done);
      response.on("close", done);
      response.on("error", done);
    });
    call.on("socket", (socket) => socket.unref());
    call.on("finish", () => (sent.gone = true));
    call.on("error", done);
    call.end(body);
  }

  const requestOf = (address) => {
    const module = builtin(address.slice(0, 6).toLowerCase() === "https:" ? "https" : "http");
    return module.request;
  };
  const packed = (body) => (gzip ? builtin("zlib").gzipSync(body) : body);

  function fetchIt(sent, answer) {
    const reply = G.fetch(url, { method: "POST", headers, body: sent.body, keepalive: sent.body.length < 60000 });
    const told = (response) => {
      const done = (words) => answer(response.status, response.headers.get("retry-after"), words);
      try {
        then(response.text(), done, () => done(""));
      } catch (_) {
        done(""); // a `fetch` of the page's own
      }
    };
    then(reply, told, () => answer(0));
  }

  /** In a thread, as nothing else goes on at the exit: sends what is left, one request after the other. */
  const LAST_POST = `
    const { workerData: { url, headers, bodies, flag, certificates } } = require("worker_threads");
    const done = new Int32Array(flag), { request } = require(/^https:/i.test(url) ? "https" : "http");
    const next = () => {
      if (!bodies.length) { Atomics.store(done, 0, 1); Atomics.notify(done, 0); return; }
      const body = Buffer.from(bodies.shift());
      const options = { method: "POST", headers: { ...headers, "Content-Length": body.length } };
      try {
        for (const key in certificates) options[key] = require("fs").readFileSync(certificates[key]);
        request(url, options, (answer) => { answer.resume(); answer.on("error", () => {}); next(); })
          .on("error", next).end(body);
      } catch { next(); }
    };
    next();
  `;

  function sendTheRest() {
    const bodies = [];
    if (flight !== null && !flight.gone) bodies[0] = packed(flight.body);
    while (waiting > 0) {
      request(BATCH);
      bodies[bodies.length] = packed(copyBytes(bytes, 0, used));
    }
    if (!bodies.length) return;
    const Worker = builtin("worker_threads").Worker, flag = new SharedArrayBuffer(4);
    const data = { url, headers, bodies, flag, certificates };
    const options = { eval: true, workerData: data, env: {}, execArgv: [], stdout: true, stderr: true };
    const worker = new Worker(LAST_POST, options);
    worker.on("error", nothing);
    worker.unref();
    Atomics.wait(new Int32Array(flag), 0, 0, PATIENCE);
  }

  // ---- The end ----------------------------------------------------------------------------------------------

  function unfinished(span, now) {
    if (span.end !== 0 || span === SUPPRESSED) return;
    span.more().unfinished = true;
    span.finish(now);
  }

  /** Write what is left. Listeners that come later may still call something: from now on, deliver at once. */
  function atExit() {
    try {
      const now = clock();
      ending = url === "";
      due = Infinity;
      armed = false;
      for (let span = get(); span !== undefined; span = span.up) unfinished(span, now);
      while (open !== null) unfinished(open, now);
      dropped += untracked;
      if (url !== "") {
        sendTheRest();
      } else {
        drain();
        request(0);
        if (dropped) append(0);
      }
    } catch (_) {
      // nothing that the program should hear of
    }
  }

  // ---- The program's own OpenTelemetry SDK ------------------------------------------------------------------

  const API = Symbol.for("opentelemetry.js.api.1");
  const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");
  const SUPPRESS_KEY = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
  const adopted = new WeakMap(); // context managers that know of our spans -> their own `active`
  let provider = null, sdk = null;

  /** A tracer of the SDK that the program has configured, or null. */
  function sdkTracer(api) {
    const now = api.trace;
    if (now === undefined || now === null) return null;
    const target = typeof now.getDelegate === "function" ? now.getDelegate() : now;
    if (target !== provider) {
      provider = target;
      sdk = null; // until it is made, and if it can't be, spans are ours
      sdk = now.getTracer("telemetry-inject", VERSION);
    }
    return sdk;
  }

  /** A context of our own, where the SDK has no manager of contexts. */
  class Context {
    constructor(key, value, parent) {
      this.key = key;
      this.value = value;
      this.parent = parent;
    }

    getValue(key) {
      for (let at = this; at !== undefined; at = at.parent) if (at.key === key) return at.value;
      return undefined;
    }

    setValue(key, value) {
      return new Context(key, value, this);
    }

    deleteValue(key) {
      return new Context(key, undefined, this);
    }
  }

  const ROOT = new Context(null, undefined, undefined);

  /** The context of the manager, unless it has one of its own that was entered later than our span. */
  function within(raw) {
    const asked = get();
    for (let span = asked; span !== undefined; span = span.up) {
      if (!(span instanceof BridgedSpan) || span.raw !== raw) return raw;
      if (span.end === 0) return span.inside;
    }
    return asked !== undefined && follows(asked, clock()) ? asked.inside : raw;
  }

  function rawContext(api) {
    const manager = api.context;
    if (!manager || typeof manager.active !== "function") return ROOT;
    let active = weakGet(adopted, manager);
    if (active === undefined) {
      active = manager.active;
      const value = function () {
        const raw = apply(active, this, arguments);
        try {
          return within(raw);
        } catch (_) {
          return raw;
        }
      };
      weakSet(adopted, manager, active);
      try {
        define(manager, "active", { value, configurable: true, writable: true, enumerable: false });
      } catch (_) {
        // frozen: the SDK's spans do not nest in ours
      }
    }
    return apply(active, manager, []);
  }

  const CARRIER = { get: (all, key) => all[key], keys: keysOf, set: (all, key, value) => (all[key] = value) };

  /** The context below whoever sent the request that is answered, as the program's propagators read it. */
  function belowRequest(raw, context, api) {
    const asked = get(), known = context.getValue(SPAN_KEY), answers = asked instanceof Asker;
    const from = answers ? asked.trace.parent : remote;
    if (from === null || !api.propagation) return context;
    if (answers ? asked.raw !== undefined && asked.raw !== raw : known) return context; // entered since
    if (known && known.spanContext().traceId === from.id) return context; // read by the program itself
    return api.propagation.extract(context, headersOf(from.id, from.high, from.low, from.sampled, from.state), CARRIER);
  }

  /** A span made by the SDK: `raw` is its manager's context around it, `inside` the one within. */
  function bridged(site, base, tracer, api) {
    busy = true;
    try {
      const raw = rawContext(api), context = belowRequest(raw, within(raw), api);
      if (context.getValue(SUPPRESS_KEY)) return NOOP;
      const facts = {};
      for (let link = site.facts.first; link !== null; link = link.next) facts[link.key] = link.value;
      const made = tracer.startSpan(site.name, { attributes: facts }, context);
      return new BridgedSpan(base, site, made, raw, context.setValue(SPAN_KEY, made));
    } finally {
      busy = false;
    }
  }

  const UNSAMPLED = new Trace(0, 0, 0, 0, false, null), SAMPLED = new Trace(0, 0, 0, 0, true, null);

  /** Behaves as a span of the class `base`, from which it borrows. */
  class BridgedSpan extends Span {
    constructor(base, site, made, raw, inside) {
      const before = get();
      super(site, before instanceof BridgedSpan ? before : undefined);
      this.before = before;
      this.base = base;
      this.sdk = made;
      this.raw = raw;
      this.inside = inside;
      this.waited = false;
      this.trace = made.isRecording() ? SAMPLED : UNSAMPLED;
      if (this.notes !== null) this.notes.link = null;
    }

    wait(value) {
      return this.base === AsyncSpan ? apply(waitOf, this, [value]) : value;
    }

    back(value) {
      return this.base === AsyncSpan ? apply(backOf, this, [value]) : value;
    }

    exit() {
      if (this.base === Span) super.exit();
      else apply(this.base === AsyncSpan ? asyncExit : generatorExit, this, []);
    }

    finish(now) {
      this.end = now > this.start ? now : this.start || 1e-6;
      this.before = undefined;
      if (this.up !== undefined) this.up = living(this.up);
      if (busy) return;
      busy = true;
      try {
        const made = this.sdk, notes = this.notes;
        if (notes !== null) {
          const values = notes.attributes();
          for (let link = values.first; link !== null; link = link.next) made.setAttribute(link.key, link.value);
          for (let event = notes.events; event !== null; event = event.next) {
            const attributes = {};
            for (let link = event.attributes.first; link !== null; link = link.next) attributes[link.key] = link.value;
            made.addEvent(event.name, attributes, origin.whole + origin.rest + event.at);
          }
          if (notes.error) made.setStatus({ code: 2 });
        }
        made.end();
      } catch (_) {
        dropped++;
      } finally {
        busy = false;
      }
    }
  }

  const waitOf = AsyncSpan.prototype.wait, backOf = AsyncSpan.prototype.back;
  const asyncExit = AsyncSpan.prototype.exit, generatorExit = GeneratorSpan.prototype.exit;

  // ---- Requests: whose trace is continued, and, where it is asked for, who is told of ours -------------------

  /** The call of another process that sent the request which is answered; current meanwhile, as a call that ended. */
  class Asker {
    constructor(parent, before) {
      this.trace = traceBelow(parent);
      this.high = parent.high;
      this.low = parent.low;
      this.end = 1;
      this.up = undefined;
      this.before = before;
      this.raw = undefined;
      const api = G[API];
      if (api && sdkTracer(api) !== null) this.raw = rawContext(api);
    }
  }

  /** A server was asked something. One connection brings many requests. */
  function arrived(header, state) {
    try {
      const now = get(), before = now instanceof Asker ? now.before : now;
      const parent = typeof header === "string" ? remoteParent(header, state) : null;
      if (parent !== null) enter(new Asker(parent, before));
      else if (before !== now) enter(before);
    } catch (_) {
      dropped++;
    }
  }

  /** The values of a header in a flat list of names and values, joined; undefined if there is none. */
  function inList(list, wanted) {
    let found;
    for (let i = 0; i + 1 < list.length; i += 2) {
      const name = list[i];
      if (name.length !== wanted.length || lower(text(name)) !== wanted) continue;
      found = found === undefined ? text(list[i + 1]) : found + "," + list[i + 1];
    }
    return found;
  }

  function watchRequests() {
    const channels = builtin("diagnostics_channel");
    if (als === undefined || foreign || !propagates || !channels || typeof channels.subscribe !== "function") return;
    channels.subscribe("http.server.request.start", (message) => {
      const list = message.request.rawHeaders;
      arrived(inList(list, "traceparent"), inList(list, "tracestate"));
    });
    channels.subscribe("http2.server.stream.created", (message) => { // of Node 22 and newer
      const list = message.headers;
      arrived(list.traceparent, typeof list.tracestate === "string" ? list.tracestate : "");
    });
    if (setting("TELEMETRY_INJECT_PROPAGATE").toLowerCase() === "true") sendOn(channels);
  }

  const word = (n) => HEX[n >>> 24] + HEX[(n >>> 16) & 255] + HEX[(n >>> 8) & 255] + HEX[n & 255];

  function headersOf(id, high, low, sampled, state) {
    const found = { traceparent: "00-" + id + "-" + word(high) + word(low) + (sampled ? "-01" : "-00") };
    if (state) found.tracestate = state;
    return found;
  }

  /** The headers that say which call asks, or null. */
  function outgoing() {
    const api = G[API];
    if (api !== undefined && api !== null && !busy && sdkTracer(api) !== null) {
      const context = within(rawContext(api)), carrier = {};
      if (!api.propagation || context.getValue(SUPPRESS_KEY)) return null;
      api.propagation.inject(context, carrier, CARRIER);
      return carrier;
    }
    const asked = get(), span = asked === undefined ? undefined : living(asked) || asked;
    if (span === SUPPRESSED || busy) return null;
    const near = span !== undefined && (span.end === 0 || span instanceof Asker || follows(span, clock()));
    if (!near) return remote && headersOf(remote.id, remote.high, remote.low, remote.sampled, remote.state);
    const trace = span.trace, id = word(trace.first) + word(trace.second) + word(trace.third) + word(trace.fourth);
    return headersOf(id, span.high, span.low, trace.sampled, trace.parent === null ? "" : trace.parent.state);
  }

  /** Let `prepare` change what a function of Node is called with. */
  function preparing(home, name, prepare) {
    const plain = home && home[name], own = home && describe(home, name);
    if (typeof plain !== "function") return;
    const value = function () {
      let given = arguments;
      try {
        given = prepare(given) || given;
      } catch (_) {
        // as it was
      }
      return apply(plain, this, given);
    };
    define(value, "name", { value: plain.name, configurable: true });
    define(value, "length", { value: plain.length, configurable: true });
    define(home, name, { value, configurable: true, writable: true, enumerable: own ? own.enumerable : false });
  }

  /** For the whole process, once. */
  function sendOn(channels) {
    // Where the head of a request is put together: its first line, and the headers as they were given.
    preparing(builtin("http").ClientRequest.prototype, "_storeHeader", (given) => {
      const list = given[1];
      if (isArray(list)) {
        for (let i = 0; i < list.length; i++) {
          const name = isArray(list[i]) ? list[i][0] : i % 2 ? "" : list[i];
          if (lower(text(name)) === "traceparent") return null;
        }
      } else {
        for (const name in list) if (lower(name) === "traceparent") return null;
      }
      const ours = outgoing();
      if (ours === null) return null;
      let head = given[0];
      for (const name of keysOf(ours)) head += name + ": " + ours[name] + "\r\n";
      return [head, list];
    });
    channels.subscribe("undici:request:create", (message) => { // that is `fetch`
      try {
        const request = message.request;
        if (G[API] && sdkTracer(G[API]) !== null) return; // its own instrumentation may be about to
        const there = isArray(request.headers)
          ? inList(request.headers, "traceparent") !== undefined
          : /(^|\n)traceparent:/i.test(request.headers);
        const ours = there ? null : outgoing();
        if (ours !== null) for (const name of keysOf(ours)) request.addHeader(name, ours[name]);
      } catch (_) {
        // an undici of another make
      }
    });
    const children = builtin("child_process"), inherited = proc.env.TRACEPARENT;
    preparing(children.ChildProcess && children.ChildProcess.prototype, "spawn", (given) => {
      const options = given[0], others = [];
      for (const pair of options.envPairs) {
        if (/^TRACEPARENT=/.test(pair) && pair.slice(12) !== inherited) return null;
        if (!/^TRACE(PARENT|STATE)=/.test(pair)) others.push(pair);
      }
      const ours = outgoing();
      if (ours === null) return null;
      for (const name of keysOf(ours)) others.push(name.toUpperCase() + "=" + ours[name]);
      return [Object.assign({}, options, { envPairs: others })];
    });
    for (const name of ["spawnSync", "execFileSync", "execSync"]) {
      preparing(children, name, (given) => {
        const at = name !== "execSync" && (isArray(given[1]) || (given.length > 2 && !given[1])) ? 2 : 1;
        const options = given[at], ours = outgoing(), copy = {};
        if (ours === null || (options !== undefined && options !== null && typeof options !== "object")) return null;
        for (const key in options) copy[key] = options[key];
        copy.env = Object.assign({}, copy.env || proc.env);
        if (copy.env.TRACEPARENT !== undefined && copy.env.TRACEPARENT !== inherited) return null;
        delete copy.env.TRACESTATE;
        for (const key of keysOf(ours)) copy.env[key.toUpperCase()] = ours[key];
        const changed = Array.from(given);
        changed[at] = copy;
        return changed;
      });
    }
    const modules = builtin("module");
    if (modules && modules.syncBuiltinESMExports) modules.syncBuiltinESMExports();
  }

  // ---- The tracer -------------------------------------------------------------------------------------------

  /** Stands for a span that is not recorded. */
  class Noop {
    fail(error) {
      return error;
    }

    exit() {}

    wait(value) {
      return value;
    }

    back(value) {
      return value;
    }

    branch() {}

    loop() {}

    handled() {}

    args() {
      return this;
    }

    assign() {}

    returns(value) {
      return value;
    }
  }

  const NOOP = new Noop();
  const SUPPRESSED = { end: 0, up: undefined, before: undefined, trace: UNSAMPLED }; // current while spans are sent

  /** A span of the given class, not yet current. */
  function spanOf(Class, site) {
    const api = G[API];
    if (api !== undefined && api !== null) {
      const sdk = busy ? null : sdkTracer(api);
      if (busy) return NOOP;
      if (sdk !== null) return bridged(site, Class, sdk, api);
    }
    const around = get();
    if (around === SUPPRESSED) return NOOP;
    return new Class(site, around instanceof BridgedSpan ? undefined : around);
  }

  function isReady() {
    if (configured) return !off;
    // A browser: the page may say where to send spans, or register an SDK, later than this file is loaded.
    const wishes = G.TELEMETRY_INJECT;
    if (wishes && typeof wishes === "object") {
      env = wishes;
      configure();
      begin();
      return !off;
    }
    return G[API] !== undefined && G[API] !== null;
  }

  function tracer(strings) {
    try {
      if (!configured && !isReady()) return NOOP;
      let site = weakGet(sites, strings);
      if (site === undefined) site = siteOf(strings, "", tracer);
      const span = spanOf(Span, site);
      if (span !== NOOP) enter(span);
      return span;
    } catch (_) {
      dropped++;
      return NOOP;
    }
  }

  function asynchronous(strings) {
    try {
      if (!configured && !isReady()) return NOOP;
      let site = weakGet(sites, strings);
      if (site === undefined) site = siteOf(strings, "async", asynchronous);
      const span = spanOf(AsyncSpan, site);
      if (span !== NOOP) enter(span);
      return span;
    } catch (_) {
      dropped++;
      return NOOP;
    }
  }

  function generator(strings) {
    try {
      if (!configured && !isReady()) return NOOP;
      let site = weakGet(sites, strings);
      if (site === undefined) site = siteOf(strings, "generator", generator);
      return spanOf(GeneratorSpan, site);
    } catch (_) {
      dropped++;
      return NOOP;
    }
  }

  function asyncGenerator(strings) {
    try {
      if (!configured && !isReady()) return NOOP;
      let site = weakGet(sites, strings);
      if (site === undefined) site = siteOf(strings, "async_generator", asyncGenerator);
      return spanOf(GeneratorSpan, site);
    } catch (_) {
      dropped++;
      return NOOP;
    }
  }

  function entry(strings) {
    try {
      if (!configured && !isReady()) return;
      let site = weakGet(sites, strings);
      if (site === undefined) site = siteOf(strings, "entry", entry);
      const span = spanOf(Span, site);
      if (span !== NOOP) span.finish(span.start);
    } catch (_) {
      dropped++;
    }
  }

  function noop() {
    return NOOP;
  }

  let chosen = tracer;

  function begin() {
    resource = resourceText();
    if (!onNode && url !== "" && typeof G.addEventListener === "function") {
      G.addEventListener("pagehide", leave);
      if (G.document) G.document.addEventListener("visibilitychange", leave);
    }
  }

  const BEACON = 56000; // bytes: browsers take 65,536 at once, of all requests that outlive their page

  /** A page is left: the browser delivers what is handed to it now. */
  function leave(event) {
    try {
      if (event.type === "visibilitychange" && G.document.visibilityState !== "hidden") return;
      const beacon = G.navigator.sendBeacon;
      let room = beacon ? BEACON : 0;
      while (waiting > 0) {
        const taken = request(room > 0 ? BATCH : QUEUE, room > 0 ? room : undefined), part = partOf(bytes, 0, used);
        if (room > 0 && apply(beacon, G.navigator, [url, new G.Blob([part], { type: "application/json" })])) {
          room -= used;
        } else { // a page that is merely hidden still has the time
          room = 0;
          then(G.fetch(url, { method: "POST", headers, body: copyBytes(part, 0, used) }), nothing, () => (dropped += taken));
        }
      }
    } catch (_) {
      // nothing that the page should hear of
    }
  }

  function start() {
    if (onNode) env = proc.env;
    if (isOff()) {
      chosen = noop;
      return;
    }
    const ready = onNode && startNode();
    if (onNode) configure();
    if (toBytes === null) {
      const encoder = new G.TextEncoder();
      toBytes = encoder.encode.bind(encoder);
    }
    if (!later || hasOwn(later, "clock")) later = soon = undefined; // of a test that makes its own time
    startText();
    startClock();
    seed();
    if (ready) startContext();
    if (ready) watchRequests();
    if (onNode) begin();
    tracer.async = asynchronous;
    tracer.generator = generator;
    tracer.asyncGenerator = asyncGenerator;
    tracer.entry = entry;
    if (ready && !foreign) {
      const most = proc.getMaxListeners();
      if (most > 0 && most < Infinity) proc.setMaxListeners(most + 1); // ours is not one of the program's
      proc.on("exit", atExit);
    }
    if (onNode && !ready) startLate();
  }

  /** An older Node, in a module: it gives its own modules only later. Until then, spans wait. */
  function startLate() {
    if (!(proc.on instanceof Function)) return;
    late = true;
    const ask = Function('return import("node:module")');
    then(ask(), (module) => {
      localRequire = module.createRequire("file:///");
      late = false;
      if (!startNode()) return;
      configure();
      begin();
      startContext();
      watchRequests();
      proc.on("exit", atExit);
    }, nothing);
  }

  noop.async = noop.generator = noop.asyncGenerator = noop.entry = noop;
  try {
    start();
  } catch (_) {
    chosen = noop;
  }
  try {
    define(G, SHARED, { value: { protocol: PROTOCOL, tracer: chosen }, configurable: true, enumerable: false });
  } catch (_) {
    // each copy for itself
  }
  return chosen;
}
