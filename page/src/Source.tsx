// Some lines of a source file, when the page was given the source.
import { useEffect, useRef } from "preact/hooks";
import { useApp } from "./app";
import { shortPath } from "./format";

const split = new Map<string, string[]>();

export function Source({ file, line, around = 3, more = 0 }: { file: string; line: number; around?: number; more?: number }) {
  const { model } = useApp();
  const text = model.meta.sources?.texts[file];
  const marked = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const box = marked.current?.closest("pre");
    if (box && marked.current) box.scrollLeft = 0;
  }, [file, line]);
  if (text === undefined) return null;
  if (!split.has(file)) split.set(file, text.split(/\r\n|\n|\r/));
  const lines = split.get(file)!;
  const from = Math.max(line - around, 1);
  const to = Math.min(line + around + more, lines.length);
  const shown = [];
  for (let number = from; number <= to; number++) shown.push(number);
  return (
    <figure class="source">
      <figcaption title={file}>{shortPath(file)}:{line}</figcaption>
      <pre tabIndex={0}>
        {shown.map((number) => (
          <span key={number} class={number === line ? "line marked" : "line"} ref={number === line ? marked : undefined}>
            <span class="lineno" aria-hidden="true">{number}</span>
            {lines[number - 1].slice(0, 500)}
            {"\n"}
          </span>
        ))}
      </pre>
    </figure>
  );
}
