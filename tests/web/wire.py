"""A board behind its real server on a loopback port, and clients that follow it as browsers do."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from board import serving
from board.app import assemble, create
from tests.web.site import RENDERER, Forms, Site, furnish, settings_for

PATIENCE_S = 30.0
Frame = dict[str, Any]


@dataclass
class Wire(Site):
    """A board that is reached over the network."""

    def __post_init__(self) -> None:
        self.live = f"{self.base.replace('http', 'ws', 1)}/live"

    def browser(self, *given: Any, **options: Any) -> httpx.AsyncClient:
        transport = Forms(self.board, httpx.AsyncHTTPTransport())
        client = httpx.AsyncClient(base_url=self.base, timeout=PATIENCE_S, trust_env=False, transport=transport)
        self.opened.append(client)
        return client

    def socket(self, topics: str, after: str = "", *, html: bool = False, **options: Any) -> connect:
        """A connection to the live socket, to be opened with `async with`."""
        query = httpx.QueryParams(
            {"topics": topics, **({"after": after} if after else {}), "as": "html" if html else "json"}
        )
        given = {"origin": Origin(self.base), "subprotocols": [Subprotocol("board.v1")], "max_queue": None, **options}
        return connect(f"{self.live}?{query}", proxy=None, **given)

    @asynccontextmanager
    async def events(
        self, topics: str, after: str = "", *, html: bool = False, headers: dict[str, str] | None = None
    ) -> AsyncIterator["Events"]:
        """A connection to the server-sent events."""
        query = {"topics": topics, "after": after, "as": "html" if html else "json"}
        async with self.browser().stream("GET", "/live/sse", params=query, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            events = Events()
            reading = asyncio.create_task(events.read(answer.aiter_lines()))
            try:
                yield events
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def cursor(self) -> str:
        """Where the record ends, once the stream has seen it."""
        while self.board.stream.head < await self.head():
            await asyncio.sleep(0.01)
        return self.board.stream.cursor


@dataclass
class Events:
    """Server-sent events, one after the other; `place` is the last id that came with them."""

    place: str = ""
    waiting: "asyncio.Queue[tuple[str, str]]" = field(default_factory=asyncio.Queue)

    async def read(self, lines: AsyncIterator[str]) -> None:
        place, data = "", ""
        async for line in lines:
            name, _, value = line.partition(": ")
            if name == "id":
                place = value
            elif name == "data":
                data = value
            elif not line and data:
                self.waiting.put_nowait((place, data))
                data = ""

    async def recv(self) -> str:
        self.place, data = await self.waiting.get()
        return data


@asynccontextmanager
async def served(url: str, folder: Path, *, has_hub: bool = True, **changes: Any) -> AsyncIterator[Wire]:
    """A board with the cast's staff and areas, on a free port; without a hub as under any other ASGI server."""
    await furnish(url)
    # With the protocol named, asyncio turns Nagle's algorithm off, as it does for a server that it binds itself.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = create(assemble(settings_for(url, folder, base_url=base, **changes), RENDERER))
        plain = {} if has_hub else {"ws": "websockets-sansio"}
        server = uvicorn.Server(uvicorn.Config(app, **{**serving.OPTIONS, **plain}))
        serving_on = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
            assert not serving_on.done(), serving_on.exception()
        wire = Wire(app, base)
        try:
            yield wire
        finally:
            for client in wire.opened:
                await client.aclose()
            wire.board.stream.close()
            server.should_exit = True
            await serving_on


async def hear(connection: ClientConnection | Events) -> Frame:
    """The next frame."""
    async with asyncio.timeout(PATIENCE_S):
        frame: Frame = json.loads(await connection.recv())
        return frame


async def silent(connection: ClientConnection, seconds: float = 0.3) -> bool:
    """Whether nothing comes for a while."""
    try:
        async with asyncio.timeout(seconds):
            await connection.recv()
    except TimeoutError:
        return True
    return False


@dataclass
class Follower:
    """Applies frames by the chain rule, as the page's script does: one cursor for each topic."""

    epoch: str
    start: int
    cursors: dict[str, int]
    applied: list[tuple[str, int]] = field(default_factory=list)
    gaps: int = 0
    repeats: int = 0

    @classmethod
    def at(cls, cursor: str, topics: Sequence[str]) -> "Follower":
        epoch, _, seq = cursor.rpartition(":")
        return cls(epoch, int(seq), dict.fromkeys(topics, int(seq)))

    @property
    def cursor(self) -> str:
        return f"{self.epoch}:{min(self.cursors.values())}"

    def by_topic(self) -> dict[str, list[int]]:
        """The indices of the events that were applied, in that order."""
        return {topic: [seq for other, seq in self.applied if other == topic] for topic in self.cursors}

    def take(self, frame: Frame) -> None:
        if frame["t"] == "at":
            self.cursors = {topic: max(cursor, frame["seq"]) for topic, cursor in self.cursors.items()}
        if frame["t"] != "event":
            return
        topic, seq = frame["topic"], frame["seq"]
        if seq <= self.cursors[topic]:
            self.repeats += 1
        elif frame["prev"] > self.cursors[topic]:
            self.gaps += 1
        else:
            self.cursors = {other: max(cursor, seq - 1) for other, cursor in self.cursors.items()} | {topic: seq}
            self.applied.append((topic, seq))
