var _tlm;try{_tlm=require("./_telemetry_inject.cjs")._tlm}catch(_tlm_e){_tlm=Object.assign(()=>_tlm,{async:()=>_tlm,generator:()=>_tlm,asyncGenerator:()=>_tlm,entry(){},exit(){},fail:e=>e,wait:v=>v,back:v=>v})}async function waits(rows) {const _tlm_s=_tlm.async`waits`;try{
  const first = _tlm_s.back(await _tlm_s.wait(rows,_tlm_s),_tlm_s), second = (_tlm_s.back(await _tlm_s.wait(rows,_tlm_s),_tlm_s)).length, third = [..._tlm_s.back(await _tlm_s.wait(rows,_tlm_s),_tlm_s), `${_tlm_s.back(await _tlm_s.wait(rows,_tlm_s),_tlm_s)}`, !_tlm_s.back(await _tlm_s.wait(rows,_tlm_s),_tlm_s)];
  if (first)(_tlm_s.back)(await _tlm_s.wait(work(second),_tlm_s),_tlm_s); else _tlm_s.back(await _tlm_s.wait(work(third),_tlm_s),_tlm_s)
  for await (const row of _tlm_s.wait(rows,_tlm_s)) {_tlm_s.back(); work(row) };_tlm_s.back();
  for await (const row of _tlm_s.wait(_tlm_s.back(await _tlm_s.wait(rows,_tlm_s),_tlm_s),_tlm_s)) {_tlm_s.back(); _tlm_s.back(await _tlm_s.wait(work(row),_tlm_s),_tlm_s) };_tlm_s.back(); work()
  try { _tlm_s.back(await _tlm_s.wait(work(),_tlm_s),_tlm_s) } catch {_tlm_s.back(); work() } finally {_tlm_s.back(); work() }
  const inner = async () => {let _tlm_s=_tlm.async`waits.inner`;try{return _tlm_s.back(await _tlm_s.wait(work(_tlm_s.back(await _tlm_s.wait(rows,_tlm_s),_tlm_s)),_tlm_s),_tlm_s)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}, sync = () => {let _tlm_s=_tlm`waits.sync`;try{return work()}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
  class Local { method = async () => {const _tlm_s=_tlm.async`waits.Local.method`;try{ _tlm_s.back(await _tlm_s.wait(work(),_tlm_s),_tlm_s) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} }
  return(_tlm_s.back(await _tlm_s.wait(inner(sync, Local),_tlm_s),_tlm_s))
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
async function* streams(rows) {const _tlm_s=_tlm.asyncGenerator`streams`;try{ for await (const row of rows) yield await row }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
const work = async (...all) => {const _tlm_s=_tlm.async`work`;try{ _tlm_s.back(await _tlm_s.wait(null,_tlm_s),_tlm_s); return all }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
