"""One comment is taken from view alone, by the rules for a whole issue, and its place stays where it was."""

from datetime import timedelta
from typing import Any

import pytest

from board.actions import clock, customers, hiding, moderators, objections
from board.domain import letters
from board.domain.people import Actor, Poster
from board.errors import Conflict, Invalid, NotAllowed, NotFound
from board.store import entries, issues, moderation, outbox, people, record, search, tallies
from board.store.database import Database
from tests.cast import ADA, BO, CY, LINKS, MO, NOON, ROOT, answer, do, file_issue, kinds, say, want_mail
from tests.soundness import assert_sound

WITH: dict[str, Any] = {"links": LINKS, "say": say}
WORDS = "Zanzibar spoils the tea."
HURTS = ["privacy_request", "third_party_privacy", "threat"]


async def comment(db: Database, number: int, **given: Any) -> int:
    """Cy says something about Zanzibar; returns the place of it."""
    done = await do(db, customers.comment, number, **{"by": CY, "body": WORDS, "via": "web", **given})
    assert done.index is not None
    return done.index


async def hide(db: Database, number: int, target: int, reason: str = "spam", by: Any = MO) -> Any:
    return await do(db, hiding.hide, number, by=by, how="hide", reason=reason, target=target, **WITH)


async def open_one(db: Database, state: str = "asked") -> moderation.Hiding:
    async with db.reading() as tx:
        (found,) = await moderation.hidings(tx, state)
    return found


async def said(db: Database, number: int, **reader: Any) -> dict[int, dict[str, Any]]:
    """The comments in the timeline of who reads, by their places."""
    async with db.reading() as tx:
        rows = await entries.of_issue(tx, number, **reader)
    return {row["seq"]: row for row in rows if row["kind"] == "comment.posted"}


async def shown(db: Database, number: int) -> list[Any]:
    """Where a comment shows besides the timeline: the count, the last word, what is found, what is served."""
    async with db.reading() as tx:
        row = await issues.find(tx, number)
        assert row
        found = await search.found(tx, "zanzibar", oldest=False)
        opened = await record.openings_of_issue(tx, number)
    return [row["comments"], row["last_word_name"], found, sorted(opened)]


@pytest.mark.parametrize("reason", HURTS)
async def test_what_hurts_goes_at_once_and_leaves_a_stub_in_its_place(db: Database, reason: str) -> None:
    number = await file_issue(db)
    target = await comment(db, number)
    assert await shown(db, number) == [1, "Cy", [number], [1, target]]
    await hide(db, number, target, reason)
    assert (await kinds(db, number))[-2:] == ["comment.held", "comment.rejected"]
    assert await shown(db, number) == [0, "Ada", [], [1]]
    stub = (await said(db, number))[target]
    assert [stub[name] for name in entries.NO_WORDS] == [None] * len(entries.NO_WORDS)
    assert (stub["status"], stub["hidden"]["reason"], stub["hidden"]["role"]) == ("hidden", reason, "moderator")
    for reader in ({"reader": "staff"}, {"mark": b"cy"}):
        if "mark" in reader:
            async with db.saving() as tx:
                await moderation.note_post(tx, seq=target, issue=number, voter=b"cy")
        assert (await said(db, number, **reader))[target]["body"] == WORDS
    assert (await said(db, number, reader="filer"))[target]["body"] is None
    await assert_sound(db)


async def test_it_is_looked_over_by_somebody_else_and_shown_again_where_it_was_wrong(db: Database) -> None:
    number = await file_issue(db)
    target = await comment(db, number)
    await hide(db, number, target, "threat")
    done = await open_one(db, "review")
    assert (done.act, done.target, done.reason) == ("hide", target, "threat")
    for act in (hiding.second, hiding.refuse):
        with pytest.raises(Conflict, match="second person"):
            await do(db, act, done.id, by=MO)
    await do(db, hiding.refuse, done.id, by=ROOT)
    assert await shown(db, number) == [1, "Cy", [number], [1, target]]
    assert (await said(db, number))[target]["body"] == WORDS
    assert (await kinds(db, number))[-1] == "comment.published"
    await assert_sound(db)


