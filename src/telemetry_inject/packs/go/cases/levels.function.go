// Package p doc.
package p // import "x"

import _tlm "internal/telemetryinject"

import (
	"context"
	"log"
	"net/http"
	"os"
)

type Store[T any] struct{ m map[string]T }

func (s *Store[T]) Fetch(ctx context.Context, a, b int, _ ...string) (_tlm_r0 []byte, _tlm_err error) { // c
	defer _tlm.Enter(&ctx, "Store.Fetch").Exit(&_tlm_err)
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
	go func() { defer _tlm.Enter(nil, "Store.Fetch.func").Exit(nil); foo(1) }()
	h := func() (_tlm_only_err error /*_tlm*/) { defer _tlm.EnterIn(ctx, "Store.Fetch.h").Exit(&_tlm_only_err); return k(ctx) }
	return nil, h()
}

func foo(int)                 { defer _tlm.Enter(nil, "foo").Exit(nil); log.Fatal("x", _tlm.Flush(1 /*_tlm*/)) }
func g(a int) (_tlm_r0 int, _tlm_err error)    { defer _tlm.Enter(nil, "g").Exit(&_tlm_err); return a, k(context.Background()) }
func k(context.Context) error { return nil }
func only(_tlm_blank_ctx context.Context, x []string) (n int, _tlm_blank_err error) {
	defer _tlm.Enter(&_tlm_blank_ctx, "only").Exit(&_tlm_blank_err)
	return len(x), nil
}
func H(w http.ResponseWriter, r *http.Request) {
	defer _tlm.EnterRequest(&r, "H").Exit(nil)
	foo(1)
}

//go:nosplit
func ns() { foo(1) }

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	if len(os.Args) > 1 {
		os.Exit(_tlm.Flush(run() /*_tlm*/))
	}
}

func run() int {
	defer _tlm.Enter(nil, "run").Exit(nil)
	return len(os.Args) + g1()
}
func g1() int { return 1 }
