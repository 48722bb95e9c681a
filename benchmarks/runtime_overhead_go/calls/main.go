// Measures the functions of package traced, as they were built into this program: `calls NAME ROUNDS`.
package main

// telemetry: skip-file

import (
	"context"

	"calls/measure"
	"calls/traced"
)

func main() {
	ctx := context.Background()
	measure.Main(map[string]func(int){
		"call": func(n int) {
			for i := 0; i < n; i++ {
				measure.Sink = traced.Call(i)
			}
		},
		"flow": func(n int) {
			for i := 0; i < n; i++ {
				measure.Sink = traced.CallFlow(i)
			}
		},
		"full": func(n int) {
			for i := 0; i < n; i++ {
				measure.Sink = traced.CallFull(i)
			}
		},
		"context": func(n int) {
			for i := 0; i < n; i++ {
				measure.Sink, _ = traced.CallContext(ctx, i)
			}
		},
	})
}
