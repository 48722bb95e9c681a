var _tlm;try{_tlm=require("./_telemetry_inject.cjs")._tlm}catch(_tlm_e){_tlm=Object.assign(()=>_tlm,{async:()=>_tlm,generator:()=>_tlm,asyncGenerator:()=>_tlm,entry(){},exit(){},fail:e=>e,wait:v=>v,back:v=>v})}function statements(rows) {const _tlm_s=_tlm`statements`;try{
  if (rows) work(rows); else if (rows === 0) return; else throw rows
  if (rows) { } else work(rows)
  for (const row of rows) work(row);
  for (let i = 0; i < 3; i++) work(i)
  while (work()) work(rows)
  do work(rows)
  while (work())
  outer: for (const row in rows) { if (row) continue outer
    break }
  switch (work()) { case 1: case rows ? 2 : 3: work(); default: work() }
  try { work() } catch (error) { work(error) }
  try { work() } catch ({ message }) { work(message) }
  let error = work(rows), { span, ...rest } = rows, [first = 1, [alias]] = rows
  error = span = first; rest += 1
  return/rest/
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function work(a) {const _tlm_s=_tlm`work`;try{ if (a) return work(a), a; return (a, work) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
