// Reads parcels as JSON lines, and writes them as labels.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { codeOf } from "./checksum.js";

export class NoParcel extends Error {}

export function labelOf(parcel) {
  if (!Number.isInteger(parcel.id)) throw new NoParcel(`no parcel: ${JSON.stringify(parcel)}`);
  const { id, way, kilograms, price } = parcel;
  return { code: codeOf(id), text: `${way.split(" - ").at(-1)}, ${kilograms} kg`, via: stops(way), price };
}

const stops = (way) => way.split(" - ").slice(1, -1);

export async function* labels(lines) {
  for await (const line of lines) {
    if (line.trim()) yield labelOf(JSON.parse(line));
  }
}

async function main(input, output) {
  for await (const label of labels(createInterface({ input }))) {
    output.write(JSON.stringify(label) + "\n");
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main(process.stdin, process.stdout);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
