// Package p doc.
package p // import "x"

import (
	"context"
	"log"
	"net/http"
	"os"
)

type Store[T any] struct{ m map[string]T }

func (s *Store[T]) Fetch(ctx context.Context, a, b int, _ ...string) ([]byte, error) { // c
	// first
	switch a {
	case 1: // one
		foo(a)
	default:
		foo(b)
	}
	x, err := g(1)
	if err != nil {
		return nil, err
	} else if x > 2 {
		x += 2 // two
	} else {
		x = 3
	}
	for i := range 3 {
		foo(i)
	}
	go func() { foo(1) }()
	h := func() error { return k(ctx) }
	return nil, h()
}

func foo(int)                 { log.Fatal("x", 1) }
func g(a int) (int, error)    { return a, k(context.Background()) }
func k(context.Context) error { return nil }
func only(_ context.Context, x []string) (n int, _ error) {
	return len(x), nil
}
func H(w http.ResponseWriter, r *http.Request) {
	foo(1)
}

//go:nosplit
func ns() { foo(1) }

func main() {
	if len(os.Args) > 1 {
		os.Exit(run())
	}
}

func run() int {
	return len(os.Args) + g1()
}
func g1() int { return 1 }
