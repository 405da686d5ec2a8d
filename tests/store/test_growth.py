"""What is kept so that a growing board costs no more: sums, indexes, and searches that stop."""

import importlib.util
from types import ModuleType
from typing import Any, Literal

import pytest

from board.actions import moderators
from board.domain.medians import step
from board.store import issues, news, own_data, search, tallies
from board.store.database import Database, Tx, migrations_folder
from board.store.issues import SORTS, STATES, Wanted
from tests.cast import MO, answer, do, file_issue
from tests.soundness import assert_sound, rebuilt_differently
from tests.store.test_issues import in_every_state

ENDS: tuple[Literal["oldest", "new"], ...] = ("oldest", "new")
NOW = "2026-03-02T18:00:00Z"


class Planned(Tx):
    """Answers each query with how SQLite would go about it."""

    plans: list[str]

    async def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        self.plans += [row["detail"] for row in await super().rows(f"EXPLAIN QUERY PLAN {sql}", **values)]
        return []


async def planned(db: Database) -> Planned:
    async with db.reading() as tx:
        plan = Planned.__new__(Planned)
        plan.__dict__ |= {**tx.__dict__, "plans": []}
        return plan


def migration(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("migration", migrations_folder() / "versions" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fills_of_migrations() -> list[str]:
    """The statements by which migrations sum up what is there."""
    texts = [migration(name).STATEMENTS.strip().split(";\n") for name in ("0007_growth", "0020_widget")]
    fills = [statement for text in texts for statement in text if statement.startswith(("UPDATE", "INSERT"))]
    return [statement for statement in fills if not statement.startswith("INSERT INTO tallies (stage")]


async def test_the_migrations_make_the_same_of_a_board_as_the_record(db: Database) -> None:
    await in_every_state(db)
    async with db.saving() as tx:
        await tx.run("UPDATE issues SET stage = ''")
        for table in ("tallies", "moderated", "first_answers"):
            await tx.run(f"DELETE FROM {table}")
    assert await rebuilt_differently(db) != []
    widget = migration("0020_widget")
    async with db.saving() as tx:
        for statement in fills_of_migrations():
            await tx.run(statement)
        for values in widget.counted([tuple(row.values()) for row in await tx.rows(widget.ANSWERED)]):
            await tx.run(widget.COUNT, **values)
    assert await rebuilt_differently(db) == []


async def test_sums_follow_every_issue_and_every_decision(db: Database) -> None:
    first, second = await file_issue(db), await file_issue(db)
    await answer(db, first, resolution="fixed")
    await do(db, moderators.remove, second, by=MO, reason="spam")
    async with db.reading() as tx:
        assert +await tallies.by_stage(tx) == {"resolved": 1, "removed": 1}
        assert +await tallies.by_stage(tx, unanswered=True) == {"removed": 1}
        assert +await tallies.by_stage(tx, area="service") == {"resolved": 1, "removed": 1}
        assert +await tallies.by_stage(tx, area="returns") == {}
        assert await tallies.first_answers(tx) == {step(0): 1}
        assert await tallies.moderation(tx) == [
            {"month": "2026-03", "kind": "issue.removed", "reason": "spam", "number": 1}
        ]
    await assert_sound(db)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_no_list_reads_the_whole_table(db: Database) -> None:
    plan = await planned(db)
    for state in STATES:
        for sort in SORTS:
            for area in (None, "service"):
                wanted = Wanted(state=state, sort=sort, area=area, after=("0", 1))
                await issues.listed(plan, wanted, NOW)
    for queue in issues.QUEUES:
        await issues.queued(plan, queue, Wanted(sort="oldest"), person=1, now=NOW)
    for areas in ((), ("service", "returns")):
        await issues.filed_between(plan, NOW, NOW, stages=issues.SETTLED, areas=areas, limit=1)
    await issues.due_for_lapse(plan, NOW, limit=1)
    await issues.due_for_missing(plan, NOW, limit=1)
    await issues.waiting_for_customers(plan, after=NOW, until=NOW)
    assert len(plan.plans) > 500
    assert [step for step in plan.plans if step.startswith("SCAN issues")] == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_no_feed_reads_the_whole_record(db: Database) -> None:
    plan = await planned(db)
    for walk in (news.of_board(plan), news.of_issue(plan, 1), news.of_issues(plan, [1, 2, 3])):
        await walk
    await news.entered(plan, [1, 2])
    await news.removal(plan, 1)
    await news.redactions(plan, [1, 2])
    assert len(plan.plans) > 15
    assert {step for step in plan.plans if "SCAN" in step} == {f"SCAN of_issue_{number}" for number in (1, 2, 3)}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_an_area_at_a_glance_is_read_by_indexes(db: Database) -> None:
    plan = await planned(db)
    for sort in ENDS:
        await issues.unanswered(plan, ["service", "returns"], sort)
    await issues.stage_counts(plan, "service")
    await tallies.first_answers(plan, "service")
    searches = [step for step in plan.plans if "issues_unanswered_by_area (area=?)" in step]
    assert len(searches) == 4
    assert [step for step in plan.plans if step.startswith("SCAN issues")] == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_whose_words_are_whose_is_found_by_indexes(db: Database) -> None:
    plan = await planned(db)
    await own_data.posted_by(plan, b"mark", "ada@example.com")
    assert [step for step in plan.plans if step.startswith("SEARCH posts")] != []
    assert [step for step in plan.plans if step.startswith("SCAN posts")] == []


async def numbers(db: Database, text: str, *, oldest: bool = False) -> list[int]:
    async with db.reading() as tx:
        return sorted(await search.found(tx, text, oldest=oldest))


async def test_of_very_many_that_hold_a_word_the_newest_are_looked_through(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in ("kettle", "kettle", "teapot", "kettle", "kettles", "kettle"):
        await file_issue(db, title=f"My {title}", body="It leaks.")
    assert await numbers(db, "kettle") == [1, 2, 4, 5, 6]
    for name, value in {"LOOKED_THROUGH": 2, "ENOUGH": 2, "NEAR": 1, "FAR": 3}.items():
        monkeypatch.setattr(search, name, value)
    assert await numbers(db, "kettle") == [5, 6]
    assert await numbers(db, "kettle", oldest=True) == [1, 2]
    assert await numbers(db, "teapot") == [3]
    assert await numbers(db, "teapo", oldest=True) == [3]


async def test_a_rare_word_counts_for_more_than_a_frequent_one(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        await file_issue(db, title="Parcel", body="It never arrived.")
    rare = await file_issue(db, title="Whistle", body="Mine is silent.")
    for _ in range(5):
        await file_issue(db, title="Parcel", body="It never arrived.")
    for sample in (500, 4):  # with 4, the rare one is behind what is looked at first
        monkeypatch.setattr(search, "SAMPLE", sample)
        async with db.reading() as tx:
            found = await search.similar(tx, "my parcel has no whistle", limit=2)
        assert found == [rare, 11]
