// SPDX-License-Identifier: Apache-2.0

// Package telemetryinject is the runtime helper of telemetry-inject: OpenTelemetry spans without a dependency.
//
// telemetry-inject copied this package into your module; the functions that it instrumented begin with
//
//	defer _tlm.Enter(&ctx, "Store.Fetch").Exit(&err)
//
// Where spans go:
//
//   - to the program's own OpenTelemetry SDK as soon as it has set one globally, if the module requires the SDK
//     (otel_bridge.go); spans of both nest in each other;
//   - else to telemetry/<service>-<pid>.jsonl under the working directory, as OTLP/JSON lines, readable by any
//     OTLP tool; TELEMETRY_INJECT_FILE names another file ("{pid}" and "{service}" are filled in);
//   - or by OTLP/HTTP (JSON) if OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or
//     OTEL_TRACES_EXPORTER=otlp is set, the protocol is not grpc, TELEMETRY_INJECT_FILE is not set, and http.go
//     is built in: it is where the module uses net/http already, else with the build tag telemetry_http.
//
// To switch it off: TELEMETRY_INJECT_DISABLED=true, OTEL_SDK_DISABLED=true or OTEL_TRACES_EXPORTER=none.
//
// What else it reads: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER(_ARG), OTEL_BSP_*,
// OTEL_EXPORTER_OTLP_*, and TELEMETRY_INJECT_MAX_BYTES (of one file; 256 MiB).
//
// Whose trace it continues: that of TRACEPARENT and TRACESTATE, and that of the *http.Request which is answered, unless
// OTEL_PROPAGATORS leaves out tracecontext. TELEMETRY_INJECT_PROPAGATE=true sends the trace on: by http.DefaultClient
// and http.DefaultTransport (trace_context.go, http_headers.go), and to child processes, in the name of main.
//
// What it promises: never to panic into the program, never to print, never to recover the program's panics. What
// can't be delivered is dropped and counted in the scope's attribute telemetry.dropped_spans.
//
// What is lost: spans are written when 512 have ended, a second after one has ended, when main returns, when a
// panic leaves a goroutine's outermost instrumented function, and by Flush. Spans not yet written are lost by
// os.Exit without Flush, syscall.Exec, a fatal error of the runtime and signals. Test binaries end by os.Exit in a
// generated main, so there spans are written whenever a goroutine's outermost span ends.
package telemetryinject

import (
	"context"
	"sync/atomic"
	"unsafe"
)

// Version of the helper, as the instrumentation scope has it.
const Version = "0.1.0"

// Span is one call of an instrumented function; nil when telemetry is off. Its methods may be called on nil.
type Span struct {
	site     *site
	up       *Span          // the span below it on the stack of its goroutine
	foreign  unsafe.Pointer // *Span: the parent, if not on that stack; atomic, nil again after the end
	asker    *asker         // the call of another process below which the trace goes on here, or nil
	lane     *lane
	epoch    uint64
	traceID  [2]uint64
	id       uint64
	parentID uint64
	start    int64 // nanoseconds since the clock began
	end      int64
	offset   int64          // what leads from the clock to the time of day; one trace has one
	reported unsafe.Pointer // *failure: what was recorded within this call already; atomic
	notes    unsafe.Pointer // *notes: what only some spans have; atomic
	bridged  bridgedSpan    // the same span in the program's own SDK
	ended    uint32         // atomic
	sampled  bool
}

// Enter begins the span of a call. The context that *ctx holds is replaced by a child that carries the span; ctx
// is nil for functions without a context. name is the function's name within its package.
func Enter(ctx *context.Context, name string) *Span {
	if off {
		return nil
	}
	return enter(ctx, name)
}

// Exit ends the span. err points to the function's error result, or is nil; results are names and pointers, in
// turn, of the other results to record.
func (s *Span) Exit(err *error, results ...interface{}) {
	if s != nil {
		s.exit(err, results)
	}
}

// enter is not inlined, so that the address to which it returns is known to be the program's, or that of Enter.
//
//go:noinline
func enter(ctx *context.Context, name string) *Span {
	var where *site
	if framePointers {
		if where = callAt(callerPC(1), name).site; where == nil {
			where = callAt(callerPC(2), name).site
		}
	}
	if where == nil {
		where = siteAbove(name)
	}
	var parent context.Context
	if ctx != nil {
		parent = *ctx
	}
	return begin(where, ctx, parent, nil)
}

