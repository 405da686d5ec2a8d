"""Follows the record: catch up from it, then wait for more. One pump a process reads each event once and wakes all.

A missed hint costs a second, never an event: catching up and living on are the same loop.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile

from board.domain.leaf import Recorded
from board.store import record, touches
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

Heed = Callable[[frozenset[str] | None], None]


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

    @property
    def all_topics(self) -> tuple[str, ...]:
        return (*WHOLE_RECORD, *self.topics)

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
        self.touched = 0  # the version of what is shown without being an event
        self.read = 0  # how many of this process's own changes it has seen
        self._heeding: list[Heed] = []
        self._tail: deque[Happening] = deque(maxlen=TAIL)
        self._moved = asyncio.Event()
        self._reading = asyncio.Lock()

    @property
    def cursor(self) -> str:
        return f"{self.epoch}:{self.head}"

    async def start(self) -> None:
        read = self.db.written
        async with self.db.reading() as tx:
            self.epoch, self.head, self.touched = await record.moment(tx)
        self.read = read

    def heed(self, heeder: Heed) -> None:
        """Calls it with the topics that have changed as soon as they are read; with None where it may be all."""
        self._heeding.append(heeder)

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
        async with self._reading:
            return await self._read()

    async def keep_up(self) -> None:
        """Reads on until it has seen what this process itself has changed so far."""
        changes = self.db.written
        while self.read < changes:
            async with self._reading:
                if self.read < changes:
                    await self._read()

    async def _read(self) -> bool:
        changes = self.db.written  # taken before the transaction begins, so that it sees them all
        async with self.db.reading() as tx:
            epoch, head, touched = await record.moment(tx)
            is_same = epoch == self.epoch and head >= self.head
            found = await after(tx, self.head) if is_same and head > self.head else []
            shown = await touches.since(tx, self.touched) if is_same and touched != self.touched else []
        self.touched = touched
        if not is_same:
            self.begin_again(epoch, head)
        elif found or shown:
            self.take_in(found, shown)
        is_more = len(found) == BATCH
        if not is_more:
            self.read = changes
        return is_more

    def take_in(self, found: list[Happening], shown: list[str]) -> None:
        """New events, and topics that were touched without one: from here on nobody is given what was before."""
        hidden = [h.seq for h in found if h.recorded.name in HIDING]
        self.hidden = max(hidden, default=self.hidden)
        if found:
            self._tail.extend(found)
            self.head = found[-1].seq
        self.tell(None if hidden else frozenset({*shown, *(topic for h in found for topic in h.all_topics)}))
        if found:
            self.wake()

    def begin_again(self, epoch: str, head: int) -> None:
        """A restored database: whoever waits learns that the place is gone."""
        self._tail.clear()
        self.epoch, self.head = epoch, head
        self.tell(None)
        self.wake()

    def tell(self, topics: frozenset[str] | None) -> None:
        for heeder in self._heeding:
            heeder(topics)

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
        await self.reach(seq)
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

    async def reach(self, seq: int) -> None:
        """Reads on where the pump has not come so far yet; raises OutOfReach for a place that is not there."""
        while seq > self.head and await self.read_on():
            pass
        if seq > self.head:
            raise OutOfReach("epoch")

    async def since(self, seq: int, topics: frozenset[str]) -> Progress:
        head = self.head
        if self._tail and self._tail[0].seq <= seq + 1:
            newest = list(takewhile(lambda h: h.seq > seq, reversed(self._tail)))
            return Progress(tuple(h for h in reversed(newest) if h.is_in(topics)), head)
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
