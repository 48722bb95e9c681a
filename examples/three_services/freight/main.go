// Freight: says what a parcel costs.
//
//	freight PORT SHOP_URL    serves until its input ends
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
)

func main() {
	server := &http.Server{Addr: "127.0.0.1:" + os.Args[1], Handler: handler(os.Args[2])}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func handler(shop string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/quote", func(w http.ResponseWriter, r *http.Request) {
		grams, err := strconv.Atoi(r.FormValue("grams"))
		if err != nil {
			reply(w, http.StatusBadRequest, map[string]any{"error": "grams are needed"})
			return
		}
		freight, err := Quote(r.Context(), shop, grams, r.FormValue("country"))
		if err != nil {
			reply(w, http.StatusUnprocessableEntity, map[string]any{"error": err.Error()})
			return
		}
		reply(w, http.StatusOK, map[string]any{"freight": freight})
	})
	return mux
}

func reply(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}
