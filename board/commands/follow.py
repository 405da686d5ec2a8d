"""Follows topics of a board: each event is handed on in order and once, however often the link breaks."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from board.commands.calls import Board, Unreachable
from board.commands.link import BROKEN, TOO_FAST, Closed, Messages, opened
from board.domain import following
from board.domain.following import Cursors, Ways

HELLO_S = 10.0
STEADY_S = 10.0
LONGEST_WISH_S = 60.0
TOO_FAST_FAILURES = 5

Frame = dict[str, Any]
Take = Callable[[Frame], Awaitable[None]]


class Stopped(Exception):
    """The board does not want this follower back; says why."""


class Replaced(Exception):
    """The record is another one than before: it was restored from a copy, or begun anew."""


class Behind(Exception):
    """So much has happened in between that the board sends no more of it by this way."""


@dataclass
class Follower:
    """`take` gets each event's frame; where it fails with Unreachable or what breaks links, the same frame comes again.

    `tell` hears what becomes of the link: "live", or how many tries have failed and the seconds until the next.
    """

    board: Board
    epoch: str
    cursors: Cursors
    take: Take
    tell: Callable[[int, float], None]
    ways: Ways = field(default_factory=Ways)
    failures: int = 0
    window_s: tuple[float, float] | None = None
    live_since: float | None = None

    async def run(self) -> None:
        """Until it is cancelled; raises Stopped, Replaced and Behind."""
        while True:
            try:
                await self.try_once()
            except Closed as closed:
                if not following.may_return(closed.code):
                    raise Stopped(str(closed)) from None
                if closed.code == TOO_FAST:
                    self.failures = max(self.failures, TOO_FAST_FAILURES)
                await self.wait()
            except (Unreachable, ValueError, KeyError, TypeError, *BROKEN):
                await self.wait()

    async def try_once(self) -> None:
        """One connection, until it ends. Where a stream has served for long, it gives way to a socket in peace."""
        is_stream, self.live_since = self.ways.is_streams_turn, None
        self.ways.tried()
        query = {
            "topics": ",".join(self.cursors),
            "after": f"{self.epoch}:{following.resume_at(self.cursors)}",
            "as": "json",
        }
        async with opened(self.board, query, is_stream=is_stream) as messages:
            async with asyncio.timeout(HELLO_S):  # what merely opens may still be a proxy that passes nothing on
                await self.hear(await anext(messages))
            self.ways.heard(is_stream=is_stream)
            self.live_since = time.monotonic()
            self.tell(0, 0.0)
            await self.listen(messages, self.ways.trial_after_s(random.random()) if is_stream else None)  # noqa: S311

    async def listen(self, messages: Messages, seconds: float | None) -> None:
        trial = asyncio.timeout(seconds)
        try:
            async with trial:
                async for message in messages:
                    await self.hear(message)
        except TimeoutError:
            if not trial.expired():
                raise
            self.ways.try_socket()

    async def hear(self, message: str) -> None:
        frame = json.loads(message)
        match frame["t"]:
            case "hello" if frame["epoch"] != self.epoch:
                raise Replaced
            case "reset":
                raise Behind if frame.get("reason") == "behind" else Replaced
            case "bye":
                least, most = (min(max(float(ms) / 1000, 0.0), LONGEST_WISH_S) for ms in frame["retry_ms"])
                self.window_s = (least, max(least, most))
            case "at":
                self.cursors = following.raised(self.cursors, int(frame["seq"]))
            case "event":
                await self.judge(frame)

    async def judge(self, frame: Frame) -> None:
        """The cursor moves when the event has been taken, not before: whatever breaks in between, it comes again."""
        topic, seq = str(frame["topic"]), int(frame["seq"])
        verdict = following.judge(self.cursors, topic=topic, seq=seq, prev=int(frame["prev"]))
        if verdict == "gap":
            raise Unreachable("an event is missing")
        if verdict == "apply":
            await self.take(frame)
            self.cursors = following.applied(self.cursors, topic=topic, seq=seq)

    async def wait(self) -> None:
        """Only a link that lasted forgives: one that breaks at once is not tried in a tight circle."""
        if self.live_since is not None and time.monotonic() - self.live_since >= STEADY_S:
            self.failures = 0
        seconds = following.delay_s(self.failures, self.window_s, random.random())  # noqa: S311
        self.failures, self.window_s, self.live_since = self.failures + 1, None, None
        self.tell(self.failures, seconds)
        await asyncio.sleep(seconds)
