//go:build gc && !purego && amd64 && go1.22

// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: return addresses by the chain of frame pointers, twenty times faster than
// runtime.Callers. Before Go 1.22 the compiler's wrappers of deferred calls have no name by which to know them.

package telemetryinject

import "runtime"

// callerPC is the address to which the function that calls it returns (depth 1), or one further up (caller_amd64.s).
func callerPC(depth uintptr) uintptr

// framePointers says whether callerPC agrees with runtime.Callers here. (It would not if the compiler came to call
// it through a wrapper with a frame of its own.)
var framePointers = framePointersAgree()

//go:noinline
func framePointersAgree() bool {
	return returnsAgree()
}

//go:noinline
func returnsAgree() bool {
	var pcs [2]uintptr
	return runtime.Callers(2, pcs[:]) == 2 && callerPC(1) == pcs[0] && callerPC(2) == pcs[1]
}
