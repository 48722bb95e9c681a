// An array without a type gets one from what is put into it, and cannot be read before.
import{_tlm}from"./_telemetry_inject";export function collect(rows: number[]) {const _tlm_s=_tlm`collect`.args({rows});try{
  const found = [];
  let other;
  other = [];
  const typed: number[] = [], last = rows.length;;_tlm_s.assign({typed,last});
  for (const row of rows) {_tlm_s.loop("for+5");
    found.push(row);
    other.push(String(row));
  }
  return work(found, other, typed, last);
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function work(...all: unknown[]): unknown {const _tlm_s=_tlm`work`.args({all});try{ return _tlm_s.returns(collect(all.map(Number)),_tlm_s) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
