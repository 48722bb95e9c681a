// Which keys do what.
import { useEffect, useRef } from "preact/hooks";

const KEYS: [string, string][] = [
  ["1 … 6", "the views, from Timeline to Gaps"],
  ["/", "search; Enter and Shift+Enter, or N and Shift+N, go through what was found"],
  ["Tab", "from the search box to the tabs, the toolbar, the view and the details"],
  ["W S  or  + −", "timeline: zoom in and out (also Ctrl and the wheel, or two fingers)"],
  ["A D", "timeline: move in time (also dragging, or Shift and the wheel)"],
  ["0", "timeline: show everything"],
  ["← →", "timeline: the span before or after, in the same row"],
  ["↑ ↓", "timeline: the caller, the first call"],
  ["Enter", "timeline: zoom to the selected span (also a double click)"],
  ["↑ ↓ PgUp PgDn", "tables: from row to row; Enter shows the function; ← → close and open paths"],
  ["T", "theme: as the system, or the other one"],
  ["Esc", "close the details, clear the search"],
];

export function Help({ close }: { close(): void }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    box.current!.showModal();
  }, []);
  return (
    <dialog ref={box} class="help" aria-label="Help" onClose={close} onClick={(event) => event.target === box.current && box.current?.close()}>
      <h2>Keys</h2>
      <dl>{KEYS.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <h2>Marks</h2>
      <p>A red edge: the call failed. Stripes: it never ended. A triangle in its lower corner: its parent is missing, or a clock went backwards. An arrow: a call into another lane. Faint: it does not match the search.</p>
      <button type="button" onClick={() => box.current!.close()}>Close</button>
    </dialog>
  );
}
