import{_tlm}from"./_telemetry_inject";import { useState, type ReactNode } from "react";

export function Counter({ start = 0, children }: { start?: number; children?: ReactNode }) {const _tlm_s=_tlm`Counter`;try{
  const [count, setCount] = useState(start);
  const add = async (by: number) => {const _tlm_s=_tlm.async`Counter.add`;try{
    _tlm_s.back(await _tlm_s.wait(Promise.resolve(),_tlm_s),_tlm_s);
    setCount((now) => {let _tlm_s=_tlm`Counter.add.<anonymous>`;try{return now + Math.abs(by)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}});
  }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}};
  return (
    <button onClick={() => {let _tlm_s=_tlm`Counter.<anonymous>`;try{return add(1)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}}>
      {count} {children}
    </button>
  );
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}

export const Row = <T,>(props: { items: T[]; show: (item: T) => ReactNode }) => {let _tlm_s=_tlm`Row`;try{return <ul>{props.items.map((item, at) => {let _tlm_s=_tlm`Row.<anonymous>`;try{return <li key={at}>{props.show(item)}</li>}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}})}</ul>}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
