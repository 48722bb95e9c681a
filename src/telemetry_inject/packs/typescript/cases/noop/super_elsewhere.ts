// why: super() is not a statement of its own
class A extends B { constructor(a: boolean) { if (a) super(1); else super(2); } }
