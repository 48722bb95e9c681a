package main

import (
	"errors"
	"log"
	"os"
)

func main() {
	if len(os.Args) > 1 {
		log.Fatal("too many: ", os.Args)
	}
	if err := errors.New("x"); err != nil {
		log.Fatalf("%v", err)
	}
	if len(os.Args) == 0 {
		log.Fatalln("none:", nil)
	}
	log.Fatal(f())
	os.Exit(f())
}

func f() int {
	defer os.Exit(3)
	return len(os.Args) + 1
}
