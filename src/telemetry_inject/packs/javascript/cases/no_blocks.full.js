var _tlm;try{_tlm=require("./_telemetry_inject.cjs")._tlm}catch(_tlm_e){_tlm=Object.assign(()=>_tlm,{async:()=>_tlm,generator:()=>_tlm,asyncGenerator:()=>_tlm,entry(){},exit(){},fail:e=>e,wait:v=>v,back:v=>v,branch(){},loop(){},handled(){},assign(){},args:()=>_tlm,returns:v=>v})}function statements(rows) {const _tlm_s=_tlm`statements`.args({rows});try{
  if (rows) {/*_tlm*/_tlm_s.branch("if+1");work(rows);/*_tlm*/} else if (rows === 0) {/*_tlm*/_tlm_s.branch("if+1");return;/*_tlm*/} else {/*_tlm*/_tlm_s.branch("else+1");throw rows/*_tlm*/}
  if (rows) {_tlm_s.branch("if+2"); } else {/*_tlm*/_tlm_s.branch("else+2");work(rows)/*_tlm*/}
  for (const row of rows) {/*_tlm*/_tlm_s.loop("for+3");work(row);/*_tlm*/}
  for (let i = 0; i < 3; i++) {/*_tlm*/_tlm_s.loop("for+4");work(i)/*_tlm*/}
  while (work()) {/*_tlm*/_tlm_s.loop("while+5");work(rows)/*_tlm*/}
  do {/*_tlm*/_tlm_s.loop("do+6");work(rows)/*_tlm*/}
  while (work())
  outer: for (const row in rows) {_tlm_s.loop("for+8"); if (row) {/*_tlm*/_tlm_s.branch("if+8");continue outer/*_tlm*/}
    break }
  switch (work()) { case 1:_tlm_s.branch("case+10"); case rows ? 2 : 3:_tlm_s.branch("case+10"); work(); default:_tlm_s.branch("default+10"); work() }
  try { work() } catch (error) {_tlm_s.handled("catch+11",error); work(error) }
  try { work() } catch ({ message }) {_tlm_s.handled("catch+12"); work(message) }
  let error = work(rows), { span, ...rest } = rows, [first = 1, [alias]] = rows;_tlm_s.assign({error,span,rest,first,alias});
  error = span = first;;_tlm_s.assign({error,span}); rest += 1;_tlm_s.assign({rest});
  return(_tlm_s.returns)(/rest/,_tlm_s)
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function work(a) {const _tlm_s=_tlm`work`.args({a});try{ if (a) {/*_tlm*/_tlm_s.branch("if+0");return work(a), a;/*_tlm*/} return _tlm_s.returns((a, work),_tlm_s) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
