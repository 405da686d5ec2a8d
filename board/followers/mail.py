"""News by mail: writes letters into the outbox for what happened on issues, or keeps it for the next digest.

Letters are written in the transaction that moves the follower's position, so each event is told exactly once.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime

from board.domain.leaf import Recorded, milliseconds
from board.followers import bundles, colleagues, digests, reminders, sending
from board.followers.news import News, is_told
from board.followers.telling import BY_MODERATORS, tell_crowd, tell_filer, tell_followers, tell_of_issue
from board.followers.writing import Post
from board.store import (
    company,
    fan_outs,
    intake,
    issues,
    outbox,
    positions,
    record,
)
from board.store.bundles import Bundle, forget_empty
from board.store.database import AWAY, Database, Tx
from board.store.fan_outs import FanOut
from board.store.positions import Position
from board.stream import OutOfReach, Stream, until

log = logging.getLogger("board.mail")

BATCH = 200
REMIND_EVERY_S = 60
BUNDLE_EVERY_S = 1
FAN_OUT_EVERY_S = 0.2
AT_A_TIME = 100  # followers for whom letters are written in one transaction
AHEAD = 100  # letters to crowds that are written and have not gone out


async def run(db: Database, stream: Stream, post: Post, clock: Callable[[], datetime]) -> None:
    """Follows the record and the outbox until cancelled; `clock` tells the time."""
    told, written = asyncio.Event(), asyncio.Event()  # hints: whoever misses one looks again soon
    async with asyncio.TaskGroup() as group:
        group.create_task(follow(db, stream, post, clock, told, written))
        group.create_task(fan_out_for_ever(db, post, clock, told, written))
        group.create_task(bundle_for_ever(db, post, clock, told, written))
        group.create_task(remind_for_ever(db, post, clock))
        group.create_task(sending.send_for_ever(db, post, clock, written))


async def follow(
    db: Database,
    stream: Stream,
    post: Post,
    clock: Callable[[], datetime],
    told: asyncio.Event,
    written: asyncio.Event,
) -> None:
    """Writes letters for what has happened, and again whenever more does."""
    while not stream.is_closed:
        try:
            seq = await write_letters(db, post, clock())
            told.set()
            written.set()
            async with aclosing(stream.follow(seq, frozenset({"board"}))) as coming:
                await anext(coming, None)
        except OutOfReach:
            await asyncio.sleep(1)
        except AWAY as lost:
            log.warning("the database is away: %s", lost)
            await asyncio.sleep(1)


async def fan_out_for_ever(
    db: Database, post: Post, clock: Callable[[], datetime], told: asyncio.Event, written: asyncio.Event
) -> None:
    while True:
        told.clear()
        try:
            while await has_room(db, clock()) and await fan_out(db, post, clock()):
                written.set()
                await asyncio.sleep(0)
        except AWAY as lost:
            log.warning("the database is away: %s", lost)
        await until(told, FAN_OUT_EVERY_S)


async def has_room(db: Database, now: datetime) -> bool:
    """Whether letters to crowds go out nearly as fast as they are written: those of another issue wait for no more."""
    async with db.reading() as tx:
        return await outbox.waiting(tx, outbox.OF_MANY, milliseconds(now), most=AHEAD) < AHEAD


async def fan_out(db: Database, post: Post, now: datetime) -> bool:
    """Writes letters to the next followers of one issue; whether there was anything to do."""
    async with db.reading() as tx:
        found = await fan_outs.next_one(tx)
    if found is None:
        return False
    async with db.saving() as tx:
        if await fan_outs.take(tx, found):
            await tell_next(tx, found, post, now)
    return True


async def tell_next(tx: Tx, found: FanOut, post: Post, now: datetime) -> None:
    """Each time from the record as it is now: words that are gone are told to nobody any more."""
    row = await issues.find(tx, found.issue)
    readers = await fan_outs.followers(tx, found, limit=AT_A_TIME)
    if row is None or not readers:
        await fan_outs.end(tx, found.id)
        return
    if row["visibility"] != "public":
        await fan_outs.park(tx, found.id)
        return
    chain = await record.of_issue(tx, found.issue, since=found.first)
    happened = [r for r in chain if r.index <= found.last and is_told(r)]
    await tell_followers(tx, News(row, happened, (await company.read(tx)).name, now), readers, post)
    await fan_outs.go_on(tx, found.id, readers[-1].email)


async def bundle_for_ever(
    db: Database, post: Post, clock: Callable[[], datetime], told: asyncio.Event, written: asyncio.Event
) -> None:
    while True:
        try:
            while await write_bundle(db, post, clock()):
                told.set()
                written.set()
        except AWAY as lost:
            log.warning("the database is away: %s", lost)
        await asyncio.sleep(BUNDLE_EVERY_S)


async def write_bundle(db: Database, post: Post, now: datetime) -> bool:
    """Tells the news of one issue that have waited long enough; whether any had."""
    now_ms = milliseconds(now)
    async with db.reading() as tx:
        if await bundles.next_due(tx, now_ms) is None:
            return False
    async with db.saving() as tx:
        await positions.take(tx, "mail", "")
        await forget_empty(tx, now_ms)
        if found := await bundles.next_due(tx, now_ms):
            await end_wait(tx, found, post, now)
    return True


async def end_wait(tx: Tx, found: Bundle, post: Post, now: datetime) -> None:
    row = await issues.find(tx, found.issue)
    if found.reader == "followers" and row and row["visibility"] != "public":
        await bundles.park(tx, found)
        return
    reader: bundles.Reader = "filer" if found.reader == "filer" else "followers"
    happened = await bundles.bring(tx, found.issue, reader)
    if row is None or not happened:
        return
    news = News(row, happened, (await company.read(tx)).name, now)
    filer = await intake.filer(tx, found.issue) if reader == "filer" else None
    if filer and filer.mail:
        await tell_filer(tx, news, filer, post)
    elif reader == "followers":
        await tell_crowd(tx, news, post)


async def remind_for_ever(db: Database, post: Post, clock: Callable[[], datetime]) -> None:
    while True:
        try:
            await catch_up(db, post, clock())
            await reminders.remind(db, post, clock())
            await colleagues.remind(db, post, clock())
            while await digests.write_next(db, post, clock()):
                pass
        except AWAY as lost:
            log.warning("the database is away: %s", lost)
        await asyncio.sleep(REMIND_EVERY_S)


async def write_letters(db: Database, post: Post, now: datetime) -> int:
    """Writes letters for everything behind the position (at first: the whole record); returns where it is now."""
    while True:
        async with db.saving() as tx:
            place = await positions.take(tx, "mail", "")
            events = await record.after(tx, place.seq, limit=BATCH)
            if not events:
                return place.seq
            await tell(tx, events, post, now)
            await colleagues.tell(tx, events, post, now)
            await positions.save(tx, "mail", "", Position(events[-1].index))


async def tell(tx: Tx, events: list[Recorded], post: Post, now: datetime) -> None:
    """One letter for each issue and reader, with all that happened since the last; nothing of what was imported."""
    by_issue: dict[int, list[Recorded]] = {}
    for r in events:
        if r.issue is not None and is_told(r):
            by_issue.setdefault(r.issue, []).append(r)
    heard = await intake.heard(tx, events[0].index, events[-1].index)
    heard |= {r.issue for r in events if r.issue is not None and isinstance(r.event, BY_MODERATORS)}
    name = (await company.read(tx)).name
    for number, happened in by_issue.items():
        row = await issues.find(tx, number) if number in heard else None
        if row:
            await tell_of_issue(tx, News(row, happened, name, now), post)


async def catch_up(db: Database, post: Post, now: datetime) -> None:
    """One letter to each filer who has said yes since, with all that letters have told others meanwhile."""
    async with db.reading() as tx:
        if not await intake.owed(tx):
            return
    async with db.saving() as tx:
        place = await positions.take(tx, "mail", "")
        name = (await company.read(tx)).name
        for number in await intake.owed(tx):
            row, filer = await issues.find(tx, number), await intake.filer(tx, number)
            before = [r for r in await record.of_issue(tx, number) if r.index <= place.seq]
            if row and filer and before:
                await tell_filer(tx, News(row, before, name, now), filer, post)
