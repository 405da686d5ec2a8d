"""Webhooks hear of each event once, in order, until they take it; a dead one hurts nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from board.actions import customers, hooks, moderators, staff
from board.actions.hooks import NAME
from board.domain import hooks as rules
from board.domain.decisions import Then
from board.errors import Invalid
from board.followers import hooks as telling
from board.followers.hooks import Hooking
from board.followers.turns import Kind, Turns
from board.outbound import Outbound
from board.sealing import box
from board.store import hooks as store
from board.store import outbox, positions
from board.store.database import Database
from board.store.positions import IDLE
from board.stream import Stream
from tests.cast import BO, CY, LINKS, MO, NOON, ROOT, do, file_issue, head, say
from tests.receiver import Receiver, receiving, says

OUT = Outbound((ip_network("127.0.0.0/8"),))
HOOKING = Hooking(OUT, box(b"s" * 32, NAME), LINKS, say)
ALL = rules.EVENTS


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_on(self, **span: float) -> None:
        self.now += timedelta(**span)


async def add(db: Database, url: str, *, events: tuple[str, ...] = ALL, shape: str = "standard") -> tuple[int, str]:
    return await do(db, hooks.add, by=ROOT, url=url, shape=shape, events=events, out=OUT, box=HOOKING.box, now_ms=0)


async def turn(db: Database, number: int, clock: Clock | None = None) -> positions.Position:
    """One turn of a hook, as `Turns` gives it; returns its place afterwards."""
    async with db.reading() as tx:
        place = await positions.read(tx, NAME, str(number))
    assert place
    after = await telling.take_turn(db, number, place, HOOKING, clock or Clock())
    async with db.saving() as tx:
        await positions.settle(tx, NAME, str(number), place, after, until_ms=place.retry_ms)
    return after


async def tell_all(db: Database, number: int, clock: Clock | None = None) -> positions.Position:
    """Turns until it has nothing to do, or waits."""
    clock = clock or Clock()
    while (place := await turn(db, number, clock)).retry_ms <= int(clock.now.timestamp() * 1000):
        pass
    return place


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(sent.body) for sent in receiver.sent]


async def test_a_hook_hears_of_what_happens_from_now_on_in_order(db: Database) -> None:
    async with receiving() as receiver:
        await file_issue(db)
        number, _ = await add(db, receiver.url)
        await do(db, customers.comment, 1, by=CY, body="Mine **leaks**, too.", via="web")
        await do(db, staff.update, 1, by=BO, body="We look.", via="web", then=Then())
        place = await tell_all(db, number)
        assert (place.seq, place.retry_ms) == (await head(db), IDLE)
    first, *_ = found = told(receiver)
    assert [one["type"] for one in found] == ["comment.posted", "update.posted", "issue.acknowledged"]
    assert [one["data"]["seq"] for one in found] == sorted(one["data"]["seq"] for one in found)
    assert first["timestamp"].endswith("Z")
    assert first["data"]["words"] == "Mine **leaks**, too."
    assert first["data"]["issue"]["title"]
    assert first["data"]["issue"]["url"] == LINKS.issue(1)


async def test_a_hook_hears_of_no_more_than_it_wants(db: Database) -> None:
    async with receiving() as receiver:
        number, _ = await add(db, receiver.url, events=("issue.resolved",))
        await file_issue(db)
        await do(db, staff.update, 1, by=BO, body="Mended.", via="web", then=Then(resolution="fixed"))
        await tell_all(db, number)
    assert [one["type"] for one in told(receiver)] == ["issue.resolved"]


async def test_signatures_are_those_of_the_specification_also_while_the_secret_changes(db: Database) -> None:
    clock = Clock()
    async with receiving() as receiver:
        number, old = await add(db, receiver.url)
        await file_issue(db)
        await turn(db, number, clock)
        new = await do(db, hooks.rotate, number, by=ROOT, box=HOOKING.box, now_ms=int(clock.now.timestamp() * 1000))
        await do(db, customers.comment, 1, by=CY, body="And now?", via="web")
        await tell_all(db, number, clock)
        clock.pass_on(hours=25)
        await do(db, customers.comment, 1, by=CY, body="And then?", via="web")
        await tell_all(db, number, clock)
    async with db.saving() as tx:
        await hooks.forget_old_secrets(tx, int(clock.now.timestamp() * 1000))
        hook = await store.one(tx, number)
    assert hook
    assert (hook.old_secret, hook.old_until_ms) == (None, None)
    good = [[is_good(secret, sent) for secret in (old, new)] for sent in receiver.sent]
    assert (good[0], good[-2], good[-1]) == ([True, False], [True, True], [False, True])
    assert all(sent.headers["webhook-id"].startswith(f"msg_{number}_") for sent in receiver.sent)


def is_good(secret: str, sent: Any) -> bool:
    """What the specification's own library says of it, but for the time, which a test sets."""
    webhook = Webhook(secret)
    at = datetime.fromtimestamp(int(sent.headers["webhook-timestamp"]), tz=NOON.tzinfo)
    mark = webhook.sign(sent.headers["webhook-id"], at, sent.body.decode())
    return mark in sent.headers["webhook-signature"].split()


