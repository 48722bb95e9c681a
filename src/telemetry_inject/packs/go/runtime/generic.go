//go:build go1.18

// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: what needs type parameters. The build constraint gives this file alone the
// language of Go 1.18 in modules whose go.mod names an older one.

package telemetryinject

import "context"

// EnterRequest is EnterWith for a variable that holds the request, for example an *http.Request.
func EnterRequest[R interface{ Context() context.Context }](request *R, name string) *Span {
	if off {
		return nil
	}
	return enterWith(*request, name)
}

// Flush ends all spans, writes them and gives back its argument. It goes into the last call of a program, as in
// os.Exit(Flush(1)).
func Flush[T any](value T) T {
	FlushAll()
	return value
}
