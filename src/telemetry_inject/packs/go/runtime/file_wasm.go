// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: WebAssembly has no such flag.

package telemetryinject

const neverWait = 0
