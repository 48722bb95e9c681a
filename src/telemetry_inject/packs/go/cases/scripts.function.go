package p

import _tlm "internal/telemetryinject"

import (
	"context"
	"fmt"
	"net/http"
)

func größe(контекст context.Context, φ int) (β int, ошибка error) {
	defer _tlm.Enter(&контекст, "größe").Exit(&ошибка)
	β, ошибка = fmt.Println(φ)
	return
}

func обработать(w http.ResponseWriter, запрос *http.Request) {
	defer _tlm.EnterRequest(&запрос, "обработать").Exit(nil)
	größe(запрос.Context(), 1)
}
