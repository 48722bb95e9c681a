import { createServer } from "node:http";
import { parseOrder } from "./orders.js";

const ORDER = /^\/orders\/(\d+)$/;

/** The HTTP side: POST /orders, GET /orders/<id>, GET /health. */
export function makeServer(book, worker) {
  return createServer(async (request, response) => {
    try {
      const [status, body] = await route(request, book, worker);
      send(response, status, body);
    } catch (error) {
      send(response, error.status ?? 500, { error: error.message });
    }
  });
}

async function route(request, book, worker) {
  const { method, url } = request;
  if (method === "GET" && url === "/health") return [200, { orders: book.size }];
  if (method === "POST" && url === "/orders") {
    const order = book.add(parseOrder(await readBody(request)));
    worker.enqueue(order.id);
    return [202, order];
  }
  const found = method === "GET" && ORDER.exec(url);
  return found ? [200, book.find(Number(found[1]))] : [404, { error: `${method} ${url}: no such page` }];
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function send(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
