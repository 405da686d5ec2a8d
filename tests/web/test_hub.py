"""The hub: whoever comes, goes, stalls and drains while frames go out, hears everything once and in order."""

import asyncio
import gc
import json
import random
import socket
import weakref
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from board import stream, wire
from board.actions import customers, staff
from board.web import hub, live
from board.web.hub import Hub, Reader
from board.web.live import Wish
from board.web.session import now
from tests.cast import BO, CY, do_at, file_issue
from tests.web.site import Site, running
from tests.web.test_resume import expected
from tests.web.wire import Follower, Wire, hear, served

TOPICS = (
    "issue:1",
    "issue:2",
    "area:service",
    "area:returns",
    "board",
    "board,issue:1",
    "issue:2,area:returns,issue:1",
)
WRITES, MOST = 25, 12


@dataclass
class Paper:
    """A line that keeps what is written on it; one that is stalled takes one frame more, as a system's buffer does."""

    reader: Reader | None = None
    is_stalled: bool = False
    code: int | None = None
    heard: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.transport: Any = self

    def take(self, reader: Reader) -> bool:
        self.reader = reader
        return True

    def write(self, frames: bytes) -> None:
        assert self.reader
        assert not self.reader.is_paused
        self.heard += messages(frames)
        if self.is_stalled:
            self.reader.pause()

    def end(self, code: int, reason: str) -> None:
        self.code = code

    def stall(self, *, at_once: bool) -> None:
        self.is_stalled = True
        if at_once and self.reader and not self.reader.is_paused:
            self.reader.pause()

    def drain(self) -> None:
        self.is_stalled = False
        if self.reader and self.reader.is_paused:
            self.reader.resume()

    def leave(self) -> None:
        assert self.reader
        self.reader.lost()


def messages(data: bytes) -> list[dict[str, Any]]:
    """The frames of a server, as a browser takes them apart."""
    found = []
    while data:
        assert data[0] == 0x81
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        found.append(json.loads(data[start : start + size]))
        data = data[start + size :]
    return found


def wish(topics: str, *, html: bool) -> Wish:
    made = Wish.__new__(Wish)
    made.topics, made.html, made.after, made.is_masked = topics.split(","), html, "", False
    return made


class Play:
    """Readers come and go at random on a real hub, whose stream reads a real record."""

    def __init__(self, site: Site, dice: random.Random) -> None:
        self.site, self.dice, self.hub = site, dice, site.board.hub
        self.there: list[tuple[Paper, Follower]] = []

    def come(self) -> None:
        """Somebody follows, from now or from a place that is past."""
        topics, head = self.dice.choice(TOPICS), self.site.board.stream.head
        seq = self.dice.choice([head, max(0, head - self.dice.randint(1, 8))])
        line = Paper(is_stalled=self.dice.random() < 0.2)
        follower = Follower.at(f"{self.site.board.stream.epoch}:{seq}", topics.split(","))
        self.there.append((line, follower))
        self.hub.admit(line, wish(topics, html=self.dice.random() < 0.2), address="198.51.100.7", seq=seq)

    def go(self) -> None:
        if self.there:
            line, follower = self.there.pop(self.dice.randrange(len(self.there)))
            line.leave()
            applied(line, follower)

    def one(self) -> Paper:
        return self.dice.choice(self.there)[0] if self.there else Paper()

    async def write(self) -> None:
        number, area = self.dice.randint(1, 3), self.dice.choice(["service", "returns"])
        await do_at(now(), self.site.db, customers.comment, number, by=CY, body="A word.", via="web")
        if self.dice.random() < 0.5:
            await do_at(now(), self.site.db, staff.move, number, by=BO, area=area)

    async def write_all(self) -> None:
        for _ in range(WRITES):
            await self.write()

    async def mill_about(self, writing: "asyncio.Task[None]") -> None:
        """Everybody moves at every moment at which others get their turn."""
        while not writing.done():
            match self.dice.choice(["come", "go", "stall", "drain", "drain", "wait", "wait"]):
                case "come" if len(self.there) < MOST:
                    self.come()
                case "go" if len(self.there) > MOST // 2:
                    self.go()
                case "stall":
                    self.one().stall(at_once=self.dice.random() < 0.5)
                case "drain":
                    self.one().drain()
            await asyncio.sleep(0)

    async def settled(self) -> None:
        for line, _ in self.there:
            line.drain()
        head = await self.site.head()
        async with asyncio.timeout(30):
            while self.hub.done < head or not all(reader.is_level for reader in self.hub.readers):
                await asyncio.sleep(0.01)


