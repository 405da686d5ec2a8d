"""The record in both databases: append-only, chained, its words beside it; and the read model that follows from it."""

from dataclasses import replace
from typing import Any

import pytest

from board.actions import customers, moderators
from board.domain import events as e
from board.domain.leaf import format_time
from board.store import company, record
from board.store.database import Database
from board.store.record import Opening, Redaction
from tests.cast import ADA, BO, CY, MO, NOON, ORIGIN, VKEY, answer, chain, do, do_at, file_issue, head, kinds, later
from tests.domain.past import example
from tests.soundness import assert_sound


async def test_a_new_record_opens_with_its_name_and_key(db: Database) -> None:
    async with db.reading() as tx:
        opened = await record.first(tx)
        assert await record.origin(tx) == ORIGIN
    assert opened
    assert (opened.index, opened.event) == (0, e.LogOpened(spec="board-log-v1", vkey=VKEY))
    assert (opened.board, opened.time, opened.prev) == (ORIGIN, NOON, None)
    await assert_sound(db)


async def test_a_record_is_founded_once(db: Database) -> None:
    async with db.reading() as tx:
        before = await record.head(tx)
    await record.found(db, origin="elsewhere.example/log", vkey="another", at=later(days=1))
    async with db.reading() as tx:
        assert await record.head(tx) == before
        assert await record.origin(tx) == ORIGIN


@pytest.mark.parametrize(
    "statement", ["UPDATE events SET kind = 'x'", "DELETE FROM events", "UPDATE events SET seq = 9 WHERE seq = 1"]
)
async def test_no_event_can_be_changed_or_deleted(db: Database, statement: str) -> None:
    await file_issue(db)
    before = await chain(db, 1)
    with pytest.raises(Exception, match="the record is append-only"):
        async with db.saving() as tx:
            await tx.run(statement)
    assert await chain(db, 1) == before
    await assert_sound(db)


async def test_the_record_cannot_be_truncated(postgres_url: str) -> None:
    db = Database(postgres_url)
    await db.connect()
    with pytest.raises(Exception, match="the record is append-only"):
        async with db.saving() as tx:
            await tx.run("TRUNCATE events")
    await db.disconnect()


async def test_an_event_stands_at_the_next_index_behind_its_issues_last(db: Database) -> None:
    first, second = await file_issue(db), await file_issue(db)
    done = await answer(db, first, at=later(hours=1))
    assert [(r.index, r.name, r.prev) for r in done.events] == [
        (5, "update.posted", 2),
        (6, "issue.acknowledged", 5),
    ]
    assert [r.index for r in await chain(db, second)] == [3, 4]
    async with db.reading() as tx:
        assert (await record.head(tx))[1] == 6
        assert [r.index for r in await record.after(tx, 4, limit=10)] == [5, 6]
        assert [r.index for r in await record.after(tx, -1, limit=2)] == [0, 1]


async def test_where_the_clock_goes_back_the_records_time_stands_still(db: Database) -> None:
    number = await file_issue(db, at=later(hours=2))
    done = await answer(db, number, at=later(hours=1))
    assert {r.time for r in done.events} == {later(hours=2)}
    await assert_sound(db)


async def test_a_refused_act_leaves_nothing_behind(db: Database) -> None:
    number = await file_issue(db)
    before = await head(db)

    async def comment_and_fail() -> None:
        async with db.writing(NOON) as tx:
            await customers.comment(tx, number, by=CY, body="Me too.", via="web")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await comment_and_fail()
    assert await head(db) == before
    await answer(db, number)
    await assert_sound(db)


async def test_words_are_kept_beside_the_record_and_salted_apart(db: Database) -> None:
    await file_issue(db, title="Tea", body="Tea")
    async with db.reading() as tx:
        kept = (await record.openings(tx, 0, 99))[1]
    assert [(o.field, o.value, len(o.salt)) for o in kept] == [
        ("author.name", "Ada", 32),
        ("body", "Tea", 32),
        ("title", "Tea", 32),
    ]
    assert len({o.salt for o in kept}) == 3
    leaf = (await chain(db, 1))[0]
    assert len(set(leaf.commit.values())) == 3
    assert "Tea" not in leaf.leaf


async def test_who_acted_is_kept_privately(db: Database) -> None:
    number = await file_issue(db)
    done = await answer(db, number)
    async with db.reading() as tx:
        kept = await tx.rows("SELECT seq, person FROM actors ORDER BY seq")
    assert kept == [{"seq": r.index, "person": BO.person} for r in done.events]
    assert not any("person" in r.leaf for r in done.events)


def words_held(openings: dict[int, list[Opening]]) -> dict[int, list[str]]:
    return {seq: [opening.value for opening in kept] for seq, kept in openings.items()}


