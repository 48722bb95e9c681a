/** @jsx h */
// A component, and functions in what it renders.
import { h } from "./h.mjs";

export const Row = ({ row }) => <tr onClick={() => work(row)}>{row.cells.map((cell) => <td>{cell} {"function () {}"}</td>)}</tr>;
export default function Table({ rows }) {
  return (
    <table>
      {/* rows => none */}
      {rows.map((row) => {
        return <Row row={row} />;
      })}
    </table>
  );
}
function work(row) { return h(row) }
