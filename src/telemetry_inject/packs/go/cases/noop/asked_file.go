// why: file: asked for in a comment
// telemetry: skip-file
package p

func f() { println(1) }
