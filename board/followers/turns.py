"""Gives each follower of a kind its turn when it is due: many beside each other, few at one host.

A turn that hangs or fails delays its own follower only. What nobody can finish in time is somebody's again.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime

from board.domain.leaf import milliseconds
from board.store import positions
from board.store.database import AWAY, Database
from board.store.positions import Position
from board.stream import OutOfReach, Stream

log = logging.getLogger("board.turns")

AT_ONCE = 40
AT_A_HOST = 4
LOOK_EVERY_S = 1.0
CLAIM_MS = 60_000  # longer than any turn

Turn = Callable[[str, Position], Awaitable[Position]]


@dataclass(frozen=True)
class Kind:
    """One kind of follower: its name in `positions`, whose host a target speaks to, and what it does with its turn."""

    name: str
    host: Callable[[str], Awaitable[str]]
    turn: Turn


class Turns:
    def __init__(self, db: Database, kind: Kind, clock: Callable[[], datetime]) -> None:
        self._db, self._kind, self._clock = db, kind, clock
        self._busy: dict[str, str] = {}  # the host of each target that has its turn now
        self._tasks: set[asyncio.Task[None]] = set()
        self.hurry = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; those who are in their turn are cancelled with it, and come again."""
        try:
            while True:
                begun = 0
                try:
                    begun = await self.look()
                except AWAY as lost:
                    log.warning("the database is away: %s", lost)
                await self._pause(0 if begun else LOOK_EVERY_S)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def look(self) -> int:
        """Begins the turns that are due, as far as there is room; returns how many."""
        now_ms, begun = milliseconds(self._clock()), 0
        async with self._db.reading() as tx:
            due = await positions.due(tx, self._kind.name, now_ms, limit=AT_ONCE + len(self._busy))
        for target, place in due.items():
            if target not in self._busy and await self._begin(target, place, now_ms):
                begun += 1
        return begun

    async def _begin(self, target: str, place: Position, now_ms: int) -> bool:
        host = await self._kind.host(target)
        if len(self._busy) >= AT_ONCE or Counter(self._busy.values())[host] >= AT_A_HOST:
            return False
        until_ms = now_ms + CLAIM_MS
        async with self._db.saving() as tx:
            if not await positions.claim(tx, self._kind.name, target, place, until_ms=until_ms):
                return False
        self._busy[target] = host
        task = asyncio.create_task(self._take(target, place, until_ms))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _take(self, target: str, place: Position, until_ms: int) -> None:
        try:
            after = await self._kind.turn(target, place)
            async with self._db.saving() as tx:
                await positions.settle(tx, self._kind.name, target, place, after, until_ms=until_ms)
        except AWAY as lost:
            log.warning("the database is away: %s", lost)
        except Exception:
            log.exception("the turn of %s %s has failed", self._kind.name, target)
        finally:
            del self._busy[target]
            self.hurry.set()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.hurry.wait()
        self.hurry.clear()


async def wake_for_ever(stream: Stream, turns: Turns, wake: Callable[[set[str] | None], Awaitable[None]]) -> None:
    """Wakes whoever has nothing to do as soon as events of these names have happened; with None, whoever it is."""
    while not stream.is_closed:
        try:
            seq = stream.head
            await wake(None)
            async with aclosing(stream.follow(seq, frozenset({"board"}))) as coming:
                async for progress in coming:
                    if names := {happening.recorded.name for happening in progress.happenings}:
                        await wake(names)
                        turns.hurry.set()
        except (OutOfReach, *AWAY):
            await asyncio.sleep(1)
