// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: the stack of spans of each goroutine.

package telemetryinject

import (
	"sync/atomic"
	"unsafe"
)

// lane is where a goroutine keeps the top of its stack of spans. Only that goroutine changes it.
type lane struct {
	key uintptr        // which goroutine
	top unsafe.Pointer // *Span; atomic
	_   [48]byte       // a cache line each
}

// epochs counts how often a goroutine has begun an outermost span. A span's epoch tells the runs of goroutines
// apart (the runtime uses their memory again), and is what thread.id says.
var epochs uint64

// living is the innermost span of the goroutine that has not ended.
func (l *lane) living() *Span {
	top := (*Span)(atomic.LoadPointer(&l.top))
	for top != nil && atomic.LoadUint32(&top.ended) != 0 {
		top = top.up
	}
	return top
}
