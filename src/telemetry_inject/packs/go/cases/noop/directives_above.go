// why: a directive to the compiler
package p

//go:nosplit

// Blank lines do not part a directive from its function.

func f() {
	g()
}

//go:linkname g runtime.g
func g() { f() }
