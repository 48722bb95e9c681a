// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: W3C Trace Context, by which calls in several processes are one trace. Who asked is
// read from the environment and from requests; who asks is told to others where TELEMETRY_INJECT_PROPAGATE=true.

package telemetryinject

import (
	"context"
	"strconv"
	"syscall"
)

// asker is a call of another process that started this one or sent a request.
type asker struct {
	trace   [2]uint64
	span    uint64
	sampled bool
	state   string
}

// incoming is who sent a request, or nil; set where http_headers.go is built in.
var incoming func(request interface{}) *asker

// inject is what the propagators of the program's own SDK write, and whether it has one; set where otel_bridge.go is
// built in.
var inject func(ctx context.Context, above *Span) (headers map[string]string, ok bool)

// parseAsker reads traceparent and tracestate; nil where the rules of the former are broken.
func parseAsker(parent, state string) *asker {
	fields := split(trim(parent), '-')
	lengths := [4]int{2, 32, 16, 2}
	if len(fields) < 4 {
		return nil
	}
	var numbers [5]uint64
	for i, length := range lengths {
		field := fields[i]
		if len(field) != length || lower(field) != field {
			return nil
		}
		if i == 1 {
			high, err := strconv.ParseUint(field[:16], 16, 64)
			if err != nil {
				return nil
			}
			numbers[4], field = high, field[16:]
		}
		n, err := strconv.ParseUint(field, 16, 64)
		if err != nil {
			return nil
		}
		numbers[i] = n
	}
	version, high, low := numbers[0], numbers[4], numbers[1]
	if version == 255 || version == 0 && len(fields) != 4 || high|low == 0 || numbers[2] == 0 {
		return nil
	}
	return &asker{[2]uint64{high, low}, numbers[2], numbers[3]&1 == 1, parseState(state)}
}

// parseState is a tracestate without its empty entries; nothing if one of the others is wrong.
func parseState(state string) (kept string) {
	seen := map[string]bool{}
	for _, entry := range split(state, ',') {
		if entry = trim(entry); entry == "" {
			continue
		}
		key, value, found := cut(entry, "=")
		if !found || seen[key] || !isVendor(key) || !isVendorValue(value) {
			return ""
		}
		if seen[key] = true; kept != "" {
			kept += ","
		}
		kept += entry
	}
	if len(seen) > 32 {
		return ""
	}
	return kept
}

func isVendor(key string) bool {
	for i := 0; i < len(key); i++ {
		c := key[i]
		plain := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		if !plain && (i == 0 || index("_-*/@", key[i:i+1], 0) < 0) {
			return false
		}
	}
	return key != "" && len(key) <= 256
}

func isVendorValue(value string) bool {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c < ' ' || c > '~' || c == '=' {
			return false
		}
	}
	return value != "" && len(value) <= 256
}

// headers are those that name a call; a tracestate only if there is one.
func (a *asker) headers() map[string]string {
	b := appendHex(appendHex(append(make([]byte, 0, 55), "00-"...), a.trace[0]), a.trace[1])
	b = append(appendHex(append(b, '-'), a.span), "-00"...)
	if a.sampled {
		b[len(b)-1] = '1'
	}
	all := map[string]string{"traceparent": string(b)}
	if a.state != "" {
		all["tracestate"] = a.state
	}
	return all
}

// outgoing are the headers that name the call which asks others with a context; nil if none is under way.
func outgoing(ctx context.Context) map[string]string {
	l := currentLane()
	above := l.living()
	if above == nil {
		l.release()
	}
	if ctx != nil {
		if carried := spanOf(ctx); carried != nil && (above == nil || !covers(above, carried, above.epoch)) {
			above = carried
		}
	}
	if inject != nil {
		if headers, ok := inject(ctx, above); ok {
			return headers
		}
	}
	if above == nil || above.bridged != nil {
		if startedBy == nil {
			return nil
		}
		return startedBy.headers()
	}
	asks := asker{trace: above.traceID, span: above.id, sampled: above.sampled}
	if above.asker != nil {
		asks.state = above.asker.state
	}
	return asks.headers()
}

// announce tells the processes that this one will start of the call that runs all the time: there is no place where
// a program is about to start another one.
func announce(ctx context.Context) {
	headers := outgoing(ctx)
	if headers["traceparent"] == "" {
		return
	}
	_ = syscall.Setenv("TRACEPARENT", headers["traceparent"])
	if state := headers["tracestate"]; state != "" {
		_ = syscall.Setenv("TRACESTATE", state)
	} else {
		_ = syscall.Unsetenv("TRACESTATE")
	}
}
