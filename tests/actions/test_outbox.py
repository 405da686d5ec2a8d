"""Letters are mended one by one or all at once, and lose their words in time."""

import json
from datetime import timedelta
from typing import Any

import pytest

from board.actions import customers
from board.actions import outbox as acts
from board.domain.faults import WORDS, Fault
from board.domain.leaf import milliseconds
from board.domain.letters import Letter, Part
from board.errors import Conflict, NotAllowed, NotFound
from board.followers import sending
from board.followers.writing import Post
from board.store import bounces, company, intake, outbox, own_data
from board.store.database import Database
from tests.cast import BO, CY, LINKS, NOON, do, file_issue, later, say
from tests.followers.postbox import Postbox, free_port, postbox

DAY = timedelta(days=1)
NOON_MS = milliseconds(NOON)
SECRET = "Zanzibar"


async def put(db: Database, name: str, *, now_ms: int = NOON_MS, to: str = "ada@home.example", **letter: Any) -> int:
    """The number of a new letter of one paragraph."""
    made = Letter(**{"subject": SECRET, "paragraphs": (SECRET,), **letter})
    async with db.saving() as tx:
        await outbox.put(tx, message_id=name, recipient=to, letter=made, now_ms=now_ms)
        return int(await tx.value("SELECT id FROM outbox WHERE message_id = :name", name=name))


async def settle(db: Database, number: int, state: str, error: str | None = None, **changes: Any) -> None:
    async with db.saving() as tx:
        until_ms = await tx.value("SELECT retry_ms FROM outbox WHERE id = :id", id=number)
        given = {"tries": 1, "unsure": 0, "retry_ms": NOON_MS, "until_ms": int(until_ms), **changes}
        await outbox.settle(tx, number, state=state, error=error, **given)


async def states(db: Database) -> dict[int, str]:
    async with db.reading() as tx:
        return {row["id"]: row["state"] for row in await outbox.newest(tx, limit=1_000)}


async def words_kept(db: Database) -> list[int]:
    async with db.reading() as tx:
        rows = await tx.rows("SELECT id, subject, letter FROM outbox ORDER BY id")
    return [row["id"] for row in rows if SECRET in row["subject"] + row["letter"]]


async def test_letters_lose_their_words_in_the_time_that_the_company_sets_and_keep_what_became_of_them(
    db: Database,
) -> None:
    old = [await put(db, f"old.{n}") for n in range(4)]
    for number, state in zip(old, ("sent", "failed", "kept", "queued"), strict=True):
        await settle(db, number, state)
    new = await put(db, "new", now_ms=milliseconds(later(days=80)))
    await settle(db, new, "sent")
    digest = await put(db, "digest", parts=(Part(7, SECRET, "https://board.example/issues/7", (SECRET,)),))
    await settle(db, digest, "sent")
    await acts.forget_old(db, later(days=89))
    assert await words_kept(db) == [*old, new, digest]
    await acts.forget_old(db, later(days=91))
    assert await words_kept(db) == [old[3], new]
    assert list((await states(db)).values()) == ["sent", "sent", "queued", "kept", "failed", "sent"]
    async with db.saving() as tx:
        assert await tx.value("SELECT COUNT(*) FROM quoted") == 0
        row = await outbox.one(tx, old[0])
        assert row
        assert (row["message_id"], row["recipient"], outbox.letter_of(row).paragraphs) == (
            "old.0",
            "ada@home.example",
            (),
        )
        await company.save(tx, {"letter_days": 7})
    await acts.forget_old(db, later(days=88))
    assert await words_kept(db) == [old[3]]
    assert await put(db, "old.0") == old[0]  # its Message-ID is still there: it is not written twice


async def test_many_letters_lose_their_words_a_few_at_a_time(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "STEP", 3)
    for number in [await put(db, f"letter.{n}") for n in range(7)]:
        await settle(db, number, "sent")
    await acts.forget_old(db, later(days=91))
    assert await words_kept(db) == []


async def test_words_that_are_taken_out_of_an_issue_come_back_in_no_letter_that_has_none(db: Database) -> None:
    number = await put(db, "letter", issue=3)
    await settle(db, number, "sent")
    await acts.forget_old(db, later(days=91))
    async with db.saving() as tx:
        await outbox.forget_words(tx, 3)
        row = await outbox.one(tx, number)
    assert row
    assert (row["subject"], row["letter"]) == ("", "")


async def test_what_was_sent_or_has_no_words_is_not_tried_again(db: Database) -> None:
    sent, empty, failed = [await put(db, f"letter.{n}") for n in range(3)]
    await settle(db, sent, "sent")
    await settle(db, empty, "failed")
    await acts.forget_old(db, later(days=91))
    await settle(db, failed, "failed")
    for number, refusal in ((sent, Conflict), (empty, Conflict), (99, NotFound)):
        with pytest.raises(refusal):
            await do(db, acts.try_now, number, by=BO, now_ms=0)
        with pytest.raises(refusal):
            await do(db, acts.give_up, number, by=BO)
    with pytest.raises(NotAllowed):
        await do(db, acts.try_now, failed, by=CY, now_ms=0)
    await do(db, acts.try_now, failed, by=BO, now_ms=0)
    assert await states(db) == {sent: "sent", empty: "failed", failed: "queued"}


async def test_only_what_the_line_has_ended_is_tried_again_with_all_others(db: Database) -> None:
    ended = {kind: await put(db, kind) for kind in WORDS}
    for kind, number in ended.items():
        await settle(db, number, "failed", str(Fault(kind, "no")), by_line=Fault(kind).is_of_line)
    await try_all(db)
    found = await states(db)
    again = [kind for kind, number in ended.items() if found[number] == "queued"]
    assert again == ["absent", "silent", "strange", "insecure", "sign_in", "sender", "later", "lost"]


