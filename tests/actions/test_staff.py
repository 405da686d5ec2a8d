"""What staff do: answer with all that follows, promise, assign, move, merge and split, reopen, and leave notes."""

from typing import Any

import pytest

from board.actions import customers, staff
from board.domain import events as e
from board.domain.decisions import Then
from board.domain.people import Actor
from board.errors import Conflict, Invalid, NotAllowed, NotFound
from board.store import entries, intake, issues
from board.store.database import Database
from tests.cast import ADA, BO, CY, LINKS, MO, ROOT, answer, do, do_at, file_issue, head, kinds, later, say
from tests.soundness import assert_sound


async def row(db: Database, number: int) -> dict[str, Any]:
    async with db.reading() as tx:
        found = await issues.find(tx, number)
    assert found
    return found


async def timeline(db: Database, number: int) -> list[dict[str, Any]]:
    async with db.reading() as tx:
        return await entries.of_issue(tx, number)


@pytest.mark.parametrize("by", [BO, MO, ROOT])
async def test_staff_answer_in_public_under_their_names(db: Database, by: Actor) -> None:
    number = await file_issue(db)
    done = await do_at(later(hours=2), db, staff.update, number, by=by, body="We look **now**.", via="web", then=Then())
    assert [r.event for r in done.events] == [e.UpdatePosted(issue=1, via="web"), e.IssueAcknowledged(issue=1)]
    assert done.index == 3
    update, acknowledged = await timeline(db, number)
    assert (update["name"], update["role"], update["body_html"]) == (
        by.name,
        "company",
        "<p>We look <strong>now</strong>.</p>",
    )
    assert (acknowledged["kind"], acknowledged["body"]) == ("issue.acknowledged", None)
    listed = await row(db, number)
    assert (listed["state"], listed["first_answer_at"]) == ("acknowledged", "2026-03-02T14:00:00Z")
    assert (listed["due_at"], listed["last_word"], listed["last_word_role"]) == (
        "2026-03-04T12:00:00Z",
        "We look now.",
        "company",
    )
    await assert_sound(db)


async def test_an_answer_brings_state_and_promise_in_one_act(db: Database) -> None:
    number = await file_issue(db)
    done = await answer(db, number, state="in_progress", promise_due=later(days=1))
    assert [r.name for r in done.events] == ["update.posted", "issue.started", "promise.made"]
    assert (await row(db, number))["promise_due"] == "2026-03-03T12:00:00Z"
    await assert_sound(db)


async def test_a_resolution_while_the_customer_is_asked_starts_a_new_turn(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, at=later(hours=1), state="waiting_on_customer")
    await answer(db, number, at=later(hours=5), resolution="fixed")
    listed = await row(db, number)
    assert (listed["turn"], listed["turn_since"]) == ("customer", "2026-03-02T17:00:00Z")
    assert (listed["paused_s"], listed["paused_since"]) == (4 * 3_600, None)
    await assert_sound(db)


async def test_what_is_refused_leaves_no_word_behind(db: Database) -> None:
    number = await file_issue(db)
    before = await head(db)
    for then in (
        {"state": "closed"},
        {"resolution": "solved"},
        {"promise_due": later(days=-1)},
        {"resolution": "not_ours"},
    ):
        with pytest.raises(Invalid):
            await answer(db, number, **then)
    assert await head(db) == before
    await assert_sound(db)


async def test_not_ours_names_a_party_by_code_or_by_name(db: Database) -> None:
    first, second = await file_issue(db), await file_issue(db)
    await answer(db, first, resolution="not_ours", whose="carrier")
    await answer(db, second, resolution="not_ours", whose="Acme Ltd")
    shown = [(await timeline(db, number))[-1] for number in (first, second)]
    assert [(entry["kind"], entry["resolution"], entry["whose"]) for entry in shown] == [
        ("issue.closed", "not_ours", "carrier"),
        ("issue.closed", "not_ours", "Acme Ltd"),
    ]
    await assert_sound(db)


async def test_a_promise_is_shown_with_what_became_of_it(db: Database) -> None:
    number = await file_issue(db)
    await do(db, staff.promise, number, by=BO, due=later(days=1))
    await do_at(later(hours=1), db, staff.promise, number, by=BO, due=later(days=2))
    await answer(db, number, at=later(days=1), promise_due=later(days=3))
    await answer(db, number, at=later(days=4))
    shown = [
        (entry["kind"], entry["due"], entry["outcome"], entry["outcome_at"])
        for entry in await timeline(db, number)
        if entry["outcome"]
    ]
    assert shown == [
        ("promise.made", "2026-03-03T12:00:00Z", "moved", "2026-03-02T13:00:00Z"),
        ("promise.moved", "2026-03-04T12:00:00Z", "kept", "2026-03-03T12:00:00Z"),
        ("promise.made", "2026-03-05T12:00:00Z", "missed", "2026-03-06T12:00:00Z"),
    ]
    await assert_sound(db)


