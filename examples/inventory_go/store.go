// Inventory keeps the stock of a shop: what is there, what runs low, and what to order from whom.
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"sync"
)

// ErrUnknown says that the shop has never had an article.
var ErrUnknown = errors.New("unknown article")

// ShortageError says that there is less than what was asked for.
type ShortageError struct {
	SKU       string
	Have, Ask int
}

func (e *ShortageError) Error() string {
	return fmt.Sprintf("%s: %d asked for, %d there", e.SKU, e.Ask, e.Have)
}

// Item is one article on the shelf.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
	Minimum  int    `json:"minimum"`
	Supplier string `json:"supplier"`
}

// Low says whether it is time to order.
func (i Item) Low() bool { return i.Quantity < i.Minimum }

// Store holds the articles; it may be used from several goroutines.
type Store struct {
	mu    sync.Mutex
	items map[string]*Item
}

// Load reads lines of sku,quantity,minimum,supplier.
func Load(r io.Reader) (*Store, error) {
	s := &Store{items: map[string]*Item{}}
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading the stock: %w", err)
	}
	for number, row := range rows {
		item, err := parseItem(row)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		s.items[item.SKU] = &item
	}
	return s, nil
}

func parseItem(row []string) (item Item, err error) {
	if len(row) != 4 {
		return item, fmt.Errorf("%d fields instead of 4", len(row))
	}
	item.SKU, item.Supplier = row[0], row[3]
	if item.Quantity, err = strconv.Atoi(row[1]); err != nil {
		return
	}
	item.Minimum, err = strconv.Atoi(row[2])
	return
}

// Take removes articles from the shelf.
func (s *Store) Take(ctx context.Context, sku string, quantity int) (Item, error) {
	if err := ctx.Err(); err != nil {
		return Item{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	item, ok := s.items[sku]
	if !ok {
		return Item{}, fmt.Errorf("taking %q: %w", sku, ErrUnknown)
	}
	if item.Quantity < quantity {
		return *item, &ShortageError{SKU: sku, Have: item.Quantity, Ask: quantity}
	}
	item.Quantity -= quantity
	return *item, nil
}

// Items gives the articles that keep returns true for, in order.
func (s *Store) Items(_ context.Context, keep func(Item) bool) []Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Item
	for _, item := range s.items {
		if keep(*item) {
			found = append(found, *item)
		}
	}
	sort.Slice(found, func(a, b int) bool { return found[a].SKU < found[b].SKU })
	return found
}
