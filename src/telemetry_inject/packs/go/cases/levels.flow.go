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
	_tlm_s := _tlm.Enter(&ctx, "Store.Fetch")
	defer _tlm_s.Exit(&_tlm_err)
	// first
	switch a {
	case 1: // one
		_tlm_s.Branch("case+3")
		foo(a)
	default:
		_tlm_s.Branch("default+5")
		foo(b)
	}
	x, err := g(1)
	if err != nil {
		_tlm_s.Branch("if+9")
		return nil, err
	} else if x > 2 {
		_tlm_s.Branch("if+11")
		x += 2 // two
	} else {
		_tlm_s.Branch("else+11")
		x = 3
	}
	for i := range 3 {
		_tlm_s.Loop("for+16")
		foo(i)
	}
	go func() { _tlm_s := _tlm.Enter(nil, "Store.Fetch.func"); defer _tlm_s.Exit(nil); foo(1) }()
	h := func() (_tlm_only_err error /*_tlm*/) { _tlm_s := _tlm.EnterIn(ctx, "Store.Fetch.h"); defer _tlm_s.Exit(&_tlm_only_err); return k(ctx) }
	return nil, h()
}

func foo(int)                 { _tlm_s := _tlm.Enter(nil, "foo"); defer _tlm_s.Exit(nil); log.Fatal("x", _tlm.Flush(1 /*_tlm*/)) }
func g(a int) (_tlm_r0 int, _tlm_err error)    { _tlm_s := _tlm.Enter(nil, "g"); defer _tlm_s.Exit(&_tlm_err); return a, k(context.Background()) }
func k(context.Context) error { return nil }
func only(_tlm_blank_ctx context.Context, x []string) (n int, _tlm_blank_err error) {
	_tlm_s := _tlm.Enter(&_tlm_blank_ctx, "only")
	defer _tlm_s.Exit(&_tlm_blank_err)
	return len(x), nil
}
func H(w http.ResponseWriter, r *http.Request) {
	_tlm_s := _tlm.EnterRequest(&r, "H")
	defer _tlm_s.Exit(nil)
	foo(1)
}

//go:nosplit
func ns() { foo(1) }

func main() {
	_tlm_s := _tlm.Enter(nil, "main")
	defer _tlm_s.Exit(nil)
	if len(os.Args) > 1 {
		_tlm_s.Branch("if+1")
		os.Exit(_tlm.Flush(run() /*_tlm*/))
	}
}

func run() int {
	_tlm_s := _tlm.Enter(nil, "run")
	defer _tlm_s.Exit(nil)
	return len(os.Args) + g1()
}
func g1() int { return 1 }
