"""Who follows live by socket: a frame is built once and written to all; whoever is slow becomes a place in the record.

`begun` is the event that is being written to everybody, `done` the newest that has been. A reader that is level with
`begun` is in its audience; any other one catches up from the record first, and so nothing is lost or doubled.
"""

import asyncio
import logging
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from board.store.database import LOST
from board.stream import LOOK_AGAIN_S, WHOLE_RECORD, Happening, OutOfReach, Progress
from board.web import live
from board.web.live import DRAINING, FAILED, NORMAL, RATE_LIMITED, TOO_SLOW, Key, Wish

AT_ONCE = 40  # sockets that are written to before others get their turn
AT_ONCE_BESIDE_PAGES = 10  # the same while pages are made, which takes many turns
TOGETHER = 16  # events that are written as one
BATCHES, BATCH_S = 50, 0.1  # how those who must leave are sent away

log = logging.getLogger("board.live")

Pieces = list[tuple[int, bytes]]  # frames by event


class Line(Protocol):
    """What the server's connection lets the hub do."""

    transport: Any

    def take(self, reader: "Reader") -> bool: ...

    def end(self, code: int, reason: str) -> None: ...


class Audience:
    """Those who asked for the same; `told` is when they last heard something, `at` which event that was."""

    __slots__ = ("at", "readers", "told", "wish")

    def __init__(self, wish: Wish, at: int) -> None:
        self.wish, self.at, self.told = wish, at, time.monotonic()
        self.readers: set[Reader] = set()


class Reader:
    """One socket: `seq` is how far it has been served; whoever is `level` gets what comes, others catch up."""

    __slots__ = (
        "address",
        "audience",
        "catching",
        "hub",
        "is_level",
        "is_paused",
        "line",
        "seq",
        "stall",
        "talk",
        "write",
    )

    def __init__(self, hub: "Hub", line: Line, audience: Audience, *, address: str, seq: int) -> None:
        self.hub, self.line, self.audience, self.address, self.seq = hub, line, audience, address, seq
        self.write: Callable[[bytes], None] = line.transport.write
        self.is_level = self.is_paused = False
        self.catching: asyncio.Task[None] | None = None
        self.stall: asyncio.TimerHandle | None = None
        self.talk: deque[float] | None = None

    def heard(self) -> None:
        """The other end has said something, which means nothing; too much of it ends the connection."""
        most = self.hub.board.settings.live_messages
        self.talk = self.talk if self.talk is not None else deque(maxlen=most + 1)
        self.talk.append(time.monotonic())
        if len(self.talk) > most and self.talk[-1] - self.talk[0] < live.MESSAGES_S:
            self.end(RATE_LIMITED, "too many messages")

    def pause(self) -> None:
        """It takes no more just now: what it has not taken is only its place."""
        self.is_paused = True
        self.hub.leave(self)
        self.stall = asyncio.get_running_loop().call_later(live.STALLED_S, self.end, TOO_SLOW, "too slow")

    def resume(self) -> None:
        self.is_paused = False
        self.stop_waiting()
        self.hub.advance(self)

    def end(self, code: int, reason: str) -> None:
        self.hub.leave(self)
        self.hub.readers.discard(self)
        self.line.end(code, reason)

    def lost(self) -> None:
        self.hub.leave(self)
        self.hub.readers.discard(self)
        live.uncount(self.hub.board.sockets, self.address)
        self.stop_waiting()
        if self.catching:
            self.catching.cancel()

    def stop_waiting(self) -> None:
        if self.stall:
            self.stall.cancel()
            self.stall = None


