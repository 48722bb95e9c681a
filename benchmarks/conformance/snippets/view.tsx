// JSX: components, generics in arrows, children that are functions.
declare global {
  namespace JSX {
  interface Element {}
  interface IntrinsicElements {
    div: { children?: unknown; onClick?: (event: { x: number }) => void; title?: string };
  }
  interface ElementChildrenAttribute {
    children: unknown;
  }
  }
}
export const Box = ({ title = "t" }: { title?: string }) => <div title={title}>text {title}</div>;
export function List<T>({ items, render }: { items: T[]; render: (item: T) => JSX.Element }) {
  return <div>{items.map((item) => render(item))}</div>;
}
export const generic = <T,>(value: T): T => value;
export const used = <List items={[1, 2]} render={(item) => <div>{item.toFixed()}</div>} />;
export const fragment = () => (
  <div onClick={(event) => void event.x}>
    {/* a comment */}
    {[1].map((n) => {
      return <div>{n}</div>;
    })}
  </div>
);
export async function later(value: Promise<string>) {
  return <div>{await value}</div>;
}
export default () => <div />;
