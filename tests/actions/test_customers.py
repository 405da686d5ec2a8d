"""What customers do: file, comment, confirm, dispute, withdraw, thank, correct, follow, and say “mine too”."""

import asyncio
from typing import Any

import pytest

from board.actions import customers, moderators
from board.actions.customers import Filed
from board.domain import events as e
from board.domain.people import Actor
from board.errors import Conflict, Invalid, NotAllowed, NotFound
from board.store import company, entries, intake, issues, outbox, record
from board.store.database import Database
from board.store.entries import Reader
from board.store.intake import Filer
from tests.cast import (
    ADA,
    BO,
    CY,
    LINKS,
    MO,
    ROOT,
    answer,
    do,
    do_at,
    file_issue,
    head,
    issue,
    kinds,
    later,
    say,
    words_of_ada,
)
from tests.soundness import assert_sound


async def set_policy(db: Database, **policy: str) -> None:
    async with db.saving() as tx:
        await company.save(tx, policy)


async def timeline(db: Database, number: int, *, reader: Reader = "anyone") -> list[dict[str, Any]]:
    async with db.reading() as tx:
        return await entries.of_issue(tx, number, reader=reader)


async def row(db: Database, number: int) -> dict[str, Any]:
    async with db.reading() as tx:
        found = await issues.find(tx, number)
    assert found
    return found


async def letters(db: Database) -> list[tuple[str, str]]:
    """Who gets which subject, oldest first."""
    async with db.reading() as tx:
        return [(m["recipient"], m["subject"]) for m in reversed(await outbox.newest(tx, limit=99))]


async def test_an_issue_is_filed_and_shown_with_its_private_link(db: Database) -> None:
    filed = await do(db, customers.file, words_of_ada(), via="web", links=LINKS, say=say)
    assert filed == Filed(1, LINKS.private(1), False, filed.done)
    assert [r.event for r in filed.done.events] == [
        e.IssueFiled(issue=1, area="service", via="web"),
        e.IssuePublished(issue=1),
    ]
    assert set(filed.done.events[0].commit) == {"title", "body", "author.name"}
    shown = await row(db, 1)
    assert (shown["title"], shown["author"], shown["state"]) == ("The kettle leaks", "Ada", "new")
    assert (shown["due_at"], shown["visibility"]) == ("2026-03-02T16:00:00Z", "public")
    await assert_sound(db)


async def test_the_address_stays_private(db: Database) -> None:
    await file_issue(db, email="ada@example.com")
    async with db.reading() as tx:
        assert await intake.filer(tx, 1) == Filer(1, "ada@example.com", is_confirmed=False, is_owed=False)
        public = str([await tx.rows(f"SELECT * FROM {table}") for table in ("events", "openings", "issues", "entries")])
    assert "example.com" not in public.replace("board.example", "")


async def test_an_address_that_was_typed_gets_one_mail_which_asks_whether_it_is_theirs(db: Database) -> None:
    await file_issue(db)
    assert await letters(db) == []
    await file_issue(db, email="ada@example.com")
    assert await letters(db) == [("ada@example.com", "[#2] The kettle leaks")]
    async with db.reading() as tx:
        (kept,) = await outbox.due(tx, 2**50, limit=9)
    letter = outbox.letter_of(kept)
    assert (letter.link, letter.secret, letter.issue) == (LINKS.mail(2), True, 2)


async def test_without_a_name_nobody_is_named(db: Database) -> None:
    await file_issue(db, name="")
    assert (await row(db, 1))["author"] is None
    await assert_sound(db)


async def test_where_no_area_is_named_the_general_one_is_taken(db: Database) -> None:
    assert (await row(db, await file_issue(db, area="")))["area"] == "general"
    assert (await row(db, await file_issue(db, area="")))["area"] == "general"


async def test_an_unknown_area_is_refused(db: Database) -> None:
    with pytest.raises(Invalid) as refused:
        await file_issue(db, area="nowhere")
    assert list(refused.value.fields) == ["area"]
    assert await head(db) == 0


