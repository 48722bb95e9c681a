package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const stock = "anvil,2,10,acme\nbolts,500,200,acme\ndrill,1,3,initech\nflask,7,9,nobody\neasel,0,4,umbrella\n"

func loaded(t *testing.T) *Store {
	t.Helper()
	store, err := Load(strings.NewReader(stock))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestLoadSaysWhichLineIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"anvil,2,10":              "line 1: 3 fields instead of 4",
		"a,1,1,x\nanvil,two,10,x": `line 2: strconv.Atoi: parsing "two": invalid syntax`,
		"a,1,1,x\n\"":             "reading the stock",
	} {
		if _, err := Load(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTake(t *testing.T) {
	store := loaded(t)
	ctx := context.Background()
	if item, err := store.Take(ctx, "anvil", 2); err != nil || item.Quantity != 0 || !item.Low() {
		t.Errorf("%+v, %v", item, err)
	}
	var shortage *ShortageError
	if _, err := store.Take(ctx, "anvil", 1); !errors.As(err, &shortage) || shortage.Ask != 1 {
		t.Error(err)
	}
	if _, err := store.Take(ctx, "piano", 1); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := store.Take(ctx, "bolts", 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTakeFromManyGoroutines(t *testing.T) {
	store := loaded(t)
	var wg sync.WaitGroup
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, _ = store.Take(context.Background(), "bolts", 10)
		}()
	}
	wg.Wait()
	if left := store.Items(context.Background(), func(i Item) bool { return i.SKU == "bolts" }); left[0].Quantity != 0 {
		t.Error(left)
	}
}

func TestReorder(t *testing.T) {
	plan := Reorder(context.Background(), loaded(t), 50*time.Millisecond)
	if len(plan.Offers) != 1 || plan.Offers[0] != (Offer{SKU: "anvil", Quantity: 18, Cents: 2250}) {
		t.Error(plan.Offers)
	}
	if len(plan.Failed) != 3 || !errors.Is(plan.Failed[0], errClosed) ||
		!errors.Is(plan.Failed[1], context.DeadlineExceeded) ||
		!strings.HasPrefix(plan.Failed[2].Error(), "flask: runtime error: ") {
		t.Error(plan.Failed)
	}
}

func TestHandler(t *testing.T) {
	server := httptest.NewServer(NewHandler(loaded(t)))
	defer server.Close()
	for path, want := range map[string]int{
		"/items":                      http.StatusOK,
		"/take?sku=bolts&quantity=5":  http.StatusOK,
		"/take?sku=bolts&quantity=0":  http.StatusBadRequest,
		"/take?sku=piano&quantity=1":  http.StatusNotFound,
		"/take?sku=anvil&quantity=99": http.StatusConflict,
		"/nowhere":                    http.StatusNotFound,
	} {
		answer, err := http.Post(server.URL+path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
}
