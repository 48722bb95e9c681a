//go:build gc && !purego && go1.22

// SPDX-License-Identifier: Apache-2.0
// This file of telemetry-inject: see caller_fp.go.

#include "textflag.h"

// func callerPC(depth uintptr) uintptr
TEXT ·callerPC(SB), NOSPLIT, $0-16
	MOVQ depth+0(FP), CX
	MOVQ BP, AX          // the frame of the function that calls this one
next:
	DECQ CX
	JZ   found
	MOVQ (AX), AX        // the frame of its caller
	TESTQ AX, AX
	JNZ  next
	MOVQ AX, ret+8(FP)
	RET
found:
	MOVQ 8(AX), AX       // to where it returns
	MOVQ AX, ret+8(FP)
	RET
