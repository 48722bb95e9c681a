//go:build !unix

// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: a random number from the runtime.

package telemetryinject

import "hash/maphash"

func randomSeed(uint64) uint64 {
	var hash maphash.Hash
	return hash.Sum64()
}
