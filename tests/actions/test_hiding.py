"""Nobody buries criticism alone: what the public has read goes at once where it hurts, else by two or after a day."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from board.actions import clock, hiding, moderators, objections
from board.actions import company as company_acts
from board.domain.people import Actor
from board.errors import Conflict, Invalid, NotAllowed, NotFound
from board.store import company, entries, issues, moderation, outbox, people
from board.store.database import Database
from board.store.moderation import Hiding
from tests.cast import ADA, BO, CY, LINKS, MO, NOON, ROOT, do, do_at, file_issue, head, kinds, say, want_mail
from tests.soundness import assert_sound

WITH: dict[str, Any] = {"links": LINKS, "say": say}


async def hide(
    db: Database, number: int, *, by: Actor = MO, how: str = "remove", reason: str = "spam", **more: Any
) -> Any:
    return await do(db, hiding.hide, number, by=by, how=how, reason=reason, **more, **WITH)


async def visibility(db: Database, number: int) -> str:
    async with db.reading() as tx:
        row = await issues.find(tx, number)
    assert row
    return str(row["visibility"])


async def open_ones(db: Database, state: str = "asked") -> list[Hiding]:
    async with db.reading() as tx:
        return await moderation.hidings(tx, state)


async def letters_to(db: Database, recipient: str) -> str:
    async with db.reading() as tx:
        rows = [row for row in await outbox.newest(tx, limit=50) if row["recipient"] == recipient]
    return "\n".join(line for row in rows for line in outbox.letter_of(row).paragraphs)


async def test_one_moderator_cannot_remove_a_public_issue_alone_and_the_customer_is_told(db: Database) -> None:
    number = await file_issue(db, email="ada@example.com")
    await want_mail(db, number)
    before = await head(db)
    assert (await hide(db, number)).events == ()
    assert await head(db) == before
    assert await visibility(db, number) == "public"
    assert "A second person has to agree, or a day has to pass." in await letters_to(db, "ada@example.com")
    (asked,) = await open_ones(db)
    with pytest.raises(Conflict, match="second person"):
        await do(db, hiding.second, asked.id, by=MO)
    with pytest.raises(Conflict, match="asked for already"):
        await hide(db, number, by=ROOT)
    assert await visibility(db, number) == "public"
    await do(db, hiding.second, asked.id, by=ROOT)
    assert await visibility(db, number) == "removed"
    assert await open_ones(db) == []
    with pytest.raises(Conflict, match="decided this already"):
        await do(db, hiding.second, asked.id, by=ROOT)
    await assert_sound(db)


async def invite(db: Database, *, at: datetime, by: Actor = ROOT, role: str = "moderator") -> Actor:
    """Di, whom Root has invited."""
    given: dict[str, Any] = {"email": "di@board.example", "name": "Di", "role": role}
    person, _ = await do_at(at, db, company_acts.invite, by=by, **given, **WITH)
    return Actor(standing="moderator", person=person.id, name="Di")


@pytest.mark.parametrize(
    ("asker", "hours", "may"), [(MO, 23, False), (MO, 24, True), (ROOT, 24, False), (ROOT, 168, True)]
)
async def test_nobody_makes_the_second_person_for_it(db: Database, asker: Actor, hours: int, *, may: bool) -> None:
    number, now = await file_issue(db), NOON + timedelta(hours=hours)
    di = await invite(db, at=NOON)
    await do_at(now, db, hiding.hide, number, by=asker, how="remove", reason="spam", **WITH)
    (asked,) = await open_ones(db)
    if may:
        await do_at(now, db, hiding.second, asked.id, by=di)
        assert await visibility(db, number) == "removed"
        return
    with pytest.raises(Conflict, match="too new"):
        await do_at(now, db, hiding.second, asked.id, by=di)
    assert await visibility(db, number) == "public"
    await do_at(now, db, hiding.refuse, asked.id, by=di)
    assert await open_ones(db) == []


async def test_who_was_invited_again_is_new_again(db: Database) -> None:
    number, later = await file_issue(db), NOON + timedelta(days=30)
    await invite(db, at=NOON)
    di = await invite(db, at=later)
    await do_at(later, db, hiding.hide, number, by=ROOT, how="remove", reason="spam", **WITH)
    with pytest.raises(Conflict, match="too new"):
        await do_at(later, db, hiding.second, (await open_ones(db))[0].id, by=di)


async def test_what_nobody_refuses_is_hidden_after_a_day_and_not_before(db: Database) -> None:
    number = await file_issue(db)
    await hide(db, number)
    assert await clock.tick(db, NOON + timedelta(hours=23, minutes=59)) == 0
    assert await visibility(db, number) == "public"
    assert await clock.tick(db, NOON + timedelta(hours=24)) == 1
    assert await visibility(db, number) == "removed"
    assert await clock.tick(db, NOON + timedelta(hours=25)) == 0
    await assert_sound(db)


async def test_what_became_impossible_meanwhile_is_dropped_and_holds_up_nothing_else(db: Database) -> None:
    gone, erased, waits = await file_issue(db), await file_issue(db), await file_issue(db)
    await hide(db, gone)
    async with db.reading() as tx:
        target = await tx.value("SELECT filed_seq FROM issues WHERE number = :n", n=erased)
    await hide(db, erased, how="redact", target=target, fields=("body",))
    await hide(db, waits)
    await hide(db, gone, reason="threat")
    await do(db, objections.take_out, erased, by=ADA, target=target, fields=("body",), words=(), mark="words")
    await clock.tick(db, NOON + timedelta(hours=24))
    assert await visibility(db, waits) == "removed"
    assert await open_ones(db) == []
    await assert_sound(db)


async def test_what_is_refused_stays(db: Database) -> None:
    number = await file_issue(db)
    await hide(db, number)
    (asked,) = await open_ones(db)
    await do(db, hiding.refuse, asked.id, by=MO)
    assert await clock.tick(db, NOON + timedelta(days=3)) == 0
    assert await visibility(db, number) == "public"
    assert await kinds(db, number) == ["issue.filed", "issue.published"]


async def test_what_a_colleague_asked_who_is_gone_is_not_done(db: Database) -> None:
    number = await file_issue(db)
    await hide(db, number)
    async with db.saving() as tx:
        await people.remove(tx, MO.person or 0, 0)
    assert await clock.tick(db, NOON + timedelta(days=2)) == 0
    assert await visibility(db, number) == "public"
    assert await open_ones(db) == []


@pytest.mark.parametrize("reason", ["privacy_request", "third_party_privacy", "threat"])
async def test_what_hurts_goes_at_once_and_is_looked_over_by_somebody_else(db: Database, reason: str) -> None:
    number = await file_issue(db)
    await hide(db, number, reason=reason)
    assert await visibility(db, number) == "removed"
    (done,) = await open_ones(db, "review")
    for act in (hiding.second, hiding.refuse):
        with pytest.raises(Conflict, match="second person"):
            await do(db, act, done.id, by=MO)
    await do(db, hiding.refuse, done.id, by=ROOT)
    assert await visibility(db, number) == "public"
    assert await open_ones(db, "review") == []
    await assert_sound(db)


MASK: dict[str, Any] = {"how": "mask", "target": 1, "mark": "[words removed]"}


@pytest.mark.parametrize("reason", ["privacy_request", "third_party_privacy", "author_request", "illegal_content"])
async def test_no_reason_lets_one_moderator_erase_what_is_not_recognised_as_private(db: Database, reason: str) -> None:
    number = await file_issue(db, body="Your kettle is bad. Call 0171 5550100.")
    for more in ({**MASK, "words": ["kettle is bad. Call 0171 5550100"]}, {"how": "redact", "fields": ("body",)}):
        assert (await hide(db, number, reason=reason, **{"target": 1, **more})).events == ()
    async with db.reading() as tx:
        entry = await entries.one(tx, 1)
    assert entry
    assert entry["body"] == "Your kettle is bad. Call 0171 5550100."
    assert [asked.due_ms is not None for asked in await open_ones(db)] == [True, True]
    with pytest.raises(Conflict, match="asked for already"):
        await hide(db, number, reason=reason, by=ROOT, how="redact", target=1, fields=("body",))
    with pytest.raises(Invalid) as wrong:
        await hide(db, number, reason="threat", how="redact", target=1, fields=("title",))
    assert list(wrong.value.fields) == ["reason"]
    for asked in await open_ones(db):
        await do(db, hiding.refuse, asked.id, by=MO)
    assert await clock.tick(db, NOON + timedelta(days=2)) == 0


async def test_nobody_erases_alone_what_the_public_has_not_read_either(db: Database) -> None:
    number = await file_issue(db)
    await hide(db, number, reason="threat")
    assert (await hide(db, number, reason="abuse", how="redact", target=1, fields=("body",))).events == ()
    assert await clock.tick(db, NOON + timedelta(hours=24)) == 1
    assert (await kinds(db, number))[-1] == "text.redacted"


async def test_what_the_company_itself_calls_private_goes_at_once(db: Database) -> None:
    number = await file_issue(db, body="It is NP-4711, says Otto.")
    assert (await hide(db, number, reason="privacy_request", words=["NP-4711"], **MASK)).events == ()
    async with db.saving() as tx:
        await company.save(tx, {"order_pattern": "NP-####"})
    await hide(db, number, reason="third_party_privacy", words=["NP-4711"], **MASK)
    async with db.reading() as tx:
        entry = await entries.one(tx, 1)
    assert entry
    assert entry["body"] == "It is [order number removed], says Otto."
    assert len(await open_ones(db, "review")) == 1


async def test_words_are_masked_for_good_by_two_and_what_is_found_by_one(db: Database) -> None:
    number = await file_issue(db, body="Call 0171 5550100, ask for Otto. OTTO knows.")
    await hide(db, number, how="mask", reason="abuse", target=1, words=["otto"], mark="[name removed]")
    (asked,) = await open_ones(db)
    await do(db, hiding.second, asked.id, by=ROOT)
    await hide(db, number, reason="third_party_privacy", words=["0171  5550100"], **MASK)
    async with db.reading() as tx:
        entry = await entries.one(tx, 1)
        left = await tx.rows("SELECT value FROM openings")
        waiting = await tx.rows("SELECT detail FROM hidings")
    assert entry
    assert entry["body"] == "Call [phone number removed], ask for [name removed]. [name removed] knows."
    assert entry["corrected"] == 0
    assert not any("0171" in row["value"] or "otto" in row["value"].lower() for row in left)
    assert not any("otto" in row["detail"].lower() or "0171" in row["detail"] for row in waiting)
    await assert_sound(db)


async def test_words_that_do_not_stand_there_are_not_masked(db: Database) -> None:
    number = await file_issue(db)
    for reason in ("abuse", "privacy_request"):
        with pytest.raises(Invalid) as wrong:
            await hide(db, number, how="mask", reason=reason, target=1, words=["coffee"], mark="[words removed]")
        assert list(wrong.value.fields) == ["words"]
    assert await open_ones(db) == []


async def test_the_customer_takes_out_own_words_and_no_others(db: Database) -> None:
    number = await file_issue(db, title="A call to 0171 5550100", body="I live in 5 Mill Lane.", name="Ada Lovelace")
    given: dict[str, Any] = {"by": ADA, "target": 1, "fields": (), "words": (), "mark": "words"}
    await do(db, objections.take_out, number, **{**given, "words": ("0171 5550100",), "mark": "phone"})
    await do(db, objections.take_out, number, **{**given, "fields": ("body", "author.name")})
    async with db.reading() as tx:
        row = await issues.find(tx, number)
        entry = await entries.one(tx, 1)
    assert row
    assert entry
    assert (row["title"], row["author"], entry["body"]) == ("A call to [phone number removed]", None, None)
    update = (await do(db, moderators_answer, number)).events[0].index
    with pytest.raises(NotAllowed, match="your own words only"):
        await do(db, objections.take_out, number, **{**given, "target": update, "fields": ("body",)})
    with pytest.raises(NotAllowed):
        await do(db, objections.take_out, number, **{**given, "by": CY, "fields": ("title",)})
    with pytest.raises(Invalid):
        await do(db, objections.take_out, number, **given)
    await assert_sound(db)


async def moderators_answer(tx: Any, number: int) -> Any:
    from board.actions import staff
    from board.domain.decisions import Then

    return await staff.update(tx, number, by=BO, body="We look.", via="web", then=Then())


async def test_letters_and_kept_answers_lose_the_words_with_the_issue(db: Database) -> None:
    number = await file_issue(db, title="Xylophone", email="ada@example.com")
    await do(db, moderators.redact, number, by=MO, target=1, fields=("title", "body"), reason="privacy_request")
    async with db.reading() as tx:
        kept = await tx.rows("SELECT subject, letter FROM outbox")
    assert kept
    assert not any("Xylophone" in row["subject"] + row["letter"] for row in kept)
    assert any(LINKS.mail(number) in row["letter"] for row in kept)


async def test_a_report_reaches_moderators_once_for_each_reader_and_nobody_else(db: Database) -> None:
    number = await file_issue(db)
    before = await head(db)
    for voter in (b"cy", b"cy", b"di"):
        await do(db, objections.report, number, seq=1, reason="abuse", words="Look.", voter=voter)
    assert await head(db) == before
    async with db.reading() as tx:
        assert len(await moderation.reports(tx)) == 2
    await hide(db, number, how="redact", reason="abuse", target=1, fields=["body"])
    await do(db, hiding.second, (await open_ones(db))[0].id, by=ROOT)
    async with db.reading() as tx:
        assert await moderation.reports(tx) == []
        assert await moderation.count_reports(tx) == 2
    with pytest.raises(Invalid):
        await do(db, objections.report, number, seq=1, reason="because", words=None, voter=b"x")
    for place in (2, 99):
        with pytest.raises(NotFound):
            await do(db, objections.report, number, seq=place, reason="abuse", words=None, voter=b"x")


async def test_an_appeal_is_judged_by_somebody_else_than_who_decided(db: Database) -> None:
    number = await file_issue(db, email="ada@example.com")
    await want_mail(db, number)
    with pytest.raises(Conflict, match="not hidden"):
        await do(db, objections.appeal, number, by=ADA, words="Why?")
    await hide(db, number, reason="threat")
    with pytest.raises(NotAllowed):
        await do(db, objections.appeal, number, by=CY, words="Why?")
    await do(db, objections.appeal, number, by=ADA, words="It is no threat, it is a kettle.")
    with pytest.raises(Conflict, match="appealed against this decision already"):
        await do(db, objections.appeal, number, by=ADA, words="Again.")
    async with db.reading() as tx:
        (waiting,) = await moderation.appeals(tx)
    with pytest.raises(Conflict, match="Somebody else"):
        await do(db, objections.judge_appeal, waiting["id"], by=MO, upheld=False, **WITH)
    await do(db, objections.judge_appeal, waiting["id"], by=ROOT, upheld=True, **WITH)
    assert await visibility(db, number) == "public"
    assert f"looked at your appeal: issue {number} is shown again" in await letters_to(db, "ada@example.com")
    with pytest.raises(Conflict, match="decided this already"):
        await do(db, objections.judge_appeal, waiting["id"], by=ROOT, upheld=True, **WITH)
    await assert_sound(db)


async def test_nobody_makes_the_judge_of_an_appeal_either(db: Database) -> None:
    number, di = await file_issue(db), await invite(db, at=NOON)
    await hide(db, number, reason="threat")
    await do(db, objections.appeal, number, by=ADA, words="It is no threat, it is a kettle.")
    async with db.reading() as tx:
        (waiting,) = await moderation.appeals(tx)
    soon, then = NOON + timedelta(hours=23), NOON + timedelta(hours=24)
    with pytest.raises(Conflict, match="too new"):
        await do_at(soon, db, objections.judge_appeal, waiting["id"], by=di, upheld=False, **WITH)
    await do_at(then, db, objections.judge_appeal, waiting["id"], by=di, upheld=False, **WITH)
    assert await visibility(db, number) == "removed"


async def test_moderators_do_not_hide_without_the_right(db: Database) -> None:
    number = await file_issue(db)
    for by in (CY, ADA, BO):
        with pytest.raises(NotAllowed):
            await hide(db, number, by=by)
    await do_at(NOON, db, hiding.hide, number, by=MO, how="remove", reason="spam", **WITH)
    (asked,) = await open_ones(db)
    for by in (CY, ADA, BO):
        for act in (hiding.second, hiding.refuse):
            with pytest.raises(NotAllowed):
                await do(db, act, asked.id, by=by)
