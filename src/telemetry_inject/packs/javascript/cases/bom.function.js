"use strict"
var _tlm;try{_tlm=require("./_telemetry_inject.cjs")._tlm}catch(_tlm_e){_tlm=Object.assign(()=>_tlm,{async:()=>_tlm,generator:()=>_tlm,asyncGenerator:()=>_tlm,entry(){},exit(){},fail:e=>e,wait:v=>v,back:v=>v})}function one() {const _tlm_s=_tlm`one`;try{ return two() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function two() {const _tlm_s=_tlm`two`;try{ return one() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