async def test_under_the_policy_to_hold_nothing_is_shown_before_a_look(db: Database) -> None:
    await set_policy(db, moderation="hold")
    filed = await do(db, customers.file, words_of_ada(), via="web", links=LINKS, say=say)
    assert filed.held
    assert await kinds(db, 1) == ["issue.filed", "issue.held"]
    done = await do(db, customers.comment, 1, by=ADA, body="It still leaks.", via="web")
    assert [r.event for r in done.events] == [
        e.CommentPosted(issue=1, via="web", target=1),
        e.CommentHeld(issue=1, target=3),
    ]
    assert [entry["kind"] for entry in await timeline(db, 1)] == ["issue.held"]
    assert (await row(db, 1))["comments"] == 0
    await assert_sound(db)


async def test_comments_stand_in_the_timeline_under_their_names(db: Database) -> None:
    number = await file_issue(db)
    await do_at(later(hours=1), db, customers.comment, number, by=CY, body="Mine *too*.", via="web")
    await do_at(later(hours=2), db, customers.comment, number, by=ADA, body="Yes.", via="api")
    shown = [
        {key: entry[key] for key in ("kind", "role", "by_filer", "name", "body", "body_html", "via", "at")}
        for entry in await timeline(db, number)
    ]
    comment = {"kind": "comment.posted", "role": "customer"}
    cy = {"by_filer": 0, "name": "Cy", "body": "Mine *too*.", "body_html": "<p>Mine <em>too</em>.</p>"}
    ada = {"by_filer": 1, "name": "Ada", "body": "Yes.", "body_html": "<p>Yes.</p>"}
    assert shown == [
        {**comment, "via": "web", "at": "2026-03-02T13:00:00Z", **cy},
        {**comment, "via": "api", "at": "2026-03-02T14:00:00Z", **ada},
    ]
    listed = await row(db, number)
    assert (listed["comments"], listed["last_word"], listed["last_word_name"]) == (2, "Yes.", "Ada")
    await assert_sound(db)


async def test_the_customers_answer_gives_the_turn_back_to_the_company(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, at=later(hours=1), body="Which one is it?", state="waiting_on_customer")
    waiting = await row(db, number)
    assert (waiting["turn"], waiting["paused_since"], waiting["due_at"]) == ("customer", "2026-03-02T13:00:00Z", None)
    done = await do_at(later(hours=11), db, customers.comment, number, by=ADA, body="The red one.", via="web")
    assert [r.name for r in done.events] == ["comment.posted", "issue.started"]
    on = await row(db, number)
    assert (on["turn"], on["paused_s"], on["paused_since"]) == ("company", 36_000, None)
    assert on["due_at"] == "2026-03-04T22:00:00Z"
    await assert_sound(db)


async def test_there_are_no_acts_on_an_issue_that_is_not_there(db: Database) -> None:
    with pytest.raises(NotFound, match="no issue 9 on this board"):
        await do(db, customers.comment, 9, by=CY, body="Hello?", via="web")
    with pytest.raises(NotFound):
        await do(db, customers.withdraw, 9, by=ADA)


async def test_a_confirmation_closes_with_thanks_and_a_grade(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, at=later(hours=1), resolution="fixed")
    done = await do_at(later(hours=2), db, customers.confirm, number, by=ADA, body="Great!", grade=5)
    assert [r.event for r in done.events] == [e.IssueConfirmed(issue=1, target=4)]
    confirmed = (await timeline(db, number))[-1]
    assert (confirmed["body"], confirmed["grade"], confirmed["by_filer"]) == ("Great!", 5, 1)
    listed = await row(db, number)
    assert (listed["state"], listed["confirmation"], listed["turn"]) == ("closed", "confirmed", "nobody")
    await assert_sound(db)


async def test_a_confirmation_may_be_a_tap_only(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, resolution="fixed")
    done = await do(db, customers.confirm, number, by=ADA)
    assert done.events[0].commit == {}
    await assert_sound(db)


async def test_a_dispute_reopens_and_counts(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, at=later(hours=1), resolution="fixed")
    done = await do_at(later(hours=2), db, customers.dispute, number, by=ADA, body="It drips again.")
    assert [r.event for r in done.events] == [
        e.IssueDisputed(issue=1, target=4),
        e.IssueReopened(issue=1, role="customer"),
    ]
    listed = await row(db, number)
    assert (listed["state"], listed["confirmation"], listed["reopened"]) == ("in_progress", "disputed", 1)
    assert (listed["turn"], listed["filed_at"]) == ("company", "2026-03-02T12:00:00Z")
    await assert_sound(db)