async def test_one_moderator_alone_hides_no_criticism(db: Database) -> None:
    number = await file_issue(db)
    target = await comment(db, number)
    assert (await hide(db, number, target)).events == ()
    with pytest.raises(Conflict, match="asked for already"):
        await hide(db, number, target, by=ROOT)
    asked = await open_one(db)
    with pytest.raises(Conflict, match="second person"):
        await do(db, hiding.second, asked.id, by=MO)
    assert (await said(db, number))[target]["body"] == WORDS
    await do(db, hiding.second, asked.id, by=ROOT)
    assert (await said(db, number))[target]["body"] is None
    await assert_sound(db)


async def test_after_a_day_it_is_hidden_in_the_name_of_who_asked(db: Database) -> None:
    number = await file_issue(db)
    target = await comment(db, number)
    await hide(db, number, target)
    assert await clock.tick(db, NOON + timedelta(hours=23, minutes=59)) == 0
    assert await clock.tick(db, NOON + timedelta(hours=24)) == 2
    hidden = (await said(db, number))[target]["hidden"]
    async with db.reading() as tx:
        assert await moderation.person_behind(tx, hidden["seq"]) == MO.person
    await assert_sound(db)


async def test_what_is_refused_or_has_become_impossible_stays_as_it_is(db: Database) -> None:
    number = await file_issue(db)
    first, second = await comment(db, number), await comment(db, number, body="And salt.")
    await hide(db, number, first)
    await do(db, hiding.refuse, (await open_one(db)).id, by=MO)
    await hide(db, number, second)
    await do(db, moderators.hide_comment, number, by=ROOT, target=second, reason="abuse")
    await clock.tick(db, NOON + timedelta(days=2))
    assert [row["status"] for row in (await said(db, number)).values()] == ["public", "hidden"]
    assert (await said(db, number))[second]["hidden"]["reason"] == "abuse"


async def test_only_a_comment_is_hidden_alone_and_only_by_moderators(db: Database) -> None:
    number = await file_issue(db)
    update, target = (await answer(db, number)).index, await comment(db, number)
    for wrong in (1, update or 0):
        with pytest.raises(Conflict, match="Only a comment is hidden alone"):
            await hide(db, number, wrong)
    with pytest.raises(NotFound):
        await hide(db, number, 99, "threat")
    with pytest.raises(Invalid):
        await hide(db, number, target, "because")
    for by in (CY, ADA, BO):
        with pytest.raises(NotAllowed):
            await hide(db, number, target, "threat", by=by)
    assert (await said(db, number))[target]["status"] == "public"


async def test_the_filers_comment_is_hidden_in_every_wording_and_they_keep_reading_it(db: Database) -> None:
    number = await file_issue(db)
    target = await comment(db, number, by=ADA)
    await do(db, customers.correct, number, by=ADA, target=target, words={"body": f"{WORDS} Twice."})
    await hide(db, number, target, "privacy_request")
    assert await shown(db, number) == [0, "Ada", [], [1]]
    assert (await said(db, number, reader="filer"))[target]["body"] == f"{WORDS} Twice."
    await do(db, customers.correct, number, by=ADA, target=target, words={"body": f"{WORDS} Thrice."})
    assert await shown(db, number) == [0, "Ada", [], [1]]
    await do(db, moderators.show_comment_again, number, by=MO, target=target)
    assert (await said(db, number))[target]["body"] == f"{WORDS} Thrice."
    await assert_sound(db)


async def test_an_appeal_is_judged_by_another_and_shows_it_again(db: Database) -> None:
    number = await file_issue(db, email="ada@example.com")
    await want_mail(db, number)
    target = await comment(db, number, by=ADA)
    await hide(db, number, target, "threat")
    decision = (await said(db, number))[target]["hidden"]["seq"]
    with pytest.raises(NotAllowed, match="your own words only"):
        await do(db, objections.appeal, number, by=CY, words="Why?", decision=decision)
    await do(db, objections.appeal, number, by=ADA, words="It is about tea.", decision=decision)
    async with db.reading() as tx:
        (waiting,) = await moderation.appeals(tx)
    assert (waiting["kind"], waiting["reason"], waiting["body"]) == ("comment.rejected", "threat", WORDS)
    with pytest.raises(Conflict, match="Somebody else"):
        await do(db, objections.judge_appeal, waiting["id"], by=MO, upheld=True, **WITH)
    await do(db, objections.judge_appeal, waiting["id"], by=ROOT, upheld=True, **WITH)
    assert (await said(db, number))[target]["body"] == WORDS
    await do(db, hiding.refuse, (await open_one(db, "review")).id, by=ROOT)  # it is shown already
    assert (await said(db, number))[target]["status"] == "public"
    await assert_sound(db)


