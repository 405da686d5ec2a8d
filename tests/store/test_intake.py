"""What is kept privately: answers to repeated requests, reminders, letters and how far each follower has got."""

import asyncio
from dataclasses import replace

import pytest

from board.domain.letters import Letter
from board.store import intake, outbox, positions
from board.store.database import Database
from board.store.positions import Position

LETTER = Letter(subject="Hello", paragraphs=("One.", "“Two.”"), label="Open", link="https://x.y", issue=3, secret=True)


async def put(db: Database, message_id: str, *, now_ms: int = 0) -> None:
    async with db.saving() as tx:
        await outbox.put(tx, message_id=message_id, recipient="ada@example.com", letter=LETTER, now_ms=now_ms)


NOW = 100 * intake.KEEP_ANSWERS_MS


async def keep_answer(db: Database, *, now_ms: int) -> None:
    async with db.saving() as tx:
        await intake.keep_answer(tx, key_hash=b"k", body_hash=b"b", issue=None, status=201, body="{}", now_ms=now_ms)


async def is_kept_after_looks_at(db: Database, *times: int) -> bool:
    async with db.saving() as tx:
        for now_ms in times:
            await intake.forget_old_answers(tx, now_ms)
        return await intake.answer(tx, b"k") is not None


async def test_an_answer_is_remembered_for_a_day_and_until_two_looks_have_found_it_old(db: Database) -> None:
    await keep_answer(db, now_ms=NOW)
    async with db.reading() as tx:
        assert await intake.answer(tx, b"other") is None
        kept = await intake.answer(tx, b"k")
    assert kept
    assert (bytes(kept["body_hash"]), kept["status"], kept["body"]) == (b"b", 201, "{}")
    old = NOW + intake.KEEP_ANSWERS_MS + 1
    assert await is_kept_after_looks_at(db, NOW, NOW + 1, old)
    assert not await is_kept_after_looks_at(db, old)


@pytest.mark.parametrize("wrong", [-365, 365])
async def test_a_clock_that_is_a_year_wrong_makes_nobody_forget_at_once_nor_keep_for_a_year(
    db: Database, wrong: int
) -> None:
    await keep_answer(db, now_ms=NOW + wrong * intake.KEEP_ANSWERS_MS)
    assert await is_kept_after_looks_at(db, NOW)
    assert not await is_kept_after_looks_at(db, NOW)


async def test_a_reminder_is_due_once(db: Database) -> None:
    async with db.saving() as tx:
        due = [await intake.remind_once(tx, issue=1, kind=kind, seq=5) for kind in ("3 days", "3 days", "7 days")]
        again = await intake.remind_once(tx, issue=1, kind="3 days", seq=6)
    assert (due, again) == ([True, False, True], True)


async def test_an_address_is_known_that_has_filed_or_said_that_it_follows(db: Database) -> None:
    async with db.saving() as tx:
        await intake.add_filer(tx, issue=1, email="ada@example.com")
        wish = await intake.follow(tx, issue=1, email="cy@example.com", now_ms=0)
        known = [e for e in ("ada@example.com", "cy@example.com") if await intake.knows_email(tx, e)]
        assert known == ["ada@example.com"]
        await intake.confirm_follow(tx, wish.id, 1)
        addresses = ("ada@example.com", "cy@example.com", "x@example.com")
        assert [await intake.knows_email(tx, address) for address in addresses] == [True, True, False]
        assert await intake.follows_of(tx, "cy@example.com") == [replace(wish, confirmed=True, since_ms=1)]
        assert await intake.follow_by_id(tx, 99) is None


async def test_a_letter_waits_until_it_is_sent_and_is_not_doubled(db: Database) -> None:
    await put(db, "one")
    await put(db, "one")
    await put(db, "two", now_ms=50)
    async with db.saving() as tx:
        assert [m["message_id"] for m in await outbox.due(tx, 49, limit=9)] == ["one"]
        first, second = await outbox.due(tx, 50, limit=9)
        assert outbox.letter_of(first) == LETTER
        await outbox.settle(tx, first["id"], state="sent", tries=1, unsure=0, retry_ms=0, error=None, until_ms=0)
        await outbox.settle(
            tx, second["id"], state="queued", tries=1, unsure=0, retry_ms=900, error="busy", until_ms=50
        )
        assert await outbox.due(tx, 899, limit=9) == []
        await outbox.try_now(tx, first["id"], 60)
        await outbox.try_now(tx, second["id"], 60)
        assert [(m["message_id"], m["error"]) for m in await outbox.due(tx, 60, limit=9)] == [("two", "busy")]
        assert await outbox.counts(tx) == {"queued": 1, "sent": 1}


async def test_letters_are_listed_newest_first_page_by_page(db: Database) -> None:
    for place in range(5):
        await put(db, f"letter {place}")
    async with db.reading() as tx:
        page = await outbox.newest(tx, limit=2)
        rest = await outbox.newest(tx, limit=9, before=page[-1]["id"])
        sent = await outbox.newest(tx, limit=9, state="sent")
    assert [m["message_id"] for m in page + rest] == [f"letter {place}" for place in (4, 3, 2, 1, 0)]
    assert sent == []


async def test_of_many_processes_one_sends_a_letter(db: Database) -> None:
    await put(db, "one")

    async def claim() -> bool:
        async with db.saving() as tx:
            return await outbox.claim(tx, 1, now_ms=10, until_ms=100)

    assert sorted(await asyncio.gather(*[claim() for _ in range(5)])) == [False] * 4 + [True]


async def test_a_letter_whose_next_try_was_set_by_a_clock_that_was_ahead_is_due(db: Database) -> None:
    year, day = 365 * 86_400_000, 86_400_000
    await put(db, "one", now_ms=year)
    await put(db, "two", now_ms=day)
    async with db.saving() as tx:
        assert [m["message_id"] for m in await outbox.due(tx, 50, limit=9)] == ["one"]
        assert await outbox.claim(tx, 1, now_ms=50, until_ms=60)
        assert not await outbox.claim(tx, 2, now_ms=50, until_ms=60)


async def test_whoever_comes_back_too_late_changes_nothing_but_what_was_sent(db: Database) -> None:
    await put(db, "one")

    async def settle(state: str, until_ms: int) -> tuple[str, int]:
        async with db.saving() as tx:
            await outbox.settle(tx, 1, state=state, tries=1, unsure=0, retry_ms=900, error=None, until_ms=until_ms)
            (row,) = await outbox.newest(tx, limit=9)
        return row["state"], row["retry_ms"]

    async with db.saving() as tx:
        assert await outbox.claim(tx, 1, now_ms=10, until_ms=100)
        assert await outbox.claim(tx, 1, now_ms=100, until_ms=200)
    assert await settle("failed", 100) == ("queued", 200)
    assert await settle("sent", 100) == ("sent", 900)
    assert await settle("queued", 200) == ("sent", 900)


async def test_a_follower_goes_on_where_it_was(db: Database) -> None:
    async with db.saving() as tx:
        assert await positions.read(tx, "mail", "all") is None
        await positions.save(tx, "mail", "all", Position(5))
        await positions.save(tx, "mail", "all", Position(7, failures=2, retry_ms=99))
        await positions.save(tx, "webhook", "all", Position(1))
        assert await positions.read(tx, "mail", "all") == Position(7, 2, 99)
