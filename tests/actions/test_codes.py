"""Codes of an app: each is good once, five misses close the door for a while, and recovery codes open it once."""

import asyncio

import pyotp
import pytest

from board import sealing
from board.actions import codes
from board.actions.codes import LOCKED_MS, RECOVERY_CODES, TRIES
from board.store import credentials, people
from board.store.database import Database
from tests.cast import BO, MO

BOX = sealing.box(b"a secret of the tests", "codes")
NOW_MS = 1_800_000_000_000
STEP_MS = 30_000
PERSON = BO.person or 0


async def begun(db: Database) -> pyotp.TOTP:
    """The app of Bo, with a key that is not confirmed yet."""
    async with db.saving() as tx:
        await codes.begin(tx, PERSON, box=BOX)
        bo = await people.by_id(tx, PERSON)
        assert bo
        address = await codes.address(tx, bo, box=BOX, company="Tea & Co")
    app = pyotp.parse_uri(str(address))
    assert isinstance(app, pyotp.TOTP)
    assert (app.name, app.issuer) == ("bo@board.example", "Tea & Co")
    return app


async def confirmed(db: Database) -> tuple[pyotp.TOTP, list[str]]:
    app = await begun(db)
    recovery = await confirm(db, at(app, NOW_MS - 10 * STEP_MS), NOW_MS - 10 * STEP_MS)
    assert recovery
    return app, recovery


async def confirm(db: Database, typed: str, now_ms: int = NOW_MS) -> list[str] | None:
    async with db.saving() as tx:
        return await codes.confirm(tx, PERSON, typed, box=BOX, now_ms=now_ms)


async def fits(db: Database, typed: str, now_ms: int = NOW_MS, person: int = PERSON) -> bool:
    async with db.saving() as tx:
        return await codes.check(tx, person, typed, box=BOX, now_ms=now_ms)


def at(app: pyotp.TOTP, now_ms: int) -> str:
    return app.at(now_ms // 1000)


async def test_an_app_counts_once_its_first_code_was_typed(db: Database) -> None:
    app = await begun(db)
    assert await confirm(db, "000000") is None
    async with db.reading() as tx:
        assert not await credentials.has_strong(tx, PERSON)
    recovery = await confirm(db, at(app, NOW_MS))
    assert recovery
    assert len(set(recovery)) == RECOVERY_CODES
    async with db.reading() as tx:
        bo = await people.by_id(tx, PERSON)
        assert bo
        assert await codes.address(tx, bo, box=BOX, company="Tea") is None
        assert await credentials.has_strong(tx, PERSON)
    assert await confirm(db, at(app, NOW_MS + STEP_MS), NOW_MS + STEP_MS) is None


async def test_a_code_is_good_once_and_earlier_ones_no_more(db: Database) -> None:
    app, _ = await confirmed(db)
    before, now, after = (at(app, NOW_MS + shift) for shift in (-STEP_MS, 0, STEP_MS))
    assert await fits(db, f" {now[:3]} {now[3:]} ")
    assert not await fits(db, now)
    assert not await fits(db, before)
    assert await fits(db, after)
    assert not await fits(db, at(app, NOW_MS + 3 * STEP_MS))
    assert not await fits(db, at(app, NOW_MS), person=MO.person or 0)


async def test_of_the_same_code_at_once_one_counts(db: Database) -> None:
    app, _ = await confirmed(db)
    assert sorted(await asyncio.gather(*[fits(db, at(app, NOW_MS)) for _ in range(4)])) == [False, False, False, True]


async def test_five_misses_close_it_for_a_quarter_of_an_hour(db: Database) -> None:
    app, recovery = await confirmed(db)
    for _ in range(TRIES):
        assert not await fits(db, "000000")
    assert not await fits(db, at(app, NOW_MS))
    assert not await fits(db, recovery[0])
    later = NOW_MS + LOCKED_MS
    assert await fits(db, at(app, later), later)


async def test_a_recovery_code_opens_once(db: Database) -> None:
    _, recovery = await confirmed(db)
    assert await fits(db, recovery[3].lower())
    assert not await fits(db, recovery[3])
    async with db.reading() as tx:
        assert await credentials.recovery_codes_left(tx, PERSON) == RECOVERY_CODES - 1


async def test_a_confirmed_key_is_replaced_only_after_it_was_removed(db: Database) -> None:
    app, _ = await confirmed(db)
    async with db.saving() as tx:
        await codes.begin(tx, PERSON, box=BOX)
    assert await fits(db, at(app, NOW_MS))
    async with db.saving() as tx:
        await credentials.remove_code_key(tx, PERSON)
    assert not await fits(db, at(app, NOW_MS + STEP_MS), NOW_MS + STEP_MS)
    assert (await begun(db)).secret != app.secret


async def test_neither_the_key_nor_a_recovery_code_stands_in_the_database(db: Database) -> None:
    app, recovery = await confirmed(db)
    async with db.reading() as tx:
        kept = str(await tx.rows("SELECT * FROM code_keys")) + str(await tx.rows("SELECT * FROM recovery_codes"))
    assert app.secret not in kept
    assert recovery[0].replace("-", "") not in kept


def test_what_is_sealed_opens_in_its_place_only() -> None:
    sealed = BOX.seal("words", "place 1")
    assert BOX.open(sealed, "place 1") == "words"
    assert BOX.open(sealed, "place 2") is None
    assert sealing.box(b"a secret of the tests", "another purpose").open(sealed, "place 1") is None
    assert sealing.box(b"another secret", "codes").open(sealed, "place 1") is None
    assert BOX.seal("words", "place 1") != sealed


@pytest.mark.parametrize("typed", ["", "x" * 9_999, "\ud800", "٠١٢٣٤٥", "-", "000000\n000000"])
async def test_no_typing_breaks_it(db: Database, typed: str) -> None:
    await confirmed(db)
    assert not await fits(db, typed)