async def test_whoever_asked_for_it_does_not_judge_the_appeal_where_there_is_a_third(db: Database) -> None:
    number = await file_issue(db)
    target = await comment(db, number, by=ADA)
    async with db.saving() as tx:
        third = await people.add(tx, email="di@board.example", name="Di", role="moderator", now_ms=0)
    await hide(db, number, target)
    await do(db, hiding.second, (await open_one(db)).id, by=ROOT)
    decision = (await said(db, number))[target]["hidden"]["seq"]
    await do(db, objections.appeal, number, by=ADA, words="It is about tea.", decision=decision)
    for by in (MO, ROOT):
        with pytest.raises(Conflict, match="Somebody else"):
            await do(db, objections.judge_appeal, 1, by=by, upheld=True, **WITH)
    di = Actor(standing="moderator", person=third.id, name="Di")
    await do(db, objections.judge_appeal, 1, by=di, upheld=True, **WITH)
    assert (await said(db, number))[target]["body"] == WORDS


async def test_what_was_reported_about_it_is_settled(db: Database) -> None:
    number = await file_issue(db)
    target = await comment(db, number)
    await do(db, objections.report, number, seq=target, reason="abuse", words="Look.", voter=b"x")
    await hide(db, number, target, "threat")
    async with db.reading() as tx:
        assert await moderation.reports(tx) == []
    with pytest.raises(NotFound):
        await do(db, objections.report, number, seq=target, reason="abuse", words=None, voter=b"y")


async def test_letters_do_not_quote_it_any_more(db: Database) -> None:
    number = await file_issue(db)
    target = await comment(db, number)
    async with db.saving() as tx:
        letter = letters.news(
            number=number, title="Tea", company="Tea & Co", lines=(WORDS,), url="", stop=None, asks=False, say=say
        )
        await outbox.put(tx, message_id="news", recipient="ada@example.com", letter=letter, now_ms=0)
        assert any("Zanzibar" in row["letter"] for row in await outbox.newest(tx, limit=9))
    await hide(db, number, target, "threat")
    async with db.reading() as tx:
        assert not any("Zanzibar" in row["letter"] for row in await outbox.newest(tx, limit=9))


async def test_the_filer_and_the_author_are_told_a_day_before(db: Database) -> None:
    number = await file_issue(db, email="ada@example.com")
    await want_mail(db, number)
    poster = Poster(mark=b"cy", is_known=True, email="cy@example.com")
    await hide(db, number, await comment(db, number, poster=poster))
    async with db.reading() as tx:
        told = {
            row["recipient"]: outbox.letter_of(row)
            for row in await outbox.newest(tx, limit=9)
            if row["message_id"].startswith("hiding.")
        }
    assert told["ada@example.com"].link == LINKS.private(number)
    assert told["cy@example.com"].link == LINKS.issue(number)
    assert {letter.paragraphs[0].split(" asked ")[1] for letter in told.values()} == {
        f"to hide a comment on issue {number}, because it was spam."
    }


async def test_the_public_figures_count_it_once_by_its_reason_and_that_it_is_shown_again(db: Database) -> None:
    number = await file_issue(db)
    target = await comment(db, number)
    await hide(db, number, target, "threat")
    await do(db, moderators.show_comment_again, number, by=ROOT, target=target)
    async with db.reading() as tx:
        counted = [(row["kind"], row["reason"], row["number"]) for row in await tallies.moderation(tx)]
    assert counted == [("comment.published", None, 1), ("comment.rejected", "threat", 1)]
    await assert_sound(db)
