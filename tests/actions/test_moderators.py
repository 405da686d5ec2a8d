"""What moderators do: show or withhold, remove and restore, and take words out of sight, of search and of the file."""

from pathlib import Path
from typing import Any

import pytest

from board.actions import customers, moderators, staff
from board.domain import events as e
from board.domain.people import Actor
from board.errors import Conflict, Invalid, NotAllowed, NotFound
from board.store import company, entries, issues, record
from board.store.database import Database, sqlite_file
from board.store.issues import Wanted
from tests.cast import ADA, BO, CY, MO, ROOT, answer, do, file_issue, head, later, move_in
from tests.soundness import assert_sound

SECRET = "Xylophone-Quetzalcoatl"


async def hold(db: Database) -> None:
    async with db.saving() as tx:
        await company.save(tx, {"moderation": "hold"})


async def row(db: Database, number: int) -> dict[str, Any]:
    async with db.reading() as tx:
        found = await issues.find(tx, number)
    assert found
    return found


async def shown(db: Database, number: int) -> list[str]:
    """The kinds in the public timeline."""
    async with db.reading() as tx:
        return [entry["kind"] for entry in await entries.of_issue(tx, number)]


async def found(db: Database, text: str) -> list[int]:
    async with db.reading() as tx:
        return [issue["number"] for issue in await issues.listed(tx, Wanted(state="all", text=text), "")]


async def comment(db: Database, number: int, *, by: Actor = CY, body: str = "Mine too.") -> int:
    done = await do(db, customers.comment, number, by=by, body=body, via="web")
    return done.events[0].index


@pytest.mark.parametrize("by", [MO, ROOT])
async def test_a_held_issue_is_shown(db: Database, by: Actor) -> None:
    await hold(db)
    number = await file_issue(db)
    assert await found(db, "kettle") == []
    done = await do(db, moderators.publish, number, by=by)
    assert [r.event for r in done.events] == [e.IssuePublished(issue=1, role="moderator")]
    assert (await row(db, number))["visibility"] == "public"
    assert await found(db, "kettle") == [number]
    await assert_sound(db)


async def test_a_held_issue_is_thrown_away_with_a_reason_and_still_counted(db: Database) -> None:
    await hold(db)
    number = await file_issue(db)
    done = await do(db, moderators.reject, number, by=MO, reason="spam")
    assert [r.event for r in done.events] == [e.IssueRejected(issue=1, reason="spam")]
    rejected = await row(db, number)
    assert (rejected["visibility"], rejected["reason"]) == ("removed", "spam")
    assert await found(db, "kettle") == []
    assert await file_issue(db) == 2
    await assert_sound(db)


async def test_a_removed_issue_is_not_found_until_it_is_restored(db: Database) -> None:
    number = await file_issue(db)
    await do(db, moderators.remove, number, by=MO, reason="court_order")
    removed = await row(db, number)
    assert (removed["visibility"], removed["reason"]) == ("removed", "court_order")
    assert await found(db, "kettle") == []
    with pytest.raises(Conflict, match="Issue 1 is removed"):
        await answer(db, number)
    await do(db, moderators.restore, number, by=MO)
    assert ((await row(db, number))["visibility"], (await row(db, number))["reason"]) == ("public", None)
    assert await found(db, "kettle") == [number]
    await assert_sound(db)


async def test_a_held_comment_is_shown_or_not(db: Database) -> None:
    await hold(db)
    number = await file_issue(db)
    await do(db, moderators.publish, number, by=MO)
    first, second = await comment(db, number, body="Wonderful"), await comment(db, number, body="Terrible")
    assert await shown(db, number) == ["issue.held"]
    done = await do(db, moderators.judge_comment, number, by=MO, target=first, reason=None)
    assert [r.event for r in done.events] == [e.CommentPublished(issue=1, target=first)]
    done = await do(db, moderators.judge_comment, number, by=MO, target=second, reason="abuse")
    assert [r.event for r in done.events] == [e.CommentRejected(issue=1, target=second, reason="abuse")]
    assert await shown(db, number) == ["issue.held", "comment.posted"]
    assert ((await row(db, number))["comments"], (await row(db, number))["last_word"]) == (1, "Wonderful")
    assert (await found(db, "wonderful"), await found(db, "terrible")) == ([number], [])
    await assert_sound(db)


async def test_redacted_words_leave_every_place_that_the_public_reads(db: Database) -> None:
    number = await file_issue(db, title=f"About {SECRET}", name=SECRET, body=f"I met {SECRET} there.")
    spoken = await comment(db, number, body=f"{SECRET} again")
    await do(db, customers.correct, number, by=ADA, target=1, words={"body": f"I met {SECRET} then."})
    assert await found(db, "quetzalcoatl") == [number]
    done = await do(
        db,
        moderators.redact,
        number,
        by=MO,
        target=1,
        fields=("title", "body", "author.name"),
        reason="third_party_privacy",
    )
    assert [r.event for r in done.events] == [
        e.TextRedacted(issue=1, target=1, fields=("author.name", "body", "title"), reason="third_party_privacy"),
        e.TextRedacted(issue=1, target=4, fields=("body",), reason="third_party_privacy"),
    ]
    await do(db, moderators.redact, number, by=MO, target=spoken, fields=("body",), reason="third_party_privacy")
    assert await found(db, "quetzalcoatl") == []
    async with db.reading() as tx:
        tables = ("issues", "entries", "openings", "search")
        assert SECRET not in str([await tx.rows(f"SELECT * FROM {table}") for table in tables])
        assert {o.value for kept in (await record.all_openings(tx, 0, 99)).values() for o in kept} == {"Cy"}
    stub = await row(db, number)
    assert (stub["title"], stub["author"], stub["last_word"]) == (None, None, None)
    await assert_sound(db)


