// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: what is known of the places in the program that call the helper.

package telemetryinject

import (
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// site is an instrumented function.
type site struct {
	name   string
	facts  []fact
	text   []byte // name and attributes as JSON; more attributes follow
	isMain bool
}

// place is what is known of an address in the program's code.
type place struct {
	pc   uintptr
	kind placeKind
	site *site // where a function called Enter
}

type placeKind uint8

const (
	inHelper   placeKind = iota // in this package, or in the compiler's wrapper of a deferred call: look further up
	inProgram                   // in a function of the program, or in what the runtime does when such a function returns
	inPanicker                  // in the runtime's function that runs deferred calls because of a panic
	inRuntime                   // in another of the runtime's functions: look further up, as it may have been called by that
)

// ownPackage is how names of this package's functions begin.
var ownPackage = reflect.TypeOf(site{}).PkgPath() + "."

func kindOf(function string) placeKind {
	switch {
	case function == "runtime.gopanic":
		return inPanicker
	case function == "runtime.deferreturn" || function == "runtime.Goexit":
		return inProgram
	case hasPrefix(function, "runtime."):
		return inRuntime
	case hasPrefix(function, ownPackage) || contains(function, ".deferwrap"):
		return inHelper
	}
	return inProgram
}

// places is a hash table with open addressing. Readers take no lock: slots are only ever filled, and a table that
// gets too full is replaced by a larger copy.
type places struct {
	table unsafe.Pointer // *placeTable; atomic
	lock  sync.Mutex     // held while a slot is filled
	count uintptr
}

type placeTable struct {
	mask  uintptr
	slots []unsafe.Pointer // *place; atomic
}

var (
	calls   = places{table: unsafe.Pointer(newPlaceTable(256))} // by address, whatever the compiler inlined there
	returns = places{table: unsafe.Pointer(newPlaceTable(256))} // by address as runtime.Callers gives it
)

func newPlaceTable(size uintptr) *placeTable {
	return &placeTable{size - 1, make([]unsafe.Pointer, size)}
}

// find is what is known of an address, or the empty slot where it belongs.
func (t *placeTable) find(pc uintptr) (*place, *unsafe.Pointer) {
	for i := (pc ^ pc>>8) * 0x9e3779b1 >> 4; ; i++ {
		slot := &t.slots[i&t.mask]
		p := (*place)(atomic.LoadPointer(slot))
		if p == nil || p.pc == pc {
			return p, slot
		}
	}
}

func (all *places) find(pc uintptr) *place {
	p, _ := (*placeTable)(atomic.LoadPointer(&all.table)).find(pc)
	return p
}

// add enters a place, unless somebody else has done so; what is there afterwards.
func (all *places) add(found *place) *place {
	all.lock.Lock()
	defer all.lock.Unlock()
	table := (*placeTable)(atomic.LoadPointer(&all.table))
	if all.count*2 > table.mask {
		larger := newPlaceTable((table.mask + 1) * 4)
		for i := range table.slots {
			if p := (*place)(atomic.LoadPointer(&table.slots[i])); p != nil {
				_, slot := larger.find(p.pc)
				atomic.StorePointer(slot, unsafe.Pointer(p))
			}
		}
		table = larger
		atomic.StorePointer(&all.table, unsafe.Pointer(table))
	}
	p, slot := table.find(found.pc)
	if p == nil {
		p = found
		all.count++
		atomic.StorePointer(slot, unsafe.Pointer(p))
	}
	return p
}

// callAt is what is known of an address by callerPC. name is that of the site there, if a function called Enter.
func callAt(pc uintptr, name string) *place {
	if p := calls.find(pc); p != nil {
		return p
	}
	p := &place{pc: pc, kind: inProgram}
	if inlined := runtime.FuncForPC(pc - 1); inlined != nil {
		if whole := runtime.FuncForPC(inlined.Entry()); whole != nil { // the function into which others are inlined
			p.kind = kindOf(whole.Name())
		}
	}
	if name != "" && p.kind == inProgram {
		p.site = siteAbove(name)
	}
	return calls.add(p)
}

// returnAt is what is known of an address by runtime.Callers; name is as for callAt.
func returnAt(pc uintptr, name string) *place {
	if p := returns.find(pc); p != nil {
		return p
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	p := &place{pc: pc, kind: kindOf(frame.Function)}
	if name != "" && p.kind == inProgram {
		p.site = newSite(name, frame)
	}
	return returns.add(p)
}

// siteAbove is the site of the nearest function of the program on the stack.
func siteAbove(name string) *site {
	var pcs [8]uintptr
	for _, pc := range pcs[:runtime.Callers(2, pcs[:])] {
		if p := returnAt(pc, name); p.site != nil {
			return p.site
		}
	}
	return newSite(name, runtime.Frame{})
}

// panicAbove says whether a panic runs the deferred Exit on the stack: then the runtime's gopanic has called it,
// directly or through the compiler's wrapper of the deferred call.
func panicAbove() bool {
	var pcs [8]uintptr
	for _, pc := range pcs[:runtime.Callers(2, pcs[:])] {
		if p := returnAt(pc, ""); p.kind == inProgram || p.kind == inPanicker {
			return p.kind == inPanicker
		}
	}
	return false
}

func newSite(name string, frame runtime.Frame) *site {
	file, line := frame.File, frame.Line
	if frame.Func != nil && frame.Func.Name() == frame.Function {
		if f, l := frame.Func.FileLine(frame.Entry); f == file && l > 0 {
			line = l // that of `func`
		}
	}
	s := &site{name: string([]byte(name)), isMain: frame.Function == "main.main"}
	s.facts = []fact{
		{"code.function.name", frame.Function}, {"code.file.path", file}, {"code.line.number", int64(line)},
	}
	s.text = append(s.text, `"name":`...)
	s.text = appendQuoted(s.text, s.name)
	s.text = append(s.text, `,"kind":1,"attributes":[`...)
	s.text = append(appendAttributes(s.text, s.facts), ',')
	return s
}
