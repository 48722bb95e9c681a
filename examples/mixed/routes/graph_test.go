package main

import (
	"errors"
	"strings"
	"testing"
)

func TestShortest(t *testing.T) {
	graph, err := ReadGraph(strings.NewReader("a b 5\nb c 5\na c 20\nx y 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if way, length, err := graph.Shortest("a", "c"); way != "a - b - c" || length != 10 || err != nil {
		t.Error(way, length, err)
	}
	var none NoWayError
	if _, _, err := graph.Shortest("a", "y"); !errors.As(err, &none) || none.To != "y" {
		t.Error(err)
	}
}

func TestBrokenRoads(t *testing.T) {
	if _, err := ReadGraph(strings.NewReader("a b far\n")); err == nil || !strings.HasPrefix(err.Error(), `road "a b far"`) {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	in := strings.NewReader(`{"id": 1, "from": "Bree", "to": "Mordor"}`)
	if err := run("../data/roads.txt", in, &out); err == nil || err.Error() != "parcel 1: no way from Bree to Mordor" {
		t.Error(err)
	}
}
