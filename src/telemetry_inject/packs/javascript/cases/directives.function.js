#!/usr/bin/env node
'use strict' // a comment belongs to the statement where no semicolon ends it

var _tlm;try{_tlm=require("./_telemetry_inject.cjs")._tlm}catch(_tlm_e){_tlm=Object.assign(()=>_tlm,{async:()=>_tlm,generator:()=>_tlm,asyncGenerator:()=>_tlm,entry(){},exit(){},fail:e=>e,wait:v=>v,back:v=>v})}function plain() { "use strict";const _tlm_s=_tlm`plain`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function commented() { "use strict"; const _tlm_s=_tlm`commented`;try{ // why
  return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function several() {
  'use strict' /* one */
  "use client"; const _tlm_s=_tlm`several`;try{
  // two
  return work()
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
const memo = () => {
  "use memo"; const _tlm_s=_tlm`memo`;try{
  return work()
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function none() {const _tlm_s=_tlm`none`;try{
  ("use strict")
  return work()
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function work() {const _tlm_s=_tlm`work`;try{ return none() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
