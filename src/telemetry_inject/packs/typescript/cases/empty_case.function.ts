// With `noFallthroughCasesInSwitch`, only a case without statements may fall through.
import{_tlm}from"./_telemetry_inject";export function kind(value: string): number {const _tlm_s=_tlm`kind`;try{
  switch (value) {
    case "a":
    case "b": // as well
      return work(1);
    case "c": { return work(2) }
    default:
  }
  return 0;
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function work(value: number): number {const _tlm_s=_tlm`work`;try{ return kind(String(value)) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
