"""What customer and company tell each other alone: sealed at rest, each reading noted, deleted when it is old."""

from datetime import timedelta
from typing import Any

import pytest

from board import sealing
from board.actions import privately
from board.domain.people import Actor
from board.errors import Invalid, NotAllowed, NotFound
from board.store import company, private
from board.store.database import Database
from tests.cast import ADA, BO, CY, LINKS, MO, NOON, answer, do, file_issue, head, say

BOX = sealing.box(b"a secret of the tests", privately.PURPOSE)


async def tell(db: Database, number: int, words: str, *, by: Actor = ADA) -> None:
    await do(db, privately.tell, number, by=by, words=words, box=BOX, now_ms=1_000)


async def test_private_words_are_sealed_and_open_for_both_sides(db: Database) -> None:
    number, before = await file_issue(db), await head(db)
    await tell(db, number, "Order 4711, ring 0171 5550100")
    given: dict[str, Any] = {"words": "Thank you.", "box": BOX, "links": LINKS, "say": say}
    await do(db, privately.answer, number, by=BO, **given)
    assert await head(db) == before
    async with db.saving() as tx:
        kept = str(await tx.rows("SELECT * FROM private_words"))
        told = await privately.read(tx, number, by=BO, box=BOX, now_ms=2_000)
        readings = await private.readings(tx, number)
    assert "4711" not in kept
    assert "Thank" not in kept
    assert [(t.by_filer, t.name, t.text) for t in told] == [
        (True, None, "Order 4711, ring 0171 5550100"),
        (False, "Bo", "Thank you."),
    ]
    assert readings == [{"name": "Bo", "times": 1, "last_ms": 2_000}]


async def test_each_reading_by_staff_is_noted_and_the_filers_own_is_not(db: Database) -> None:
    number = await file_issue(db)
    await tell(db, number, "Order 4711")
    async with db.saving() as tx:
        for at, by in enumerate((BO, MO, ADA, BO)):
            await privately.read(tx, number, by=by, box=BOX, now_ms=at)
        assert {row["name"]: row["times"] for row in await private.readings(tx, number)} == {"Bo": 2, "Mo": 1}


async def test_nobody_else_reads_or_writes_them(db: Database) -> None:
    number = await file_issue(db)
    with pytest.raises(NotAllowed):
        await tell(db, number, "I am in between.", by=CY)
    async with db.saving() as tx:
        with pytest.raises(NotAllowed):
            await privately.read(tx, number, by=CY, box=BOX, now_ms=0)
    with pytest.raises(Invalid):
        await tell(db, number, "  ")
    with pytest.raises(NotFound):
        await tell(db, 99, "Hello?")


async def test_words_of_one_issue_do_not_open_at_another(db: Database) -> None:
    first, second = await file_issue(db), await file_issue(db)
    await tell(db, first, "Order 4711")
    async with db.saving() as tx:
        await tx.run("UPDATE private_words SET issue = :second", second=second)
        assert [told.text for told in await privately.opened(tx, second, BOX)] == ["(sealed with another key)"]


async def test_they_are_deleted_when_the_issue_is_settled_for_as_long_as_the_company_says(db: Database) -> None:
    settled, still_open = await file_issue(db), await file_issue(db)
    for number in (settled, still_open):
        await tell(db, number, "Order 4711")
    await answer(db, settled, resolution="fixed")
    counts = []
    for days in (90, 91):
        async with db.saving() as tx:
            await privately.forget_settled(tx, NOON + timedelta(days=days, seconds=-1))
            counts.append([len(await private.of_issue(tx, number)) for number in (settled, still_open)])
    assert counts == [[1, 1], [0, 1]]
    async with db.saving() as tx:
        await company.save(tx, {"private_days": 0})
        await privately.forget_settled(tx, NOON + timedelta(days=9999))
        assert len(await private.of_issue(tx, still_open)) == 1
