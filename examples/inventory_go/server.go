package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// NewHandler serves GET /items and POST /take?sku=&quantity=.
func NewHandler(store *Store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/items", func(w http.ResponseWriter, r *http.Request) {
		all := store.Items(r.Context(), func(Item) bool { return true })
		reply(w, http.StatusOK, all)
	})
	mux.HandleFunc("/take", takeHandler(store))
	return mux
}

func takeHandler(store *Store) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		quantity, err := strconv.Atoi(r.FormValue("quantity"))
		if err != nil || quantity < 1 {
			reply(w, http.StatusBadRequest, map[string]string{"error": "bad quantity"})
			return
		}
		item, err := store.Take(r.Context(), r.FormValue("sku"), quantity)
		if err != nil {
			reply(w, statusOf(err), map[string]string{"error": err.Error()})
			return
		}
		reply(w, http.StatusOK, item)
	}
}

func statusOf(err error) int {
	var shortage *ShortageError
	switch {
	case errors.Is(err, ErrUnknown):
		return http.StatusNotFound
	case errors.As(err, &shortage):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
