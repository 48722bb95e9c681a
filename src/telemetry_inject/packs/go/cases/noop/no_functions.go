// why: file: no functions
package p

type T interface{ M(int) error }

func assembly(a int) int
