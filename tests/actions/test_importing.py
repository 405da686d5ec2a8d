"""Conversations from elsewhere become issues: with their own times, once, area by area."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from board.actions import clock, customers, demo, importing, moderators
from board.domain import events as e
from board.domain import finds
from board.domain.conversations import Conversation, read
from board.errors import Conflict, Invalid
from board.store import company, entries, intake, issues, moderation
from board.store.database import Database
from tests.cast import ADA, MO, NOON, chain, do, do_at, head, later
from tests.soundness import assert_sound


def said(place: int, by: str, text: str, **more: Any) -> dict[str, Any]:
    """The message at a place: an hour after the one before, from half past five on the first of April."""
    return {"by": by, "name": by.title(), "at": f"2020-04-01T{17 + place}:31:32Z", "text": text, **more}


TALK = [
    said(0, "customer", "@Kettles My kettle leaks. What now?"),
    said(1, "staff", "Which one is it?"),
    said(2, "customer", "The red one."),
    said(3, "staff", "A new one is coming."),
]


def line(*messages: dict[str, Any], until: datetime | None = None, **changes: Any) -> Conversation:
    whole = {"source": "twitter", "source_id": "c1", "area": "Kettles", "messages": messages or TALK, **changes}
    found = read(json.dumps(whole), until=until)
    assert found
    return found


async def listed(db: Database) -> list[dict[str, Any]]:
    async with db.reading() as tx:
        return await issues.behind(tx, 0, limit=99)


async def test_a_conversation_becomes_an_issue_with_its_answers(db: Database) -> None:
    assert len((await do(db, importing.bring_in, line())).new) == 4
    then = {"via": "import", "issue": 1}
    assert [r.event for r in await chain(db, 1)] == [
        e.IssueFiled(area="kettles", occurred="2020-04-01T17:31:32Z", **then),  # type: ignore[arg-type]
        e.IssuePublished(issue=1),
        e.UpdatePosted(occurred="2020-04-01T18:31:32Z", **then),  # type: ignore[arg-type]
        e.IssueAcknowledged(issue=1, occurred="2020-04-01T18:31:32Z"),
        e.CommentPosted(occurred="2020-04-01T19:31:32Z", target=2, **then),  # type: ignore[arg-type]
        e.UpdatePosted(occurred="2020-04-01T20:31:32Z", **then),  # type: ignore[arg-type]
        e.IssueResolved(issue=1, resolution="answered", occurred="2020-04-01T20:31:32Z"),
    ]
    assert {r.time for r in await chain(db, 1)} == {NOON}
    (issue,) = await listed(db)
    assert (issue["title"], issue["author"], issue["area"]) == ("My kettle leaks. What now?", "Customer", "kettles")
    assert (issue["filed_at"], issue["first_answer_at"]) == ("2020-04-01T17:31:32Z", "2020-04-01T18:31:32Z")
    assert (issue["state"], issue["resolution"], issue["imported"]) == ("resolved", "answered", 1)
    assert (issue["settled_at"], issue["settled_time"]) == ("2020-04-01T20:31:32Z", "2026-03-02T12:00:00Z")
    await assert_sound(db)


async def test_an_import_again_adds_nothing(db: Database) -> None:
    assert len((await do(db, importing.bring_in, line())).new) == 4
    before = await head(db)
    assert len((await do_at(later(days=1), db, importing.bring_in, line())).new) == 0
    assert await head(db) == before
    await assert_sound(db)


async def test_what_was_said_since_is_added(db: Database) -> None:
    assert len((await do(db, importing.bring_in, line(until=datetime(2020, 4, 1, 18, tzinfo=UTC)))).new) == 1
    assert len((await do(db, importing.bring_in, line(until=datetime(2020, 4, 1, 20, tzinfo=UTC)))).new) == 2
    assert [issue["state"] for issue in await listed(db)] == ["acknowledged"]
    assert len((await do(db, importing.bring_in, line())).new) == 1
    assert [issue["state"] for issue in await listed(db)] == ["resolved"]
    async with db.reading() as tx:
        bodies = [entry["body"] for entry in await entries.of_issue(tx, 1) if entry["body"]]
    assert bodies == ["Which one is it?", "The red one.", "A new one is coming."]
    await assert_sound(db)


async def test_a_conversation_that_ends_with_the_customer_stays_open(db: Database) -> None:
    await do(db, importing.bring_in, line(*TALK[:3]))
    assert [issue["state"] for issue in await listed(db)] == ["acknowledged"]
    await do(db, importing.bring_in, line(*TALK[:1], source_id="c2"))
    assert [issue["state"] for issue in await listed(db)] == ["acknowledged", "new"]
    await assert_sound(db)


async def test_a_resolution_may_be_given(db: Database) -> None:
    await do(db, importing.bring_in, line(resolution="declined"))
    assert [(issue["state"], issue["resolution"]) for issue in await listed(db)] == [("closed", "declined")]
    await assert_sound(db)


async def test_a_greeting_before_the_customers_first_word_answers_nothing(db: Database) -> None:
    greeting = said(0, "staff", "Hello! We are here to help.")
    assert len((await do(db, importing.bring_in, line(greeting, said(1, "customer", "My kettle leaks.")))).new) == 1
    (issue,) = await listed(db)
    assert (issue["filed_at"], issue["first_answer_at"]) == ("2020-04-01T18:31:32Z", None)
    await assert_sound(db)


async def test_areas_are_made_as_needed_and_shared(db: Database) -> None:
    for number, area in enumerate(["Kettles", "Tea & Co", "kettles"]):
        await do(db, importing.bring_in, line(source_id=str(number), area=area))
    async with db.reading() as tx:
        areas = [(area.slug, area.name) for area in await company.areas(tx)]
    assert areas[2:] == [("kettles", "Kettles"), ("tea-co", "Tea & Co")]
    assert [issue["area"] for issue in await listed(db)] == ["kettles", "tea-co", "kettles"]
    await assert_sound(db)


async def test_conversations_are_told_apart_by_source_and_id(db: Database) -> None:
    for source, source_id in [("twitter", "c1"), ("mail", "c1"), ("twitter", "c2"), ("twitter", "c1/0")]:
        assert len((await do(db, importing.bring_in, line(source=source, source_id=source_id))).new) == 4
    assert len(await listed(db)) == 4
    async with db.reading() as tx:
        assert await intake.issue_of_source(tx, "mail", "c1") == 2
        assert await intake.source_of_issue(tx, 2) == "mail"
    await assert_sound(db)


async def test_a_message_from_the_future_is_refused(db: Database) -> None:
    late = line(said(0, "customer", "Soon.", at="2026-03-02T12:00:01Z"))
    with pytest.raises(Invalid):
        await do(db, importing.bring_in, late)
    assert await listed(db) == []
    assert len((await do_at(later(seconds=1), db, importing.bring_in, late)).new) == 1


async def test_what_a_moderator_removed_takes_no_more_words(db: Database) -> None:
    await do(db, importing.bring_in, line(*TALK[:3]))
    await do(db, moderators.remove, 1, by=MO, reason="privacy_request")
    with pytest.raises(Conflict):
        await do(db, importing.bring_in, line())
    await assert_sound(db)


async def test_an_imported_issue_lives_on(db: Database) -> None:
    await do(db, importing.bring_in, line())
    await do_at(later(days=1), db, customers.dispute, 1, by=ADA, body="It never came.")
    assert [(issue["state"], issue["reopened"]) for issue in await listed(db)] == [("in_progress", 1)]
    await assert_sound(db)


async def test_an_imported_resolution_lapses_after_its_recording(db: Database) -> None:
    await do(db, importing.bring_in, line())
    assert await clock.tick(db, later(days=13)) == 0
    assert await clock.tick(db, later(days=14)) == 1
    await assert_sound(db)


PHONE = "+49 170 1234567"
PRIVATE = [
    said(0, "customer", f"Call {PHONE}, my kettle leaks."),
    said(1, "staff", f"Do you mean {PHONE}?"),
    said(2, "customer", "Yes."),
    said(3, "customer", f"Nobody called {PHONE}."),
]


async def bring(db: Database, finds: importing.Finds, *messages: dict[str, Any]) -> tuple[str | None, list[Any]]:
    """What is told of the finds in an import, and what everybody reads of the first issue then."""
    whole = {"source": "twitter", "source_id": "c1", "area": "Kettles", "messages": messages or PRIVATE}
    tally = importing.Tally()
    await importing.bring_line(db, json.dumps(whole).encode(), tally, at=NOON, until=None, finds=finds)
    async with db.reading() as tx:
        row = await issues.find(tx, 1)
        filed = await entries.one(tx, row["filed_seq"]) if row else None
        assert row
        assert filed
        shown = [e["body"] for e in await entries.of_issue(tx, 1) if e["body"]]
    is_public = row["visibility"] == "public"
    await assert_sound(db)
    return tally.of_finds(finds), [row["title"], filed["body"], *shown] if is_public else shown


async def test_what_looks_private_in_an_import_is_masked(db: Database) -> None:
    assert await bring(db, "mask") == (
        "3 texts hold what looks private. Marks stand in their place. Issues: #1.",
        [
            "Call [phone number removed], my kettle leaks",
            "Call [phone number removed], my kettle leaks.",
            "Do you mean [phone number removed]?",
            "Yes.",
            "Nobody called [phone number removed].",
        ],
    )
    assert (await bring(db, "mask"))[0] is None


async def test_what_looks_private_in_an_import_waits_for_a_look_where_it_is_to_be_held(db: Database) -> None:
    told, shown = await bring(db, "hold")
    assert told == (
        "3 texts hold what looks private. The customers' texts wait for a moderator;"
        " in the company's, marks stand in their place. Issues: #1."
    )
    assert shown == ["Do you mean [phone number removed]?", "Yes."]
    async with db.reading() as tx:
        waits = [(row["kind"], row["body"], row["why"]) for row in await moderation.waiting(tx)]
    assert waits == [
        ("issue.filed", f"Call {PHONE}, my kettle leaks.", "finds"),
        ("comment.posted", f"Nobody called {PHONE}.", "finds"),
    ]
    await do(db, moderators.publish, 1, by=MO)


async def test_what_looks_private_in_an_import_is_published_where_that_is_said(db: Database) -> None:
    told, shown = await bring(db, "publish")
    assert told == "3 texts hold what looks private. Everybody reads them. Issues: #1."
    assert f"Nobody called {PHONE}." in shown


async def test_names_and_given_titles_of_an_import_are_masked_too(db: Database) -> None:
    whole = {"source": "chat", "source_id": "c1", "area": "A", "title": f"Of {PHONE}", "messages": [
        said(0, "customer", "Hello.") | {"name": "ada@home.example"}]}  # fmt: skip
    tally = importing.Tally()
    await importing.bring_line(db, json.dumps(whole).encode(), tally, at=NOON, until=None, finds="mask")
    (issue,) = await listed(db)
    assert (issue["title"], issue["author"]) == ("Of [phone number removed]", "[e-mail address removed]")
    assert (tally.texts, tally.issues) == (1, {1})


def test_the_demonstration_holds_nothing_that_looks_private() -> None:
    def texts(of: Any) -> Iterator[str]:
        match of:
            case str():
                yield of
            case dict() | list():
                for one in of.values() if isinstance(of, dict) else of:
                    yield from texts(one)

    made = json.loads(demo.SET.read_text(encoding="utf-8"))
    assert [text for text in texts(made) if finds.find(text)] == []
