//go:build !linux

// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: the command line.

package telemetryinject

import "os"

func programArguments() []string {
	return os.Args
}
