"""One process leads, and another soon takes over from a leader that is gone, cut off or silent; never two at a time."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from board.store import hearing
from board.store.database import AWAY, Database
from board.store.hearing import listening
from board.store.leading import Leading
from tests import hole
from tests.cast import file_issue, move_in
from tests.postgres import throw_out

PATIENCE_S = 5.0


class Office:
    """What leaders do, by their names; `most` is how many did it at once."""

    def __init__(self) -> None:
        self.now: list[str] = []
        self.most = 0

    async def work(self, name: str) -> None:
        self.now.append(name)
        self.most = max(self.most, len(self.now))
        try:
            await asyncio.sleep(60)
        finally:
            self.now.remove(name)

    async def led_by(self, *names: str) -> None:
        """Waits until one of those leads."""
        async with asyncio.timeout(PATIENCE_S):
            while not set(self.now) & set(names):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def candidate(url: str, office: Office, name: str) -> AsyncIterator["asyncio.Task[None]"]:
    """A process that would lead; the task may be cancelled."""
    db = Database(url)
    await db.connect()
    task = asyncio.create_task(Leading(db).run(lambda: office.work(name)))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await db.disconnect()


async def test_one_of_three_leads_and_another_takes_over_when_it_ends(url: str) -> None:
    office = Office()
    async with candidate(url, office, "first") as first:
        await office.led_by("first")
        async with candidate(url, office, "second"), candidate(url, office, "third"):
            await asyncio.sleep(1.2)
            assert office.now == ["first"]
            first.cancel()
            await office.led_by("second", "third")
    assert office.most == 1


async def test_a_leader_whose_connection_is_lost_stops_before_another_begins(postgres_url: str) -> None:
    office = Office()
    async with candidate(postgres_url, office, "first"), candidate(postgres_url, office, "second"):
        await office.led_by("first", "second")
        await throw_out(postgres_url)
        async with asyncio.timeout(PATIENCE_S):
            while office.now:
                await asyncio.sleep(0.001)
        await office.led_by("first", "second")
    assert office.most == 1


async def test_a_leader_that_falls_silent_stops_and_another_takes_over_in_five_seconds(postgres_url: str) -> None:
    office = Office()
    with tempfile.TemporaryDirectory() as folder:
        async with hole.to_postgres(postgres_url, Path(folder)) as way, candidate(way.url, office, "far"):
            await office.led_by("far")
            async with candidate(postgres_url, office, "near"):
                way.shut()
                await office.led_by("near")
                way.open()
                await asyncio.sleep(1.5)
                assert office.now == ["near"]
    assert office.most == 1


async def test_whoever_waits_for_a_silent_database_is_told_soon_and_all_goes_on_when_it_answers(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PULSE_S", 0.5)
    monkeypatch.setattr("board.store.database.CONNECT_S", 0.5)
    with tempfile.TemporaryDirectory() as folder:
        async with hole.to_postgres(postgres_url, Path(folder)) as way:
            db = Database(way.url)
            await db.connect()
            await move_in(db)
            async with listening(db):
                await asyncio.sleep(0.2)
                way.shut()
                began = monotonic()
                told = await asyncio.gather(*[file_issue(db) for _ in range(30)], return_exceptions=True)
                assert monotonic() - began < 5
                assert all(isinstance(one, AWAY) for one in told)
                began = monotonic()
                assert isinstance((await asyncio.gather(file_issue(db), return_exceptions=True))[0], AWAY)
                assert monotonic() - began < 0.1
                way.open()
                async with asyncio.timeout(5):
                    while db.is_away:
                        await asyncio.sleep(0.05)
                assert await file_issue(db) == 1
            await db.disconnect()
