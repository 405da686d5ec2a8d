"""News for a crowd goes out piece by piece: each follower hears once, and nobody else waits for the crowd."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from board.actions import accounts, moderators, staff
from board.domain.decisions import Then
from board.followers import line, mail, sending
from board.followers.writing import Post
from board.store import fan_outs, intake, outbox
from board.store.database import Database
from tests.cast import BO, LINKS, MO, NOON, ROOT, do, file_issue, say
from tests.followers.postbox import postbox

POST = Post(None, "board@board.example", LINKS, say)
NOON_MS = int(NOON.timestamp() * 1000)


async def crowd(db: Database, number: int, size: int, *, since_ms: int = 1) -> None:
    async with db.saving() as tx:
        for place in range(size):
            wish = await intake.follow(tx, issue=number, email=f"eve{place}-{number}@home.example", now_ms=0)
            await intake.confirm_follow(tx, wish.id, since_ms)


async def answer(db: Database, number: int) -> None:
    await do(db, staff.update, number, by=BO, body="We look.", via="web", then=Then())
    await mail.write_letters(db, POST, NOON)


async def recipients(db: Database) -> list[str]:
    async with db.reading() as tx:
        return [row["recipient"] for row in await outbox.newest(tx, limit=1_000)]


async def go_on(db: Database) -> int:
    """Pieces until nothing is left; returns how many there were."""
    pieces = 0
    while await mail.fan_out(db, POST, NOON):
        pieces += 1
    return pieces


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "AT_A_TIME", 10)


@pytest.mark.usefixtures("small_pieces")
async def test_each_of_a_crowd_hears_once_however_many_write_the_letters(db: Database) -> None:
    await crowd(db, await file_issue(db), 55)
    await answer(db, 1)
    assert await recipients(db) == []
    await asyncio.gather(*[go_on(db) for _ in range(3)])
    told = await recipients(db)
    assert len(told) == len(set(told)) == 55
    async with db.reading() as tx:
        assert await fan_outs.next_one(tx) is None


@pytest.mark.usefixtures("small_pieces")
async def test_what_is_hidden_while_a_crowd_is_told_is_told_to_the_others_when_it_is_shown_again(db: Database) -> None:
    await crowd(db, await file_issue(db), 25)
    await answer(db, 1)
    await mail.fan_out(db, POST, NOON)
    await do(db, moderators.remove, 1, by=MO, reason="abuse")
    await go_on(db)
    assert len(await recipients(db)) == 10
    await do(db, moderators.restore, 1, by=ROOT)
    await mail.write_letters(db, POST, NOON)
    await go_on(db)
    told = Counter(await recipients(db))
    assert (len(told), max(told.values())) == (25, 1)


@pytest.mark.usefixtures("small_pieces")
async def test_a_large_crowd_delays_no_small_one(db: Database) -> None:
    await crowd(db, await file_issue(db), 50)
    await crowd(db, await file_issue(db), 1)
    await answer(db, 1)
    await mail.fan_out(db, POST, NOON)
    await answer(db, 2)
    await mail.fan_out(db, POST, NOON)
    assert (await recipients(db))[0] == "eve0-2@home.example"


@pytest.mark.usefixtures("small_pieces")
async def test_words_that_are_gone_are_told_to_nobody_any_more(db: Database) -> None:
    await crowd(db, await file_issue(db), 15)
    done = await do(db, staff.update, 1, by=BO, body="Call Jane Doe.", via="web", then=Then())
    await mail.write_letters(db, POST, NOON)
    await mail.fan_out(db, POST, NOON)
    assert done.index is not None
    await do(db, moderators.redact, 1, by=MO, target=done.index, fields=("body",), reason="privacy_request")
    await go_on(db)
    async with db.reading() as tx:
        letters = [str(outbox.letter_of(row)) for row in await outbox.newest(tx, limit=100)]
    assert len(letters) == 15
    assert not any("Jane Doe" in letter for letter in letters)


async def test_whoever_follows_after_it_happened_does_not_hear_of_it(db: Database) -> None:
    await file_issue(db)
    await answer(db, 1)
    await crowd(db, 1, 3, since_ms=NOON_MS + 1)
    await go_on(db)
    assert await recipients(db) == []


async def test_what_somebody_waits_for_goes_before_the_letters_of_a_crowd(db: Database) -> None:
    await crowd(db, await file_issue(db), 30)
    await answer(db, 1)
    await go_on(db)
    async with db.saving() as tx:
        await accounts.send_link(tx, "bo@board.example", browser="x", links=LINKS, now_ms=NOON_MS, say=say)
    with postbox() as box:
        await sending.send_due(db, replace(POST, url=box.url), NOON)
    assert "bo@board.example" in box.recipients[: sending.LINES]
    assert len(box.recipients) == 31


async def test_few_connections_carry_many_messages_and_none_for_ever(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "A_LINE", 5)
    opened: list[Any] = []
    made = line.connection

    def counted(post: Post) -> Any:
        opened.append(made(post))
        return opened[-1]

    monkeypatch.setattr(line, "connection", counted)
    await crowd(db, await file_issue(db), 40)
    await answer(db, 1)
    await go_on(db)
    with postbox() as box:
        await sending.send_due(db, replace(POST, url=box.url), NOON)
        assert len(box.mails) == 40
    assert 8 <= len(opened) <= 12
    assert not any(line.is_connected for line in opened)


async def test_a_connection_that_breaks_is_made_anew_and_loses_nothing(db: Database) -> None:
    await crowd(db, await file_issue(db), 12)
    await answer(db, 1)
    await go_on(db)
    with postbox() as box:
        post = replace(POST, url=box.url)
        box.refusal = "421 too busy"
        await sending.send_due(db, post, NOON)
        box.refusal = None
        assert box.mails == []
        await sending.send_due(db, post, NOON.replace(minute=30))
    assert len(set(box.recipients)) == 12


@pytest.mark.usefixtures("small_pieces")
async def test_a_crowds_letters_are_written_only_as_far_ahead_as_they_go_out(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "AHEAD", 20)
    monkeypatch.setattr(mail, "FAN_OUT_EVERY_S", 0.01)
    await crowd(db, await file_issue(db), 55)
    await crowd(db, await file_issue(db), 1)
    await answer(db, 1)
    told, written = asyncio.Event(), asyncio.Event()
    writing = asyncio.create_task(mail.fan_out_for_ever(db, POST, lambda: NOON, told, written))
    await until_written(db, 20)
    await answer(db, 2)
    await asyncio.sleep(0.1)
    assert sum(email.endswith("-1@home.example") for email in await recipients(db)) == 20
    await sending.send_due(db, POST, NOON)
    await until_written(db, 41)
    assert "eve0-2@home.example" in await recipients(db)
    writing.cancel()


async def until_written(db: Database, number: int) -> None:
    async with asyncio.timeout(20):
        while len(await recipients(db)) < number:
            await asyncio.sleep(0.01)
