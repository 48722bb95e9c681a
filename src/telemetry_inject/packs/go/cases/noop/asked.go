// why: asked for in a comment
package p

// telemetry: skip
func f() {
	println(1)
}
