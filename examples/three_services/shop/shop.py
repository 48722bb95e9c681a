"""The shop: takes orders, has the stock reserve them, and knows what a currency is worth.

python shop.py PORT STOCK_URL    serves until its input ends
"""

from __future__ import annotations

import json
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

RATES = {"EUR": 1.0, "CHF": 1.06, "NOK": 0.085}  # in euros


class Refused(Exception):
    """A request that cannot be fulfilled: the status of the answer, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def order(stock: str, item: str, quantity: str, country: str) -> dict[str, object]:
    """Have the goods reserved and sent; what they cost."""
    if not quantity.isdigit() or int(quantity) < 1:
        raise Refused(400, "a quantity is needed")
    reserved = ask(stock + "/reserve", item=item, quantity=quantity, country=country)
    return {**reserved, "total": total(reserved)}


def total(reserved: dict[str, float]) -> float:
    """Goods and freight, in euros."""
    return round(reserved["goods"] + reserved["freight"], 2)


def rate(currency: str) -> dict[str, float]:
    """What one unit of a currency is worth in euros."""
    if currency not in RATES:
        raise Refused(404, f"no rate for {currency}")
    return {"rate": RATES[currency]}


def ask(url: str, **query: str) -> dict[str, float]:
    """The answer of another service."""
    try:
        with urllib.request.urlopen(f"{url}?{urlencode(query)}", timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(error.code, json.load(error)["error"]) from error


class Handler(BaseHTTPRequestHandler):
    """GET /order?item=&quantity=&country= and GET /rate?currency="""

    stock = ""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        try:
            self.reply(200, self.answer(url.path, query))
        except Refused as refused:
            self.reply(refused.status, {"error": str(refused)})

    def answer(self, path: str, query: dict[str, str]) -> object:
        if path == "/order":
            return order(self.stock, query.get("item", ""), query.get("quantity", ""), query.get("country", ""))
        if path == "/rate":
            return rate(query.get("currency", ""))
        raise Refused(404, f"no such page: {path}")

    def reply(self, status: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    Handler.stock = sys.argv[2]
    with ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        threading.Thread(target=stop_at_end_of_input, args=(server,), daemon=True).start()
        server.serve_forever(poll_interval=0.05)


def stop_at_end_of_input(server: ThreadingHTTPServer) -> None:
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
