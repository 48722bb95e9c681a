/** Doc A. */
export interface A { x: number }
/** Doc f. */
export function f(a: A) {const _tlm_s=_tlm`f`;try{ return g(a.x) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
import{_tlm}from"./_telemetry_inject";const g = (n: number) => {let _tlm_s=_tlm`g`;try{return Math.max(n, 1)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
