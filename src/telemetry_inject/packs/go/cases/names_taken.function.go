package p

import _tlm_3 "internal/telemetryinject"

import "fmt"

func f(_tlm int) (_tlm_3_only_err error /*_tlm_3*/) {
	defer _tlm_3.Enter(nil, "f").Exit(&_tlm_3_only_err)
	fmt.Println(_tlm)
	return g(_tlm, 2)
}

func g(_tlm_2, b int) (_tlm_3_only_err error /*_tlm_3*/) { defer _tlm_3.Enter(nil, "g").Exit(&_tlm_3_only_err); return f(b) }
