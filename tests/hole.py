"""A way to a server that can fall silent: what is sent is taken and goes nowhere, until it opens again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Way:
    """`to` is the path of a Unix socket, or a host and a port; `url` leads through it."""

    to: Path | tuple[str, int]
    url: str = ""
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self) -> None:
        self.opened.set()

    def shut(self) -> None:
        self.opened.clear()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: Ends | None = None
        try:
            await self.opened.wait()
            there = await self.reach()
            await asyncio.gather(self.pass_on(reader, there[1]), self.pass_on(there[0], writer))
        except OSError:
            pass
        finally:
            for end in (writer, *([there[1]] if there else [])):
                end.close()

    async def reach(self) -> Ends:
        if isinstance(self.to, Path):
            return await asyncio.open_unix_connection(self.to)
        return await asyncio.open_connection(*self.to)

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while sent := await reader.read(65_536):
                await self.opened.wait()
                writer.write(sent)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def to_postgres(url: str, folder: Path) -> AsyncIterator[Way]:
    """A way to the server of the URL, by a Unix socket in the folder, whose path must be short."""
    parts, name = urlsplit(url), ".s.PGSQL.5432"
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    way = Way(Path(host) / name if host.startswith("/") else (host, parts.port or 5432))
    way.url = f"postgresql://{parts.netloc.split('@')[0]}@{parts.path}?host={folder}"
    way.open()
    server = await asyncio.start_unix_server(way.take, folder / name)
    try:
        yield way
    finally:
        way.open()
        server.close()


@asynccontextmanager
async def to_smtp(url: str) -> AsyncIterator[Way]:
    parts = urlsplit(url)
    way = Way((parts.hostname or "", parts.port or 25))
    way.open()
    server = await asyncio.start_server(way.take, "127.0.0.1", 0)
    way.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield way
    finally:
        way.open()
        server.close()
