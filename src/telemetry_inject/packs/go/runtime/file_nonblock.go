//go:build !plan9 && !wasm

// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: a pipe that nobody reads must not stop the program.

package telemetryinject

import "syscall"

const neverWait = syscall.O_NONBLOCK
