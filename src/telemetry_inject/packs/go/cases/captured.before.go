package p

import (
	"context"
	"sync"
)

func fan(ctx context.Context, wg *sync.WaitGroup) {
	go func() { work(ctx) }()
	go func(ctx string) { print(ctx); work(context.Background()) }("its own")
	go func() { wg.Done() }()
	func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		work(ctx)
	}()
}

func other(ctx context.Context) {
	ctx, err := strange()
	func() { print(ctx, err) }()
}

func strange() (string, error) { return look("a"), nil }

func look(s string) string { return string(append([]byte(s), 'b')) }

func work(ctx context.Context) { <-ctx.Done() }
