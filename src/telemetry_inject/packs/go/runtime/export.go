// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: delivery of spans, to the file or to a collector.

package telemetryinject

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	// post sends a request to the collector; set where http.go is built in.
	post func(body []byte) bool

	// bridge and finish begin and end a span in the program's own SDK; set where otel_bridge.go is built in.
	// The context returned carries both spans. Where there is no SDK, or while it is none, s.bridged stays nil.
	bridge func(s *Span, parent context.Context, above *Span) context.Context
	finish func(s *Span)

	queueLock sync.Mutex
	queue     []*Span // spans that ended and wait for delivery
	timed     bool    // a timer will deliver them

	delivering = make(chan struct{}, 1) // filled while spans are delivered
	buffer     []byte                   // for a request; of whoever delivers
	dropped    int64                    // spans that could not be delivered; atomic
	saidDrops  int64                    // how many were told; of whoever delivers
	hurry      = make(chan struct{})    // closed when the program ends
	hurried    sync.Once
)

func remote() bool {
	return endpoint != "" && post != nil
}

// push adds an ended span to the queue and sees to its delivery.
func push(s *Span) {
	queueLock.Lock()
	full := len(queue) >= queueSize
	if full && remote() {
		queueLock.Unlock()
		atomic.AddInt64(&dropped, 1)
		return
	}
	queue = append(queue, s)
	length := len(queue)
	startTimer := !timed && !eager
	timed = timed || startTimer
	queueLock.Unlock()
	switch {
	case full: // the disk is slower than the program, which has to wait
		deliver()
	case length == batchSize && !eager:
		go tryDeliver()
	case length >= batchSize && eager:
		deliver()
	}
	if startTimer {
		time.AfterFunc(delay, func() {
			queueLock.Lock()
			timed = false
			queueLock.Unlock()
			deliver()
		})
	}
}

// flush delivers what there is. A collector is waited for only as long as OTEL_BSP_EXPORT_TIMEOUT says, and after
// a panic, which the program may survive, no longer than a second.
func flush(panics bool) {
	if !remote() {
		deliver()
		return
	}
	wait := patience
	if panics && wait > time.Second {
		wait = time.Second
	}
	done := make(chan struct{})
	go func() {
		deliver()
		close(done)
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// tryDeliver delivers the queue unless somebody does already.
func tryDeliver() {
	select {
	case delivering <- struct{}{}:
		drain()
		<-delivering
	default:
	}
}

// deliver waits for its turn and delivers the queue.
func deliver() {
	delivering <- struct{}{}
	drain()
	<-delivering
}

func drain() {
	defer func() {
		if recover() != nil { // this package is wrong: never the program's trouble
			atomic.AddInt64(&dropped, 1)
		}
	}()
	resynchronise()
	for {
		queueLock.Lock()
		n := atMost(batchSize, len(queue))
		spans := append([]*Span(nil), queue[:n]...)
		rest := copy(queue, queue[n:])
		for i := rest; i < len(queue); i++ {
			queue[i] = nil
		}
		queue = queue[:rest]
		queueLock.Unlock()
		if n == 0 {
			return
		}
		if !send(spans, 1024) {
			atomic.AddInt64(&dropped, int64(n))
		}
	}
}

// send delivers one request; spare is what the file must still have room for after it.
func send(spans []*Span, spare int64) bool {
	lost := atomic.LoadInt64(&dropped)
	buffer = appendRequest(buffer[:0], spans, lost)
	done := false
	if remote() {
		done = post(buffer)
	} else {
		buffer = append(buffer, '\n')
		done = appendToFile(buffer, spare)
	}
	if done {
		saidDrops = lost
	}
	if cap(buffer) > 4<<20 {
		buffer = nil
	}
	return done
}

// finishAll ends the spans of all goroutines: the program ends, and what has ended within them needs its parents.
func finishAll() {
	end := now()
	allLanes(func(l *lane) {
		for s := (*Span)(atomic.LoadPointer(&l.top)); s != nil; s = s.up {
			if !atomic.CompareAndSwapUint32(&s.ended, 0, 1) {
				continue
			}
			s.end = end
			if s.bridged != nil {
				finish(s)
			} else if s.sampled {
				queueLock.Lock()
				queue = append(queue, s)
				queueLock.Unlock()
			}
		}
	})
}

// FlushAll ends all spans and writes them: the program is about to end.
func FlushAll() {
	if off {
		return
	}
	finishAll()
	hurried.Do(func() { close(hurry) })
	flush(false)
	if !remote() {
		delivering <- struct{}{}
		if atomic.LoadInt64(&dropped) != saidDrops {
			send(nil, 0)
		}
		<-delivering
	}
}

// currentPath is the path of this process's file.
func currentPath() string {
	return replace(filePath, "{pid}", strconv.Itoa(syscall.Getpid()))
}

// FlushCode is Flush for modules whose go.mod names a version before 1.18, whose calls can't infer a type.
func FlushCode(code int) int {
	FlushAll()
	return code
}

// FlushValue is FlushCode for arguments of log.Fatal and the like.
func FlushValue(value interface{}) interface{} {
	FlushAll()
	return value
}
