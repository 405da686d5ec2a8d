"""Pages from memory over the network: requests a second and the 99th percentile, each beside a bare Starlette response.

`python -m tests.bench.pages [DATABASE_URL]`, on a board of its own unless one is named. The board and the bare server
have the same bytes, the same uvicorn settings and the same core; they are asked in turns, so that what else the
machine does is the same for both. The shares are medians over the rounds.
"""

import asyncio
import json
import multiprocessing
import os
import re
import selectors
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from board import serving
from tests.bench.boards import comment, opened
from tests.test_serving import free_port

ROUNDS, SLICE_S, SOCKETS = 9, 0.3, 8
ISSUES, COMMENTS = 60, 25
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"content-length: (\d+)")
STATUS = re.compile(rb"HTTP/1\.1 (\d+)")
TAG = re.compile(rb"etag: (\S+)")


@dataclass(frozen=True)
class Case:
    """What is asked for; `is_known` where the reader has it already."""

    name: str
    path: str
    coding: str = "identity"
    is_known: bool = False


CASES = (
    Case("list", "/"),
    Case("list, br", "/", "br"),
    Case("issue", "/issues/1"),
    Case("issue, br", "/issues/1", "br"),
    Case("issue, 304", "/issues/1", "br", is_known=True),
    Case("search", "/?q=parcel&state=all"),
    Case("API list", "/api/v1/issues"),
)


@dataclass
class Figures:
    """Of one case at one server: requests a second for each round, and all waits in ms."""

    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # µs of the server for each request


class Readers:
    """Some keep-alive connections of one thread; each asks again as soon as it has its answer."""

    def __init__(self, port: int, request: bytes) -> None:
        self.request = request
        self.selector = selectors.DefaultSelector()
        self.asked: dict[socket.socket, float] = {}
        self.got: dict[socket.socket, bytearray] = {}
        for _ in range(SOCKETS):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(connection, selectors.EVENT_READ)
            self.got[connection] = bytearray()

    def ask(self, connection: socket.socket) -> None:
        self.asked[connection] = time.perf_counter()
        connection.sendall(self.request)

    def read(self, seconds: float) -> list[float]:
        """Asks for so long, and reads what is under way to its end; returns all waits in ms."""
        waits, over = list[float](), time.perf_counter() + seconds
        for each in self.got:
            self.ask(each)
        while self.asked:
            for key, _ in self.selector.select():
                connection: Any = key.fileobj
                if self.take(connection):
                    now = time.perf_counter()
                    waits.append((now - self.asked.pop(connection)) * 1000)
                    if now < over:
                        self.ask(connection)
        return waits

    def take(self, connection: socket.socket) -> bool:
        """Whether the answer is whole now."""
        got = self.got[connection]
        chunk = connection.recv(262_144)
        if not chunk:
            raise ConnectionError("the server has closed")
        got += chunk
        end = got.find(HEAD_END)
        if end < 0:
            return False
        length = LENGTH.search(got, 0, end)
        if len(got) < end + 4 + (int(length[1]) if length else 0):
            return False
        got.clear()
        return True

    def close(self) -> None:
        self.selector.close()
        for connection in self.got:
            connection.close()


def request_for(path: str, coding: str, tag: bytes = b"") -> bytes:
    known = b"If-None-Match: %b\r\n" % tag if tag else b""
    head = f"GET {path} HTTP/1.1\r\nHost: board.example\r\nAccept-Encoding: {coding}\r\nAccept: */*\r\n"
    return head.encode() + b"User-Agent: bench\r\n" + known + b"\r\n"


