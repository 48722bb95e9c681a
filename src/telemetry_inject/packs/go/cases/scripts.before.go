package p

import (
	"context"
	"fmt"
	"net/http"
)

func größe(контекст context.Context, φ int) (β int, ошибка error) {
	β, ошибка = fmt.Println(φ)
	return
}

func обработать(w http.ResponseWriter, запрос *http.Request) {
	größe(запрос.Context(), 1)
}
