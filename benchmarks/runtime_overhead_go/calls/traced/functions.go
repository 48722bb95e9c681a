// Package traced holds what is called: as it stands here, and instrumented by the tool.
package traced

import "context"

// Call has no context.
func Call(x int) int {
	return x + 1
}

// CallFlow has a branch.
func CallFlow(x int) int {
	if x >= 0 {
		return x + 1
	}
	return x
}

// CallFull has an assignment.
func CallFull(x int) int {
	y := x + 1
	return y
}

// CallContext has a context and may fail.
func CallContext(ctx context.Context, x int) (int, error) {
	return x + 1, nil
}
