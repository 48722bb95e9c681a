package p

import _tlm "internal/telemetryinject"

import "fmt"

type error struct{ text string }

func f() (_tlm_only_r0 error /*_tlm*/) {
	_tlm_s := _tlm.Enter(nil, "f")
	defer _tlm_s.Exit(nil, "0", &_tlm_only_r0)
	fmt.Println()
	return error{"a"}
}

func g() (_tlm_r0 int, _tlm_r1 error) {
	_tlm_s := _tlm.Enter(nil, "g")
	defer _tlm_s.Exit(nil, "0", &_tlm_r0, "1", &_tlm_r1)
	return 1, f()
}