async def test_a_withdrawal_closes(db: Database) -> None:
    number = await file_issue(db)
    done = await do(db, customers.withdraw, number, by=ADA, body="Found the lid.")
    assert [r.event for r in done.events] == [e.IssueWithdrawn(issue=1)]
    assert (await row(db, number))["resolution"] == "withdrawn"
    await assert_sound(db)


@pytest.mark.parametrize("by", [ADA, BO])
async def test_thanks_are_part_of_the_record(db: Database, by: Actor) -> None:
    number = await file_issue(db)
    await do(db, customers.thank, number, by=by, body="Thank you!")
    (thanks,) = await timeline(db, number)
    assert (thanks["kind"], thanks["name"], thanks["body"]) == ("thanks.given", by.name, "Thank you!")
    await assert_sound(db)


@pytest.mark.parametrize("by", [CY, BO, MO, ROOT])
@pytest.mark.parametrize("act", [customers.confirm, customers.dispute, customers.withdraw])
async def test_nobody_speaks_for_the_customer(db: Database, act: Any, by: Actor) -> None:
    number = await file_issue(db)
    await answer(db, number, resolution="fixed")
    before = await head(db)
    with pytest.raises(NotAllowed, match="Only the customer who filed the issue"):
        await do(db, act, number, by=by, body="In her name.")
    assert await head(db) == before


async def test_strangers_give_no_thanks_and_correct_nothing(db: Database) -> None:
    number = await file_issue(db)
    await do(db, customers.comment, number, by=CY, body="Hm.", via="web")
    with pytest.raises(NotAllowed):
        await do(db, customers.thank, number, by=CY, body="Thanks")
    with pytest.raises(NotAllowed):
        await do(db, customers.correct, number, by=CY, target=3, words={"body": "Ha."})


async def test_a_correction_shows_the_newest_words_and_keeps_the_history(db: Database) -> None:
    number = await file_issue(db)
    for title in ("The kettle drips", "The kettle drips at the handle"):
        done = await do(db, customers.correct, number, by=ADA, target=1, words={"title": title})
        assert [r.event for r in done.events] == [e.TextCorrected(issue=1, target=1)]
    assert (await row(db, number))["title"] == "The kettle drips at the handle"
    async with db.reading() as tx:
        assert await entries.versions(tx, 1) == (3, 4)
        kept = await tx.rows("SELECT value FROM openings WHERE field = 'title' ORDER BY seq")
        first = await entries.one(tx, 1)
    assert [opening["value"] for opening in kept] == [
        "The kettle leaks",
        "The kettle drips",
        "The kettle drips at the handle",
    ]
    assert first
    assert (first["corrected"], first["body"]) == (1, "I wanted tea. The kettle leaks at the handle.")
    await assert_sound(db)


async def test_a_corrected_comment_is_the_last_word_and_is_found(db: Database) -> None:
    number = await file_issue(db)
    target = (await do(db, customers.comment, number, by=ADA, body="It is the haldne.", via="web")).index
    assert target
    await do(db, customers.correct, number, by=ADA, target=target, words={"body": "It is the spout."})
    assert (await row(db, number))["last_word"] == "It is the spout."
    (shown,) = await timeline(db, number)
    assert (shown["body"], shown["corrected"]) == ("It is the spout.", 1)
    async with db.reading() as tx:
        assert [i["number"] for i in await issues.listed(tx, issues.Wanted(text="spout"), "")] == [number]
        assert await issues.listed(tx, issues.Wanted(text="haldne"), "") == []
    await assert_sound(db)


async def test_fields_that_stay_the_same_are_not_corrected(db: Database) -> None:
    number = await file_issue(db)
    body = "I wanted tea. The kettle leaks at the handle."
    same = {"title": "The kettle leaks", "body": body}
    assert (await do(db, customers.correct, number, by=ADA, target=1, words=same)).events == ()
    done = await do(db, customers.correct, number, by=ADA, target=1, words={**same, "title": "It drips"})
    assert set(done.events[0].commit) == {"title"}
    back = await do(db, customers.correct, number, by=ADA, target=1, words=same)
    assert set(back.events[0].commit) == {"title"}
    assert (await row(db, number))["title"] == "The kettle leaks"
    await assert_sound(db)


