"""Starts the three services, places orders, prints what comes back, and stops the services.

python run.py [item:quantity:country ...]
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

HERE = Path(__file__).resolve().parent
ORDERS = ("lamp:2:DE", "poster:30:NO", "chair:5:CH", "chair:9:DE", "sofa:1:DE", "lamp:1:XX")


def main() -> None:
    names = ("shop", "stock", "freight")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "shop": [sys.executable, HERE / "shop" / "shop.py", ports["shop"], urls["stock"]],
            "stock": ["node", HERE / "stock" / "stock.js", ports["stock"], urls["freight"]],
            "freight": [build_freight(folder), ports["freight"], urls["shop"]],
        }
        running = [start(name, command) for name, command in commands.items()]
        try:
            for port in ports.values():
                wait_for(port)
            for words in sys.argv[1:] or ORDERS:
                print(f"{words:14} {place(urls['shop'], words)}")
        finally:
            for process in running:
                stop(process)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    found = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in found]
    for one in found:
        one.close()
    return ports


def build_freight(folder: str) -> Path:
    """The program for the freight."""
    binary = Path(folder) / ("freight.exe" if os.name == "nt" else "freight")
    subprocess.run(["go", "build", "-o", binary, "."], cwd=HERE / "freight", check=True)
    return binary


def start(name: str, command: Sequence[object]) -> subprocess.Popen[bytes]:
    """Start a service, which runs until its input ends."""
    return subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.PIPE, env={**os.environ, "OTEL_SERVICE_NAME": name}
    )


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nobody listens on port {port}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a service's input and wait for it."""
    process.stdin.close()
    process.wait(timeout=20)


def place(shop: str, words: str) -> str:
    """Place an order; the answer in a line."""
    item, quantity, country = words.split(":")
    query = urlencode({"item": item, "quantity": quantity, "country": country})
    try:
        with urllib.request.urlopen(f"{shop}/order?{query}", timeout=20) as answer:
            found = json.load(answer)
        return f"{found['goods']:.2f} + {found['freight']:.2f} = {found['total']:.2f} EUR"
    except urllib.error.HTTPError as error:
        return f"{error.code}: {json.load(error)['error']}"


if __name__ == "__main__":
    main()
