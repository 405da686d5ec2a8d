"""Follows the record: catch up from it, then wait for more. One pump a process reads each event once and wakes all.

A missed hint costs a second, never an event: catching up and living on are the same loop.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from board.domain.leaf import Recorded
from board.store import record
from board.store.database import AWAY, Database, Tx
from board.store.hearing import listening

TAIL = 2_000  # events kept in memory
BATCH = 500
LOOK_AGAIN_S = 1.0
LIFE_S = 25.0  # a follower of a quiet record hears this often that it still follows
BEHIND = 1_000  # events of one topic; further back, loading the page again is quicker
HIDING = ("text.redacted", "issue.held", "issue.removed", "issue.rejected", "comment.held", "comment.rejected")
WHOLE_RECORD = ("board", "queue")  # topics that every event belongs to

log = logging.getLogger("board.stream")


@dataclass(frozen=True)
class Happening:
    """An event with its topics, each with the index of the topic's previous event (-1 where it is the first)."""

    recorded: Recorded
    topics: Mapping[str, int]

    @property
    def seq(self) -> int:
        return self.recorded.index

    def prev(self, topic: str) -> int:
        return self.seq - 1 if topic in WHOLE_RECORD else self.topics[topic]

    def belongs_to(self, topic: str) -> bool:
        return topic in WHOLE_RECORD or topic in self.topics

    def is_in(self, topics: frozenset[str]) -> bool:
        return any(self.belongs_to(topic) for topic in topics)


@dataclass(frozen=True)
class Progress:
    """What came, in order; everything up to `upto` has now been served."""

    happenings: tuple[Happening, ...]
    upto: int


class OutOfReach(Exception):
    """The place to resume from is gone: `reason` is `behind` or `epoch`; load the page again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stream:
    """The record as this process sees it: `epoch`, `head` (the newest index it has read) and a tail in memory."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.epoch = ""
        self.head = -1
        self.hidden = -1  # the newest event that took words from view
        self.is_closed = False
        self._tail: deque[Happening] = deque(maxlen=TAIL)
        self._moved = asyncio.Event()
        self._reading = asyncio.Lock()

    @property
    def cursor(self) -> str:
        return f"{self.epoch}:{self.head}"

    async def start(self) -> None:
        async with self.db.reading() as tx:
            self.epoch, self.head = await record.head(tx)

    async def run(self) -> None:
        """Pumps until cancelled; a lost database is asked again each second."""
        async with listening(self.db) as hint:
            while True:
                hint.clear()
                try:
                    while await self.read_on():
                        pass
                except AWAY as lost:
                    log.warning("the record cannot be read just now: %s", lost)
                await until(hint, LOOK_AGAIN_S)

    async def read_on(self) -> bool:
        """Reads what is new, wakes everyone; whether there may be more."""
        async with self._reading, self.db.reading() as tx:
            epoch, head = await record.head(tx)
            if epoch != self.epoch or head < self.head:
                self.begin_again(epoch, head)
                return False
            found = await after(tx, self.head)
        if found:
            self._tail.extend(found)
            self.hidden = max((h.seq for h in found if h.recorded.name in HIDING), default=self.hidden)
            self.head = found[-1].seq
            self.wake()
        return len(found) == BATCH

    def begin_again(self, epoch: str, head: int) -> None:
        """A restored database: whoever waits learns that the place is gone."""
        self._tail.clear()
        self.epoch, self.head = epoch, head
        self.wake()

    def wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def close(self) -> None:
        """This process is going away: whoever follows comes to an end, and resumes elsewhere from where it was."""
        self.is_closed = True
        self.wake()

    def place(self, cursor: str) -> int:
        """The seq of a cursor `epoch:seq`; raises OutOfReach for another epoch and ValueError for nonsense.

        It may be ahead of `head`: a page is read from the database, where the pump may not have looked yet.
        """
        epoch, _, seq = cursor.rpartition(":")
        if not (seq.isascii() and seq.removeprefix("-").isdigit() and len(seq) < 17):
            raise ValueError(cursor)
        if epoch != self.epoch:
            raise OutOfReach("epoch")
        return int(seq)

    async def follow(self, seq: int, topics: frozenset[str]) -> AsyncGenerator[Progress, None]:
        """Everything in these topics behind `seq`: once, in order, until closed. Raises OutOfReach where it cannot."""
        epoch = self.epoch
        while seq > self.head and await self.read_on():
            pass
        while not self.is_closed:
            moved = self._moved  # taken before looking, so that nothing is missed between looking and waiting
            if epoch != self.epoch or seq > self.head:
                raise OutOfReach("epoch")
            if seq < self.head:
                progress = await self.since(seq, topics)
                yield progress
                seq = progress.upto
            else:
                await until(moved, LIFE_S)
                yield Progress((), seq)  # a sign of life, where nothing else came

    async def since(self, seq: int, topics: frozenset[str]) -> Progress:
        head = self.head
        if self._tail and self._tail[0].seq <= seq + 1:
            found = tuple(h for h in self._tail if seq < h.seq <= head and h.is_in(topics))
            return Progress(found, head)
        async with self.db.reading() as tx:
            return Progress(await catch_up(tx, seq, head, topics), head)


async def until(moved: asyncio.Event, seconds: float) -> None:
    """Waits for the event, but no longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # `wait_for` may swallow a cancellation (Python 3.11)
            await moved.wait()


async def after(tx: Tx, seq: int) -> list[Happening]:
    events = await record.after(tx, seq, limit=BATCH)
    topics = await record.topics_between(tx, seq + 1, events[-1].index) if events else {}
    return [Happening(r, topics.get(r.index, {})) for r in events]


async def catch_up(tx: Tx, seq: int, head: int, topics: frozenset[str]) -> tuple[Happening, ...]:
    """Reads by topic, so that a quiet topic costs nothing however old the cursor is."""
    if any(topic in topics for topic in WHOLE_RECORD):
        return await whole(tx, seq, head)
    found: dict[int, Recorded] = {}
    prevs: dict[int, dict[str, int]] = {}
    for topic in topics:
        rows = await record.of_topic(tx, topic, seq, limit=BEHIND + 1)
        if len(rows) > BEHIND:
            raise OutOfReach("behind")
        for recorded, prev in rows:
            if recorded.index <= head:
                found[recorded.index] = recorded
                prevs.setdefault(recorded.index, {})[topic] = prev
    return tuple(Happening(found[index], prevs[index]) for index in sorted(found))


async def whole(tx: Tx, seq: int, head: int) -> tuple[Happening, ...]:
    if head - seq > BEHIND:
        raise OutOfReach("behind")
    events = await record.after(tx, seq, limit=head - seq)
    topics = await record.topics_between(tx, seq + 1, head)
    return tuple(Happening(r, topics.get(r.index, {})) for r in events)
