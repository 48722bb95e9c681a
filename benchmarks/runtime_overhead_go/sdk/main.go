// The same functions by hand, with the OpenTelemetry SDK and a batch processor that exports to nowhere.
package main

import (
	"context"

	"calls/measure"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

type nowhere struct{}

func (nowhere) ExportSpans(context.Context, []sdk.ReadOnlySpan) error { return nil }
func (nowhere) Shutdown(context.Context) error                        { return nil }

var tracer = otel.Tracer("bench")

func call(ctx context.Context, x int) int {
	_, span := tracer.Start(ctx, "call")
	defer span.End()
	return x + 1
}

func callContext(ctx context.Context, x int) (_ int, err error) {
	ctx, span := tracer.Start(ctx, "callContext")
	defer func() {
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}()
	_ = ctx
	return x + 1, nil
}

func main() {
	otel.SetTracerProvider(sdk.NewTracerProvider(sdk.WithBatcher(nowhere{})))
	ctx := context.Background()
	measure.Main(map[string]func(int){
		"call": func(n int) {
			for i := 0; i < n; i++ {
				measure.Sink = call(ctx, i)
			}
		},
		"context": func(n int) {
			for i := 0; i < n; i++ {
				measure.Sink, _ = callContext(ctx, i)
			}
		},
	})
}
