package p

import "fmt"

func f(_tlm int) error {
	fmt.Println(_tlm)
	return g(_tlm, 2)
}

func g(_tlm_2, b int) error { return f(b) }
