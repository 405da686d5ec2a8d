"""A restart under 5,000 sockets: all of them must be back within a minute. `python -m tests.bench.restart [N]`."""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from board.serving import open_many
from tests.bench import house
from tests.bench.crowd import KEY, PING, PONG
from tests.test_serving import free_port

NUMBER = 5_000
GIVE_UP_S = 120.0
BYE_S = (1.0, 15.0)
LONGEST_S = 30.0


@dataclass
class Comings:
    """When each of the clients was welcomed, and how each of the connections ended."""

    port: int
    here: set[int] = field(default_factory=set)
    gone: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    is_over: bool = False

    def come(self, place: int, failures: int) -> None:
        if not self.is_over:
            asyncio.create_task(self.connect(place, failures)).add_done_callback(lambda done: done.exception())

    async def connect(self, place: int, failures: int) -> None:
        source = (f"127.0.0.{2 + place // 20_000}", 0)
        try:
            loop = asyncio.get_running_loop()
            await loop.create_connection(
                lambda: Client(self, place, failures), "127.0.0.1", self.port, local_addr=source
            )
        except OSError:
            self.later(place, failures + 1)

    def later(self, place: int, failures: int, wait: float | None = None) -> None:
        """Full jitter, as the page's script does it."""
        chosen = wait if wait is not None else random.uniform(0, min(LONGEST_S, 1.0 * 2**failures))
        asyncio.get_running_loop().call_later(chosen, self.come, place, failures)


class Client(asyncio.Protocol):
    """A page that is open: it answers pings, and comes back by the rules when it is cut off."""

    def __init__(self, comings: Comings, place: int, failures: int) -> None:
        self.comings, self.place, self.failures = comings, place, failures
        self.is_welcome, self.has_heard_bye = False, False
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(
            f"GET /live?topics=issue:1 HTTP/1.1\r\nHost: 127.0.0.1:{self.comings.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if b'"t":"hello"' in data:
            self.is_welcome, self.failures = True, 0
            self.comings.here.add(self.place)
        if PING in data:
            start = data.index(PING) + 2
            self.transport.write(bytes((PONG, 0x84, 0, 0, 0, 0)) + data[start : start + 4])
        if b'"t":"bye"' in data:
            self.has_heard_bye = True
        if b"\x0f\xa1this server" in data:  # 4001, closed in order
            self.comings.ends["closed with 4001"] += 1
            self.transport.close()
        elif b" 503 " in data[:16]:
            self.comings.ends["asked to come back, 503"] += 1
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.comings.here.discard(self.place)
        if self.comings.is_over:
            return
        if self.is_welcome:
            self.comings.gone.append(time.monotonic())
            self.comings.ends["with goodbye" if self.has_heard_bye else "without goodbye"] += 1
        self.comings.later(self.place, self.failures + 1, random.uniform(*BYE_S) if self.has_heard_bye else None)


async def until(comings: Comings, number: int, seconds: float = GIVE_UP_S) -> float:
    """Seconds until so many are there."""
    start = time.monotonic()
    while len(comings.here) < number and time.monotonic() - start < seconds:
        await asyncio.sleep(0.02)
    return time.monotonic() - start


async def run(folder: Path, number: int) -> dict[str, Any]:
    token, port = await house.furnish(folder), free_port()
    comings = Comings(port)
    accepts = {"BOARD_LIVE_SOCKETS": "1000000"}
    with house.served(folder, token, accepts, port=port) as first:
        for place in range(number):
            comings.come(place, 0)
        coming = await until(comings, number)
        comings.gone.clear()
        comings.ends.clear()
        start = time.monotonic()
        first.process.terminate()
        while first.process.poll() is None:
            await asyncio.sleep(0.01)
        ended = time.monotonic() - start
    with house.served(folder, token, accepts, port=port):
        began = time.monotonic() - start
        await until(comings, number)
        figures = {
            "sockets": number,
            "seconds until all had come at first": round(coming, 1),
            "seconds until the last was sent away": round(max(comings.gone) - start, 1),
            "seconds until the process had ended": round(ended, 1),
            "seconds until the next one served": round(began, 1),
            "seconds until all were back": round(time.monotonic() - start, 1),
            "back": len(comings.here),
            "how they ended": dict(comings.ends),
        }
        comings.is_over = True
    return figures


def main(number: int = NUMBER) -> dict[str, Any]:
    open_many()
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder), number))


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:])), indent=1, ensure_ascii=False))
