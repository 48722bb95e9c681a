// why: file: it gives nil another meaning
package p

const (
	iota = 2
	nil
)

func counted(number int) int {
	println(number)
	return number + nil
}
