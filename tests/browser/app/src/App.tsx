import { Suspense, createContext, lazy, use, useContext, useEffect, useMemo, useState } from "react";

import { type Item, HttpError, detailsOf, loadBroken, loadItems } from "./api";
import { addToBasket, useBasket, usePrevious, useToggle } from "./hooks";
import { ErrorBoundary } from "./views/ErrorBoundary";
import { Field } from "./views/Field";
import { Row } from "./views/Row";
import { Stopwatch } from "./views/Stopwatch";

const About = lazy(() => import("./views/About"));

type Theme = "light" | "dark";
const ThemeContext = createContext<Theme>("light");

function Details({ id }: { id: number }) {
  const text = use(detailsOf(id));
  return <p className="details">{text}</p>;
}

function Bomb({ armed }: { armed: boolean }) {
  if (armed) throw new RangeError("the bomb went off");
  return <p>safe</p>;
}

function Banner({ text }: { text: string }) {
  console.debug(`banner ${text}`);
  return <h1>{text}</h1>;
}

function Basket() {
  const names = useBasket();
  const theme = useContext(ThemeContext);
  return (
    <footer className={theme}>
      {names.length} in the basket{names.map((name) => ` ${name}`)}
    </footer>
  );
}

function* numbered(items: readonly Item[]): Generator<[number, Item]> {
  let number = 0;
  for (const item of items) yield [(number += 1), item];
}

function useTotal(items: readonly Item[]): number {
  return useMemo(() => items.reduce((sum, item) => sum + item.price, 0), [items]);
}

export function App() {
  const [items, setItems] = useState<Item[]>([]);
  const [message, setMessage] = useState("");
  const [name, setName] = useState("");
  const [dark, toggleDark] = useToggle();
  const [armed, toggleArmed] = useToggle();
  const [about, toggleAbout] = useToggle();
  const [chosen, setChosen] = useState<number | null>(null);
  const total = useTotal(items);
  const before = usePrevious(total);

  useEffect(() => {
    document.title = `Shop (${items.length})`;
    return () => {
      document.title = "Shop";
    };
  }, [items]);

  async function onLoad() {
    setMessage("loading");
    setItems(await loadItems());
    setMessage("loaded");
    console.info("load is done");
  }

  const onBroken = async () => {
    try {
      setItems(await loadBroken());
    } catch (error) {
      setMessage(error instanceof HttpError ? `failed with ${error.status}` : "failed");
    }
  };

  return (
    <ThemeContext value={dark ? "dark" : "light"}>
      <Banner text={name ? `Shop of ${name}` : "Shop"} />
      <nav>
        <button id="load" onClick={onLoad}>load</button>
        <button id="broken" onClick={onBroken}>broken</button>
        <button id="dark" onClick={toggleDark}>dark</button>
        <button id="about" onClick={toggleAbout}>about</button>
        <button id="bomb" onClick={toggleArmed}>bomb</button>
        <button id="throw" onClick={() => { throw new TypeError("thrown by a handler"); }}>throw</button>
      </nav>
      <Field label="name" value={name} onChange={(event) => setName(event.target.value)} />
      <output>{message}</output>
      <ul>
        {[...numbered(items)].map(([number, item]) => (
          <Row key={item.id} number={number} item={item} onChoose={setChosen} onAdd={addToBasket} />
        ))}
      </ul>
      <p id="total">{total.toFixed(2)} before {before ?? "nothing"}</p>
      <Suspense fallback={<p>wait</p>}>{chosen !== null && <Details id={chosen} />}</Suspense>
      <Suspense fallback={<p>wait for the page</p>}>{about && <About />}</Suspense>
      <ErrorBoundary>
        <Bomb armed={armed} />
      </ErrorBoundary>
      <Stopwatch step={3} />
      <Basket />
    </ThemeContext>
  );
}