async def test_what_is_not_taken_is_told_again_on_schedule_with_the_same_id(db: Database) -> None:
    clock = Clock()
    async with receiving(says(500), None, says(302, "Location: /there"), says(200)) as receiver:
        number, _ = await add(db, receiver.url, events=("issue.filed",))
        await file_issue(db)
        pauses = []
        for _ in range(3):
            place = await turn(db, number, clock)
            pauses.append(place.retry_ms / 1000 - clock.now.timestamp())
            clock.pass_on(seconds=pauses[-1] + 1)
        await tell_all(db, number, clock)
    assert all(low <= pause <= low * 1.11 for low, pause in zip(rules.TRIES_S, pauses, strict=False))
    assert len({sent.headers["webhook-id"] for sent in receiver.sent}) == 1
    assert len({sent.headers["webhook-timestamp"] for sent in receiver.sent}) == 4
    async with db.reading() as tx:
        errors = [tried.error for tried in reversed(await store.tries(tx, number, limit=9))]
    assert [str(error)[:16] for error in errors] == ["It answers 500.", "The connection b", "It answers with ", "None"]


async def test_who_asks_us_to_wait_is_not_asked_before(db: Database) -> None:
    clock = Clock()
    async with receiving(says(503, "Retry-After: 900")) as receiver:
        number, _ = await add(db, receiver.url)
        await file_issue(db)
        place = await turn(db, number, clock)
    assert place.retry_ms >= (clock.now.timestamp() + 900) * 1000


async def test_a_dead_hook_is_switched_off_after_its_tries_and_admins_are_told(db: Database) -> None:
    clock = Clock()
    async with receiving(says(500)) as receiver:
        number, _ = await add(db, receiver.url)
        await file_issue(db)
        while (place := await turn(db, number, clock)).retry_ms < IDLE:
            clock.now = datetime.fromtimestamp(place.retry_ms / 1000 + 1, NOON.tzinfo)
        assert len(receiver.sent) == len(rules.TRIES_S) + 1
        async with db.reading() as tx:
            hook = await store.one(tx, number)
            letters = [row["subject"] for row in await outbox.newest(tx, limit=9)]
        assert hook
        assert hook.why_off == "failing"
        assert "A webhook was switched off" in letters
        receiver.answers = [says(200)]
        await do(db, hooks.switch, number, by=ROOT, on=True, now_ms=int(clock.now.timestamp() * 1000))
        assert (await tell_all(db, number, clock)).seq == await head(db)
    assert [one["type"] for one in told(receiver)][-2:] == ["issue.filed", "issue.published"]


async def test_a_receiver_that_is_gone_is_told_nothing_more(db: Database) -> None:
    async with receiving(says(410)) as receiver:
        number, _ = await add(db, receiver.url)
        await file_issue(db)
        assert (await turn(db, number)).retry_ms == IDLE
        assert (await turn(db, number)).retry_ms == IDLE
        assert len(receiver.sent) == 1


async def test_words_that_are_gone_are_not_told(db: Database) -> None:
    async with receiving() as receiver:
        number, _ = await add(db, receiver.url, events=("comment.posted", "issue.filed"))
        await file_issue(db, title="The secret kettle")
        done = await do(db, customers.comment, 1, by=CY, body="Call 0171 5550100.", via="web")
        assert done.index
        await do(db, moderators.redact, 1, by=MO, target=done.index, fields=("body",), reason="privacy_request")
        await do(db, moderators.remove, 1, by=MO, reason="threat")
        await tell_all(db, number)
    bodies = b"".join(sent.body for sent in receiver.sent)
    assert b"5550100" not in bodies
    assert b"secret kettle" not in bodies
    assert [one["data"]["words"] for one in told(receiver)] == [None, None]


