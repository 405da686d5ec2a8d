"""News by mail: writes letters into the outbox for what happened on issues, or keeps it for the next digest.

Letters are written in the transaction that moves the follower's position, so each event is told exactly once.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from board.domain import events as e
from board.domain import letters
from board.domain.leaf import Recorded, milliseconds
from board.domain.wishes import URGENT
from board.followers import colleagues, digests, reminders, sending
from board.followers.news import News, is_told, line, said, said_alone, wanted, was_answered
from board.followers.writing import Post
from board.store import (
    company,
    entries,
    fan_outs,
    intake,
    issues,
    moderation,
    outbox,
    positions,
    record,
    wishes,
)
from board.store.database import AWAY, Database, Tx
from board.store.fan_outs import FanOut
from board.store.intake import Filer, Follow
from board.store.positions import Position
from board.stream import OutOfReach, Stream, until

log = logging.getLogger("board.mail")

BATCH = 200
REMIND_EVERY_S = 60
FAN_OUT_EVERY_S = 0.2
AT_A_TIME = 100  # followers for whom letters are written in one transaction
AHEAD = 100  # letters to crowds that are written and have not gone out
BY_MODERATORS = e.CommentRejected | e.TextRedacted  # against words, whose author may want to hear of it


async def run(db: Database, stream: Stream, post: Post, clock: Callable[[], datetime]) -> None:
    """Follows the record and the outbox until cancelled; `clock` tells the time."""
    told, written = asyncio.Event(), asyncio.Event()  # hints: whoever misses one looks again soon
    async with asyncio.TaskGroup() as group:
        group.create_task(follow(db, stream, post, clock, told, written))
        group.create_task(fan_out_for_ever(db, post, clock, told, written))
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
    if row is None or row["visibility"] != "public" or not readers:
        await fan_outs.end(tx, found.id)
        return
    chain = await record.of_issue(tx, found.issue, since=found.first)
    happened = [r for r in chain if r.index <= found.last and is_told(r)]
    await tell_followers(tx, News(row, happened, (await company.read(tx)).name, now), readers, post)
    await fan_outs.go_on(tx, found.id, readers[-1].email)


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


async def tell_of_issue(tx: Tx, news: News, post: Post) -> None:
    filer = await intake.filer(tx, news.row["number"])
    if filer and filer.mail:
        await tell_filer(tx, news, filer, post)
    await tell_authors(tx, news, post)
    if news.row["visibility"] == "public":
        first, last = news.happened[0].index, news.happened[-1].index
        await fan_outs.add(tx, issue=news.row["number"], first=first, last=last, now_ms=milliseconds(news.at))


async def tell_filer(tx: Tx, news: News, filer: Filer, post: Post) -> None:
    """The filer hears what others did; that the filing is shown at once stands in the receipt."""
    waited: tuple[str, ...] = ()
    if filer.is_owed:
        last, waited = news.happened[-1].index, await said_alone(tx, news, post.say)
        chain = await record.of_issue(tx, filer.issue)
        news = replace(news, happened=[r for r in chain if is_told(r) and r.index <= last])
        await intake.settle_owed(tx, filer.issue)
    else:
        news = replace(news, happened=[r for r in news.happened if not await was_answered(tx, r)])
    if not news.happened:
        return
    first, email = news.row["filed_seq"] + 1, str(filer.mail)
    theirs = await wishes.read(tx, email)
    heard = wanted(news.happened, theirs, news.row["area"], always=URGENT)
    if not waited and not any(r.name in URGENT for r in heard) and theirs.pace != "each":
        await digests.keep(tx, heard, theirs, email, None, news.at)
        return
    heard = await digests.bring(tx, email, filer.issue, theirs, heard)
    lines = await said(tx, [r for r in heard if r.index != first], news.company, post.say, to_filer=True)
    if lines and any([await can_be_appealed(tx, r) for r in heard]):
        lines += (post.say("If you think that this is wrong, open your issue and appeal. A moderator reads it."),)
    reply = post.links.tag("filed", filer.issue)
    asks = any(r.name == "issue.resolved" for r in heard) and news.row["confirmation"] == "asked"
    await put(tx, news, email, lines + waited, post, asks=asks, url=post.links.private(filer.issue), reply=reply)


async def can_be_appealed(tx: Tx, r: Recorded) -> bool:
    """Whether a moderator decided against the filer's words."""
    match r.event:
        case e.IssueRemoved() | e.IssueRejected():
            return True
        case e.CommentRejected(target=target) | e.TextRedacted(target=target, role="moderator"):
            words = await entries.one(tx, target)
            return bool(words and words["by_filer"])
    return False


async def tell_authors(tx: Tx, news: News, post: Post) -> None:
    """Whoever was signed in while commenting is told what a moderator did to the comment; once for each comment."""
    told = set[int]()
    for r in news.happened:
        if not isinstance(r.event, BY_MODERATORS) or r.event.role != "moderator":
            continue
        entry, seq = await entries.one(tx, r.index), await entries.original(tx, r.event.target)
        words, email = await entries.one(tx, seq), await moderation.address_behind(tx, seq)
        if not (entry and words and email) or words["by_filer"] or seq in told:
            continue
        told.add(seq)
        letter = letters.words_gone(
            number=news.row["number"],
            company=news.company,
            line=line(entry, news.company, post.say),
            url=post.links.issue(news.row["number"]),
            say=post.say,
        )
        message_id = f"words.{r.index}"
        await outbox.put(tx, message_id=message_id, recipient=email, letter=letter, now_ms=milliseconds(news.at))


async def tell_followers(tx: Tx, news: News, readers: list[Follow], post: Post) -> None:
    """The filer hears of it as the filer. Those who have said no wishes, which most have not, get the same lines."""
    lines, filer = await said(tx, news.happened, news.company, post.say), await intake.filer(tx, news.row["number"])
    said_so = await wishes.of(tx, [one.email for one in readers])
    for one in readers:
        if filer and one.email == filer.mail:
            continue
        own, theirs = lines, said_so.get(one.email)
        if theirs:
            heard = wanted(news.happened, theirs, news.row["area"])
            if theirs.pace != "each":
                await digests.keep(tx, heard, theirs, one.email, one.id, news.at)
                continue
            own = await said(tx, heard, news.company, post.say)
        await put(
            tx,
            news,
            one.email,
            own,
            post,
            url=post.links.issue(one.issue),
            stop=post.links.follow(one.id),
            reply=post.links.tag("follow", one.id),
        )


async def put(
    tx: Tx,
    news: News,
    recipient: str,
    lines: tuple[str, ...],
    post: Post,
    *,
    url: str,
    stop: str | None = None,
    reply: str,
    asks: bool = False,
) -> None:
    if not lines:
        return
    letter = letters.news(
        number=news.row["number"],
        title=news.row["title"] or post.say("words removed"),
        company=news.company,
        lines=lines,
        url=url,
        stop=stop,
        asks=asks,
        say=post.say,
    )
    if news.row["visibility"] == "public":  # else nobody would read the answer
        letter = replace(letter, reply=reply)
    message_id = f"news.{news.row['number']}.{news.happened[-1].index}.{recipient}"
    rank = outbox.OF_MANY if stop else outbox.OF_ONE
    now_ms = milliseconds(news.at)
    await outbox.put(tx, message_id=message_id, recipient=recipient, letter=letter, now_ms=now_ms, rank=rank)
