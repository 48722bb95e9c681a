//go:build gc && !purego && (386 || amd64 || arm64 || wasm)

// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: lanes by the address of the runtime's record of a goroutine. The runtime never
// frees these records but uses them again, so lanes are never removed: there are as many as goroutines with spans
// have lived at the same time.

package telemetryinject

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// currentG is the address of the runtime's record of this goroutine (lane_amd64.s and its siblings).
func currentG() uintptr

// laneTable is a hash table with open addressing. Readers take no lock: slots are only ever filled, and a table
// that gets too full is replaced by a larger copy.
type laneTable struct {
	mask  uintptr
	slots []unsafe.Pointer // *lane; atomic
}

var (
	lanes     unsafe.Pointer // *laneTable; atomic
	lanesLock sync.Mutex     // held while a slot is filled
	laneCount uintptr
)

func init() {
	atomic.StorePointer(&lanes, unsafe.Pointer(newLaneTable(64)))
}

func newLaneTable(size uintptr) *laneTable {
	return &laneTable{size - 1, make([]unsafe.Pointer, size)}
}

// find is the lane of a goroutine, or the empty slot where it belongs.
func (t *laneTable) find(g uintptr) (*lane, *unsafe.Pointer) {
	for i := (g >> 6) ^ (g >> 16); ; i++ {
		slot := &t.slots[i&t.mask]
		l := (*lane)(atomic.LoadPointer(slot))
		if l == nil || l.key == g {
			return l, slot
		}
	}
}

func currentLane() *lane {
	g := currentG()
	if l, _ := (*laneTable)(atomic.LoadPointer(&lanes)).find(g); l != nil {
		return l
	}
	return newLane(g)
}

func newLane(g uintptr) *lane {
	lanesLock.Lock()
	defer lanesLock.Unlock()
	table := (*laneTable)(atomic.LoadPointer(&lanes))
	if laneCount*2 > table.mask {
		larger := newLaneTable((table.mask + 1) * 4)
		for i := range table.slots {
			if l := (*lane)(atomic.LoadPointer(&table.slots[i])); l != nil {
				_, slot := larger.find(l.key)
				atomic.StorePointer(slot, unsafe.Pointer(l))
			}
		}
		table = larger
		atomic.StorePointer(&lanes, unsafe.Pointer(table))
	}
	l, slot := table.find(g)
	if l == nil {
		l = &lane{key: g}
		laneCount++
		atomic.StorePointer(slot, unsafe.Pointer(l))
	}
	return l
}

func (l *lane) release() {}

// allLanes calls f with every lane.
func allLanes(f func(*lane)) {
	table := (*laneTable)(atomic.LoadPointer(&lanes))
	for i := range table.slots {
		if l := (*lane)(atomic.LoadPointer(&table.slots[i])); l != nil {
			f(l)
		}
	}
}
