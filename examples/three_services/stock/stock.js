// The stock: reserves goods and has their freight quoted.
//
// node stock.js PORT FREIGHT_URL    serves until its input ends
import http from "node:http";
import { OutOfStock, putBack, take } from "./shelves.js";

const [port, freight] = process.argv.slice(2);

class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

async function quote(grams, country) {
  const answer = await fetch(`${freight}/quote?${new URLSearchParams({ grams, country })}`);
  const body = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, body.error);
  return body;
}

async function reserve(item, quantity, country) {
  const taken = take(item, quantity);
  try {
    const { freight } = await quote(taken.grams, country);
    return { goods: taken.goods, freight };
  } catch (error) {
    putBack(item, quantity);
    throw error;
  }
}

function statusOf(error) {
  if (error instanceof Refused) return error.status;
  if (error instanceof OutOfStock) return 409;
  return error instanceof RangeError ? 404 : 500;
}

async function handle(request, response) {
  const { pathname, searchParams: query } = new URL(request.url, "http://stock");
  let status = 200;
  let answer;
  try {
    if (pathname !== "/reserve") throw new Refused(404, `no such page: ${pathname}`);
    answer = await reserve(query.get("item"), Number(query.get("quantity")), query.get("country"));
  } catch (error) {
    status = statusOf(error);
    answer = { error: error.message };
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
}

const server = http.createServer(handle).listen(Number(port), "127.0.0.1");
process.stdin.resume().on("end", () => {
  server.close();
  server.closeIdleConnections();
});