def applied(line: Paper, follower: Follower) -> None:
    for frame in line.heard:
        follower.take(frame)
    assert (follower.gaps, follower.repeats) == (0, 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tail", [2_000, 3], ids=["from memory", "from the record"])
async def test_whoever_comes_goes_stalls_and_drains_hears_everything_once(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, tail: int
) -> None:
    monkeypatch.setattr(stream, "TAIL", tail)
    monkeypatch.setattr(hub, "AT_ONCE", 1)
    monkeypatch.setattr(hub, "AT_ONCE_BESIDE_PAGES", 1)
    monkeypatch.setattr(hub, "TOGETHER", 3)
    async with running(sqlite_url, tmp_path) as site:
        for _ in range(3):
            await file_issue(site.db)
        play = Play(site, random.Random(seed))
        writing = asyncio.create_task(play.write_all())
        await play.mill_about(writing)
        await writing
        await play.settled()
        assert len(play.there) > 3
        for line, follower in play.there:
            applied(line, follower)
            assert follower.by_topic() == await expected(site, follower)
        for line, _ in play.there:
            line.leave()
        assert_empty(play.hub)


def assert_empty(found: Hub) -> None:
    assert (found.readers, dict(found.audiences), found.by_topic) == (set(), {}, {})
    assert not found.board.sockets


def test_a_frame_is_as_long_as_it_says() -> None:
    for size in (0, 125, 126, 65_535, 65_536):
        assert messages(hub.text_frame(json.dumps({"t": "x" * size}))) == [{"t": "x" * size}]


@pytest.fixture
async def hub_wire(sqlite_url: str, tmp_path: Path) -> Any:
    async with served(sqlite_url, tmp_path) as board:
        yield board


@pytest.fixture
def small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is kept of what a socket has not taken."""
    monkeypatch.setattr(wire, "SYSTEM_BUFFER", 4_096)
    monkeypatch.setattr(wire, "MOST_WAITING", 4_096)
    monkeypatch.setattr(wire, "FEW_WAITING", 1_024)


def lazy(wire_: Wire, topics: str, after: str = "") -> Any:
    """A socket that reads only when it is asked to, and of which the system keeps little."""
    bare = socket.socket()
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    bare.connect(("127.0.0.1", int(wire_.base.rpartition(":")[2])))
    return wire_.socket(topics, after, html=True, sock=bare, max_queue=1, ping_interval=None, close_timeout=0.1)


async def paused(found: Hub, number: int) -> None:
    async with asyncio.timeout(30):
        while sum(reader.is_paused for reader in found.readers) != number:
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("small_buffers")
async def test_who_stops_reading_falls_behind_alone_and_hears_the_rest_when_it_reads_again(hub_wire: Wire) -> None:
    number = await file_issue(hub_wire.db)
    follower = Follower.at(await hub_wire.cursor(), [f"issue:{number}"])
    async with hub_wire.socket(f"issue:{number}") as quick, lazy(hub_wire, f"issue:{number}") as slow:
        assert (await hear(quick))["t"] == "hello"
        for place in range(60):
            await do_at(now(), hub_wire.db, customers.comment, number, by=CY, body=f"Word {place}. " * 20, via="web")
            async with asyncio.timeout(5):
                assert (await hear(quick))["event"] == "comment.posted"
        await paused(hub_wire.board.hub, 1)
        while follower.by_topic() != await expected(hub_wire, follower):
            follower.take(await hear(slow))
        await paused(hub_wire.board.hub, 0)
        assert len(follower.applied) == 60
        await do_at(now(), hub_wire.db, customers.comment, number, by=CY, body="At last.", via="web")
        while follower.by_topic() != await expected(hub_wire, follower):
            follower.take(await hear(slow))
    assert (follower.gaps, follower.repeats) == (0, 0)


@pytest.mark.usefixtures("small_buffers")
async def test_who_reads_nothing_for_long_is_closed_and_the_others_go_on(
    hub_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STALLED_S", 0.3)
    monkeypatch.setattr(wire, "CLOSING_S", 0.3)
    number = await file_issue(hub_wire.db)
    await hub_wire.cursor()
    async with AsyncExitStack() as stack:
        quick = await stack.enter_async_context(hub_wire.socket(f"issue:{number}"))
        for _ in range(4):
            await stack.enter_async_context(lazy(hub_wire, f"issue:{number}"))
        assert (await hear(quick))["t"] == "hello"
        for place in range(60):
            await do_at(now(), hub_wire.db, customers.comment, number, by=CY, body=f"Word {place}. " * 20, via="web")
            async with asyncio.timeout(5):
                assert (await hear(quick))["event"] == "comment.posted"
        async with asyncio.timeout(10):
            while hub_wire.board.sockets.total() > 1:
                await asyncio.sleep(0.02)
        await do_at(now(), hub_wire.db, customers.comment, number, by=CY, body="Still here.", via="web")
        assert (await hear(quick))["event"] == "comment.posted"


async def farewell(connection: ClientConnection) -> tuple[int | None, float]:
    """The code with which the socket is closed once it has heard goodbye, and when that was."""
    while (await hear(connection))["t"] != "bye":
        pass
    with pytest.raises(ConnectionClosed):
        await hear(connection)
    return connection.close_code, asyncio.get_running_loop().time()


async def test_sockets_leave_in_turn_and_the_process_says_that_it_is_not_ready(
    hub_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "BATCHES", 5)
    assert (await hub_wire.browser().get("/readyz")).status_code == 200
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(hub_wire.socket("board")) for _ in range(10)]
        hub_wire.board.stream.close()
        leaving = [asyncio.create_task(farewell(connection)) for connection in sockets]
        answer = await hub_wire.browser().get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["process"]) == (503, "going away")
        assert not any(task.done() for task in leaving[5:]) or not all(task.done() for task in leaving)
        ends = await asyncio.gather(*leaving)
    assert [code for code, _ in ends] == [4001] * 10
    assert max(at for _, at in ends) - min(at for _, at in ends) > 3 * hub.BATCH_S
    assert_empty(hub_wire.board.hub)


async def test_sockets_are_let_in_one_after_the_other(sqlite_url: str, tmp_path: Path) -> None:
    async with served(sqlite_url, tmp_path, live_accepts=10) as slow, AsyncExitStack() as stack:
        start = asyncio.get_running_loop().time()
        opening = [stack.enter_async_context(slow.socket("board")) for _ in range(5)]
        for connection in await asyncio.gather(*opening):
            assert (await hear(connection))["t"] == "hello"
        assert asyncio.get_running_loop().time() - start >= 0.4


async def test_who_would_wait_for_long_to_be_let_in_is_asked_to_come_back(
    hub_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LONGEST_TURN_S", 0.0)
    hub_wire.board.turns.next = asyncio.get_running_loop().time() + 60
    with pytest.raises(InvalidStatus) as refused:
        async with hub_wire.socket("board"):
            pass
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (503, "5")
    assert not hub_wire.board.sockets


async def test_pings_are_answered_but_count_as_words(hub_wire: Wire) -> None:
    async with hub_wire.socket("board") as connection:
        assert (await hear(connection))["t"] == "hello"
        for _ in range(hub_wire.board.settings.live_messages):
            await (await connection.ping())
        await connection.ping()
        with pytest.raises(ConnectionClosed):
            await hear(connection)
        assert connection.close_code == 4009


async def test_nothing_is_left_of_a_socket_once_it_has_gone(hub_wire: Wire) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3):
            assert (await hear(await stack.enter_async_context(hub_wire.socket("board"))))["t"] == "hello"
        left = [weakref.ref(reader.line.transport.get_protocol()) for reader in hub_wire.board.hub.readers]
        assert len(left) == 3
        gc.collect()
        gc.disable()
    try:
        async with asyncio.timeout(10):
            while any(line() for line in left):
                await asyncio.sleep(0.01)
    finally:
        gc.enable()
    assert_empty(hub_wire.board.hub)


async def test_a_restored_database_resets_everybody(hub_wire: Wire) -> None:
    await file_issue(hub_wire.db)
    await hub_wire.cursor()
    async with hub_wire.socket("board") as one, hub_wire.socket("issue:1") as other:
        for connection in (one, other):
            assert (await hear(connection))["t"] == "hello"
        hub_wire.board.stream.begin_again("another", 0)
        for connection in (one, other):
            assert await hear(connection) == {"t": "reset", "reason": "epoch"}
            await connection.wait_closed()
            assert connection.close_code == 1000
