"""What time does by itself: promises missed, confirmations lapsed."""

from datetime import timedelta

from board.actions import clock, customers, moderators, staff
from board.store import issues
from board.store.database import Database
from tests.cast import ADA, BO, MO, answer, do, do_at, file_issue, issue, kinds, later
from tests.soundness import assert_sound


async def test_a_promise_that_was_not_kept_is_said_to_be_missed(db: Database) -> None:
    number = await file_issue(db)
    await do(db, staff.promise, number, by=BO, due=later(days=1))
    assert await clock.tick(db, later(days=1)) == 0
    assert await clock.tick(db, later(days=1, seconds=1)) == 1
    assert await clock.tick(db, later(days=1, seconds=2)) == 0
    assert (await kinds(db, number))[2:] == ["promise.made", "promise.missed"]
    await assert_sound(db)


async def test_a_resolution_that_nobody_answers_lapses(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, at=later(days=1), resolution="fixed")
    assert await clock.tick(db, later(days=15) - timedelta(seconds=1)) == 0
    assert await clock.tick(db, later(days=15)) == 1
    assert await clock.tick(db, later(days=16)) == 0
    lapsed = await issue(db, number)
    assert (lapsed.state, lapsed.resolution, lapsed.confirmation) == ("closed", "fixed", "lapsed")
    await assert_sound(db)


async def test_what_was_answered_does_not_lapse(db: Database) -> None:
    confirmed, disputed, closed = [await file_issue(db) for _ in range(3)]
    await answer(db, confirmed, resolution="fixed")
    await do(db, customers.confirm, confirmed, by=ADA)
    await answer(db, disputed, resolution="fixed")
    await do(db, customers.dispute, disputed, by=ADA, body="No.")
    await answer(db, closed, resolution="declined")
    assert await clock.tick(db, later(days=400)) == 0
    await assert_sound(db)


async def test_a_disputed_issue_lapses_14_days_after_its_last_resolution(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, resolution="fixed")
    await do_at(later(days=10), db, customers.dispute, number, by=ADA, body="No.")
    await answer(db, number, at=later(days=12), resolution="fixed")
    assert await clock.tick(db, later(days=25)) == 0
    assert await clock.tick(db, later(days=26)) == 1
    await assert_sound(db)


async def test_removed_issues_do_not_keep_others_from_lapsing(db: Database) -> None:
    for _ in range(3):
        removed = await file_issue(db)
        await answer(db, removed, resolution="fixed")
        await do(db, moderators.remove, removed, by=MO, reason="test")
    number = await file_issue(db)
    await answer(db, number, resolution="fixed")
    async with db.reading() as tx:
        assert await issues.due_for_lapse(tx, "9999", limit=3) == [number]
    assert await clock.tick(db, later(days=15)) == 1
    await assert_sound(db)


async def test_a_missed_promise_is_said_of_removed_issues_too(db: Database) -> None:
    number = await file_issue(db)
    await do(db, staff.promise, number, by=BO, due=later(days=1))
    await do(db, moderators.remove, number, by=MO, reason="test")
    assert await clock.tick(db, later(days=2)) == 1
    assert (await kinds(db, number))[-1] == "promise.missed"
    await assert_sound(db)


async def test_one_tick_sees_to_everything_that_is_due(db: Database) -> None:
    for _ in range(3):
        number = await file_issue(db)
        await do(db, staff.promise, number, by=BO, due=later(days=1))
        resolved = await file_issue(db)
        await answer(db, resolved, resolution="answered")
    assert await clock.tick(db, later(days=20)) == 6
    await assert_sound(db)
