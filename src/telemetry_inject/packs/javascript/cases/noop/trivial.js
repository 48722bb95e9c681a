// why: trivial
const f = (a) => a + 1;
function g() { return this.a; }
class C { get a() { return this.b } set a(value) { this.b = value } }
