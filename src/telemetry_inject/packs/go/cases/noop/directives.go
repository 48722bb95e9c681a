// why: a directive to the compiler
package p

//go:nosplit
func f() {
	g()
}

// Docs.
//
//go:norace
//go:noinline
func g() { f() }
