import { useActionState, useId, useReducer, useTransition } from "react";

enum Move {
  Up = "up",
  Down = "down",
}

function level(state: number, move: Move): number {
  switch (move) {
    case Move.Up:
      return state + 1;
    case Move.Down:
      return state - 1;
  }
}

async function greet(_before: string, form: FormData): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return `Hello ${String(form.get("who"))}`;
}

export default function About() {
  const id = useId();
  const [height, move] = useReducer(level, 0);
  const [greeting, submit, busy] = useActionState(greet, "");
  const [pending, start] = useTransition();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>About, {pending ? "moving" : height}</h2>
      <button id="up" onClick={() => start(() => move(Move.Up))}>up</button>
      <button id="down" onClick={() => move(Move.Down)}>down</button>
      <form action={submit}>
        <input name="who" defaultValue="you" />
        <button id="greet" disabled={busy}>greet</button>
      </form>
      <p id="greeting">{greeting}</p>
    </section>
  );
}