async def test_a_promise_that_ended_with_the_issue_is_not_kept_by_a_later_word(db: Database) -> None:
    number = await file_issue(db)
    await do(db, staff.promise, number, by=BO, due=later(days=1))
    await do(db, customers.withdraw, number, by=ADA)
    await do(db, staff.reopen, number, by=BO, body="We still want to cure it.")
    await do(db, staff.promise, number, by=BO, due=later(days=2))
    await answer(db, number)
    outcomes = [(entry["due"], entry["outcome"]) for entry in await timeline(db, number) if entry["due"]]
    assert outcomes == [("2026-03-03T12:00:00Z", "ended"), ("2026-03-04T12:00:00Z", "kept")]
    await assert_sound(db)


async def test_an_owner_is_named_in_public_and_known_in_private(db: Database) -> None:
    number = await file_issue(db)
    assert MO.person
    done = await do(db, staff.assign, number, by=BO, person=MO.person)
    assert [r.event for r in done.events] == [e.IssueAssigned(issue=1)]
    assert set(done.events[0].commit) == {"owner.name"}
    listed = await row(db, number)
    assert (listed["owner"], listed["owner_person"]) == ("Mo", MO.person)
    assert (await timeline(db, number))[-1]["name"] == "Mo"
    await assert_sound(db)


async def test_an_issue_is_given_to_colleagues_only(db: Database) -> None:
    number = await file_issue(db)
    with pytest.raises(Invalid) as refused:
        await do(db, staff.assign, number, by=BO, person=99)
    assert list(refused.value.fields) == ["person"]


async def test_an_issue_moves_to_another_area_with_its_targets(db: Database) -> None:
    number = await file_issue(db)
    assert (await do(db, staff.move, number, by=BO, area="service")).events == ()
    assert (await do(db, staff.move, number, by=BO, area="service")).index is None
    done = await do(db, staff.move, number, by=BO, area="returns")
    assert [r.event for r in done.events] == [e.IssueMoved(issue=1, area="returns")]
    listed = await row(db, number)
    assert (listed["area"], listed["due_at"]) == ("returns", None)
    with pytest.raises(Invalid):
        await do(db, staff.move, number, by=BO, area="nowhere")
    await assert_sound(db)


async def follow(db: Database, number: int, *emails: str) -> None:
    async with db.saving() as tx:
        for email in emails:
            wish = await intake.follow(tx, issue=number, email=email, now_ms=0)
            await customers.confirm_follow(tx, wish.id, 1)


async def followers(db: Database, number: int) -> list[str]:
    async with db.reading() as tx:
        emails = sorted(follow.email for follow in await intake.followers(tx, number))
        counted = await issues.find(tx, number)
    assert counted
    assert counted["followers"] == len(emails)
    return emails


async def merge(db: Database, number: int, into: int) -> None:
    await do(db, staff.merge, number, by=BO, into=into, body="The same as the other one.", via="web")


async def split(db: Database, number: int) -> None:
    await do(db, staff.split, number, by=BO, body="Not the same after all.")


async def test_a_merge_brings_the_followers_along_and_a_split_sends_them_back(db: Database) -> None:
    first, second = await file_issue(db), await file_issue(db)
    await follow(db, first, "x@example.com", "both@example.com")
    await follow(db, second, "y@example.com", "both@example.com")
    await merge(db, second, first)
    assert await kinds(db, second) == [
        "issue.filed",
        "issue.published",
        "update.posted",
        "issue.merged",
    ]
    assert await followers(db, first) == ["both@example.com", "x@example.com", "y@example.com"]
    assert await followers(db, second) == ["both@example.com", "y@example.com"]
    assert (await row(db, second))["merged_into"] == first
    async with db.reading() as tx:
        assert await issues.merged_into(tx, first) == [{"number": second, "title": "The kettle leaks"}]
    await split(db, second)
    assert await followers(db, first) == ["both@example.com", "x@example.com"]
    assert await followers(db, second) == ["both@example.com", "y@example.com"]
    assert (await row(db, second))["state"] == "in_progress"
    await assert_sound(db)


@pytest.mark.parametrize("end", ["reopen", "dispute"])
async def test_whatever_ends_a_merge_sends_the_followers_back(db: Database, end: str) -> None:
    first, second = await file_issue(db), await file_issue(db)
    await follow(db, second, "y@example.com")
    await merge(db, second, first)
    assert await followers(db, first) == ["y@example.com"]
    if end == "reopen":
        await do(db, staff.reopen, second, by=BO, body="It is another one.")
    else:
        await do(db, customers.dispute, second, by=ADA, body="It is another one.")
    assert await followers(db, first) == []
    assert (await row(db, second))["merged_into"] is None
    await assert_sound(db)


