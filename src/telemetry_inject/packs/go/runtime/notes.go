// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: what happens within a call: errors, branches, loops, values.

package telemetryinject

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"
)

// notes is what only some spans have. Goroutines started within the call may add to it.
type notes struct {
	sync.Mutex
	values []fact
	counts []count
	events []event
	lost   int    // events beyond the bound
	kind   string // of the error that left the call
	closed bool   // handed over
}

type count struct {
	key string
	n   int64
}

type event struct {
	at     int64 // on the clock
	name   string
	values []fact
	stack  []uintptr // of a panic
}

// failure says what was recorded last within a call, so that an error is recorded once: the two words of an
// interface value, which keep nothing alive.
type failure [2]uintptr

var panicked = &failure{1, 0}

func (s *Span) more() *notes {
	if n := (*notes)(atomic.LoadPointer(&s.notes)); n != nil {
		return n
	}
	atomic.CompareAndSwapPointer(&s.notes, nil, unsafe.Pointer(&notes{}))
	return (*notes)(atomic.LoadPointer(&s.notes))
}

func (s *Span) count(prefix, label string) {
	n := s.more()
	n.Lock()
	defer n.Unlock()
	if n.closed {
		return
	}
	for i := range n.counts {
		key := n.counts[i].key
		if len(key) == len(prefix)+len(label) && key[len(prefix):] == label && key[:len(prefix)] == prefix {
			n.counts[i].n++
			return
		}
	}
	if len(n.counts) < maxLabels {
		n.counts = append(n.counts, count{prefix + label, 1})
	}
}

// Branch notes that a branch was taken.
func (s *Span) Branch(label string) {
	if s != nil && s.sampled {
		s.count("telemetry.branch.", label)
	}
}

// Loop notes that a loop went round once.
func (s *Span) Loop(label string) {
	if s != nil && s.sampled {
		s.count("telemetry.loop.", label)
	}
}

// Args notes the arguments of the call: names and pointers to the variables, in turn.
func (s *Span) Args(values ...interface{}) *Span {
	if s != nil && s.sampled {
		s.add(captured("telemetry.arg.", values))
	}
	return s
}

// Assign notes that variables were set: names and pointers to them, in turn.
func (s *Span) Assign(values ...interface{}) {
	if s != nil && s.sampled {
		s.happened("assign", values)
	}
}

func (s *Span) happened(name string, values []interface{}) {
	n := s.more()
	n.Lock()
	defer n.Unlock()
	if n.closed {
		return
	}
	if len(n.events) >= maxEvents {
		n.lost++
		return
	}
	n.events = append(n.events, event{at: now(), name: name, values: captured("telemetry."+name+".", values)})
}

func (s *Span) add(values []fact) {
	n := s.more()
	n.Lock()
	n.values = append(n.values, values...)
	n.Unlock()
}

// returned notes the results of the call.
func (s *Span) returned(results []interface{}) {
	values := captured("telemetry.return.", results)
	if len(values) == 1 {
		values[0].key = "telemetry.return"
	}
	s.add(values)
}

// failed notes an error that the call returns: in full only where it is met first, which is in the innermost
// function that returns it, or an error that it wraps.
func (s *Span) failed(err error) {
	if controlFlow(err) {
		return
	}
	kind := typeName(err)
	known := s.knows(err)
	s.note(kind, (*failure)(unsafe.Pointer(&err)), func(n *notes) {
		if !known {
			n.events = append(n.events, event{at: s.end, name: "exception", values: []fact{
				{"exception.type", kind}, {"exception.message", message(err)},
			}})
		}
	})
}

// panicked notes that a panic leaves the call, with the stack below at the innermost one that it leaves.
func (s *Span) panicked() {
	known := (*failure)(atomic.LoadPointer(&s.reported)) == panicked
	s.note("panic", panicked, func(n *notes) {
		if !known {
			var stack [maxFrames]uintptr
			e := event{at: s.end, name: "exception", values: []fact{{"exception.type", "panic"}}}
			e.stack = append(e.stack, stack[:runtime.Callers(6, stack[:])]...)
			n.events = append(n.events, e)
		}
	})
}

func (s *Span) note(kind string, what *failure, record func(*notes)) {
	n := s.more()
	n.Lock()
	defer n.Unlock()
	n.kind = kind
	record(n)
	above := (*Span)(atomic.LoadPointer(&s.foreign))
	if above == nil {
		above = s.up
	}
	if above != nil {
		if what != panicked {
			what = &failure{what[0], what[1]}
		}
		atomic.StorePointer(&above.reported, unsafe.Pointer(what))
	}
}

// knows says whether an error, or one that it wraps, was recorded within this call.
func (s *Span) knows(err error) (known bool) {
	reported := (*failure)(atomic.LoadPointer(&s.reported))
	if reported == nil {
		return false
	}
	defer func() { _ = recover() }()
	for depth := 0; err != nil && depth < 16; depth++ {
		if *(*failure)(unsafe.Pointer(&err)) == *reported {
			return true
		}
		switch wrapper := err.(type) {
		case interface{ Unwrap() error }:
			err = wrapper.Unwrap()
		case interface{ Unwrap() []error }:
			for _, e := range wrapper.Unwrap() {
				if e != nil && *(*failure)(unsafe.Pointer(&e)) == *reported {
					return true
				}
			}
			return false
		default:
			return false
		}
	}
	return false
}

// typeName is the full name of an error's type.
func typeName(err error) string {
	kind, stars := reflect.TypeOf(err), ""
	for kind.Kind() == reflect.Ptr && kind.Name() == "" {
		kind, stars = kind.Elem(), stars+"*"
	}
	if kind.Name() == "" || kind.PkgPath() == "" {
		return short(stars+kind.String(), 2*maxText)
	}
	return short(stars+kind.PkgPath()+"."+kind.Name(), 2*maxText)
}

// message is the words of an error. Its method is code of the program and may panic, on a nil pointer for one.
func message(err error) (text string) {
	defer func() { _ = recover() }()
	return clean(err.Error(), 2*maxText)
}

var plainError = reflect.TypeOf(errors.New(""))

// controlFlow says whether an error is a way to say that all is well, or that nobody wants the result any more.
// Those of packages that are not imported here are known by their text.
func controlFlow(err error) bool {
	if reflect.TypeOf(err) == plainError {
		switch err.Error() {
		case "EOF", // io
			"skip this directory", "skip everything and stop the walk", // io/fs
			"sql: no rows in result set", // database/sql
			"http: Server closed",        // net/http
			"context canceled":
			return true
		}
		return false
	}
	return canceled(err)
}

func canceled(err error) bool {
	defer func() { _ = recover() }()
	for depth := 0; err != nil && depth < 16; depth++ {
		if reflect.TypeOf(err) == plainError {
			return err == context.Canceled
		}
		wrapper, ok := err.(interface{ Unwrap() error })
		if !ok {
			return false
		}
		err = wrapper.Unwrap()
	}
	return false
}

// stackText is a stack as a traceback of Go prints it, from its innermost call on.
func stackText(pcs []uintptr) string {
	text := []byte("goroutine [running]:\n")
	frames := runtime.CallersFrames(pcs)
	for {
		frame, more := frames.Next()
		text = append(text, frame.Function...)
		text = append(text, "(...)\n\t"...)
		text = append(text, frame.File...)
		text = append(text, ':')
		text = strconv.AppendInt(text, int64(frame.Line), 10)
		text = append(text, '\n')
		if !more {
			return string(text)
		}
	}
}