async def test_redacted_words_are_nowhere_in_the_file(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    await db.connect()
    await move_in(db)
    for place in range(30):
        await file_issue(db, body=f"Issue {place} is about tea and kettles.")
    number = await file_issue(db, title=f"About {SECRET}", body=f"I met {SECRET} there. " * 300)
    assert in_file(sqlite_url, SECRET)
    await do(db, moderators.redact, number, by=MO, target=61, fields=("title", "body"), reason="privacy_request")
    assert not in_file(sqlite_url, SECRET)
    assert not in_file(sqlite_url, "quetzalcoatl")
    await db.disconnect()
    assert not in_file(sqlite_url, SECRET)


def in_file(url: str, word: str) -> bool:
    """Whether the word is in the database's file, or in those beside it."""
    file = sqlite_file(url)
    assert file
    kept = [each for each in Path(file).parent.iterdir() if each.name.startswith(file.name)]
    return any(word.encode() in each.read_bytes() for each in kept)


async def test_only_the_words_that_are_named_are_taken_out(db: Database) -> None:
    number = await file_issue(db)
    await do(db, moderators.redact, number, by=MO, target=1, fields=("author.name",), reason="author_request")
    stub = await row(db, number)
    assert (stub["title"], stub["author"]) == ("The kettle leaks", None)
    await assert_sound(db)


async def test_a_corrected_text_is_redacted_in_every_wording(db: Database) -> None:
    number = await file_issue(db)
    for body in (f"First {SECRET}", f"Second {SECRET}"):
        await do(db, customers.correct, number, by=ADA, target=1, words={"body": body})
    await do(db, moderators.redact, number, by=MO, target=1, fields=("body",), reason="abuse")
    async with db.reading() as tx:
        assert SECRET not in str(await tx.rows("SELECT value FROM openings"))
        first = await entries.one(tx, 1)
    assert first
    assert first["body"] is None
    await assert_sound(db)


async def test_where_one_wording_is_redacted_the_one_before_is_shown(db: Database) -> None:
    number = await file_issue(db)
    index = (await do(db, customers.correct, number, by=ADA, target=1, words={"title": SECRET})).index
    assert index
    await do(db, moderators.redact, number, by=MO, target=index, fields=("title",), reason="abuse")
    assert (await row(db, number))["title"] == "The kettle leaks"
    await assert_sound(db)


async def test_every_kind_of_words_can_be_redacted(db: Database) -> None:
    number = await file_issue(db)
    assert MO.person
    assigned = (await do(db, staff.assign, number, by=BO, person=MO.person)).events[0].index
    closed = (await answer(db, number, resolution="not_ours", whose="Acme Ltd")).events[-1].index
    await do(db, staff.reopen, number, by=BO, body="It is ours.")
    await answer(db, number, resolution="fixed")
    confirmed = (await do(db, customers.confirm, number, by=ADA, body="Thanks", grade=4)).events[0].index
    for target, field in [(assigned, "owner.name"), (closed, "whose"), (confirmed, "grade"), (confirmed, "body")]:
        await do(db, moderators.redact, number, by=MO, target=target, fields=(field,), reason="test")
        await assert_sound(db)
    assert (await row(db, number))["owner"] is None
    async with db.reading() as tx:
        kept = [await entries.one(tx, seq) for seq in (closed, confirmed)]
    assert [(each["whose"], each["grade"], each["body"]) for each in kept if each] == [
        ("other", None, None),
        (None, None, None),
    ]


async def test_what_is_not_there_is_not_redacted(db: Database) -> None:
    number, other = await file_issue(db), await file_issue(db)
    for target in (2, 3, 99):
        with pytest.raises(NotFound):
            await do(db, moderators.redact, number, by=MO, target=target, fields=("body",), reason="spam")
    with pytest.raises(Invalid):
        await do(db, moderators.redact, number, by=MO, target=1, fields=("grade",), reason="spam")
    with pytest.raises(Invalid):
        await do(db, moderators.redact, number, by=MO, target=1, fields=("body",), reason="because")
    assert await head(db) == 4
    assert other == 2


@pytest.mark.parametrize("by", [CY, ADA, BO])
async def test_nobody_else_moderates(db: Database, by: Actor) -> None:
    await hold(db)
    held = await file_issue(db)
    public = await file_issue(db)
    await do(db, moderators.publish, public, by=MO)
    spoken = await comment(db, public)
    before = await head(db)
    doors: list[tuple[Any, int, dict[str, Any]]] = [
        (moderators.publish, held, {}),
        (moderators.reject, held, {"reason": "spam"}),
        (moderators.remove, public, {"reason": "spam"}),
        (moderators.restore, public, {}),
        (moderators.judge_comment, public, {"target": spoken, "reason": None}),
        (moderators.redact, public, {"target": spoken, "fields": ("body",), "reason": "spam"}),
    ]
    for act, number, given in doors:
        with pytest.raises(NotAllowed, match=r"Only moderators and admins can do this|your own words only"):
            await do(db, act, number, by=by, **given)
    assert await head(db) == before


async def test_a_later_removal_leaves_the_record_as_it_was(db: Database) -> None:
    number = await file_issue(db, at=later(hours=1))
    async with db.reading() as tx:
        before = await record.of_issue(tx, number)
    await do(db, moderators.remove, number, by=MO, reason="spam")
    async with db.reading() as tx:
        assert (await record.of_issue(tx, number))[: len(before)] == before
    await assert_sound(db)
