"""Resuming by cursor is exact: cut anywhere, again and again, while events flow, nothing is missed or applied twice."""

import asyncio
import random
from typing import Any

import pytest

from board import stream
from board.actions import customers, staff
from board.web.session import now
from tests.cast import BO, CY, do_at, file_issue
from tests.web.site import Site
from tests.web.wire import Follower, Frame, Wire, hear

TOPICS = {"issue": "issue:1", "area": "area:service", "board": "board", "many": "board,issue:1,issue:2,area:returns"}
ROUNDS = 6


@pytest.fixture(params=[2_000, 3], ids=["from memory", "from the record"])
def memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many events the stream keeps in memory; the others it reads from the record."""
    monkeypatch.setattr(stream, "TAIL", request.param)


async def write(wire: Wire) -> None:
    """Things that happen on three issues: words, moves between areas, joining and parting."""
    dice = random.Random(7)
    for _ in range(ROUNDS):
        number, area = dice.randint(1, 3), dice.choice(["service", "returns"])
        await do_at(now(), wire.db, customers.comment, number, by=CY, body="A word.", via="web")
        await asyncio.sleep(dice.random() / 100)
        await do_at(now(), wire.db, staff.move, number, by=BO, area=area)
        await do_at(now(), wire.db, staff.merge, 3, by=BO, into=dice.randint(1, 2), body="The same.", via="web")
        await asyncio.sleep(dice.random() / 100)
        await do_at(now(), wire.db, staff.split, 3, by=BO, body="Not the same.")


async def follow(wire: Wire, follower: Follower, writing: "asyncio.Task[None]", *, by_sse: bool) -> None:
    """Reads a few frames, is cut off and comes back, until the writing is over and everything is there."""
    dice, topics, place = random.Random(11), ",".join(follower.cursors), follower.cursor
    while not writing.done() or follower.by_topic() != await expected(wire, follower):
        # A browser's EventSource comes back with the last id that it was given, whatever the page has applied.
        opened: Any = wire.events(topics, place) if by_sse else wire.socket(topics, follower.cursor)
        async with opened as connection:
            assert (await hear(connection))["t"] == "hello"
            for _ in range(dice.randint(1, 6)):
                if frame := await soon(connection):
                    follower.take(frame)
        place = connection.place or place if by_sse else ""


async def soon(connection: Any) -> Frame | None:
    """The next frame, None where none comes."""
    try:
        async with asyncio.timeout(0.1):
            return await hear(connection)
    except TimeoutError:
        return None


async def expected(wire: Site, follower: Follower) -> dict[str, list[int]]:
    """The indices of each topic's events behind the start, from the database itself."""
    found = {}
    for topic in follower.cursors:
        sql = "SELECT seq FROM topics WHERE topic = :topic AND seq > :seq ORDER BY seq"
        if topic == "board":
            sql = "SELECT seq FROM events WHERE seq > :seq AND 'board' = :topic ORDER BY seq"
        async with wire.db.reading() as tx:
            found[topic] = [row["seq"] for row in await tx.rows(sql, topic=topic, seq=follower.start)]
    return found


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("by_sse", [False, True], ids=["socket", "sse"])
@pytest.mark.parametrize("topics", TOPICS)
async def test_a_follower_that_is_cut_off_again_and_again_applies_every_event_once(
    wire: Wire, topics: str, by_sse: bool
) -> None:
    for _ in range(3):
        await file_issue(wire.db)
    follower = Follower.at(await wire.cursor(), TOPICS[topics].split(","))
    writing = asyncio.create_task(write(wire))
    async with asyncio.timeout(60):
        await follow(wire, follower, writing, by_sse=by_sse)
    assert follower.by_topic() == await expected(wire, follower)
    assert follower.gaps == 0
    if topics != "many":  # where a cut falls between the frames of one event, the first of them comes again
        assert follower.repeats == 0


async def test_a_cut_between_the_frames_of_one_event_loses_none_of_them(quick_wire: Wire) -> None:
    number = await file_issue(quick_wire.db)
    start = await quick_wire.cursor()
    await do_at(now(), quick_wire.db, customers.comment, number, by=CY, body="A word.", via="web")
    topics = f"board,issue:{number},area:service"
    for read in (1, 2, 3):
        async with quick_wire.events(topics, start) as events:
            frames = [await hear(events) for _ in range(read + 1)]
        async with quick_wire.events(topics, headers={"Last-Event-ID": events.place or start}) as events:
            await hear(events)
            while (frame := await soon(events)) is not None:
                frames.append(frame)
        assert {frame["topic"] for frame in frames if frame["t"] == "event"} == set(topics.split(","))