def fetch(port: int, request: bytes) -> tuple[int, bytes, bytes]:
    """One answer: status, ETag and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        got = b"".join(iter(lambda: connection.recv(262_144), b""))
    head, _, body = got.partition(HEAD_END)
    status, tag = STATUS.match(head), TAG.search(head)
    assert status
    return int(status[1]), tag[1] if tag else b"", body


def serve_board(url: str, folder: str, port: int, core: int | None) -> None:
    os.environ |= {"BOARD_DATABASE_URL": url, "BOARD_DATA_DIR": folder, "BOARD_BASE_URL": f"http://127.0.0.1:{port}"}
    pin(core)
    os.dup2(os.open(f"{folder}/requests.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    uvicorn.run(serving.application, factory=True, host="127.0.0.1", port=port, **serving.OPTIONS)


def serve_bare(bodies: dict[str, tuple[int, bytes]], port: int, core: int | None) -> None:
    """For each name its status and its bytes."""

    async def page(request: Request) -> Response:
        status, body = bodies[request.path_params["name"]]
        return Response(body, status, media_type="text/html")

    pin(core)
    uvicorn.run(Starlette(routes=[Route("/{name}", page)]), host="127.0.0.1", port=port, **serving.OPTIONS)


def pin(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


@contextmanager
def serving_of(target: Any, *args: Any) -> Iterator[int]:
    process = multiprocessing.get_context("spawn").Process(target=target, args=args, daemon=True)
    process.start()
    assert process.pid
    try:
        yield process.pid
    finally:
        process.terminate()
        process.join(10)


def wait_for(port: int) -> None:
    over = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > over:
                raise
            time.sleep(0.1)


async def fill(url: str, folder: Path) -> None:
    """A small board: a page of issues, and one of them talked about."""
    async with opened(url, folder, ISSUES) as board:
        for place in range(COMMENTS):
            await comment(board.db, 1, f"Mine, too: parcel {place}. " * 9)


def measure(url: str | None = None) -> dict[str, float]:
    """For each case: requests a second, their share of a bare response's, and both 99th percentiles."""
    cores = sorted(os.sched_getaffinity(0))
    theirs, ours = (cores[0], cores[-1]) if len(cores) > 1 else (None, None)
    with tempfile.TemporaryDirectory() as folder:
        if url is None:
            url = f"sqlite:///{folder}/board.db"
            asyncio.run(fill(url, Path(folder)))
        port, bare_port = free_port(), free_port()
        with serving_of(serve_board, url, folder, port, theirs) as board:
            wait_for(port)
            bodies = {slug(case.name): known(case, port)[1:] for case in CASES}
            with serving_of(serve_bare, bodies, bare_port, theirs) as bare:
                wait_for(bare_port)
                pin(ours)
                try:
                    figures: dict[str, float] = {}
                    for case in CASES:
                        figures |= compare(case, (port, board), (bare_port, bare))
                    return figures
                finally:
                    os.sched_setaffinity(0, set(cores))


def known(case: Case, port: int) -> tuple[bytes, int, bytes]:
    """The request of a case, with the answer to it."""
    request = request_for(case.path, case.coding)
    status, tag, body = fetch(port, request)
    assert status == 200
    if case.is_known:
        request = request_for(case.path, case.coding, tag)
        status, _, body = fetch(port, request)
        assert (status, body) == (304, b"")
    return request, status, body


def slug(name: str) -> str:
    return re.sub(r"\W+", "-", name)


def spent_us(process: int) -> float:
    """The time that the process has worked so far, whatever else the machine did meanwhile."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1000


Server = tuple[int, int]  # port and process


def compare(case: Case, board: Server, bare: Server) -> dict[str, float]:
    ours, limit = Figures(), Figures()
    asking, size = Readers(board[0], b""), len(known(case, board[0])[2])
    sides = [
        (asking, board[1], ours),
        (Readers(bare[0], request_for(f"/{slug(case.name)}", "identity")), bare[1], limit),
    ]
    for place in range(-1, ROUNDS):
        asking.request = known(case, board[0])[0]  # a page that was made anew has another tag
        for readers, process, of in sides if place % 2 else sides[::-1]:
            start, spent = time.perf_counter(), spent_us(process)
            waits = readers.read(SLICE_S)
            if place >= 0:  # the first round is not measured
                of.rates.append(len(waits) / (time.perf_counter() - start))
                of.cpu.append((spent_us(process) - spent) / len(waits))
                of.waits += waits
    for readers, _, _ in sides:
        readers.close()
    return told(case.name, size, ours, limit)


def told(name: str, size: int, ours: Figures, limit: Figures) -> dict[str, float]:
    shares = [our / their for our, their in zip(ours.rates, limit.rates, strict=True)]
    return {
        f"{name}, bytes": size,
        f"{name}, a second": round(statistics.median(ours.rates)),
        f"{name}, bare a second": round(statistics.median(limit.rates)),
        f"{name}, share of bare": round(statistics.median(shares), 3),
        f"{name}, share of bare by CPU": round(statistics.median(limit.cpu) / statistics.median(ours.cpu), 3),
        f"{name}, CPU µs": round(statistics.median(ours.cpu), 1),
        f"{name}, bare CPU µs": round(statistics.median(limit.cpu), 1),
        f"{name}, p99 ms": round(statistics.quantiles(ours.waits, n=100)[98], 2),
        f"{name}, bare p99 ms": round(statistics.quantiles(limit.waits, n=100)[98], 2),
    }


def main() -> None:
    json.dump(measure(sys.argv[1] if len(sys.argv) > 1 else None), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