class Hub:
    """All sockets of this process that were taken over."""

    def __init__(self, board: Any) -> None:
        self.board, self.stream = board, board.stream
        self.begun = self.done = -1
        self.readers: set[Reader] = set()
        self.audiences: OrderedDict[Any, Audience] = OrderedDict()  # who has heard nothing for longest stands first
        self.by_topic: dict[str, set[Audience]] = {}
        self.built: dict[Key, bytes] = {}
        self.written = 0
        self.is_empty = asyncio.Event()

    def start(self) -> None:
        self.begun = self.done = self.stream.head

    async def run(self) -> None:
        """Follows the stream until it is closed, then sends everybody away in turn."""
        while not self.stream.is_closed:
            try:
                async with aclosing(self.stream.follow(self.done, frozenset({"board"}))) as following:
                    async for progress in following:
                        await self.tell(progress)
            except OutOfReach as gone:
                await self.begin_again(gone)
            except LOST as lost:
                log.warning("no frame can be made just now: %s", lost)
                await asyncio.sleep(LOOK_AGAIN_S)
        await self.send_away()

    def admit(self, line: Line, wish: Wish, *, address: str, seq: int) -> None:
        """Takes over a connection that has been served up to `seq`."""
        reader = Reader(self, line, self.audience(wish), address=address, seq=seq)
        self.board.sockets[address] += 1
        self.readers.add(reader)
        if not line.take(reader):
            reader.lost()
        elif self.stream.is_closed:
            reader.write(farewell())
            reader.end(DRAINING, GOING)
        else:
            self.advance(reader)

    def audience(self, wish: Wish) -> Audience:
        return self.audiences.get(wish.key) or Audience(wish, self.done)

    def advance(self, reader: Reader) -> None:
        """Lets a reader hear what comes, as soon as it has heard what came."""
        if reader.is_level or reader.catching or reader.is_paused or reader not in self.readers:
            return
        if reader.seq >= self.begun:
            self.join(reader)
        else:
            reader.catching = asyncio.create_task(self.catch_up(reader))

    def join(self, reader: Reader) -> None:
        audience = self.audience(reader.audience.wish)
        if not audience.readers:
            audience.at, audience.told = self.done, time.monotonic()
            self.audiences[audience.wish.key] = audience
            for topic in audience.wish.topics:
                self.by_topic.setdefault(topic, set()).add(audience)
        audience.readers.add(reader)
        reader.audience, reader.is_level = audience, True

    def leave(self, reader: Reader) -> None:
        """Of a reader that was level its place is kept."""
        if not reader.is_level:
            return
        reader.is_level, reader.seq = False, max(reader.seq, self.done)
        audience = reader.audience
        audience.readers.discard(reader)
        if not audience.readers:
            del self.audiences[audience.wish.key]
            for topic in audience.wish.topics:
                self.by_topic[topic].discard(audience)
                if not self.by_topic[topic]:
                    del self.by_topic[topic]

    async def catch_up(self, reader: Reader) -> None:
        try:
            await self.serve_missed(reader)
        except OutOfReach as gone:
            self.reset(reader, gone.reason)
        except LOST:
            reader.end(DRAINING, "the database cannot be reached just now")
        except Exception:
            log.exception("a frame cannot be made")
            reader.end(FAILED, "this cannot be shown")
        finally:
            reader.catching = None
        self.advance(reader)

    async def serve_missed(self, reader: Reader) -> None:
        """Everything that the reader has not had, from the record, as fast as it takes it."""
        told, epoch, topics = reader.seq, self.stream.epoch, frozenset(reader.audience.wish.topics)
        while reader.seq < self.begun:
            progress = await self.stream.since(reader.seq, topics)
            if epoch != self.stream.epoch:
                raise OutOfReach("epoch")
            for happening in progress.happenings:
                frame = await self.encode(reader.audience.wish, happening)
                if reader.is_paused or reader not in self.readers:
                    return
                reader.seq = told = happening.seq
                reader.write(frame)
            if reader.is_paused:
                return
            reader.seq = progress.upto
        if told < reader.seq:
            reader.write(text_frame(live.dump({"t": "at", "seq": reader.seq})))

    def reset(self, reader: Reader, reason: str) -> None:
        reader.write(text_frame(live.dump({"t": "reset", "reason": reason})))
        reader.end(NORMAL, "load the page again")

    async def tell(self, progress: Progress) -> None:
        for start in range(0, len(progress.happenings), TOGETHER):
            if self.stream.is_closed:
                return
            some = progress.happenings[start : start + TOGETHER]
            self.begun = some[-1].seq
            self.built.clear()
            for audience in self.concerned(some):
                await self.send(audience, some)
            self.done = self.begun
        self.built.clear()
        await self.tell_the_quiet()

    def concerned(self, some: Sequence[Happening]) -> list[Audience]:
        topics = {topic for happening in some for topic in happening.topics} | set(WHOLE_RECORD)
        return list({audience for topic in topics for audience in self.by_topic.get(topic, ())})

    async def send(self, audience: Audience, some: Sequence[Happening]) -> None:
        wish = audience.wish
        topics = frozenset(wish.topics)
        try:
            pieces = [(h.seq, await self.encode(wish, h, self.built)) for h in some if h.is_in(topics)]
        except LOST:
            raise
        except Exception:
            log.exception("a frame cannot be made")
            for reader in list(audience.readers):
                reader.end(FAILED, "this cannot be shown")
            return
        await self.fan_out(audience, pieces)

    async def encode(self, wish: Wish, happening: Happening, built: dict[Key, bytes] | None = None) -> bytes:
        """The frames of one event for those who wish for these topics, as they go over the line."""
        built, frames = built if built is not None else {}, []
        for topic in wish.topics:
            key = (topic, happening.seq, wish.html, wish.is_masked)
            if key not in built and happening.belongs_to(topic):
                frame = await self.board.frames.get(
                    self.board, happening, topic, html=wish.html, is_masked=wish.is_masked
                )
                built[key] = text_frame(frame)
            frames += [built[key]] if key in built else []
        return b"".join(frames)

    async def fan_out(self, audience: Audience, pieces: Pieces) -> None:
        """Writes to all who are level and have not had it; who comes ahead of the others gets the rest only."""
        first, upto = pieces[0][0], pieces[-1][0]
        whole = rest(pieces, -1)
        for some in in_turn(list(audience.readers), AT_ONCE_BESIDE_PAGES):
            for reader in some:
                seq = reader.seq
                if seq < upto and reader.is_level:
                    reader.seq = upto
                    reader.write(whole if seq < first else rest(pieces, seq))
            await self.give_way(len(some))
        self.note(audience, upto)

    def note(self, audience: Audience, seq: int) -> None:
        audience.at, audience.told = seq, time.monotonic()
        if self.audiences.get(audience.wish.key) is audience:
            self.audiences.move_to_end(audience.wish.key)

    async def give_way(self, written: int) -> None:
        """Lets pages be answered between the writes."""
        self.written += written
        if self.written >= (AT_ONCE_BESIDE_PAGES if self.board.memory.under_way else AT_ONCE):
            self.written = 0
            await asyncio.sleep(0)

    async def tell_the_quiet(self) -> None:
        """How far the record has come, to those who have heard nothing for a while."""
        while self.audiences:
            audience = next(iter(self.audiences.values()))
            if audience.at >= self.done or time.monotonic() - audience.told < live.AT_EVERY_S:
                return
            await self.fan_out(audience, [(self.done, text_frame(live.dump({"t": "at", "seq": self.done})))])

    async def begin_again(self, gone: OutOfReach) -> None:
        """Another epoch, or this process has slept for long: everybody loads the page again, or catches up."""
        old, self.begun, self.done = self.done, self.stream.head, self.stream.head
        for some in in_turn(list(self.readers), AT_ONCE):
            for reader in some:
                if reader not in self.readers:
                    continue
                if gone.reason == "epoch":
                    self.reset(reader, gone.reason)
                elif reader.is_level:
                    seq = max(reader.seq, old)
                    self.leave(reader)
                    reader.seq = seq
                    self.advance(reader)
            await asyncio.sleep(0)

    async def send_away(self) -> None:
        """Says goodbye to all, then closes a fiftieth each tenth of a second, so that they come back in turn."""
        leaving, goodbye = list(self.readers), farewell()
        for some in in_turn(leaving, AT_ONCE):
            for reader in some:
                self.leave(reader)
                if reader in self.readers:
                    reader.write(goodbye)
            await asyncio.sleep(0)
        for some in in_turn(leaving, math.ceil(len(leaving) / BATCHES) or 1):
            for reader in some:
                if reader in self.readers:
                    reader.end(DRAINING, GOING)
            await asyncio.sleep(BATCH_S)
        self.is_empty.set()


GOING = "this server is going away"


def farewell() -> bytes:
    return text_frame(live.dump({"t": "bye", "retry_ms": live.COME_BACK_MS}))


def in_turn(readers: list[Reader], number: int) -> Iterator[list[Reader]]:
    return (readers[start : start + number] for start in range(0, len(readers), number))


def rest(pieces: Pieces, seq: int) -> bytes:
    return b"".join(frame for place, frame in pieces if place > seq)


def text_frame(text: str) -> bytes:
    """A whole, unmasked text message (RFC 6455, section 5.2)."""
    said = text.encode()
    size = len(said)
    if size < 126:
        return bytes((0x81, size)) + said
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + said
    return b"\x81\x7f" + size.to_bytes(8, "big") + said
