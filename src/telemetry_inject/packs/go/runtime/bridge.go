// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: what a span keeps of its twin in the program's own SDK (see otel_bridge.go).

package telemetryinject

type bridgedSpan interface{}
