"""Acts that share a commit: each stands or falls alone, and what is said to be kept is kept."""

import asyncio
import sqlite3
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from board.store.commits import whole
from board.store.database import LOST, Database
from tests.cast import NOON, file_issue, head, move_in
from tests.postgres import throw_out
from tests.soundness import assert_sound

ACTS = 40


class NoMore(Exception):
    """What an act of these tests fails with."""


async def file_and_fail(db: Database) -> None:
    async with db.writing(NOON) as tx:
        await tx.run("UPDATE head SET epoch = 'spoilt'")
        raise NoMore


async def outcomes(*acts: Any) -> list[Any]:
    return await asyncio.gather(*acts, return_exceptions=True)


async def test_an_act_that_fails_among_others_takes_only_itself_back(db: Database) -> None:
    told = await outcomes(*[file_and_fail(db) if place % 3 == 0 else file_issue(db) for place in range(ACTS)])
    assert [isinstance(one, NoMore) for one in told] == [place % 3 == 0 for place in range(ACTS)]
    assert sorted(one for one in told if isinstance(one, int)) == list(range(1, ACTS - ACTS // 3))
    async with db.reading() as tx:
        assert await tx.value("SELECT epoch FROM head") != "spoilt"
    await assert_sound(db)


@pytest.mark.parametrize("steps", [1, 3, 6, 12, 25, 50, 100])
async def test_those_who_leave_take_nothing_from_those_who_stay(db: Database, steps: int) -> None:
    acts = [asyncio.create_task(file_issue(db)) for _ in range(ACTS)]
    for _ in range(steps):
        await asyncio.sleep(0)
    for act in acts[::2]:
        act.cancel()
    told = await outcomes(*acts)
    kept = [one for one in told if isinstance(one, int)]
    assert all(isinstance(one, int) for one in told[1::2])
    assert len(set(kept)) == len(kept)
    await assert_sound(db)
    assert await file_issue(db) * 2 == await head(db)


async def test_many_acts_are_made_durable_at_once(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    await db.connect()
    await move_in(db)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None) as other:
        seen = set()
        acts = asyncio.gather(*[file_issue(db) for _ in range(ACTS)])
        while not acts.done():
            seen.add(other.execute("SELECT seq FROM head").fetchone()[0])
            await asyncio.sleep(0)
    other.close()
    assert await acts == list(range(1, ACTS + 1))
    assert len(seen) < 5  # states that anybody else ever saw
    await db.disconnect()


async def test_a_full_disk_refuses_clearly_and_nothing_is_half_kept(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    await db.connect()
    await move_in(db)
    async with db.saving() as tx:
        before = await tx.value("PRAGMA max_page_count")
        await tx.run(f"PRAGMA max_page_count = {await tx.value('PRAGMA page_count') + 40}")
    told = await outcomes(*[file_issue(db, body="It leaks. " * 300) for _ in range(ACTS)])
    kept = [one for one in told if isinstance(one, int)]
    assert {type(one) for one in told if not isinstance(one, int)} == {sqlite3.OperationalError}
    assert await head(db) == 2 * len(kept)
    await assert_sound(db)
    async with db.saving() as tx:
        await tx.run(f"PRAGMA max_page_count = {before}")
    assert await file_issue(db) == len(kept) + 1
    await assert_sound(db)
    await db.disconnect()


async def test_a_server_that_goes_away_loses_nothing_that_it_said_yes_to(postgres_url: str) -> None:
    db = Database(postgres_url)
    await db.connect()
    await move_in(db)
    for _ in range(5):
        acts = [asyncio.create_task(file_issue(db)) for _ in range(ACTS)]
        await asyncio.sleep(0.05)
        with suppress(*LOST):
            await throw_out(postgres_url)
        told = await outcomes(*acts)
        assert [one for one in told if not isinstance(one, (int, *LOST))] == []
        await asyncio.sleep(0.1)
        async with db.reading() as tx:
            there = {row["number"] for row in await tx.rows("SELECT number FROM issues")}
        assert {one for one in told if isinstance(one, int)} <= there
    await assert_sound(db)
    await db.disconnect()


async def test_a_transaction_that_was_spoilt_in_silence_is_not_taken_for_kept(postgres_url: str) -> None:
    db = Database(postgres_url)
    await db.connect()
    await move_in(db)
    with pytest.raises(LOST):
        await fail_in_silence(db)
    assert await file_issue(db) == 1
    await db.disconnect()


async def fail_in_silence(db: Database) -> None:
    async with db.writing(NOON) as tx:
        with suppress(asyncpg.PostgresError):
            await tx.run("SELECT 1 / 0")


async def test_whoever_is_cancelled_while_something_is_done_whole_leaves_afterwards() -> None:
    begun, go_on, after = asyncio.Event(), asyncio.Event(), list[str]()

    async def doing() -> None:
        begun.set()
        await go_on.wait()
        after.append("done")

    async def work() -> None:
        await whole(doing())
        after.append("went on")

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert after == ["done"]
