package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: inventory plan FILE | inventory serve FILE")
		os.Exit(2)
	}
	store, err := open(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	switch os.Args[1] {
	case "plan":
		report(os.Stdout, Reorder(context.Background(), store, 100*time.Millisecond))
	case "serve":
		log.Fatal(http.ListenAndServe("127.0.0.1:8080", NewHandler(store)))
	default:
		log.Fatalf("inventory: no command %q", os.Args[1])
	}
}

func open(path string) (*Store, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return Load(file)
}

func report(w io.Writer, plan Plan) {
	for _, offer := range plan.Offers {
		fmt.Fprintf(w, "order %3d %-8s for %7.2f\n", offer.Quantity, offer.SKU, float64(offer.Cents)/100)
	}
	for _, err := range plan.Failed {
		fmt.Fprintln(w, "failed:", err)
	}
	total := Total(plan.Offers, func(offer Offer) int { return offer.Cents })
	fmt.Fprintf(w, "total %.2f\n", float64(total)/100)
}
