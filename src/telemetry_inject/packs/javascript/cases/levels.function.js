#!/usr/bin/env node
'use strict'
// hello
var _tlm;try{_tlm=require("./_telemetry_inject.cjs")._tlm}catch(_tlm_e){_tlm=Object.assign(()=>_tlm,{async:()=>_tlm,generator:()=>_tlm,entry(){},exit(){},fail:e=>e,wait:v=>v,back:v=>v})}/** Doc of a. */
const a = require("fs");
class A extends B { static #x = async () => 1; get y(){const _tlm_s=_tlm`A.y`;try{return foo(1)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} async *g(){const _tlm_s=_tlm.generator`A.g`;try{ yield 1 }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} constructor(a){const _tlm_s=_tlm`A.constructor`;try{super(a); this.q(1)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} static { (() => {let _tlm_s=_tlm`A.<anonymous>`;try{return foo()}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}})() } 'str'(){const _tlm_s=_tlm`A.str`;try{ return bar() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} }
const o={m(){const _tlm_s=_tlm`o.m`;try{ foo() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}, async f(u){const _tlm_s=_tlm.async`o.f`;try{ try { const r = _tlm_s.back(await _tlm_s.wait(fetch(u),_tlm_s),_tlm_s); return r } catch (e) {_tlm_s.back(); log(e) } finally {_tlm_s.back(); z() } }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}, k: function(){ "use strict"; const _tlm_s=_tlm`o.k`;try{
 foo() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}, [c]: ()=>{let _tlm_s=_tlm`o.[c]`;try{return foo(1)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}};
x.y = async function(){const _tlm_s=_tlm.async`x.y`;try{ for await (const a of _tlm_s.wait(b,_tlm_s)) {_tlm_s.back(); z(a) };_tlm_s.back(); }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}};
x.z = async (q) => {let _tlm_s=_tlm.async`x.z`;try{return _tlm_s.back(await(_tlm_s.wait)((q),_tlm_s),_tlm_s)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
module.exports = x => {let _tlm_s=_tlm`module.exports`;try{return ({a: f(x)})}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}
function dup(){ function a(){const _tlm_s=_tlm`dup.a`;try{ foo() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} function a(){const _tlm_s=_tlm`dup.a#2`;try{ foo() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} return a() }
function ok(n){const _tlm_s=_tlm`ok`;try{ if (n) return n; else foo(); for (let i=0;i<n;i++) { foo(i) } switch(n){ case 1: foo(); break; default: bar() } let q = 1, {w, r: [t]} = n; return q }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
