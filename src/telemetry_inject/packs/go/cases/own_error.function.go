package p

import _tlm "internal/telemetryinject"

import "fmt"

type error struct{ text string }

func f() error {
	defer _tlm.Enter(nil, "f").Exit(nil)
	fmt.Println()
	return error{"a"}
}

func g() (int, error) {
	defer _tlm.Enter(nil, "g").Exit(nil)
	return 1, f()
}
