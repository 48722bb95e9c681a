#!/usr/bin/env node
'use strict'
// hello
/** Doc of a. */
const a = require("fs");
class A extends B { static #x = async () => 1; get y(){return foo(1)} async *g(){ yield 1 } constructor(a){super(a); this.q(1)} static { (() => foo())() } 'str'(){ return bar() } }
const o={m(){ foo() }, async f(u){ try { const r = await fetch(u); return r } catch (e) { log(e) } finally { z() } }, k: function(){ "use strict"
 foo() }, [c]: ()=>foo(1)};
x.y = async function(){ for await (const a of b) { z(a) } };
x.z = async (q) => await(q);
module.exports = x => ({a: f(x)})
function dup(){ function a(){ foo() } function a(){ foo() } return a() }
function ok(n){ if (n) return n; else foo(); for (let i=0;i<n;i++) { foo(i) } switch(n){ case 1: foo(); break; default: bar() } let q = 1, {w, r: [t]} = n; return q }
