// why: file: no build takes it (go:build ignore)

//go:build ignore

package main

func main() {
	println(f())
}

func f() int { return 1 + len("a") }
