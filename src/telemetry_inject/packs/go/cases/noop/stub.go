// why: stub
package p

func f() {}

func g() {
	// nothing yet
}

var h = func() {}
