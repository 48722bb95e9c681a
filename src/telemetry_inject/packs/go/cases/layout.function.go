package p // why

import _tlm "internal/telemetryinject"

import "fmt"

type s struct{ f func() error }

func one() { defer _tlm.Enter(nil, "one").Exit(nil); fmt.Println(1) }

func comment() { // at the brace
	defer _tlm.Enter(nil, "comment").Exit(nil)
	// first
	fmt.Println(2)
}

func label(n int) {
	defer _tlm.Enter(nil, "label").Exit(nil)
again:
	if n > 0 {
		n--
		goto again
	}
	fmt.Println(n)
}

func literals() []func() {
	defer _tlm.Enter(nil, "literals").Exit(nil)
	x := s{f: func() (_tlm_only_err error /*_tlm*/) { defer _tlm.Enter(nil, "literals.f").Exit(&_tlm_only_err); return fmt.Errorf("a") }}
	var named = func() {
		defer _tlm.Enter(nil, "literals.named").Exit(nil)
		fmt.Println(`
} {`)
	}
	return []func(){named, func() { defer _tlm.Enter(nil, "literals.func").Exit(nil); x.f() }, func() {
		defer _tlm.Enter(nil, "literals.func#2").Exit(nil)

		fmt.Println(3)
	}}
}

func cases(v any, c chan int) int {
	defer _tlm.Enter(nil, "cases").Exit(nil)
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
