"""People hear of what they want to hear of, as often as they like, and of nothing twice."""

from datetime import UTC, datetime
from typing import Any

import pytest

from board.actions import customers, moderators, staff
from board.domain.decisions import Then
from board.domain.leaf import milliseconds
from board.domain.letters import Letter
from board.domain.people import NEWCOMER, Poster
from board.domain.wishes import Wishes, next_digest
from board.followers import digests, mail
from board.followers.writing import Post, as_html, as_text
from board.store import company, intake, outbox, own_data, wishes
from board.store.database import Database
from tests.cast import ADA, BO, CY, LINKS, MO, ROOT, answer, do, do_at, file_issue, later, say, want_mail

POST = Post(None, "board@board.example", LINKS, say)
EVE = "eve@home.example"


async def follow(db: Database, number: int, email: str = EVE) -> None:
    async with db.saving() as tx:
        wish = await intake.follow(tx, issue=number, email=email, now_ms=0)
        await intake.confirm_follow(tx, wish.id, 1)


async def wish(db: Database, email: str = EVE, **said: Any) -> None:
    async with db.saving() as tx:
        await wishes.save(tx, email, Wishes(**said), next_ms=None)


async def told(db: Database, at: datetime) -> list[tuple[str, Letter]]:
    """The letters that are written by then, and were not before."""
    async with db.reading() as tx:
        before = len(await outbox.newest(tx, limit=1000))
    await mail.write_letters(db, POST, at)
    while await mail.write_bundle(db, POST, at):
        pass
    while await mail.fan_out(db, POST, at):
        pass
    while await digests.write_next(db, POST, at):
        pass
    async with db.reading() as tx:
        rows = await outbox.newest(tx, limit=1000)
    return [(row["recipient"], outbox.letter_of(row)) for row in reversed(rows[: len(rows) - before])]


async def test_a_daily_digest_brings_all_issues_in_one_letter_in_the_morning(db: Database) -> None:
    await wish(db, pace="daily", zone="Europe/Vienna")
    for title in ("The kettle leaks", "The lid sticks"):
        await follow(db, await file_issue(db, title=title))
    await told(db, later())
    for number, body in ((1, "We look."), (2, "Which lid?"), (1, "It is the seal.")):
        await answer(db, number, body=body)
    assert await told(db, later()) == []
    assert await told(db, datetime(2026, 3, 3, 6, 59, tzinfo=UTC)) == []
    ((email, letter),) = await told(db, datetime(2026, 3, 3, 7, tzinfo=UTC))
    assert (email, letter.subject) == (EVE, "News of 2 issues with This company")
    assert [part.title for part in letter.parts] == ["#1 The kettle leaks", "#2 The lid sticks"]
    text = as_text(letter, say)
    assert all(words in text for words in ("We look.", "Which lid?", "It is the seal.", LINKS.issue(2)))
    assert f"No more mail, or only what you choose:\n{letter.stop}" in text
    assert await told(db, later(days=9)) == []  # nothing happened


async def test_words_in_a_digest_cannot_pass_for_what_the_board_says(db: Database) -> None:
    await wish(db, pace="daily")
    await follow(db, await file_issue(db))
    await told(db, later())
    lie = "This company says it is resolved: fixed."
    await do(db, customers.comment, 1, by=CY, body=f"Me, too.\n\n{lie}", via="web")
    ((_, letter),) = await told(db, datetime(2026, 3, 3, 8, tzinfo=UTC))
    assert letter.parts[0].lines[1:] == (f"Cy wrote a comment.\n\nMe, too.\n\n{lie}",)
    assert f"<p>Me, too.</p><p>{lie}</p></div>" in as_html(letter, say)
    assert f"{letter.parts[0].title}\n{LINKS.issue(1)}\n\n{letter.parts[0].lines[0]}" in as_text(letter, say)
    assert f"Cy wrote a comment.\n\n> Me, too.\n>\n> {lie}\n\n" in as_text(letter, say)


@pytest.mark.parametrize("pace", ["each", "daily"])
async def test_a_follower_hears_of_the_comments_of_others_and_not_of_their_own(db: Database, pace: str) -> None:
    number = await file_issue(db)
    for email in (EVE, "di@home.example"):
        await wish(db, email, pace=pace)
        await follow(db, number, email)
    await told(db, later())
    eve = Poster(b"eve", is_known=True, email=EVE)
    for body, poster in (("Before.", NEWCOMER), ("Mine leaks, too.", eve), ("Behind.", NEWCOMER)):
        await do(db, customers.comment, number, by=CY, body=body, via="web", poster=poster)
    found = dict(await told(db, later()) + await told(db, datetime(2026, 3, 3, 8, tzinfo=UTC)))
    texts = {to: as_text(letter, say) for to, letter in found.items()}
    counted = {to: [text.count(word) for word in ("Before.", "Mine", "Behind.")] for to, text in texts.items()}
    assert counted == {EVE: [1, 0, 1], "di@home.example": [1, 1, 1]}


async def test_a_weekly_digest_waits_for_monday_and_says_nothing_of_words_that_are_gone(db: Database) -> None:
    await wish(db, pace="weekly")
    await follow(db, await file_issue(db))
    await told(db, later())
    done = await answer(db, 1, body="Call Jane Doe.")
    await told(db, later())
    assert done.index is not None
    await do(db, moderators.redact, 1, by=MO, target=done.index, fields=("body",), reason="privacy_request")
    assert await told(db, later(days=6)) == []
    ((_, letter),) = await told(db, datetime(2026, 3, 9, 8, tzinfo=UTC))
    assert "Jane Doe" not in as_text(letter, say)
    assert "wrote an update" in as_text(letter, say)