async def test_words_of_another_issue_are_not_corrected_here(db: Database) -> None:
    first, second = await file_issue(db), await file_issue(db)
    with pytest.raises(NotFound):
        await do(db, customers.correct, second, by=ADA, target=1, words={"title": "Not hers"})
    with pytest.raises(NotFound):
        await do(db, customers.correct, first, by=ADA, target=99, words={"title": "Nothing there"})


async def test_a_correction_of_held_words_stays_hidden_until_they_are_shown(db: Database) -> None:
    await set_policy(db, moderation="hold")
    number = await file_issue(db)
    await do(db, moderators.publish, number, by=MO)
    target = (await do(db, customers.comment, number, by=ADA, body="First words.", via="web")).index
    assert target
    await do(db, customers.correct, number, by=ADA, target=target, words={"body": "Second words."})
    assert [entry["body"] for entry in await timeline(db, number) if entry["body"]] == []
    async with db.reading() as tx:
        assert sorted(await record.openings_of_issue(tx, number)) == [1]
    await assert_sound(db)
    assert (await row(db, number))["last_word"] == "I wanted tea. The kettle leaks at the handle."
    await do(db, moderators.judge_comment, number, by=MO, target=target, reason=None)
    assert [entry["body"] for entry in await timeline(db, number) if entry["body"]] == ["Second words."]
    await assert_sound(db)


async def follow(db: Database, number: int, email: str) -> int:
    """Follows and confirms it; returns the id of the follow."""
    await do(db, customers.follow, number, email=email, links=LINKS, say=say)
    async with db.saving() as tx:
        wish = await intake.follow(tx, issue=number, email=email, now_ms=0)
        await customers.confirm_follow(tx, wish.id, 1)
    return wish.id


async def test_an_address_follows_once_it_has_confirmed_it(db: Database) -> None:
    number = await file_issue(db)
    before = await head(db)
    await do(db, customers.follow, number, email="cy@example.com", links=LINKS, say=say)
    await do(db, customers.follow, number, email="cy@example.com", links=LINKS, say=say)
    assert await letters(db) == [("cy@example.com", "Follow issue 1?")]
    assert (await row(db, number))["followers"] == 0
    wish = await follow(db, number, "cy@example.com")
    assert (await row(db, number))["followers"] == 1
    async with db.saving() as tx:
        assert await customers.confirm_follow(tx, wish, 2) == number
        assert await customers.stop_following(tx, wish) == number
        assert await customers.stop_following(tx, wish) is None
        with pytest.raises(NotFound):
            await customers.confirm_follow(tx, wish, 3)
    assert (await row(db, number))["followers"] == 0
    assert await head(db) == before
    await assert_sound(db)


async def test_followers_who_confirm_at_once_are_all_counted(db: Database) -> None:
    number = await file_issue(db)
    async with db.saving() as tx:
        wishes = [await intake.follow(tx, issue=number, email=f"{n}@example.com", now_ms=0) for n in range(8)]

    async def confirm(wish: int) -> None:
        async with db.saving() as tx:
            await customers.confirm_follow(tx, wish, 1)

    await asyncio.gather(*[confirm(wish.id) for wish in wishes])
    assert (await row(db, number))["followers"] == 8


async def test_mine_too_counts_each_voter_once(db: Database) -> None:
    number = await file_issue(db)
    before = await head(db)
    for voter in (b"one", b"two", b"one"):
        await do(db, customers.mine_too, number, voter=voter)
    assert (await row(db, number))["mine_too"] == 2
    assert await head(db) == before
    await assert_sound(db)


async def test_what_is_not_public_is_neither_followed_nor_shared(db: Database) -> None:
    number = await file_issue(db)
    await do(db, moderators.remove, number, by=MO, reason="test")
    for missing in (number, 99):
        with pytest.raises(Conflict):
            await do(db, customers.follow, missing, email="cy@example.com", links=LINKS, say=say)
        with pytest.raises(Conflict):
            await do(db, customers.mine_too, missing, voter=b"one")
    assert await letters(db) == []


async def test_an_issue_of_one_board_is_numbered_without_gaps(db: Database) -> None:
    with pytest.raises(Invalid):
        await file_issue(db, area="nowhere")
    assert [await file_issue(db) for _ in range(3)] == [1, 2, 3]
    assert (await issue(db, 3)).filed == 5
