// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: what the environment says, read once when the program starts.

package telemetryinject

import (
	"math"
	"strconv"
	"syscall"
	"time"
)

const fileName = "telemetry/{service}-{pid}.jsonl"

var (
	arguments = programArguments()
	off       = isOff()
	eager     = isTestBinary() // deliver whenever an outermost span ends: there is no later occasion

	resource             = resourceAttributes()
	followsParent, bound = sampler()
	propagates           = readsTraceContext() // whether W3C Trace Context is read, and sent where that is asked for
	sends                = propagates && lower(setting("TELEMETRY_INJECT_PROPAGATE")) == "true"
	startedBy            = askerOfProcess()

	endpoint  = exportEndpoint()
	maxBytes  = int64(number("TELEMETRY_INJECT_MAX_BYTES", 256<<20))
	queueSize = atLeast(1, number("OTEL_BSP_MAX_QUEUE_SIZE", 2048))
	batchSize = atMost(queueSize, atLeast(1, number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)))
	delay     = milliseconds("OTEL_BSP_SCHEDULE_DELAY", defaultDelay())
	patience  = milliseconds("OTEL_BSP_EXPORT_TIMEOUT", 5000) // that the exit may wait for the sender
	filePath  = exportPath()
)

func atLeast(low, n int) int {
	if n < low {
		return low
	}
	return n
}

func atMost(high, n int) int {
	if n > high {
		return high
	}
	return n
}

// setting is the first variable that is set and not blank.
func setting(names ...string) string {
	for _, name := range names {
		value, _ := syscall.Getenv(name)
		if value = trim(value); value != "" {
			return value
		}
	}
	return ""
}

// otlpSetting reads OTEL_EXPORTER_OTLP_<name>, or that of traces before.
func otlpSetting(name string) string {
	return setting("OTEL_EXPORTER_OTLP_TRACES_"+name, "OTEL_EXPORTER_OTLP_"+name)
}

func number(name string, otherwise int) int {
	value := setting(name)
	for i := 0; i < len(value); i++ {
		if value[i] < '0' || value[i] > '9' {
			return otherwise
		}
	}
	if value == "" {
		return otherwise
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return math.MaxInt32 // too large a number
	}
	return n
}

func milliseconds(name string, otherwise int) time.Duration {
	return time.Duration(atMost(3600000, number(name, otherwise))) * time.Millisecond
}

func defaultDelay() int {
	if endpoint != "" {
		return 5000
	}
	return 1000
}

func isOff() bool {
	return lower(setting("TELEMETRY_INJECT_DISABLED")) == "true" || lower(setting("OTEL_SDK_DISABLED")) == "true" ||
		lower(setting("OTEL_TRACES_EXPORTER")) == "none"
}

func readsTraceContext() bool {
	propagators := setting("OTEL_PROPAGATORS")
	if propagators == "" {
		return true
	}
	for _, name := range split(propagators, ',') {
		if trim(name) == "tracecontext" {
			return true
		}
	}
	return false
}

func askerOfProcess() *asker {
	if !propagates {
		return nil
	}
	return parseAsker(setting("TRACEPARENT"), setting("TRACESTATE"))
}

func isTestBinary() bool {
	name := programName()
	return hasSuffix(name, ".test") || hasSuffix(name, ".test.exe")
}

// programName is the last part of the path of the program.
func programName() string {
	if len(arguments) == 0 || arguments[0] == "" {
		return "go"
	}
	name := arguments[0]
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' || name[i] == '\\' {
			return name[i+1:]
		}
	}
	return name
}

// pair is an attribute with a text.
type pair struct{ key, value string }

// pairs reads key=value,... with percent-encoding; one mistake discards all, as the specification wants.
func pairs(text string) (all []pair) {
	for _, item := range split(text, ',') {
		key, value, _ := cut(item, "=")
		key, ok := unquote(trim(key))
		value, ok2 := unquote(trim(value))
		if !ok || !ok2 {
			return nil
		}
		if key != "" {
			all = append(all, pair{key, value})
		}
	}
	return all
}

func unquote(text string) (string, bool) {
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' {
			if i+2 >= len(text) {
				return "", false
			}
			n, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil {
				return "", false
			}
			c, i = byte(n), i+2
		}
		plain = append(plain, c)
	}
	return string(plain), validText(string(plain))
}

// resourceAttributes are those of the process; what is named later wins.
func resourceAttributes() []pair {
	all := []pair{{"service.name", "unknown_service:" + programName()}}
	set := func(p pair) {
		for i := range all {
			if all[i].key == p.key {
				all[i].value = p.value
				return
			}
		}
		all = append(all, p)
	}
	for _, p := range pairs(setting("OTEL_RESOURCE_ATTRIBUTES")) {
		set(p)
	}
	if name := setting("OTEL_SERVICE_NAME"); name != "" {
		set(pair{"service.name", name})
	}
	set(pair{"telemetry.sdk.name", "telemetry-inject"})
	set(pair{"telemetry.sdk.language", "go"})
	set(pair{"telemetry.sdk.version", Version})
	return all
}

// sampler says whether a remote parent decides, and the bound: a trace is kept if the low half of its id is below
// the bound, and always if the bound is the largest number.
func sampler() (follows bool, bound uint64) {
	name := lower(setting("OTEL_TRACES_SAMPLER"))
	rule := name
	if hasPrefix(name, "parentbased_") {
		rule = name[len("parentbased_"):]
	}
	switch rule {
	case "always_on":
		return rule != name, math.MaxUint64
	case "always_off":
		return rule != name, 0
	case "traceidratio":
		ratio, err := strconv.ParseFloat(setting("OTEL_TRACES_SAMPLER_ARG"), 64)
		if err != nil || !(ratio >= 0 && ratio < 1) {
			return rule != name, math.MaxUint64
		}
		return rule != name, uint64(ratio * (1 << 63) * 2)
	}
	return true, math.MaxUint64
}

// exportEndpoint is the URL to send spans to, or "" to write them to a file.
func exportEndpoint() string {
	if setting("TELEMETRY_INJECT_FILE") != "" || otlpSetting("PROTOCOL") == "grpc" {
		return ""
	}
	if exact := setting("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"); exact != "" {
		if _, rest, _ := cut(exact, "://"); !contains(rest, "/") {
			exact += "/"
		}
		return exact
	}
	base := setting("OTEL_EXPORTER_OTLP_ENDPOINT")
	if base == "" {
		for _, exporter := range split(setting("OTEL_TRACES_EXPORTER"), ',') {
			if trim(exporter) == "otlp" {
				base = "http://localhost:4318"
			}
		}
	}
	if base == "" {
		return ""
	}
	for hasSuffix(base, "/") {
		base = base[:len(base)-1]
	}
	return base + "/v1/traces"
}

// exportPath is the absolute path of the file, with {pid} still in it: a later chdir does not move the file.
func exportPath() string {
	path := setting("TELEMETRY_INJECT_FILE")
	if path == "" {
		path = fileName
	}
	var service []byte
	for _, c := range resource[0].value {
		if len(service) >= 80 {
			break
		}
		if plainRune(c) || c == '-' || c == '_' || c == '.' {
			service = append(service, string(c)...)
		} else {
			service = append(service, '_')
		}
	}
	path = replace(path, "{service}", string(service))
	if path[0] == '/' || path[0] == '\\' || len(path) > 1 && path[1] == ':' {
		return path
	}
	folder, err := syscall.Getwd()
	if err != nil {
		folder = "."
	}
	return folder + "/" + path
}
