"""Many at once: the order of the record has no gaps and is the order of commits, for every reader; one act wins."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from board.actions.acting import Done
from board.errors import Conflict
from board.store.database import Database
from board.stream import Stream
from tests.cast import answer, file_issue, head, issue, kinds
from tests.soundness import assert_sound

ROOT = Path(__file__).parents[2]
AFTERWARDS = ("comment", "update", "reopen", "assign", "move", "correct", "thank")
PROCESSES, WRITERS, COMMENTS, FOLLOWERS = 4, 5, 8, 3


@asynccontextmanager
async def streaming(url: str) -> AsyncIterator[Stream]:
    """A stream as another process would have it: on connections of its own."""
    db = Database(url)
    await db.connect()
    stream = Stream(db)
    await stream.start()
    pump = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        await db.disconnect()


async def follow(url: str, *, after: int, until: int) -> list[int]:
    """The events that a reader of issue 1 is given, up to `until`."""
    seen: list[int] = []
    async with streaming(url) as stream:
        async for progress in stream.follow(after, frozenset({"issue:1"})):
            seen += [happening.seq for happening in progress.happenings]
            if progress.upto >= until:
                return seen
    return seen


async def write(url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.writer", url, str(WRITERS), str(COMMENTS)), cwd=ROOT
    )
    assert await process.wait() == 0


async def test_twenty_writers_in_four_processes_leave_no_gap_that_a_follower_could_miss(db: Database) -> None:
    await file_issue(db)
    last = 2 + PROCESSES * WRITERS * COMMENTS
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        readers = [group.create_task(follow(db.url, after=2, until=last)) for _ in range(FOLLOWERS)]
        for _ in range(PROCESSES):
            group.create_task(write(db.url))
    assert await head(db) == last
    assert [reader.result() for reader in readers] == [list(range(3, last + 1))] * FOLLOWERS
    await assert_sound(db)


async def test_of_ten_who_resolve_at_once_one_does_and_the_others_learn_it(db: Database) -> None:
    number = await file_issue(db)
    others = [Database(db.url) for _ in range(4)]
    for other in others:
        await other.connect()
    outcomes = await asyncio.gather(
        *[answer(each, number, resolution="fixed") for each in (db, *others) * 2], return_exceptions=True
    )
    for other in others:
        await other.disconnect()
    assert sum(isinstance(outcome, Done) for outcome in outcomes) == 1
    refused = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert len(refused) == 9
    assert {each.allowed for each in refused} == {AFTERWARDS}
    assert (await kinds(db, number)).count("issue.resolved") == 1
    assert (await issue(db, number)).state == "resolved"
    await assert_sound(db)
