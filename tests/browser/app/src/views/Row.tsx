import { memo } from "react";

import type { Item } from "../api";

interface Props {
  number: number;
  item: Item;
  onChoose: (id: number) => void;
  onAdd(name: string): void;
}

export const Row = memo(({ number, item, onChoose, onAdd }: Props) => {
  console.debug(`row ${number}`);
  return (
    <li>
      {number}. {item.name} for {item.price.toFixed(2)}{" "}
      <button id={`choose-${item.id}`} onClick={() => onChoose(item.id)}>choose</button>
      <button id={`add-${item.id}`} onClick={() => onAdd(item.name)}>add</button>
    </li>
  );
});
Row.displayName = "Row";
