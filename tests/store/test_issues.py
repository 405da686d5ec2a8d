"""Lists of issues: filters, queues, sorts, and pages that show every row once."""

from typing import Any

import pytest

from board.actions import customers, moderators, staff
from board.store import company, issues
from board.store.database import Database
from board.store.issues import SORTS, STATES, Wanted
from board.store.projection import WORD_LENGTH
from tests.cast import ADA, BO, MO, answer, do, do_at, file_issue, later

NOW = "2026-03-02T18:00:00Z"


async def pages(db: Database, wanted: Wanted) -> list[int]:
    """The numbers of all rows, page after page, each page by the last row of the one before."""
    found: list[int] = []
    after: tuple[Any, int] | None = None
    column = SORTS[wanted.sort][0]
    async with db.reading() as tx:
        while True:
            rows = await issues.listed(tx, Wanted(**{**wanted.__dict__, "after": after}), NOW)
            page = rows[: wanted.limit]
            found += [row["number"] for row in page]
            if len(rows) <= wanted.limit:
                return found
            after = (page[-1][column], page[-1]["number"])


async def many(db: Database, count: int) -> None:
    """Issues that share filing times and votes, in two areas."""
    for place in range(count):
        number = await file_issue(
            db,
            at=later(minutes=place // 4),
            title=f"Kettle number {place}",
            area="service" if place % 3 else "returns",
        )
        for voter in range(place % 3):
            await do_at(later(minutes=place // 4), db, customers.mine_too, number, voter=bytes([voter]))
    await answer(db, 3, at=later(hours=1))


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("asked", [{}, {"area": "service"}, {"text": "kettle"}])
async def test_pages_show_every_row_once_in_the_order_asked_for(db: Database, sort: str, asked: dict[str, Any]) -> None:
    await many(db, 23)
    async with db.reading() as tx:
        whole = await issues.listed(tx, Wanted(sort=sort, limit=100, **asked), NOW)
    numbers = [row["number"] for row in whole]
    column, order = SORTS[sort]
    keys = [(row[column], row["number"]) for row in whole]
    assert keys == sorted(keys, reverse=order == "DESC")
    assert len(numbers) == (15 if "area" in asked else 23)
    for limit in (1, 4, 5, 23):
        assert await pages(db, Wanted(sort=sort, limit=limit, **asked)) == numbers


async def in_every_state(db: Database) -> dict[str, int]:
    """One issue for each state that an issue can be in, by a name."""
    numbers = {
        name: await file_issue(db)
        for name in (
            "new",
            "answered",
            "waiting",
            "cured",
            "confirmed",
            "disputed",
            "declined",
            "removed",
            "mine",
            "returned",
        )
    }
    await answer(db, numbers["answered"])
    await answer(db, numbers["waiting"], state="waiting_on_customer")
    for name in ("cured", "confirmed", "disputed"):
        await answer(db, numbers[name], resolution="fixed")
    await do(db, customers.confirm, numbers["confirmed"], by=ADA)
    await do(db, customers.dispute, numbers["disputed"], by=ADA, body="No.")
    await answer(db, numbers["declined"], resolution="declined")
    await do(db, moderators.remove, numbers["removed"], by=MO, reason="test")
    assert BO.person
    await do(db, staff.assign, numbers["mine"], by=MO, person=BO.person)
    await do(db, staff.move, numbers["returned"], by=BO, area="returns")
    return numbers


EXPECTED = {
    "open": {"new", "answered", "waiting", "disputed", "mine", "returned"},
    "company": {"new", "answered", "disputed", "mine", "returned"},
    "customer": {"waiting"},
    "overdue": {"new", "mine"},
    "cured": {"cured", "confirmed"},
    "confirmed": {"confirmed"},
    "disputed": {"disputed"},
    "closed": {"confirmed", "declined"},
    "all": {"new", "answered", "waiting", "cured", "confirmed", "disputed", "declined", "mine", "returned"},
}
QUEUED = {
    "mine": {"mine"},
    "unanswered": {"new", "mine", "returned"},
    "overdue": {"new", "mine"},
    "waiting": {"waiting", "cured"},
    "disputed": {"disputed"},
    "private": set(),
    "held": {"held"},
    "all": {"new", "answered", "waiting", "disputed", "mine", "returned"},
}


async def test_every_filter_holds_its_issues_and_says_how_many(db: Database) -> None:
    names = {number: name for name, number in (await in_every_state(db)).items()}
    async with db.reading() as tx:
        found = {
            state: {names[row["number"]] for row in await issues.listed(tx, Wanted(state=state), NOW)}
            for state in STATES
        }
        counted = await issues.counts(tx, NOW)
    assert found == EXPECTED
    assert counted == {state: len(each) for state, each in EXPECTED.items()}


async def test_every_queue_holds_its_issues_and_says_how_many(db: Database) -> None:
    numbers = await in_every_state(db)
    async with db.saving() as tx:
        await company.save(tx, {"moderation": "hold"})
    names = {number: name for name, number in {**numbers, "held": await file_issue(db)}.items()}
    assert BO.person
    async with db.reading() as tx:
        found = {
            queue: {names[row["number"]] for row in await issues.queued(tx, queue, Wanted(), person=BO.person, now=NOW)}
            for queue in issues.QUEUES
        }
        counted = await issues.queue_counts(tx, person=BO.person, now=NOW)
    assert found == QUEUED
    assert counted == {queue: len(each) for queue, each in QUEUED.items()}


async def test_an_empty_board_counts_nothing(db: Database) -> None:
    async with db.reading() as tx:
        assert await issues.counts(tx, NOW) == dict.fromkeys(STATES, 0)
        assert await issues.queue_counts(tx, person=1, now=NOW) == dict.fromkeys(issues.QUEUES, 0)
        assert await issues.listed(tx, Wanted(), NOW) == []
        assert await issues.next_number(tx) == 1


async def test_issues_are_given_by_number_in_the_order_asked_for(db: Database) -> None:
    for _ in range(4):
        await file_issue(db)
    await do(db, moderators.remove, 2, by=MO, reason="test")
    async with db.reading() as tx:
        assert [row["number"] for row in await issues.by_number(tx, [4, 2, 99, 1])] == [4, 1]
        assert await issues.by_number(tx, []) == []


async def test_the_last_public_word_is_shown_shortened(db: Database) -> None:
    number = await file_issue(db, body="**Tea** " + "and kettles " * 40)
    async with db.reading() as tx:
        row = await issues.find(tx, number)
        assert await issues.find(tx, 99) is None
    assert row
    assert row["last_word"].startswith("Tea and kettles")
    assert len(row["last_word"]) <= WORD_LENGTH
    assert row["last_word"].endswith("…")
    assert (row["last_word_seq"], row["last_word_role"], row["last_word_name"]) == (1, "customer", "Ada")
