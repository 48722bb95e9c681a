package main

import _tlm "internal/telemetryinject"

import (
	"errors"
	"log"
	"os"
)

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	if len(os.Args) > 1 {
		log.Fatal("too many: ", _tlm.Flush(os.Args /*_tlm*/))
	}
	if err := errors.New("x"); err != nil {
		log.Fatalf("%v", _tlm.Flush(err /*_tlm*/))
	}
	if len(os.Args) == 0 {
		log.Fatalln("none:", nil)
	}
	log.Fatal(f())
	os.Exit(_tlm.Flush(f() /*_tlm*/))
}

func f() int {
	defer _tlm.Enter(nil, "f").Exit(nil)
	defer os.Exit(_tlm.Flush(3 /*_tlm*/))
	return len(os.Args) + 1
}
