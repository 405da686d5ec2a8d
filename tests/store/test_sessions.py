"""Sessions: how long they last, what their owner sees of them, and what stays of them when they are renewed."""

import pytest

from board.store import people
from board.store.database import Database
from board.store.people import DAY_MS, HOUR_MS
from tests.cast import BO, MO, file_issue


async def new(db: Database, *, person: int | None = None, email: str | None = None, now_ms: int = 0) -> str:
    async with db.saving() as tx:
        return await people.new_session(tx, person=person, email=email, now_ms=now_ms, browser="Firefox, Linux")


async def lives(db: Database, secret: str, now_ms: int) -> bool:
    async with db.reading() as tx:
        return await people.session(tx, secret, now_ms) is not None


@pytest.mark.parametrize(
    ("person", "idle", "end"), [(BO.person, 12 * HOUR_MS, 7 * DAY_MS), (None, 30 * DAY_MS, 90 * DAY_MS)]
)
async def test_a_session_ends_unused_and_in_any_case(db: Database, person: int | None, idle: int, end: int) -> None:
    secret = await new(db, person=person, email=None if person else "ada@home.example")
    assert await lives(db, secret, idle - 1)
    assert not await lives(db, secret, idle)
    async with db.saving() as tx:
        for now_ms in range(0, end, idle - 1):
            found = await people.session(tx, secret, now_ms)
            assert found
            await people.note_use(tx, found.token_hash, now_ms)
    assert await lives(db, secret, end - 1)
    assert not await lives(db, secret, end)
    assert not await lives(db, "another", 0)


async def test_whoever_is_signed_in_sees_their_own_sessions_only(db: Database) -> None:
    here, there = await new(db, person=BO.person), await new(db, person=BO.person, now_ms=5)
    await new(db, person=MO.person)
    await new(db, email="bo@board.example")
    async with db.reading() as tx:
        found = await people.session(tx, here, 9)
        assert found
        listed = await people.sessions_like(tx, found, 9)
    assert [one.token_hash for one in listed] == [people.hashed(there), people.hashed(here)]
    assert {one.browser for one in listed} == {"Firefox, Linux"}
    assert len({one.mark for one in listed}) == 2


async def test_a_browser_that_is_nobodys_sees_itself(db: Database) -> None:
    secret = await new(db)
    await new(db)
    async with db.reading() as tx:
        found = await people.session(tx, secret, 0)
        assert found
        assert await people.sessions_like(tx, found, 0) == [found]


async def test_a_renewed_session_has_another_secret_and_the_same_rights(db: Database) -> None:
    number, secret = await file_issue(db), await new(db, person=BO.person)
    async with db.saving() as tx:
        await people.grant(tx, people.hashed(secret), number)
        renewed = await people.renew_session(tx, people.hashed(secret), 7)
        assert await people.session(tx, secret, 7) is None
        found = await people.session(tx, renewed, 7)
        assert found
        assert (found.created_ms, found.proved_ms, found.person and found.person.id) == (0, 7, BO.person)
        assert await people.is_granted(tx, found, number)


async def test_sessions_that_are_over_are_cleared_away_with_their_grants(db: Database) -> None:
    number, secret = await file_issue(db), await new(db)
    async with db.saving() as tx:
        await people.grant(tx, people.hashed(secret), number)
    later = await new(db, now_ms=31 * DAY_MS)
    async with db.reading() as tx:
        rows = await tx.rows("SELECT token_hash FROM sessions")
        assert [bytes(row["token_hash"]) for row in rows] == [people.hashed(later)]
        assert await tx.rows("SELECT * FROM grants") == []


async def test_a_session_is_kept_as_a_hash(db: Database) -> None:
    secret = await new(db, person=BO.person)
    async with db.reading() as tx:
        assert secret not in str(await tx.rows("SELECT * FROM sessions"))
