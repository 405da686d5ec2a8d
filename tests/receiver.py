"""A real HTTP server of somebody else: keeps what it is sent, and answers as it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[["Receiver"], bytes]


@dataclass(frozen=True)
class Sent:
    """One request as it came; `headers` by lower-case names."""

    head: str
    headers: dict[str, str]
    body: bytes


def says(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} So", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Receiver:
    """`answers` are given in turn, the last one for ever; None hangs up without a word, empty never answers."""

    answers: list[bytes | None] = field(default_factory=lambda: [says(200)])
    sent: list[Sent] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0
    at_once: int = 0  # requests that are being answered now, and the most there were
    most: int = 0
    pause_s: float = 0.0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/hook"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await self.read_and_answer(reader, writer)
        finally:
            self.at_once -= 1
            writer.close()

    async def read_and_answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.sent.append(Sent(first, headers, body))
        await asyncio.sleep(self.pause_s)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == b"":
            await reader.read()  # until the other side has had enough
        elif answer is not None:
            writer.write(answer)
            await writer.drain()


@asynccontextmanager
async def receiving(*answers: bytes | None, host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    receiver = Receiver(list(answers) or [says(200)], host=host)
    server = await asyncio.start_server(receiver.take, host, 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
