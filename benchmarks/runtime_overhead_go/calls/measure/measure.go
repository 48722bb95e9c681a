// Package measure times calls, in blocks with a pause after each, so that what ended is delivered as in a program.
package measure

// telemetry: skip-file

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

const (
	block  = 400
	blocks = 50
	pause  = time.Millisecond
)

// Sink keeps results from being optimised away.
var Sink int

type figures struct {
	Call float64 `json:"call"` // nanoseconds a call
	CPU  float64 `json:"cpu"`  // processor time of all threads for a call and what follows from it, such as writing
}

func used() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano() + usage.Stime.Nano())
}

func round(loop func(int)) figures {
	var timed time.Duration
	before := used()
	for i := 0; i < blocks; i++ {
		start := time.Now()
		loop(block)
		timed += time.Since(start)
		time.Sleep(pause)
	}
	const calls = block * blocks
	return figures{float64(timed.Nanoseconds()) / calls, (used() - before) / calls}
}

// Main runs the loop that the first argument names, the second says how often, and prints the best figures.
func Main(loops map[string]func(int)) {
	rounds, err := strconv.Atoi(os.Args[2])
	loop := loops[os.Args[1]]
	if err != nil || loop == nil {
		fmt.Fprintln(os.Stderr, "NAME ROUNDS")
		os.Exit(2)
	}
	best := round(loop)
	for i := 0; i < rounds; i++ {
		one := round(loop)
		best = figures{min(best.Call, one.Call), min(best.CPU, one.CPU)}
	}
	if err := json.NewEncoder(os.Stdout).Encode(best); err != nil {
		panic(err)
	}
}
