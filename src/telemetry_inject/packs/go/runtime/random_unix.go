//go:build unix

// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: a random number from the system.

package telemetryinject

import (
	"syscall"
	"time"
	"unsafe"
)

func randomSeed(salt uint64) (n uint64) {
	n = uint64(time.Now().UnixNano()) + uint64(syscall.Getpid())<<32 ^ uint64(uintptr(unsafe.Pointer(&salt)))<<16 ^ salt<<56
	file, err := syscall.Open("/dev/urandom", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return mixed(n)
	}
	defer func() { _ = syscall.Close(file) }()
	var b [8]byte
	if _, err = syscall.Read(file, b[:]); err != nil {
		return mixed(n)
	}
	for _, c := range b {
		n = n<<8 ^ n>>56 ^ uint64(c)
	}
	return n
}
