import { type ComponentProps, forwardRef, useImperativeHandle, useRef } from "react";

export interface FieldHandle {
  clear(): void;
}

type Props = ComponentProps<"input"> & { label: string };

export const Field = forwardRef<FieldHandle, Props>(function Field({ label, ...rest }, ref) {
  const input = useRef<HTMLInputElement>(null);
  useImperativeHandle(ref, () => ({
    clear() {
      if (input.current) input.current.value = "";
    },
  }));
  return (
    <label>
      {label} <input ref={input} {...rest} />
    </label>
  );
});
