// Package p: what parameters and results need to be reached.
package p

import _tlm "internal/telemetryinject"

import (
	"context"
	"fmt"
	stdctx "context"
	"net/http"
)

type T[K comparable] struct{ key K }

func named(ctx context.Context, a, b int) (n int, err error) {
	_tlm_s := _tlm.Enter(&ctx, "named").Args("a", &a, "b", &b)
	defer _tlm_s.Exit(&err, "n", &n)
	return work(a, b)
}

func unnamed(ctx context.Context, rows ...string) (_tlm_r0 int, _tlm_err error) {
	_tlm_s := _tlm.Enter(&ctx, "unnamed").Args("rows", &rows)
	defer _tlm_s.Exit(&_tlm_err, "0", &_tlm_r0)
	return work(len(rows), 1)
}

func only() (_tlm_only_err error /*_tlm*/) {
	_tlm_s := _tlm.Enter(nil, "only")
	defer _tlm_s.Exit(&_tlm_only_err)
	_, err := work(1, 2)
	_tlm_s.Assign("err", &err)
	return err
}

func single() (_tlm_err error) {
	_tlm_s := _tlm.Enter(nil, "single")
	defer _tlm_s.Exit(&_tlm_err)
	return only()
}

func blank(_tlm_blank_ctx context.Context, _ int) (_ int, _tlm_blank_err error) {
	_tlm_s := _tlm.Enter(&_tlm_blank_ctx, "blank")
	defer _tlm_s.Exit(&_tlm_blank_err)
	return work(1, 2)
}

func types(_tlm_ctx context.Context, _tlm_p1 int, _tlm_p2 ...string) (_tlm_r0 map[string]int, _tlm_r1 func(error) error, _tlm_err error) {
	_tlm_s := _tlm.Enter(&_tlm_ctx, "types")
	defer _tlm_s.Exit(&_tlm_err, "0", &_tlm_r0, "1", &_tlm_r1)
	return nil, func(err error) (_tlm_only_err error /*_tlm*/) { _tlm_s := _tlm.Enter(nil, "types.func").Args("err", &err); defer _tlm_s.Exit(&_tlm_only_err); return fmt.Errorf("x: %w", err) }, only()
}

func noError(a int) (_tlm_r0 int, _tlm_r1 string) {
	_tlm_s := _tlm.Enter(nil, "noError").Args("a", &a)
	defer _tlm_s.Exit(nil, "0", &_tlm_r0, "1", &_tlm_r1)
	work(a, a)
	return a, fmt.Sprint(a)
}

func aliased(parent stdctx.Context) {
	_tlm_s := _tlm.Enter(&parent, "aliased")
	defer _tlm_s.Exit(nil)
	named(parent, 1, 2)
}

func handle(w http.ResponseWriter, r *http.Request) {
	_tlm_s := _tlm.EnterRequest(&r, "handle").Args("w", &w)
	defer _tlm_s.Exit(nil)
	named(r.Context(), 1, 2)
}

func unused(http.ResponseWriter, *http.Request) {
	_tlm_s := _tlm.Enter(nil, "unused")
	defer _tlm_s.Exit(nil)
	only()
}

func generic[K comparable, V any](ctx context.Context, m map[K]V) (_tlm_r0 V, _tlm_err error) {
	_tlm_s := _tlm.Enter(&ctx, "generic").Args("m", &m)
	defer _tlm_s.Exit(&_tlm_err, "0", &_tlm_r0)
	for _, v := range m {
		_tlm_s.Loop("for+1")
		return v, only()
	}
	panic("empty")
}

func (t *T[K]) method(ctx context.Context) (_tlm_r0 K, _tlm_err error) {
	_tlm_s := _tlm.Enter(&ctx, "T.method")
	defer _tlm_s.Exit(&_tlm_err, "0", &_tlm_r0)
	return t.key, only()
}

func (T[K]) value() (err error) {
	_tlm_s := _tlm.Enter(nil, "T.value")
	defer _tlm_s.Exit(&err)
	err = only()
	_tlm_s.Assign("err", &err)
	return
}

func multi(
	ctx context.Context, // why
	a int,
) (
	_tlm_r0 int, // how many
	_tlm_err error,
) {
	_tlm_s := _tlm.Enter(&ctx, "multi").Args("a", &a)
	defer _tlm_s.Exit(&_tlm_err, "0", &_tlm_r0)
	return work(a, 1)
}

func work(a, b int) (_tlm_r0 int, _tlm_err error) {
	_tlm_s := _tlm.Enter(nil, "work").Args("a", &a, "b", &b)
	defer _tlm_s.Exit(&_tlm_err, "0", &_tlm_r0)
	go func() { _tlm_s := _tlm.Enter(nil, "work.func"); defer _tlm_s.Exit(nil); only() }()
	defer func() (_tlm_only_err error /*_tlm*/) { _tlm_s := _tlm.Enter(nil, "work.func#2"); defer _tlm_s.Exit(&_tlm_only_err); return only() }()
	return a + b, only()
}
