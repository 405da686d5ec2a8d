"""Making everything anew from the record: nothing differs, whatever was changed behind its back is told and mended."""

from typing import Any

import pytest

from board.actions import customers, moderators, staff
from board.store import intake, issues, rebuild
from board.store.database import Database
from tests.cast import ADA, BO, CY, MO, NOON, answer, do, do_at, file_issue, later
from tests.soundness import assert_sound, rebuilt_differently


async def lived_in(db: Database) -> None:
    """A board with some life in it, public and private."""
    first, second = await file_issue(db, name=""), await file_issue(db, email="ada@example.com")
    await answer(db, first, promise_due=later(days=1))
    await do(db, customers.comment, first, by=CY, body="Mine too.", via="web")
    await do(db, customers.correct, first, by=ADA, target=1, words={"title": "It leaks"})
    await do(db, customers.mine_too, first, voter=b"one")
    assert MO.person
    await do(db, staff.assign, first, by=BO, person=MO.person)
    async with db.saving() as tx:
        wish = await intake.follow(tx, issue=first, email="cy@example.com", now_ms=0)
        await customers.confirm_follow(tx, wish.id, 1)
    await answer(db, second, resolution="duplicate", into=first)
    await do(db, moderators.redact, first, by=MO, target=1, fields=("body",), reason="test")


async def mend(db: Database) -> list[str]:
    async with db.writing(NOON) as tx:
        return await rebuild.compare(tx)


async def everything(db: Database) -> dict[str, list[dict[str, Any]]]:
    async with db.reading() as tx:
        return {
            "issues": await issues.behind(tx, 0, limit=99),
            "entries": await tx.rows("SELECT * FROM entries ORDER BY seq"),
            "topics": await tx.rows("SELECT * FROM topics ORDER BY topic, seq"),
            "search": await tx.rows("SELECT title, body FROM search ORDER BY title, body"),
        }


async def test_a_board_made_anew_is_the_same(db: Database) -> None:
    await lived_in(db)
    before = await everything(db)
    assert await mend(db) == []
    assert await everything(db) == before
    first = before["issues"][0]
    assert (first["owner_person"], first["followers"], first["mine_too"]) == (MO.person, 1, 1)
    await assert_sound(db)


async def test_a_comparison_may_be_taken_back(db: Database) -> None:
    await lived_in(db)
    async with db.saving() as tx:
        await tx.run("UPDATE issues SET state = 'closed' WHERE number = 1")
    before = await everything(db)
    for _ in range(2):
        assert await rebuilt_differently(db) == ["issue 1: state was 'closed', the record says 'acknowledged'"]
    assert await everything(db) == before


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE issues SET title = 'All is well', comments = 9 WHERE number = 1",
            ["issue 1: title was 'All is well', the record says 'It leaks'; comments was 9, the record says 1"],
        ),
        ("DELETE FROM issues WHERE number = 2", ["issue 2 was missing"]),
        (
            "UPDATE entries SET body = NULL WHERE seq = 5",
            ["the entry of event 5: body was None, the record says 'We look.'"],
        ),
        ("DELETE FROM entries WHERE seq = 5", ["the entry of event 5 was missing"]),
        ("DELETE FROM topics WHERE topic = 'issue:1' AND seq = 5", ["the place in topic issue:1 5 was missing"]),
        (
            "UPDATE topics SET prev = 0 WHERE topic = 'issue:1' AND seq = 5",
            ["the place in topic issue:1 5: prev was 0, the record says 2"],
        ),
        (
            "INSERT INTO topics (topic, seq, prev) VALUES ('issue:9', 1, -1)",
            ["the place in topic issue:9 1 is not in the record"],
        ),
        (
            "UPDATE search SET title = 'x' WHERE title = 'It leaks'",
            ["what is found of issue 1: title was 'x', the record says 'It leaks'"],
        ),
    ],
)
async def test_a_change_behind_the_records_back_is_told_and_mended(
    db: Database, statement: str, told: list[str]
) -> None:
    await lived_in(db)
    before = await everything(db)
    async with db.saving() as tx:
        await tx.run(statement)
    assert await mend(db) == told
    after = await everything(db)
    if "issues WHERE number = 2" in statement:  # what was private of a lost row cannot be known
        before["issues"], after["issues"] = before["issues"][:1], after["issues"][:1]
    assert after == before
    await assert_sound(db)


async def test_differences_are_told_in_bounded_number_and_length(db: Database) -> None:
    for _ in range(rebuild.MOST):
        await file_issue(db)
    async with db.saving() as tx:
        await tx.run("UPDATE issues SET title = :title", title="x" * 5_000)
        await tx.run("DELETE FROM topics")
    told = await rebuilt_differently(db)
    assert len(told) == rebuild.MOST
    assert max(map(len, told)) < 300


async def test_a_record_longer_than_a_batch_is_replayed_whole(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "BATCH", 4)
    await lived_in(db)
    assert await mend(db) == []
    await assert_sound(db)


async def test_a_new_board_is_the_same_too(db: Database) -> None:
    assert await mend(db) == []
    await do_at(later(days=1), db, customers.mine_too, await file_issue(db), voter=b"x")
    assert await mend(db) == []
