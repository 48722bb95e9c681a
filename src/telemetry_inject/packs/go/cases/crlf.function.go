package p

import _tlm "internal/telemetryinject"

import "fmt"

func f() {
	defer _tlm.Enter(nil, "f").Exit(nil)
	fmt.Println(1)
}
