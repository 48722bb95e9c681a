//go:build !gc || purego || (!386 && !amd64 && !arm64 && !wasm)

// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: lanes by the number of a goroutine, as the runtime prints it. Slower than the
// address (lane_g.go), as the runtime walks the whole stack to print its head.

package telemetryinject

import (
	"runtime"
	"sync"
)

const laneShards = 64

var lanes [laneShards]struct {
	sync.Mutex
	byID map[uintptr]*lane
	_    [48]byte
}

func currentLane() *lane {
	id := currentID()
	shard := &lanes[id%laneShards]
	shard.Lock()
	defer shard.Unlock()
	l := shard.byID[id]
	if l == nil {
		l = &lane{key: id}
		if shard.byID == nil {
			shard.byID = map[uintptr]*lane{}
		}
		shard.byID[id] = l
	}
	return l
}

// currentID reads the number from the first line of the stack's text, "goroutine 18 [running]:".
func currentID() (id uintptr) {
	var text [32]byte
	for _, c := range text[len("goroutine "):runtime.Stack(text[:], false)] {
		if c < '0' || c > '9' {
			break
		}
		id = id*10 + uintptr(c-'0')
	}
	return id
}

// release forgets the lane of a goroutine whose stack of spans is empty.
func (l *lane) release() {
	shard := &lanes[l.key%laneShards]
	shard.Lock()
	delete(shard.byID, l.key)
	shard.Unlock()
}

// allLanes calls f with every lane.
func allLanes(f func(*lane)) {
	for i := range lanes {
		shard := &lanes[i]
		shard.Lock()
		all := make([]*lane, 0, len(shard.byID))
		for _, l := range shard.byID {
			all = append(all, l)
		}
		shard.Unlock()
		for _, l := range all {
			f(l)
		}
	}
}