// begin begins a span, below what parent carries or below who sent the request; the child goes to *ctx.
func begin(where *site, ctx *context.Context, parent context.Context, by *asker) *Span {
	s := &Span{site: where, lane: currentLane(), asker: by}
	top := s.lane.living()
	s.up = top
	if top == nil {
		s.epoch = atomic.AddUint64(&epochs, 1)
	} else {
		s.epoch = top.epoch
	}
	above := top
	if parent != nil {
		if carried := spanOf(parent); carried != nil && !covers(top, carried, s.epoch) {
			above = carried
			atomic.StorePointer(&s.foreign, unsafe.Pointer(carried))
		}
	}
	s.id = newID()
	if bridge != nil {
		if inside := bridge(s, parent, above); s.bridged != nil {
			if ctx != nil && parent != nil {
				*ctx = inside
			}
			atomic.StorePointer(&s.lane.top, unsafe.Pointer(s))
			if sends && where.isMain && s.up == nil {
				announce(parent)
			}
			return s
		}
	}
	if above != nil && above.bridged == nil && (by == nil || above.isBelow(by)) {
		s.traceID, s.parentID, s.sampled, s.offset = above.traceID, above.id, above.sampled, above.offset
		s.asker = above.asker
	} else {
		if by == nil {
			s.asker = startedBy
		}
		s.traceID, s.parentID, s.sampled = newTrace(s.asker)
		s.offset = atomic.LoadInt64(&clockOffset)
	}
	s.start = now()
	if ctx != nil && parent != nil {
		*ctx = carrying(parent, s)
	}
	atomic.StorePointer(&s.lane.top, unsafe.Pointer(s)) // from now on others see it
	if sends && where.isMain && s.up == nil {
		announce(parent)
	}
	return s
}

// isBelow says whether the trace goes on here below this call of another process: a request is often handed on.
func (s *Span) isBelow(by *asker) bool {
	return s.asker != nil && s.asker.trace == by.trace && s.asker.span == by.span
}

// exit is not inlined, as enter is not.
//
//go:noinline
func (s *Span) exit(err *error, results []interface{}) {
	end := now()
	if !atomic.CompareAndSwapUint32(&s.ended, 0, 1) {
		return // Flush ended it
	}
	s.end = end
	outermost := s.pop()
	panics := false
	if s.sampled {
		// What called Exit is looked at one by one, and no further than needed: each is a function that Go's
		// compiler made, so that its frame is where the frame pointer says.
		kind := inHelper
		for depth := uintptr(1); framePointers && depth <= 3 && kind == inHelper; depth++ {
			kind = callAt(callerPC(depth), "").kind
		}
		if panics = kind == inPanicker || kind != inProgram && panicAbove(); panics {
			s.panicked()
		} else {
			if len(results) > 0 {
				s.returned(results)
			}
			if err != nil && *err != nil {
				s.failed(*err)
			}
		}
	}
	atomic.StorePointer(&s.foreign, nil)
	if s.bridged != nil {
		finish(s)
		return
	}
	if s.sampled {
		push(s)
	}
	switch {
	case !outermost:
	case s.site.isMain && !panics:
		FlushAll()
	case panics || eager:
		flush(panics)
	}
}

// pop takes an ended span off the stack of its goroutine, and says whether the stack is empty then.
func (s *Span) pop() bool {
	if atomic.LoadPointer(&s.lane.top) != unsafe.Pointer(s) {
		return false // another one ends out of order; whoever finds this one on the stack skips it
	}
	top := s.up
	for top != nil && atomic.LoadUint32(&top.ended) != 0 {
		top = top.up
	}
	atomic.StorePointer(&s.lane.top, unsafe.Pointer(top))
	if top == nil {
		s.lane.release()
	}
	return top == nil
}

// covers says whether a span of this goroutine stands in for the one that a context carries: because it is below
// it in the tree, or because that one has ended in the same run of the goroutine, so that the context is stale.
func covers(top, carried *Span, epoch uint64) bool {
	if carried.epoch == epoch {
		return true // on this stack, or was
	}
	for steps := 0; top != nil && steps < 1000; steps++ {
		if top == carried {
			return true
		}
		if top.epoch == carried.epoch && atomic.LoadUint32(&carried.ended) == 0 {
			return true // a living span of the goroutine from which this one was started
		}
		if foreign := (*Span)(atomic.LoadPointer(&top.foreign)); foreign != nil {
			top = foreign
		} else {
			top = top.up
		}
	}
	return top != nil
}
