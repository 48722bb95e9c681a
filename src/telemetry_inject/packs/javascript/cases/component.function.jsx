/** @jsx h */
// A component, and functions in what it renders.
import{_tlm}from"./_telemetry_inject.mjs";import { h } from "./h.mjs";

export const Row = ({ row }) => {let _tlm_s=_tlm`Row`;try{return <tr onClick={() => {let _tlm_s=_tlm`Row.<anonymous>`;try{return work(row)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}}>{row.cells.map((cell) => {let _tlm_s=_tlm`Row.<anonymous>#2`;try{return <td>{cell} {"function () {}"}</td>}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}})}</tr>}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
export default function Table({ rows }) {const _tlm_s=_tlm`Table`;try{
  return (
    <table>
      {/* rows => none */}
      {rows.map((row) => {const _tlm_s=_tlm`Table.<anonymous>`;try{
        return <Row row={row} />;
      }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}})}
    </table>
  );
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function work(row) {const _tlm_s=_tlm`work`;try{ return h(row) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