async def test_only_public_words_come_through_the_gate(db: Database) -> None:
    await do(db, hold_all)
    number = await file_issue(db)
    comment = (await do(db, customers.comment, number, by=ADA, body="More of it.", via="web")).index
    assert comment

    async def shown() -> dict[int, list[str]]:
        async with db.reading() as tx:
            all_of_it = await record.openings(tx, 0, 99)
            assert await record.openings_of_issue(tx, number) == all_of_it
            return words_held(all_of_it)

    filing = ["Ada", "I wanted tea. The kettle leaks at the handle.", "The kettle leaks"]
    assert await shown() == {}
    await do(db, moderators.publish, number, by=MO)
    assert await shown() == {1: filing}
    await do(db, moderators.judge_comment, number, by=MO, target=comment, reason=None)
    assert await shown() == {1: filing, comment: ["Ada", "More of it."]}
    await do(db, moderators.remove, number, by=MO, reason="test")
    assert await shown() == {}
    async with db.reading() as tx:
        assert words_held(await record.all_openings(tx, 0, 99)) == {1: filing, comment: ["Ada", "More of it."]}
    await assert_sound(db)


async def hold_all(tx: Any) -> None:
    await company.save(tx, {"moderation": "hold"})


async def test_redacted_words_are_gone_with_their_salt_and_the_leaf_stays(db: Database) -> None:
    number = await file_issue(db)
    before = await chain(db, number)
    done = await do(db, moderators.redact, number, by=MO, target=1, fields=("body",), reason="privacy_request")
    async with db.reading() as tx:
        assert words_held(await record.all_openings(tx, 0, 99)) == {1: ["Ada", "The kettle leaks"]}
        redactions = await record.redactions(tx, 0, 99)
    assert redactions == {1: [Redaction("body", done.events[0].index, "privacy_request")]}
    assert (await chain(db, number))[: len(before)] == before
    await assert_sound(db)


async def test_topics_lead_from_each_event_to_the_one_before(db: Database) -> None:
    first = await file_issue(db)
    second = await file_issue(db, area="returns")
    await answer(db, second, resolution="duplicate", into=first)
    async with db.reading() as tx:
        of_first = [(r.index, prev) for r, prev in await record.of_topic(tx, f"issue:{first}", -1, limit=99)]
        of_area = [(r.index, prev) for r, prev in await record.of_topic(tx, "area:returns", -1, limit=99)]
        assert await record.topics_between(tx, 6, 6) == {6: {"issue:1": 2, "issue:2": 5, "area:returns": 5}}
        assert [r.index for r, _ in await record.of_topic(tx, "area:returns", 4, limit=1)] == [5]
        assert await record.of_topic(tx, "issue:99", -1, limit=9) == []
    assert of_first == [(1, -1), (2, 1), (6, 2)]
    assert of_area == [(3, -1), (4, 3), (5, 4), (6, 5)]


async def prepared(db: Database) -> dict[str, int]:
    """An issue with a comment and an open promise, and the indices of both."""
    number = await file_issue(db)
    comment = await do(db, customers.comment, number, by=CY, body="Me too.", via="web")
    promise = await answer(db, number, promise_due=later(days=1))
    return {"comment": comment.events[0].index, "promise": promise.events[-1].index}


@pytest.mark.parametrize("kind", e.KINDS.values(), ids=e.KINDS)
async def test_every_kind_of_event_is_appended_folded_and_applied(db: Database, kind: type[e.Event]) -> None:
    places = await prepared(db)
    target = places["promise"] if kind.__name__.startswith("Promise") else places["comment"]
    number, due = 2 if kind is e.IssueFiled else 1, format_time(later(days=9))
    changes: dict[str, Any] = {"issue": number, "target": target, "due": due}
    event = example(kind)
    event = replace(event, **{name: value for name, value in changes.items() if hasattr(event, name)})
    async with db.writing(later(hours=1)) as tx:
        (written,) = await record.append(tx, [event], BO)
    assert written.index == await head(db)
    await assert_sound(db)


async def test_a_long_day_of_one_issue_is_sound(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, at=later(hours=1), state="waiting_on_customer", promise_due=later(days=2))
    await do_at(later(hours=3), db, customers.comment, number, by=ADA, body="It is at the handle.", via="web")
    await do_at(later(hours=4), db, customers.correct, number, by=ADA, target=1, words={"title": "Leaky handle"})
    await answer(db, number, at=later(days=3), resolution="workaround")
    await do_at(later(days=4), db, customers.dispute, number, by=ADA, body="It drips.")
    await answer(db, number, at=later(days=5), resolution="fixed")
    await do_at(later(days=6), db, customers.confirm, number, by=ADA, body="Thanks!", grade=4)
    assert (await kinds(db, number))[-3:] == ["update.posted", "issue.resolved", "issue.confirmed"]
    await assert_sound(db)
