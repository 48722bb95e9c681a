export interface Item {
  id: number;
  name: string;
  price: number;
}

export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "HttpError";
  }
}

async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok) throw new HttpError(response.status, `${path}: ${response.status}`);
  return (await response.json()) as T;
}

export async function loadItems(): Promise<Item[]> {
  const [items, prices] = await Promise.all([
    getJson<Omit<Item, "price">[]>("/api/items.json"),
    getJson<Record<string, number>>("/api/prices.json"),
  ]);
  return items.map((item) => ({ ...item, price: prices[String(item.id)] ?? 0 }));
}

export const loadBroken = async (): Promise<Item[]> => await getJson("/api/broken.json");

const details = new Map<number, Promise<string>>();

export function detailsOf(id: number): Promise<string> {
  let found = details.get(id);
  if (!found) {
    found = getJson<{ text: string }>(`/api/details-${id}.json`).then((answer) => answer.text);
    details.set(id, found);
  }
  return found;
}
