package p

import _tlm "internal/telemetryinject"

import (
	"context"
	"fmt"
	"net/http"
)

func größe(контекст context.Context, φ int) (β int, ошибка error) {
	_tlm_s := _tlm.Enter(&контекст, "größe")
	defer _tlm_s.Exit(&ошибка, "β", &β)
	β, ошибка = fmt.Println(φ)
	return
}

func обработать(w http.ResponseWriter, запрос *http.Request) {
	_tlm_s := _tlm.EnterRequest(&запрос, "обработать").Args("w", &w)
	defer _tlm_s.Exit(nil)
	größe(запрос.Context(), 1)
}
