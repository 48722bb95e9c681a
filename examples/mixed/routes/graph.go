package main

import (
	"bufio"
	"container/heap"
	"fmt"
	"io"
	"strings"
)

// NoWayError says that two places are not connected.
type NoWayError struct{ From, To string }

func (e NoWayError) Error() string { return fmt.Sprintf("no way from %s to %s", e.From, e.To) }

// Graph holds the roads, by place.
type Graph map[string]map[string]int

// ReadGraph reads lines of "from to kilometres".
func ReadGraph(r io.Reader) (Graph, error) {
	g := Graph{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		var from, to string
		var kilometres int
		if _, err := fmt.Sscan(lines.Text(), &from, &to, &kilometres); err != nil {
			return nil, fmt.Errorf("road %q: %w", lines.Text(), err)
		}
		g.connect(from, to, kilometres)
		g.connect(to, from, kilometres)
	}
	return g, nil
}

func (g Graph) connect(from, to string, kilometres int) {
	if g[from] == nil {
		g[from] = map[string]int{}
	}
	g[from][to] = kilometres
}

// Shortest is the shortest way between two places, and its length.
func (g Graph) Shortest(from, to string) (way string, kilometres int, err error) {
	front := &frontier{{place: from, way: from}}
	seen := map[string]bool{}
	for front.Len() > 0 {
		here := heap.Pop(front).(step)
		if here.place == to {
			return here.way, here.kilometres, nil
		}
		if seen[here.place] {
			continue
		}
		seen[here.place] = true
		for next, length := range g[here.place] {
			heap.Push(front, step{next, strings.Join([]string{here.way, next}, " - "), here.kilometres + length})
		}
	}
	return "", 0, NoWayError{from, to}
}

type step struct {
	place, way string
	kilometres int
}

type frontier []step

func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].kilometres < f[j].kilometres }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)        { *f = append(*f, x.(step)) }
func (f *frontier) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}
