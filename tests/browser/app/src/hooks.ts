import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";

export function useToggle(first = false): [boolean, () => void] {
  const [on, setOn] = useState(first);
  const toggle = useCallback(() => setOn((was) => !was), []);
  return [on, toggle];
}

export const usePrevious = <T,>(value: T): T | undefined => {
  const last = useRef<T>(undefined);
  useEffect(() => {
    last.current = value;
  }, [value]);
  return last.current;
};

class Store<T> {
  #value: T;
  #listeners = new Set<() => void>();
  static made = 0;

  static {
    Store.made = 0;
  }

  constructor(value: T) {
    this.#value = value;
    Store.made += 1;
  }

  get = (): T => this.#value;

  set value(next: T) {
    this.#value = next;
    for (const listener of this.#listeners) listener();
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };
}

const basket = new Store<readonly string[]>([]);

export function addToBasket(name: string): void {
  basket.value = [...basket.get(), name];
}

export function useBasket(): readonly string[] {
  return useSyncExternalStore(basket.subscribe, basket.get);
}