@pytest.mark.parametrize(
    ("shape", "there"),
    [
        ("slack", b"&lt;!channel&gt; *now* @here"),
        (
            "discord",
            rb"<\!channel\> \\*now\\* \\@here".replace(b"<", b"\\\\<")
            .replace(b"\\!", b"\\\\!")
            .replace(b"\\>", b"\\\\>"),
        ),
        ("teams", b'{"type":"TextRun","text":"<!channel> *now* @here"}'),
    ],
)
async def test_chat_rooms_read_what_people_wrote_as_it_is(db: Database, shape: str, there: bytes) -> None:
    async with receiving() as receiver:
        number, _ = await add(db, receiver.url, events=("comment.posted",), shape=shape)
        await file_issue(db)
        await do(db, customers.comment, 1, by=CY, body="\\<!channel> \\*now\\* @here", via="web")
        await tell_all(db, number)
    (sent,) = receiver.sent
    assert there in sent.body, sent.body
    assert LINKS.issue(1).encode() in sent.body


async def test_a_test_and_a_replay_come_out_of_turn_also_where_the_hook_is_off(db: Database) -> None:
    async with receiving() as receiver:
        await file_issue(db)
        number, _ = await add(db, receiver.url)
        await do(db, hooks.switch, number, by=ROOT, on=False, now_ms=1)
        await do(db, hooks.ask, number, by=ROOT, seq=None, now_ms=1)
        await do(db, hooks.ask, number, by=ROOT, seq=1, now_ms=1)
        place = await tell_all(db, number)
    assert [one["type"] for one in told(receiver)] == [rules.TEST, "issue.filed"]
    assert place.retry_ms == IDLE
    async with db.reading() as tx:
        assert [tried.seq for tried in await store.tries(tx, number, limit=9)] == [1, None]


async def test_whoever_gives_up_what_waits_hears_of_what_comes(db: Database) -> None:
    async with receiving(says(500)) as receiver:
        number, _ = await add(db, receiver.url)
        await file_issue(db)
        await turn(db, number)
        await do(db, hooks.skip, number, by=ROOT)
        receiver.answers, receiver.sent = [says(200)], []
        await do(db, customers.comment, 1, by=CY, body="Still.", via="web")
        await tell_all(db, number)
    assert [one["type"] for one in told(receiver)] == ["comment.posted"]


async def test_a_wrong_choice_is_refused_in_words(db: Database) -> None:
    with pytest.raises(Invalid) as wrong:
        await do(
            db, hooks.add, by=ROOT, url="nowhere", shape="round", events=("x",), out=OUT, box=HOOKING.box, now_ms=0
        )
    assert set(wrong.value.fields) == {"url", "shape", "events"}


async def test_old_tries_are_forgotten(db: Database) -> None:
    tried = store.Try(seq=1, at_ms=1, took_ms=1, status=200, error=None)
    async with db.saving() as tx:
        for _ in range(2 * store.KEPT_TRIES):
            await store.note_try(tx, 1, tried)
            await store.note_try(tx, 2, tried)
        assert [len(await store.tries(tx, hook, limit=1_000)) for hook in (1, 2)] == [store.KEPT_TRIES] * 2


@asynccontextmanager
async def running(db: Database, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    stream = Stream(db)
    await stream.start()
    tasks = [asyncio.create_task(stream.run()), asyncio.create_task(telling.run(db, stream, HOOKING, clock))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_hooks_are_told_as_it_happens_and_a_dead_one_hurts_nobody_else(db: Database) -> None:
    async with receiving(b"") as dead, receiving(host="127.0.0.2") as well:
        for _ in range(6):
            await add(db, dead.url, events=("issue.filed",))
        await add(db, well.url, events=("issue.filed",))
        async with running(db, lambda: datetime.now(NOON.tzinfo)):
            await asyncio.sleep(0.1)
            for number in range(1, 4):
                await file_issue(db)
                await until(lambda number=number: len(well.sent) == number)  # type: ignore[misc]
            assert 1 <= dead.most <= 4


async def test_turns_are_taken_by_as_many_as_there_is_room_for_and_each_by_one(db: Database) -> None:
    seen: list[str] = []
    now = [0]

    async def host(target: str) -> str:
        return target[0]

    async def take(target: str, place: positions.Position) -> positions.Position:
        seen.append(target)
        now[0] += 1
        await asyncio.sleep(0.05)
        now[0] -= 1
        return positions.Position(place.seq + 1, 0, IDLE)

    async with db.saving() as tx:
        for target in [f"{place}{host}" for host in "ab" for place in range(10)]:
            await positions.save(tx, "kind", target[::-1], positions.Position(0, 0, 0))
    mine, theirs = (Turns(db, Kind("kind", host, take), lambda: NOON) for _ in range(2))
    tasks = [asyncio.create_task(turns.run()) for turns in (mine, theirs)]
    await until(lambda: len(seen) == 20)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(set(seen)) == 20
