package p // why

import "fmt"

type s struct{ f func() error }

func one() { fmt.Println(1) }

func comment() { // at the brace
	// first
	fmt.Println(2)
}

func label(n int) {
again:
	if n > 0 {
		n--
		goto again
	}
	fmt.Println(n)
}

func literals() []func() {
	x := s{f: func() error { return fmt.Errorf("a") }}
	var named = func() {
		fmt.Println(`
} {`)
	}
	return []func(){named, func() { x.f() }, func() {

		fmt.Println(3)
	}}
}

func cases(v any, c chan int) int {
	switch v := v.(type) {
	case int, map[string]int:
		fmt.Println(v)
	case string:
	default:
		fmt.Println()
	}
	switch {
	case v == nil,
		c == nil:
		fallthrough
	case false: // nothing
	}
	select {
	case n := <-c:
		return n
	case c <- 1:
	}
	for i := range 3 {
		if i > 1 {
			continue
		} else if i == 0 {
			break
		} else {
			fmt.Println(i)
		}
	}
	for {
	}
}
