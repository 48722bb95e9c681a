// why: called implicitly and often
class C {
  toString() { return print(this); }
  toJSON() { return print(this); }
  valueOf() { return print(this); }
  [Symbol.toPrimitive](hint) { return print(this, hint); }
}
