// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: the command line, without package os, so that it can be instrumented itself.

package telemetryinject

import "syscall"

func programArguments() []string {
	file, err := syscall.Open("/proc/self/cmdline", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = syscall.Close(file) }()
	var b [4096]byte
	n, err := syscall.Read(file, b[:])
	if err != nil || n < 0 {
		return nil
	}
	return split(string(b[:n]), 0)
}
