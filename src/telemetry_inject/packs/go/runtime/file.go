//go:build !plan9

// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: the file of spans. It uses system calls, not package os, so that os can be
// instrumented itself, and so that `go test` doesn't count the file among what a test depends on.

package telemetryinject

import "syscall"

// appendToFile appends a line, whole or not at all; false when that fails or the file would get too long.
func appendToFile(line []byte, spare int64) bool {
	path := currentPath()
	flags := syscall.O_WRONLY | syscall.O_CREAT | syscall.O_APPEND | syscall.O_CLOEXEC | neverWait
	file, err := syscall.Open(path, flags, 0600)
	if err != nil {
		makeFolders(path)
		if file, err = syscall.Open(path, flags, 0600); err != nil {
			return false
		}
	}
	defer func() { _ = syscall.Close(file) }()
	size, err := syscall.Seek(file, 0, 2)
	if err != nil {
		size = 0 // not a file: a pipe or a device
	}
	if size+int64(len(line))+spare > maxBytes {
		return false
	}
	for done := 0; done < len(line); {
		n, failed := syscall.Write(file, line[done:])
		if failed == syscall.EINTR {
			continue
		}
		if failed != nil || n <= 0 {
			if now, err := syscall.Seek(file, 0, 2); err == nil && done > 0 && now == size+int64(done) {
				_ = syscall.Ftruncate(file, size)
			}
			return false
		}
		done += n
	}
	return true
}

func makeFolders(path string) {
	for i := 1; i < len(path); i++ {
		if path[i] == '/' || path[i] == '\\' {
			_ = syscall.Mkdir(path[:i], 0777)
		}
	}
}
