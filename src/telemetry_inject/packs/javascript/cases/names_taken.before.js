const _tlm = 1, _tlm_2_s = 2;
function f(x) { return g(_tlm, _tlm_2_s, x) }
const g = async (...all) => { await f(all); }