async def try_all(db: Database, now_ms: int = NOON_MS) -> int:
    """Steps until none is left; returns how many letters they saw."""
    seen = 0
    while step := await do(db, acts.try_all, by=BO, now_ms=now_ms):
        seen += step
    return seen


async def test_after_a_long_fault_of_the_line_all_letters_go_out_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "STEP", 2)
    away = Post(f"smtp://127.0.0.1:{free_port()}", "board@board.example", LINKS, say)
    early = [await put(db, f"early.{n}", to=f"eve{n}@home.example") for n in range(3)]
    gone = await put(db, "gone", to="gone@home.example")
    quiet = await put(db, "quiet", to="quiet@home.example", issue=5)
    code = await put(db, "code", to="code@home.example", code="ABCD-EFGH")
    follows = await put(db, "follows", to="di@home.example", issue=5, stop="https://board.example/follows/1")
    ended = await put(db, "ended", to="flo@home.example", issue=5, stop="https://board.example/follows/2")
    parts = (Part(5, "#5", "https://board.example/issues/5"),)
    digest = await put(db, "digest", to="none@home.example", parts=parts, stop="https://board.example/follows/3")
    at = NOON
    for _ in range(8):
        await sending.send_due(db, away, at)
        at += DAY
    assert set((await states(db)).values()) == {"failed"}
    waits = [await put(db, f"waits.{n}", to=f"sue{n}@home.example", now_ms=milliseconds(at)) for n in range(3)]
    for _ in range(2):
        await sending.send_due(db, away, at)
        at += timedelta(seconds=10)
    now_ms = milliseconds(at)
    async with db.saving() as tx:
        await bounces.note_hard(tx, "gone@home.example", why="550", now_ms=now_ms)
        await own_data.be_quiet(tx, "quiet@home.example", 5)
        await own_data.be_quiet(tx, "none@home.example")
        wish = await intake.follow(tx, issue=5, email="di@home.example", now_ms=0)
        await intake.confirm_follow(tx, wish.id, 1)
        found = await outbox.putting_off(tx, now_ms, since_ms=acts.oldest_ms(now_ms), most=99)
        assert found == (3, 9)
        assert (await outbox.putting_off(tx, now_ms, since_ms=0, most=2)) == (2, 2)
    with pytest.raises(NotAllowed):
        await do(db, acts.try_all, by=CY, now_ms=now_ms)
    assert await try_all(db, now_ms) == 12
    with postbox() as box:
        await sending.send_due(db, Post(box.url, "board@board.example", LINKS, say), at)
        await sending.send_due(db, Post(box.url, "board@board.example", LINKS, say), at + DAY)
    told = ["di@home.example", *(f"{who}{n}@home.example" for who in ("eve", "sue") for n in range(3))]
    assert sorted(to_each(box)) == sorted(told)
    assert {n: s for n, s in (await states(db)).items() if s != "sent"} == {
        gone: "failed",
        quiet: "failed",
        code: "failed",
        ended: "failed",
        digest: "failed",
    }
    assert {*early, *waits, follows} == {n for n, s in (await states(db)).items() if s == "sent"}


def to_each(box: Postbox) -> list[str]:
    return [str(message["To"]) for message in box.mails]


async def test_what_is_on_its_way_or_ended_long_ago_is_left_alone(db: Database) -> None:
    claimed, old = await put(db, "claimed"), await put(db, "old")
    await settle(db, old, "failed", str(Fault("absent")), by_line=True)
    async with db.saving() as tx:
        assert await outbox.claim(tx, claimed, now_ms=NOON_MS, until_ms=NOON_MS + sending.CLAIM_MS)
    with pytest.raises(Conflict):
        await do(db, acts.try_now, claimed, by=BO, now_ms=NOON_MS)
    assert await try_all(db) == 1
    await settle(db, old, "failed", str(Fault("absent")), by_line=True)
    assert await try_all(db, milliseconds(later(days=8))) == 0
    async with db.reading() as tx:
        row = await outbox.one(tx, claimed)
    assert row
    assert (row["retry_ms"], row["unsure"]) == (NOON_MS + sending.CLAIM_MS, 1)


def test_a_letter_of_many_issues_that_was_kept_in_an_older_form_can_still_be_read() -> None:
    parts = [
        {"issue": 7, "title": "#7", "link": "https://board.example/issues/7", "text": text} for text in ("Old.", "")
    ]
    row = {"letter": json.dumps({"subject": "News", "paragraphs": ["So:"], "parts": parts})}
    assert [part.lines for part in outbox.letter_of(row).parts] == [("Old.",), ()]


async def test_who_stops_mail_about_an_issue_gets_none_of_what_still_waits(db: Database) -> None:
    number = await file_issue(db, email="ada@home.example")
    wishes = {}
    for email in ("eve@home.example", "ada@home.example"):
        async with db.saving() as tx:
            wishes[email] = (await intake.follow(tx, issue=number, email=email, now_ms=0)).id
            await intake.confirm_follow(tx, wishes[email], 1)
    await do(db, outbox.give_up, "ada@home.example", error="")  # the receipt
    eves = await put(db, "eves", to="eve@home.example", issue=number)
    other = await put(db, "other", to="eve@home.example", issue=number + 1)
    adas = await put(db, "ada", issue=number)
    for email in wishes:
        await do(db, customers.stop_following, wishes[email])
    found = await states(db)
    assert (found[eves], found[other], found[adas]) == ("failed", "queued", "queued")  # Ada's are for who filed it
    await do(db, customers.stop_telling, number)
    assert (await states(db))[adas] == "failed"
