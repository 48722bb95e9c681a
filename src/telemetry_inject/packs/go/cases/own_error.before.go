package p

import "fmt"

type error struct{ text string }

func f() error {
	fmt.Println()
	return error{"a"}
}

func g() (int, error) {
	return 1, f()
}
