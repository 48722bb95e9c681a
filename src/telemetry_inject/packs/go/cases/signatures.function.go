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
	defer _tlm.Enter(&ctx, "named").Exit(&err)
	return work(a, b)
}

func unnamed(ctx context.Context, rows ...string) (_tlm_r0 int, _tlm_err error) {
	defer _tlm.Enter(&ctx, "unnamed").Exit(&_tlm_err)
	return work(len(rows), 1)
}

func only() (_tlm_only_err error /*_tlm*/) {
	defer _tlm.Enter(nil, "only").Exit(&_tlm_only_err)
	_, err := work(1, 2)
	return err
}

func single() (_tlm_err error) {
	defer _tlm.Enter(nil, "single").Exit(&_tlm_err)
	return only()
}

func blank(_tlm_blank_ctx context.Context, _ int) (_ int, _tlm_blank_err error) {
	defer _tlm.Enter(&_tlm_blank_ctx, "blank").Exit(&_tlm_blank_err)
	return work(1, 2)
}

func types(_tlm_ctx context.Context, _tlm_p1 int, _tlm_p2 ...string) (_tlm_r0 map[string]int, _tlm_r1 func(error) error, _tlm_err error) {
	defer _tlm.Enter(&_tlm_ctx, "types").Exit(&_tlm_err)
	return nil, func(err error) (_tlm_only_err error /*_tlm*/) { defer _tlm.Enter(nil, "types.func").Exit(&_tlm_only_err); return fmt.Errorf("x: %w", err) }, only()
}

func noError(a int) (int, string) {
	defer _tlm.Enter(nil, "noError").Exit(nil)
	work(a, a)
	return a, fmt.Sprint(a)
}

func aliased(parent stdctx.Context) {
	defer _tlm.Enter(&parent, "aliased").Exit(nil)
	named(parent, 1, 2)
}

func handle(w http.ResponseWriter, r *http.Request) {
	defer _tlm.EnterRequest(&r, "handle").Exit(nil)
	named(r.Context(), 1, 2)
}

func unused(http.ResponseWriter, *http.Request) {
	defer _tlm.Enter(nil, "unused").Exit(nil)
	only()
}

func generic[K comparable, V any](ctx context.Context, m map[K]V) (_tlm_r0 V, _tlm_err error) {
	defer _tlm.Enter(&ctx, "generic").Exit(&_tlm_err)
	for _, v := range m {
		return v, only()
	}
	panic("empty")
}

func (t *T[K]) method(ctx context.Context) (_tlm_r0 K, _tlm_err error) {
	defer _tlm.Enter(&ctx, "T.method").Exit(&_tlm_err)
	return t.key, only()
}

func (T[K]) value() (err error) {
	defer _tlm.Enter(nil, "T.value").Exit(&err)
	err = only()
	return
}

func multi(
	ctx context.Context, // why
	a int,
) (
	_tlm_r0 int, // how many
	_tlm_err error,
) {
	defer _tlm.Enter(&ctx, "multi").Exit(&_tlm_err)
	return work(a, 1)
}

func work(a, b int) (_tlm_r0 int, _tlm_err error) {
	defer _tlm.Enter(nil, "work").Exit(&_tlm_err)
	go func() { defer _tlm.Enter(nil, "work.func").Exit(nil); only() }()
	defer func() (_tlm_only_err error /*_tlm*/) { defer _tlm.Enter(nil, "work.func#2").Exit(&_tlm_only_err); return only() }()
	return a + b, only()
}
