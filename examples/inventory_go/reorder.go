package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Offer is what a supplier asks for an article.
type Offer struct {
	SKU      string
	Quantity int
	Cents    int
}

// Supplier makes offers; a real one would be asked over the network.
type Supplier func(ctx context.Context, item Item) (Offer, error)

var errClosed = errors.New("closed for holidays")

// Suppliers are those that the shop has contracts with.
var Suppliers = map[string]Supplier{
	"acme": func(ctx context.Context, item Item) (Offer, error) {
		return offer(ctx, item, 125, 3*time.Millisecond)
	},
	"globex": func(ctx context.Context, item Item) (Offer, error) {
		return offer(ctx, item, 90, 5*time.Millisecond)
	},
	"initech": func(context.Context, Item) (Offer, error) {
		return Offer{}, errClosed
	},
	"umbrella": func(ctx context.Context, item Item) (Offer, error) {
		return offer(ctx, item, 10, time.Hour)
	},
}

func offer(ctx context.Context, item Item, cents int, thinking time.Duration) (Offer, error) {
	select {
	case <-time.After(thinking):
		missing := 2*item.Minimum - item.Quantity
		return Offer{SKU: item.SKU, Quantity: missing, Cents: missing * cents}, nil
	case <-ctx.Done():
		return Offer{}, fmt.Errorf("asking %s: %w", item.Supplier, ctx.Err())
	}
}

// Plan is what to order, and what could not be planned.
type Plan struct {
	Offers []Offer
	Failed []error
}

// Total is what all offers cost.
func Total[T any](offers []T, cents func(T) int) (sum int) {
	for _, one := range offers {
		sum += cents(one)
	}
	return
}

// Reorder asks the suppliers of everything that runs low, all at once.
func Reorder(ctx context.Context, store *Store, patience time.Duration) Plan {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	low := store.Items(ctx, Item.Low)
	offers, failed := make([]Offer, len(low)), make([]error, len(low))
	var wg sync.WaitGroup
	for i, item := range low {
		wg.Add(1)
		go func(i int, item Item) {
			defer wg.Done()
			offers[i], failed[i] = ask(ctx, item)
		}(i, item)
	}
	wg.Wait()
	var plan Plan
	for i := range low {
		if failed[i] != nil {
			plan.Failed = append(plan.Failed, failed[i])
			continue
		}
		plan.Offers = append(plan.Offers, offers[i])
	}
	return plan
}

func ask(ctx context.Context, item Item) (found Offer, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("%s: %v", item.SKU, panicked)
		}
	}()
	supplier := Suppliers[strings.ToLower(item.Supplier)] // nil for strangers: calling it panics
	return supplier(ctx, item)
}
