//go:build gc && !purego

// SPDX-License-Identifier: Apache-2.0
// This file of telemetry-inject: see lane_g.go.

#include "textflag.h"

// func currentG() uintptr
TEXT ·currentG(SB), NOSPLIT, $0-4
	MOVL (TLS), AX
	MOVL AX, ret+0(FP)
	RET
