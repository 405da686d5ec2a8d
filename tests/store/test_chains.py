"""Issues that are remembered are those that the record tells of."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from board.actions import customers
from board.domain import clocks
from board.domain.issue import Issue, fold
from board.domain.people import STRANGER
from board.store import chains, company, record
from board.store.chains import Timed
from board.store.database import Database
from board.store.folded import Folded
from tests.cast import NOON, file_issue, issue

ISSUES = 3


class NoMore(Exception):
    """What an act of these tests fails with."""


async def comment(db: Database, number: int, *, fails: bool = False) -> None:
    async with db.writing(NOON) as tx:
        await customers.comment(tx, number, by=STRANGER, body="Mine, too.", via="api")
        if fails:
            raise NoMore


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, ISSUES), st.booleans()), max_size=12))
async def test_what_is_remembered_is_what_the_chain_tells(db: Database, acts: list[tuple[int, bool]]) -> None:
    for _ in range(ISSUES):
        await file_issue(db)
    told = await asyncio.gather(*[comment(db, number, fails=fails) for number, fails in acts], return_exceptions=True)
    assert [isinstance(one, NoMore) for one in told] == [fails for _, fails in acts]
    async with db.writing(NOON) as tx:
        for number in range(1, ISSUES + 1):
            assert await chains.issue(tx, number) == fold(await record.of_issue(tx, number))


async def read_clock(db: Database, folded: Folded[Timed]) -> None:
    async with db.reading() as tx:
        timed, chain = await chains.timed(tx, 1, folded), await record.of_issue(tx, 1)
    assert timed
    assert (timed.clock, timed.events, timed.last) == (clocks.read(chain), len(chain), chain[-1].index)


async def test_a_clock_is_read_on_from_where_it_was_read(db: Database) -> None:
    folded: Folded[Timed] = Folded()
    await file_issue(db)
    await read_clock(db, folded)
    await comment(db, 1)
    await read_clock(db, folded)
    await read_clock(db, folded)


async def test_a_clock_forgets_what_was_never_kept(db: Database) -> None:
    folded: Folded[Timed] = Folded()
    await file_issue(db)
    async with db.writing(NOON) as tx:
        await customers.comment(tx, 1, by=STRANGER, body="Mine, too.", via="api")
        timed = await chains.timed(tx, 1, folded)
    assert timed
    folded.keep(replace(timed, last_hash=b"of an event that was taken back"))
    await comment(db, 1)
    await read_clock(db, folded)


async def test_an_issue_that_was_never_kept_is_not_remembered(db: Database) -> None:
    await file_issue(db)
    with pytest.raises(NoMore):
        await comment(db, 1, fails=True)
    async with db.writing(NOON) as tx:
        assert await chains.issue(tx, 2) is None
    await comment(db, 1)
    assert len((await issue(db, 1)).texts) == 2


async def test_the_issues_asked_for_lately_are_remembered(db: Database) -> None:
    folded: Folded[Issue] = Folded(most=2)
    for _ in range(3):
        folded.keep(await issue(db, await file_issue(db)))
    assert [folded.get(number) is not None for number in (1, 2, 3)] == [False, True, True]


async def test_acts_that_share_the_pen_see_the_settings_that_one_of_them_has_changed(db: Database) -> None:
    async def rename(name: str) -> None:
        async with db.saving() as tx:
            await company.save(tx, {"name": name})

    async def called() -> str:
        async with db.writing(NOON) as tx:
            return (await company.read(tx)).name

    async def rename_and_read(name: str) -> str:
        async with db.writing(NOON) as tx:
            await company.read(tx)
            await company.save(tx, {"name": name})
            return (await company.read(tx)).name

    assert list(await asyncio.gather(called(), rename_and_read("One"), called())) == ["This company", "One", "One"]
    await rename("Two")
    assert await called() == "Two"
