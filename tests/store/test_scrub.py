"""Erased words leave SQLite's full-text index: at once where it is small, else step by step, whatever happens."""

import asyncio
from pathlib import Path

import pytest

from board import app
from board.actions import moderators
from board.store import scrub
from board.store.database import Database, sqlite_file
from tests.cast import MO, chain, do, file_issue, move_in
from tests.soundness import assert_sound
from tests.web import site as sites

SECRET, OTHER = "quetzalcoatl", "xochipilli"


def are_in(url: str, *words: str) -> list[bool]:
    """Which of the words are in the database's file, or in those beside it."""
    file = sqlite_file(url) or Path()
    kept = b"".join(each.read_bytes() for each in file.parent.iterdir() if each.name.startswith(file.name))
    return [word.encode() in kept for word in words]


def many(beginning: str, number: int) -> str:
    """Words of which the index is full."""
    return " ".join(f"{beginning}{place}" for place in range(number))


async def opened(url: str) -> Database:
    db = Database(url)
    await db.connect()
    return db


async def erase(db: Database, number: int) -> None:
    filed = (await chain(db, number))[0].index
    await do(db, moderators.redact, number, by=MO, target=filed, fields=("body",), reason="privacy_request")


async def test_of_a_large_board_they_leave_step_by_step_after_a_crash_too(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrub, "AT_ONCE", 1)
    monkeypatch.setattr(scrub, "A_STEP", 1)
    db = await opened(sqlite_url)
    await move_in(db)
    first, second = [await file_issue(db, body=f"{word} knows, {many('a', 400)}") for word in (SECRET, OTHER)]
    for place in range(12):
        await file_issue(db, body=many(f"a{place}b", 400))
    await erase(db, first)
    await db.disconnect()
    assert are_in(sqlite_url, SECRET) == [True]
    db = await opened(sqlite_url)
    assert await scrub.go_on(db)
    await erase(db, second)  # while the words of the first are on their way out
    steps = 0
    while await scrub.go_on(db):
        steps += 1
        if steps < 5:
            await file_issue(db, body=many(f"b{steps}c", 100))
    assert steps > 3
    assert are_in(sqlite_url, SECRET, OTHER) == [False, False]
    assert not await scrub.go_on(db)
    await assert_sound(db)
    await db.disconnect()


async def test_of_a_small_one_they_leave_at_once(sqlite_url: str) -> None:
    db = await opened(sqlite_url)
    await move_in(db)
    for place in range(30):
        await file_issue(db, body=f"Issue {place} is about tea.")
    number = await file_issue(db, body=f"{SECRET} knows.")
    assert are_in(sqlite_url, SECRET) == [True]
    await erase(db, number)
    assert are_in(sqlite_url, SECRET) == [False]
    assert not await scrub.go_on(db)
    await db.disconnect()


async def test_the_board_that_leads_does_it_by_itself(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AT_ONCE", "A_STEP"):
        monkeypatch.setattr(scrub, name, 1)
    monkeypatch.setattr(app, "SCRUB_EVERY_S", 0.01)
    await sites.furnish(sqlite_url)
    async with sites.opened(sites.settings_for(sqlite_url, tmp_path)) as site:
        number = await file_issue(site.db, body=f"{SECRET} knows, {many('a', 400)}")
        for place in range(8):
            await file_issue(site.db, body=many(f"a{place}b", 400))
        await erase(site.db, number)
        async with asyncio.timeout(20):
            while are_in(sqlite_url, SECRET) == [True]:
                await asyncio.sleep(0.05)
