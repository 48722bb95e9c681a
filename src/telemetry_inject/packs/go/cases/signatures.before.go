// Package p: what parameters and results need to be reached.
package p

import (
	"context"
	"fmt"
	stdctx "context"
	"net/http"
)

type T[K comparable] struct{ key K }

func named(ctx context.Context, a, b int) (n int, err error) {
	return work(a, b)
}

func unnamed(ctx context.Context, rows ...string) (int, error) {
	return work(len(rows), 1)
}

func only() error {
	_, err := work(1, 2)
	return err
}

func single() (error) {
	return only()
}

func blank(_ context.Context, _ int) (_ int, _ error) {
	return work(1, 2)
}

func types(context.Context, int, ...string) (map[string]int, func(error) error, error) {
	return nil, func(err error) error { return fmt.Errorf("x: %w", err) }, only()
}

func noError(a int) (int, string) {
	work(a, a)
	return a, fmt.Sprint(a)
}

func aliased(parent stdctx.Context) {
	named(parent, 1, 2)
}

func handle(w http.ResponseWriter, r *http.Request) {
	named(r.Context(), 1, 2)
}

func unused(http.ResponseWriter, *http.Request) {
	only()
}

func generic[K comparable, V any](ctx context.Context, m map[K]V) (V, error) {
	for _, v := range m {
		return v, only()
	}
	panic("empty")
}

func (t *T[K]) method(ctx context.Context) (K, error) {
	return t.key, only()
}

func (T[K]) value() (err error) {
	err = only()
	return
}

func multi(
	ctx context.Context, // why
	a int,
) (
	int, // how many
	error,
) {
	return work(a, 1)
}

func work(a, b int) (int, error) {
	go func() { only() }()
	defer func() error { return only() }()
	return a + b, only()
}
