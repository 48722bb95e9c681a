// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: spans become those of the program's own OpenTelemetry SDK once it has set a
// TracerProvider globally. It is written where go.mod requires go.opentelemetry.io/otel.

package telemetryinject

import (
	"context"
	"reflect"
	"sync/atomic"
	"time"
	"unsafe"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// sdk is a tracer together with the provider that made it.
type sdk struct {
	provider trace.TracerProvider
	tracer   trace.Tracer // nil for the API's own stand-in
}

var lastSDK unsafe.Pointer // *sdk; atomic

func init() {
	bridge, finish, inject = beginBridged, finishBridged, injectBridged
}

// currentTracer is a tracer of the SDK that the program has set, or nil.
func currentTracer() trace.Tracer {
	provider := otel.GetTracerProvider()
	last := (*sdk)(atomic.LoadPointer(&lastSDK))
	if last != nil && sameWords(last.provider, provider) {
		return last.tracer
	}
	last = &sdk{provider: provider}
	if kind := reflect.TypeOf(provider); kind != nil {
		for kind.Kind() == reflect.Ptr {
			kind = kind.Elem()
		}
		if kind.PkgPath() != "go.opentelemetry.io/otel/internal/global" {
			last.tracer = provider.Tracer("telemetry-inject", trace.WithInstrumentationVersion(Version))
		}
	}
	atomic.StorePointer(&lastSDK, unsafe.Pointer(last))
	return last.tracer
}

// sameWords compares two interface values without calling what could panic.
func sameWords(a, b trace.TracerProvider) bool {
	return *(*[2]uintptr)(unsafe.Pointer(&a)) == *(*[2]uintptr)(unsafe.Pointer(&b))
}

// twin is the SDK's span of a call.
type twin struct {
	trace.Span
	below trace.SpanContext // of the span around it
}

// beginBridged begins a span of the SDK. Its parent is the SDK's span in the context if the program put one there
// itself after the innermost call of an instrumented function in this goroutine began, else the span of that call.
func beginBridged(s *Span, parent context.Context, above *Span) (inside context.Context) {
	defer func() {
		if recover() != nil {
			s.bridged = nil
			atomic.AddInt64(&dropped, 1)
		}
	}()
	tracer := currentTracer()
	if tracer == nil {
		return nil
	}
	before := parent
	if before == nil {
		before = context.Background()
	}
	own := trace.SpanContextFromContext(before)
	if around, ok := twinOf(above); ok && (!own.IsValid() || isAround(own, spanOf(before), above)) {
		before = trace.ContextWithSpan(before, around.Span)
		own = around.SpanContext()
	}
	if by := s.asker; by != nil && own.TraceID().String() != by.headers()["traceparent"][3:35] {
		before = extracted(before, by)
	} else if by == nil && startedBy != nil && !own.IsValid() {
		before = extracted(before, startedBy)
	}
	inside, span := tracer.Start(before, s.site.name, trace.WithAttributes(keyValues(s.site.facts)...))
	s.bridged, s.sampled = twin{span, own}, span.IsRecording()
	return carrying(inside, s)
}

// extracted is a context below a call of another process, as the program's propagators read it.
func extracted(ctx context.Context, by *asker) context.Context {
	return otel.GetTextMapPropagator().Extract(ctx, propagation.MapCarrier(by.headers()))
}

// injectBridged is what the program's propagators tell others of the call that asks, or of the SDK's own span in it.
func injectBridged(ctx context.Context, above *Span) (headers map[string]string, ok bool) {
	if currentTracer() == nil {
		return nil, false
	}
	if ctx == nil {
		ctx = context.Background()
	}
	if around, ok := twinOf(above); ok {
		own := trace.SpanContextFromContext(ctx)
		if !own.IsValid() || isAround(own, spanOf(ctx), above) {
			ctx = trace.ContextWithSpan(ctx, around.Span)
		}
	}
	carrier := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, carrier)
	return carrier, true
}

func twinOf(s *Span) (around twin, ok bool) {
	if s != nil {
		around, ok = s.bridged.(twin)
	}
	return
}

// isAround says whether the SDK's span in a context, which carries one of the helper's too, is that one's twin or
// one below which a call in this goroutine began.
func isAround(own trace.SpanContext, carried, innermost *Span) bool {
	if t, ok := twinOf(carried); ok && own.Equal(t.SpanContext()) {
		return true
	}
	for steps := 0; innermost != nil && steps < 1000; steps++ {
		if t, ok := twinOf(innermost); ok && own.Equal(t.below) {
			return true
		}
		innermost = innermost.up
	}
	return false
}

// finishBridged ends a span of the SDK. Where it is recorded, what was noted goes before.
func finishBridged(s *Span) {
	defer func() {
		if recover() != nil {
			atomic.AddInt64(&dropped, 1)
		}
	}()
	span := s.bridged.(twin).Span
	if n := (*notes)(atomic.LoadPointer(&s.notes)); n != nil {
		n.Lock()
		n.closed = true
		n.Unlock()
		span.SetAttributes(keyValues(n.attributes())...)
		for _, e := range n.events {
			at := clockStart.Add(time.Duration(e.at))
			span.AddEvent(e.name, trace.WithAttributes(keyValues(e.attributes())...), trace.WithTimestamp(at))
		}
		if n.kind != "" {
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
}

func keyValues(all []fact) []attribute.KeyValue {
	converted := make([]attribute.KeyValue, 0, len(all))
	for _, a := range all {
		switch value := a.value.(type) {
		case string:
			converted = append(converted, attribute.String(a.key, value))
		case int64:
			converted = append(converted, attribute.Int64(a.key, value))
		case bool:
			converted = append(converted, attribute.Bool(a.key, value))
		case float64:
			converted = append(converted, attribute.Float64(a.key, value))
		}
	}
	return converted
}
