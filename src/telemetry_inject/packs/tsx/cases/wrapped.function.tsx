import{_tlm}from"./_telemetry_inject";import { forwardRef, lazy, memo, useCallback } from "react";
import * as React from "react";

export const Row = memo(({ label, onPick }: { label: string; onPick(label: string): void }) => {const _tlm_s=_tlm`Row`;try{
  const pick = useCallback(() => {const _tlm_s=_tlm`Row.pick`;try{
    console.log(label);
    onPick(label);
  }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}, [label, onPick]);
  return <li onClick={pick}>{label}</li>;
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}});

export const Field = React.memo(
  forwardRef<HTMLInputElement, { label: string }>((props, ref) => {const _tlm_s=_tlm`Field`;try{
    console.log(props.label);
    return <input ref={ref} {...props} />;
  }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}),
);

export const About = lazy(async () => {const _tlm_s=_tlm.async`About`;try{
  _tlm_s.back(await _tlm_s.wait(Promise.resolve(),_tlm_s),_tlm_s);
  return import("./About");
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}});

export const total = [1, 2, 3].reduce((sum, each) => {const _tlm_s=_tlm`<anonymous>`;try{
  console.log(each);
  return sum + each;
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}});

export default memo(function Named() {const _tlm_s=_tlm`Named`;try{
  console.log("named");
  return <p />;
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}});
