import { useState, type ReactNode } from "react";

export function Counter({ start = 0, children }: { start?: number; children?: ReactNode }) {
  const [count, setCount] = useState(start);
  const add = async (by: number) => {
    await Promise.resolve();
    setCount((now) => now + Math.abs(by));
  };
  return (
    <button onClick={() => add(1)}>
      {count} {children}
    </button>
  );
}

export const Row = <T,>(props: { items: T[]; show: (item: T) => ReactNode }) => <ul>{props.items.map((item, at) => <li key={at}>{props.show(item)}</li>)}</ul>;
