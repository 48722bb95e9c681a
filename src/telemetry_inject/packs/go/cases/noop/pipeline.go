// why: file: it is part of an OpenTelemetry pipeline
package p

import "go.opentelemetry.io/otel/sdk/trace"

func f() *trace.TracerProvider {
	return trace.NewTracerProvider()
}
