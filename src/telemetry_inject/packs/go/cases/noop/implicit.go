// why: called implicitly and often
package p

import "fmt"

type t []int

func (t t) String() string     { return fmt.Sprint([]int(t)) }
func (t t) Error() string      { return fmt.Sprint([]int(t)) }
func (t t) Len() int           { return len(t) }
func (t t) Less(i, j int) bool { return max(t[i], 1) < t[j] }