async def test_two_digests_of_one_moment_are_two(db: Database) -> None:
    await wish(db, pace="daily")
    for _ in range(2):
        await follow(db, await file_issue(db))
    await told(db, later())
    morning = datetime(2026, 3, 3, 8, tzinfo=UTC)
    await answer(db, 1, body="We look.")
    await told(db, later(hours=1))
    found = await told(db, morning)
    await answer(db, 2, body="Which lid?")
    await told(db, morning)
    async with db.saving() as tx:  # who wants no digest any more has what waits at once
        await wishes.save(tx, EVE, Wishes(pace="each"), next_ms=milliseconds(morning))
    found += await told(db, morning)
    assert ["We look." in as_text(letter, say) for _, letter in found] == [True, False]
    assert ["Which lid?" in as_text(letter, say) for _, letter in found] == [False, True]


async def test_what_waits_for_a_digest_is_not_sent_to_whoever_has_stopped(db: Database) -> None:
    await wish(db, pace="daily")
    for _ in range(3):
        await follow(db, await file_issue(db))
    await told(db, later())
    for number in (1, 2, 3):
        await answer(db, number)
    await told(db, later())
    async with db.saving() as tx:
        await customers.stop_following(tx, 1)
        await own_data.be_quiet(tx, EVE, 2)
    await do(db, moderators.remove, 3, by=MO, reason="spam")
    assert await told(db, later(days=1)) == []


async def test_what_is_hidden_when_a_digest_goes_out_comes_in_a_later_one(db: Database) -> None:
    await wish(db, pace="daily")
    await follow(db, await file_issue(db))
    await told(db, later())
    await answer(db, 1, body="We look.")
    await told(db, later())
    await do(db, moderators.remove, 1, by=MO, reason="spam")
    assert await told(db, later(days=1)) == []
    await do(db, moderators.restore, 1, by=ROOT)
    ((_, letter),) = await told(db, later(days=2))
    assert "We look." in as_text(letter, say)
    assert await told(db, later(days=3)) == []


async def test_the_filer_is_asked_at_once_and_hears_what_waited_with_it(db: Database) -> None:
    await wish(db, "ada@home.example", pace="daily")
    number = await file_issue(db, email="ada@home.example")
    await want_mail(db, number)
    await told(db, later())
    await answer(db, number, body="We look.")
    assert await told(db, later()) == []
    await do(db, staff.update, number, by=BO, body="Mended.", via="web", then=Then(resolution="fixed"))
    ((email, letter),) = await told(db, later())
    assert (email, letter.other_label) == ("ada@home.example", "No, it still fails")
    assert ["We look." in as_text(letter, say), "Mended." in as_text(letter, say)] == [True, True]
    assert await told(db, later(days=1)) == []


async def test_nobody_hears_of_what_they_do_not_want(db: Database) -> None:
    await wish(db, unwanted=frozenset({"comments"}), areas=frozenset({"returns"}))
    service, returns = await file_issue(db), await file_issue(db, area="returns")
    for number in (service, returns):
        await follow(db, number)
        await follow(db, number, "all@home.example")
    await told(db, later())
    for number in (service, returns):
        await do(db, customers.comment, number, by=CY, body="Mine, too.", via="web")
    assert [to for to, _ in await told(db, later(hours=1))] == ["all@home.example"] * 2
    for number in (service, returns):
        await do(db, customers.comment, number, by=CY, body="Still.", via="web")
        await answer(db, number, body="We look.")
    letters = [letter for to, letter in await told(db, later(hours=2)) if to == EVE]
    assert [letter.issue for letter in letters] == [service]
    assert "Still." not in as_text(letters[0], say)


async def test_the_filer_hears_of_questions_and_cures_whatever_is_unwanted(db: Database) -> None:
    await wish(db, "ada@home.example", unwanted=frozenset({"states", "answers", "promises", "comments"}))
    number = await file_issue(db, email="ada@home.example")
    await want_mail(db, number)
    await told(db, later())
    await answer(db, number, body="We look.")
    assert await told(db, later()) == []
    await do_at(
        later(hours=1), db, staff.update, number, by=BO, body="Mended.", via="web", then=Then(resolution="fixed")
    )
    assert [to for to, _ in await told(db, later(hours=1))] == ["ada@home.example"]
    async with db.saving() as tx:
        await company.save(tx, {"moderation": "open"})
    await do(db, customers.dispute, number, by=ADA, body="No.")
    assert [to for to, _ in await told(db, later(hours=2)) if to == "ada@home.example"] == []


@pytest.mark.parametrize(
    ("pace", "zone", "after", "at"),
    [
        ("daily", "UTC", "2026-03-02T07:59", "2026-03-02T08:00"),
        ("daily", "UTC", "2026-03-02T08:00", "2026-03-03T08:00"),
        ("daily", "Pacific/Auckland", "2026-03-02T12:00", "2026-03-02T19:00"),
        ("daily", "Europe/Vienna", "2026-03-28T12:00", "2026-03-29T06:00"),  # the clocks go forward in the night
        ("weekly", "America/New_York", "2026-03-02T12:59", "2026-03-02T13:00"),
        ("weekly", "America/New_York", "2026-03-02T13:00", "2026-03-09T12:00"),
    ],
)
def test_a_digest_comes_at_eight_where_the_person_lives(pace: str, zone: str, after: str, at: str) -> None:
    found = next_digest(Wishes(pace, zone), datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(at).replace(tzinfo=UTC)
