// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: the file of spans on Plan 9, whose system calls are others.

package telemetryinject

import "os"

func appendToFile(line []byte, spare int64) bool {
	path := currentPath()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0600)
	if err != nil {
		_ = os.MkdirAll(path[:folderEnd(path)], 0777)
		if file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0600); err != nil {
			return false
		}
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size()+int64(len(line))+spare > maxBytes {
		return false
	}
	_, err = file.Write(line)
	return err == nil
}

func folderEnd(path string) int {
	i := len(path)
	for i > 0 && path[i-1] != '/' {
		i--
	}
	return i
}