async def test_whoever_also_asked_to_follow_stays_after_a_split(db: Database) -> None:
    first, second = await file_issue(db), await file_issue(db)
    await follow(db, second, "y@example.com")
    await merge(db, second, first)
    await follow(db, first, "y@example.com")
    await split(db, second)
    assert await followers(db, first) == ["y@example.com"]


async def test_a_wish_that_was_never_confirmed_does_not_keep_a_follower_from_coming_along(db: Database) -> None:
    first, second = await file_issue(db), await file_issue(db)
    await do(db, customers.follow, first, email="y@example.com", links=LINKS, say=say)
    await follow(db, second, "y@example.com")
    await merge(db, second, first)
    assert await followers(db, first) == ["y@example.com"]


async def test_followers_come_and_go_through_a_chain_of_merges(db: Database) -> None:
    first, second, third = [await file_issue(db) for _ in range(3)]
    await follow(db, third, "z@example.com")
    await follow(db, second, "y@example.com")
    await merge(db, third, second)
    await merge(db, second, first)
    assert await followers(db, first) == ["y@example.com", "z@example.com"]
    await split(db, third)
    assert await followers(db, second) == ["y@example.com"]
    assert await followers(db, first) == ["y@example.com"]
    await split(db, second)
    assert await followers(db, first) == []
    assert [await followers(db, number) for number in (second, third)] == [["y@example.com"], ["z@example.com"]]
    await assert_sound(db)


async def test_a_merge_goes_to_the_end_of_a_chain_and_never_in_circles(db: Database) -> None:
    first, second, third = [await file_issue(db) for _ in range(3)]
    await merge(db, second, first)
    await merge(db, third, second)
    assert (await row(db, third))["merged_into"] == first
    for into in (first, second, third):
        with pytest.raises(Invalid) as refused:
            await merge(db, first, into)
        assert list(refused.value.fields) == ["duplicate_of"]
    await assert_sound(db)


@pytest.mark.parametrize("into", [99, -1, 0])
async def test_a_merge_needs_a_public_issue(db: Database, into: int) -> None:
    number = await file_issue(db)
    with pytest.raises(Invalid):
        await merge(db, number, into)
    with pytest.raises(Invalid):
        await answer(db, number, resolution="duplicate")


async def test_reopening_counts_and_clears(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, at=later(days=1), resolution="fixed")
    done = await do_at(later(days=100), db, staff.reopen, number, by=BO, body="It came back.")
    assert [r.event for r in done.events] == [e.IssueReopened(issue=1)]
    listed = await row(db, number)
    assert (listed["state"], listed["resolution"], listed["settled_at"]) == ("in_progress", None, None)
    assert (listed["reopened"], listed["turn"], listed["filed_at"]) == (1, "company", "2026-03-02T12:00:00Z")
    await assert_sound(db)


async def test_a_note_is_no_event(db: Database) -> None:
    number = await file_issue(db)
    before = await head(db)
    await do(db, staff.note, number, by=BO, body="She sounds nice.")
    async with db.reading() as tx:
        (note,) = await intake.notes(tx, number)
    assert (note["body"], note["name"]) == ("She sounds nice.", "Bo")
    assert await head(db) == before
    with pytest.raises(NotFound):
        await do(db, staff.note, 99, by=BO, body="Nobody there.")
    await assert_sound(db)


@pytest.mark.parametrize("by", [CY, ADA])
async def test_customers_do_nothing_of_what_staff_do(db: Database, by: Actor) -> None:
    first, second = await file_issue(db), await file_issue(db)
    await merge(db, second, first)
    before = await head(db)
    doors: list[tuple[Any, int, dict[str, Any]]] = [
        (staff.update, first, {"body": "In their name.", "via": "web", "then": Then()}),
        (staff.update, first, {"body": "In their name.", "via": "web", "then": Then(resolution="duplicate", into=99)}),
        (staff.merge, first, {"into": second, "body": "x", "via": "web"}),
        (staff.split, second, {"body": "x"}),
        (staff.reopen, second, {"body": "x"}),
        (staff.promise, first, {"due": later(days=1)}),
        (staff.assign, first, {"person": 1}),
        (staff.assign, first, {"person": 99}),
        (staff.move, first, {"area": "returns"}),
        (staff.note, first, {"body": "x"}),
    ]
    for act, number, given in doors:
        with pytest.raises(NotAllowed, match="Only staff can do this"):
            await do(db, act, number, by=by, **given)
    assert await head(db) == before
    await assert_sound(db)


async def test_a_settled_issue_is_not_settled_again(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number, resolution="fixed")
    for then in ({"resolution": "answered"}, {"resolution": "declined"}, {"resolution": "duplicate", "into": 1}):
        with pytest.raises((Conflict, Invalid)):
            await answer(db, number, **then)
    await assert_sound(db)
