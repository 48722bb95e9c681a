import { forwardRef, lazy, memo, useCallback } from "react";
import * as React from "react";

export const Row = memo(({ label, onPick }: { label: string; onPick(label: string): void }) => {
  const pick = useCallback(() => {
    console.log(label);
    onPick(label);
  }, [label, onPick]);
  return <li onClick={pick}>{label}</li>;
});

export const Field = React.memo(
  forwardRef<HTMLInputElement, { label: string }>((props, ref) => {
    console.log(props.label);
    return <input ref={ref} {...props} />;
  }),
);

export const About = lazy(async () => {
  await Promise.resolve();
  return import("./About");
});

export const total = [1, 2, 3].reduce((sum, each) => {
  console.log(each);
  return sum + each;
});

export default memo(function Named() {
  console.log("named");
  return <p />;
});
