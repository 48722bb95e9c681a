package p

import _tlm "internal/telemetryinject"

import (
	"context"
	"sync"
)

func fan(ctx context.Context, wg *sync.WaitGroup) {
	defer _tlm.Enter(&ctx, "fan").Exit(nil)
	go func() { defer _tlm.EnterIn(ctx, "fan.func").Exit(nil); work(ctx) }()
	go func(ctx string) { defer _tlm.Enter(nil, "fan.func#2").Exit(nil); print(ctx); work(context.Background()) }("its own")
	go func() { defer _tlm.Enter(nil, "fan.func#3").Exit(nil); wg.Done() }()
	func() {
		defer _tlm.EnterIn(ctx, "fan.func#4").Exit(nil)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		work(ctx)
	}()
}

func other(ctx context.Context) {
	defer _tlm.Enter(&ctx, "other").Exit(nil)
	ctx, err := strange()
	func() { defer _tlm.Enter(nil, "other.func").Exit(nil); print(ctx, err) }()
}

func strange() (_tlm_r0 string, _tlm_err error) { defer _tlm.Enter(nil, "strange").Exit(&_tlm_err); return look("a"), nil }

func look(s string) string { defer _tlm.Enter(nil, "look").Exit(nil); return string(append([]byte(s), 'b')) }

func work(ctx context.Context) { defer _tlm.Enter(&ctx, "work").Exit(nil); <-ctx.Done() }
