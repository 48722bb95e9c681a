// why: a directive that compilers act on
function module1() { "use asm"; function add(a) { a = a | 0; return print(a); } return { add } }
function worklet() {
  'worklet' // a comment
  print(1);
}
