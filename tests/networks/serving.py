"""A small HTTP server for the stand-ins: reads requests, and fails as it is told to after what was asked is done."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request; `query` and `said` are what came with it."""

    method: str
    path: str
    url: str
    query: dict[str, str]
    headers: dict[str, str]
    said: Any


@dataclass(frozen=True)
class Says:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        is_text = isinstance(self.body, str)
        body = (self.body if is_text else json.dumps(self.body)).encode() if self.body is not None else b""
        kind = "text/html" if is_text else "application/json"
        told = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {self.status} So", *(f"{name}: {value}" for name, value in told.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


# A fault, in the way of one request: `before` in the place of what was asked, or `after` it was done.
@dataclass(frozen=True)
class Fault:
    answer: Says | None = None  # None hangs up without a word
    is_done: bool = False  # whether what was asked is done all the same
    stalls: bool = False  # never answers


LOST = Fault(is_done=True)
LOST_503 = Fault(Says(503, {"title": "Service Unavailable"}), is_done=True)
LOST_HTML = Fault(Says(502, "<html>Bad gateway</html>"), is_done=True)
STALL = Fault(is_done=True, stalls=True)
NEVER_CAME = Fault()


class Network(ABC):
    """What the stand-ins have in common; `doors` finds the answer to a request."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.faults: list[Fault | None] = []  # for posts, in turn
        self.deaf: list[Fault | None] = []  # for those who ask for mentions, in turn
        self.choose: Callable[[], Fault | None] | None = None  # or by chance

    @abstractmethod
    def answer(self, asked: Asked) -> Says: ...

    @abstractmethod
    def is_post(self, asked: Asked) -> bool: ...

    def is_hearing(self, asked: Asked) -> bool:
        return False

    def fault(self, asked: Asked) -> Fault | None:
        if self.is_hearing(asked):
            return self.deaf.pop(0) if self.deaf else None
        if not self.is_post(asked):
            return None
        if self.faults:
            return self.faults.pop(0)
        return self.choose() if self.choose else None

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                asked = await self.read(reader)
                self.asked.append(asked)
                fault = self.fault(asked)
                done = self.answer(asked) if fault is None or fault.is_done else None
                if fault and fault.stalls:
                    await reader.read()
                elif said := fault.answer if fault else done:
                    writer.write(said.raw())
                    await writer.drain()
        finally:
            writer.close()

    async def read(self, reader: asyncio.StreamReader) -> Asked:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return Asked(method, parts.path, self.url + target, query, headers, json.loads(body) if body else None)


N = TypeVar("N", bound=Network)


@asynccontextmanager
async def serving(network: N) -> AsyncIterator[N]:
    server = await asyncio.start_server(network.take, "127.0.0.1", 0)
    network.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield network
    finally:
        server.close()
