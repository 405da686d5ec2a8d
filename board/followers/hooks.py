"""Tells webhooks what has happened: each hook in the order of the record, from its own place, until it takes it."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from board.domain import hooks as rules
from board.domain import letters, wording
from board.domain.leaf import Recorded, format_time, milliseconds
from board.domain.links import Links
from board.domain.text import to_plain
from board.domain.wording import Say
from board.followers.turns import Kind, Turns, wake_for_ever
from board.outbound import Lost, Outbound, Unsent
from board.sealing import Box
from board.store import company, entries, hooks, issues, outbox, people, positions, record
from board.store.database import Database, Tx
from board.store.hooks import Hook, Try
from board.store.positions import IDLE, Position
from board.stream import Stream

NAME = "hook"
BATCH = 200
JITTER = 0.1  # of a pause, at most, on top
TEST_WORDS = "This is a test. Nothing has happened."


@dataclass(frozen=True)
class Hooking:
    """What telling takes: the way out, the box of the secrets, the links and the language of the board."""

    out: Outbound
    box: Box
    links: Links
    say: Say


async def run(db: Database, stream: Stream, hooking: Hooking, clock: Callable[[], datetime]) -> None:
    """Until cancelled."""

    async def host(target: str) -> str:
        async with db.reading() as tx:
            hook = await hooks.one(tx, int(target))
        return urlsplit(hook.url).hostname or "" if hook else ""

    async def turn(target: str, place: Position) -> Position:
        return await take_turn(db, int(target), place, hooking, clock)

    turns = Turns(db, Kind(NAME, host, turn), clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(turns.run())
        group.create_task(wake_for_ever(stream, turns, lambda names: wake(db, names, clock())))


async def wake(db: Database, names: set[str] | None, now: datetime) -> None:
    """Those who want to hear of one of these events, or all of them."""
    async with db.reading() as tx:
        found = [hook for hook in await hooks.every(tx) if names is None or wants(hook, names)]
    if found:
        async with db.saving() as tx:
            for hook in found:
                await positions.wake(tx, NAME, str(hook.id), milliseconds(now))


def wants(hook: Hook, names: set[str]) -> bool:
    return hook.why_off is None and not names.isdisjoint(hook.events)


async def take_turn(
    db: Database, number: int, place: Position, hooking: Hooking, clock: Callable[[], datetime]
) -> Position:
    """Tells one thing: what was asked for out of turn, else the next event; returns the place after it."""
    async with db.reading() as tx:
        hook, asked = await hooks.one(tx, number), await hooks.asked(tx, number)
    if hook is None:
        return Position(place.seq, 0, IDLE)
    if asked:
        await tell_again(db, hook, asked, hooking, clock)
        return place
    if hook.why_off is not None:
        return replace(place, retry_ms=IDLE)
    async with db.reading() as tx:
        found = await record.after(tx, place.seq, limit=BATCH)
    wanted = next((r for r in found if r.name in hook.events), None)
    if wanted is None:
        return passed(place, found, clock())
    tried, wait_s = await tell(db, hook, wanted, hooking, clock())
    return await settle(db, hook, place, tried, wait_s, hooking, clock())


def passed(place: Position, found: list[Recorded], now: datetime) -> Position:
    """Past what the hook did not want to hear of; whoever has seen all waits to be woken."""
    if len(found) == BATCH:
        return Position(found[-1].index, 0, milliseconds(now))
    return Position(found[-1].index if found else place.seq, 0, IDLE)


async def tell_again(
    db: Database, hook: Hook, asked: tuple[int, int | None], hooking: Hooking, clock: Callable[[], datetime]
) -> None:
    number, seq = asked
    async with db.reading() as tx:
        found = await record.after(tx, seq - 1, limit=1) if seq is not None else []
    tried, _ = await tell(db, hook, found[0] if found else None, hooking, clock())
    async with db.saving() as tx:
        await hooks.note_try(tx, hook.id, tried)
        await hooks.settle_ask(tx, number)


async def tell(db: Database, hook: Hook, r: Recorded | None, hooking: Hooking, now: datetime) -> tuple[Try, int]:
    """One request about the event, or a test; what came of it, and how many seconds the answer asks us to wait."""
    async with db.reading() as tx:
        body = await compose(tx, hook, r, hooking, now)
    message_id = f"msg_{hook.id}_{r.index}" if r else f"msg_{hook.id}_test_{milliseconds(now)}"
    headers = rules.headers(secrets_of(hook, hooking.box, now), message_id, int(now.timestamp()), body)
    began, status, error, wait_s = time.monotonic(), None, None, 0
    try:
        answer = await hooking.out.send("POST", hook.url, headers, body)
        status, wait_s = answer.status, rules.asked_wait_s(answer.headers.get("retry-after"))
        error = None if 200 <= status < 300 else refused(status)
    except (Unsent, Lost) as wrong:
        error = str(wrong)
    took_ms = int((time.monotonic() - began) * 1000)
    seq = r.index if r else None
    return Try(seq=seq, at_ms=milliseconds(now), took_ms=took_ms, status=status, error=error), wait_s


def refused(status: int) -> str:
    if 300 <= status < 400:
        return "It answers with another address. Give that address here instead: redirects are not followed."
    return f"It answers {status}."


async def compose(tx: Tx, hook: Hook, r: Recorded | None, hooking: Hooking, now: datetime) -> bytes:
    """The body as the record has it now: words that were taken out meanwhile are not told any more."""
    setup = await company.read(tx)
    row = await issues.find(tx, r.issue) if r and r.issue is not None else None
    entry = await entries.one(tx, r.index) if r else None
    is_public = row is not None and row["visibility"] == "public"
    words = entry["body"] if entry and is_public and entry["status"] == "public" else None
    if hook.shape == "standard":
        told = rules.Told(r.index, r.event.role, issue(row, hooking.links), words) if r else None
        at = format_time(r.time if r else now)
        return rules.message(r.name if r else rules.TEST, at, told)
    line = wording.of_entry(entry, company=setup.name, areas={}, say=hooking.say).plain() if entry else TEST_WORDS
    title = row["title"] if row and is_public else None
    number = f"#{row['number']} " if row else ""
    return rules.chat(
        hook.shape,
        line=line,
        title=number + (title or setup.name),
        words=to_plain(words) if words else None,
        url=hooking.links.issue(row["number"]) if row else hooking.links.base,
    )


def issue(row: dict[str, Any] | None, links: Links) -> rules.Brief | None:
    """The issue in short, without a word of it where it is not public."""
    if row is None:
        return None
    kept = ("number", "area", "state", "resolution", "confirmation", "visibility", "turn", "due_at")
    title = row["title"] if row["visibility"] == "public" else None
    return rules.Brief(**{key: row[key] for key in kept}, title=title, url=links.issue(row["number"]))


def secrets_of(hook: Hook, box: Box, now: datetime) -> list[bytes]:
    """The newest first; the one before it for a while."""
    sealed = [hook.secret]
    if hook.old_secret and (hook.old_until_ms or 0) > milliseconds(now):
        sealed.append(hook.old_secret)
    opened = [box.open(one, f"hook {hook.id}") for one in sealed]
    return [bytes.fromhex(one) for one in opened if one is not None]


async def settle(
    db: Database, hook: Hook, place: Position, tried: Try, wait_s: int, hooking: Hooking, now: datetime
) -> Position:
    """Notes the try; after too many failures in a row, or where the receiver says so, the hook is switched off."""
    assert tried.seq is not None
    now_ms = milliseconds(now)
    why = None
    if tried.status == rules.GONE:
        why = "gone"
    elif tried.error is not None and place.failures >= len(rules.TRIES_S):
        why = "failing"
    async with db.saving() as tx:
        await hooks.note_try(tx, hook.id, tried)
        if why:
            await hooks.switch(tx, hook.id, why)
            await tell_admins(tx, hook, tried, hooking, now_ms)
    if tried.error is None:
        return Position(tried.seq, 0, now_ms)
    if why:
        return Position(place.seq, 0, IDLE)
    pause_s = max(rules.TRIES_S[place.failures] * (1 + JITTER * random.random()), wait_s)  # noqa: S311
    return Position(place.seq, place.failures + 1, now_ms + int(pause_s * 1000))


async def tell_admins(tx: Tx, hook: Hook, tried: Try, hooking: Hooking, now_ms: int) -> None:
    letter = letters.hook_off(
        host=urlsplit(hook.url).hostname or "",
        error=tried.error or "",
        company=(await company.read(tx)).name,
        url=f"{hooking.links.base}/staff/hooks/{hook.id}",
        say=hooking.say,
    )
    for person in await people.all_staff(tx):
        if person.role == "admin":
            message_id = f"hook.{hook.id}.{now_ms}.{person.id}"
            await outbox.put(tx, message_id=message_id, recipient=person.email, letter=letter, now_ms=now_ms)
