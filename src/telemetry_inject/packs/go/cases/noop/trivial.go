// why: trivial
package p

type t struct{ a int }

func (t t) get() int { return t.a }

func (t *t) set(a int) {
	t.a = a
}
