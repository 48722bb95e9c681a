import{_tlm}from"./_telemetry_inject";declare function operate<T, R>(work: (value: T) => R): (value: T) => R;
export function ternary<T>(count: number): (value: T) => T {const _tlm_s=_tlm`ternary`;try{ return count <= 0 ? () => {let _tlm_s=_tlm`ternary.<anonymous>`;try{return none()}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}} : operate((value) => value) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export function object(flag: boolean): { kind: "a" | "b" } {const _tlm_s=_tlm`object`;try{ if (flag) return ({ kind: "a" }); return { kind: "b" } }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export function call<T>(): (value: T) => T {const _tlm_s=_tlm`call`;try{ return operate((value) => value) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function none(): never {const _tlm_s=_tlm`none`;try{ throw new Error(String(call())) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
