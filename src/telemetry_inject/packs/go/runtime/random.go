// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: ids of spans and traces, and the clock.

package telemetryinject

import (
	"sync/atomic"
	"time"
)

var (
	seed    = [2]uint64{randomSeed(1), randomSeed(2)}
	counter uint64
)

// newID is a span id: no two are equal within the process, and none is 0 but by a chance of 1 in 2**64.
func newID() uint64 {
	return mixed(atomic.AddUint64(&counter, 1) ^ seed[0])
}

// mixed is a permutation of 64-bit numbers whose values look random (the finalizer of SplitMix64).
func mixed(n uint64) uint64 {
	n *= 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// newTrace is the trace of an outermost span that somebody (or nobody) asked for, with the span's parent, and whether
// it is recorded.
func newTrace(by *asker) (trace [2]uint64, parent uint64, sampled bool) {
	if by != nil {
		trace, parent = by.trace, by.span
		if followsParent {
			return trace, parent, by.sampled
		}
	} else {
		n := atomic.AddUint64(&counter, 1)
		trace = [2]uint64{mixed(n ^ seed[1]), mixed(mixed(n^seed[0]) + seed[1])}
	}
	return trace, parent, trace[1] < bound || bound == 1<<64-1
}

// clockStart is when the clock began; the time of day is the clock's and clockOffset (atomic, in nanoseconds).
var (
	clockStart  = time.Now()
	clockOffset = clockStart.UnixNano()
)

// clockDrift is how far the time of day may go away from the clock before it is believed anew.
const clockDrift = int64(50 * time.Millisecond)

func now() int64 {
	return int64(time.Since(clockStart))
}

// resynchronise lets traces to come go by the time of day where it has moved (the machine slept, say).
func resynchronise() {
	offset := time.Now().UnixNano() - now()
	if drift := offset - atomic.LoadInt64(&clockOffset); drift < -clockDrift || drift > clockDrift {
		atomic.StoreInt64(&clockOffset, offset)
	}
}
