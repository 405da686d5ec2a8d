"""How a process goes away: its sockets leave in turn, and only then does the server hear that it should stop.

A server closes all its connections at once, and all who followed would come back at once.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from board.stream import Stream
from board.web.hub import Hub

LONGEST_S = 8.0

log = logging.getLogger("board")

Handler = Callable[[int, FrameType | None], object] | int | None


@contextmanager
def in_order(stream: Stream, hub: Hub) -> Iterator[None]:
    """Hears the signals to stop before the server does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    leaving = Leaving(stream, hub, {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)})
    for number in leaving.before:
        signal.signal(number, leaving.hear)
    try:
        yield
    finally:
        for number, then in leaving.before.items():
            signal.signal(number, then)


class Leaving:
    """`before` is who heard the signals before."""

    def __init__(self, stream: Stream, hub: Hub, before: dict[int, Handler]) -> None:
        self.stream, self.hub, self.before = stream, hub, before
        self.loop = asyncio.get_running_loop()
        self.task: asyncio.Task[None] | None = None

    def hear(self, number: int, frame: FrameType | None) -> None:
        self.loop.call_soon_threadsafe(self.begin, number)

    def begin(self, number: int) -> None:
        """Leaves; who interrupts it a second time does not want to wait."""
        if self.task is None:
            self.task = asyncio.create_task(self.leave(number), name="leaving")
        elif number == signal.SIGINT:
            self.end(number)

    async def leave(self, number: int) -> None:
        self.stream.close()  # from now on the process is not ready
        try:
            async with asyncio.timeout(LONGEST_S):
                await self.hub.is_empty.wait()
        except TimeoutError:
            log.warning("some sockets are left")
        self.end(number)

    def end(self, number: int) -> None:
        then = self.before[signal.Signals(number)]
        if callable(then):
            then(number, None)
        elif then == signal.SIG_DFL:  # nobody else listens: end as a process does
            signal.signal(number, then)
            signal.raise_signal(number)
