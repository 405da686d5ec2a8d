"""The main story: Ada files, Bo answers and resolves, Ada confirms."""

from board.actions import customers
from board.store.database import Database
from tests.cast import ADA, answer, do_at, file_issue, issue, kinds, later
from tests.soundness import assert_sound


async def test_an_issue_is_filed_answered_resolved_and_confirmed(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, at=later(hours=2), body="We look into it.", promise_due=later(days=1))
    await answer(db, number, at=later(hours=20), body="We sent a new kettle.", resolution="made_right")
    await do_at(later(days=2), db, customers.confirm, number, by=ADA, body="Thank you!", grade=5)
    assert await kinds(db, number) == [
        "issue.filed",
        "issue.published",
        "update.posted",
        "issue.acknowledged",
        "promise.made",
        "promise.kept",
        "update.posted",
        "issue.resolved",
        "issue.confirmed",
    ]
    assert (await issue(db, number)).confirmation == "confirmed"
    await assert_sound(db)
