"""News by mail: writes letters into the outbox for what happened on issues, and reminds filers whose word is wanted.

Letters are written in the transaction that moves the follower's position, so each event is told exactly once.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from board.domain import events as e
from board.domain import letters, wording
from board.domain.leaf import Recorded, format_time, milliseconds, parse_time
from board.domain.text import to_plain
from board.domain.wording import Say
from board.followers import colleagues, sending
from board.followers.writing import Post
from board.store import company, entries, fan_outs, intake, issues, moderation, outbox, positions, private, record
from board.store.database import AWAY, Database, Tx
from board.store.fan_outs import FanOut
from board.store.intake import Filer, Follow
from board.store.positions import Position
from board.stream import OutOfReach, Stream

log = logging.getLogger("board.mail")

BATCH = 200
REMIND_EVERY_S = 60
FAN_OUT_EVERY_S = 0.5
AT_A_TIME = 100  # followers for whom letters are written in one transaction
LINE_LENGTH = 2_000
TOLD = {
    "issue.published",
    "issue.acknowledged",
    "issue.started",
    "issue.waiting",
    "issue.resolved",
    "issue.closed",
    "issue.reopened",
    "issue.confirmed",
    "issue.disputed",
    "issue.lapsed",
    "issue.withdrawn",
    "issue.merged",
    "issue.split",
    "issue.removed",
    "issue.rejected",
    "update.posted",
    "comment.posted",
    "comment.published",
    "comment.rejected",
    "text.redacted",
    "promise.made",
    "promise.moved",
    "promise.missed",
    "thanks.given",
}
BY_MODERATORS = e.CommentRejected | e.TextRedacted  # against words, whose author may want to hear of it
REMINDERS_WAITING = (3, 7)  # days after the question
REMINDERS_CONFIRM = (7, 12)  # days after the cure, of the 14 that the customer has


async def run(db: Database, stream: Stream, post: Post, clock: Callable[[], datetime]) -> None:
    """Follows the record and the outbox until cancelled; `clock` tells the time."""
    async with asyncio.TaskGroup() as group:
        group.create_task(follow(db, stream, post, clock))
        group.create_task(fan_out_for_ever(db, post, clock))
        group.create_task(remind_for_ever(db, post, clock))
        group.create_task(sending.send_for_ever(db, post, clock))


async def follow(db: Database, stream: Stream, post: Post, clock: Callable[[], datetime]) -> None:
    """Writes letters for what has happened, and again whenever more does."""
    while not stream.is_closed:
        try:
            seq = await write_letters(db, post, clock())
            async with aclosing(stream.follow(seq, frozenset({"board"}))) as coming:
                await anext(coming, None)
        except OutOfReach:
            await asyncio.sleep(1)
        except AWAY as lost:
            log.warning("the database is away: %s", lost)
            await asyncio.sleep(1)


async def fan_out_for_ever(db: Database, post: Post, clock: Callable[[], datetime]) -> None:
    while True:
        try:
            went_on = await fan_out(db, post, clock())
        except AWAY as lost:
            log.warning("the database is away: %s", lost)
            went_on = False
        await asyncio.sleep(0 if went_on else FAN_OUT_EVERY_S)


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
            await remind(db, post, clock())
            await colleagues.remind(db, post, clock())
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


@dataclass(frozen=True)
class News:
    """What happened on one issue since the last letter; `row` is the issue as it is now."""

    row: dict[str, Any]
    happened: list[Recorded]
    company: str
    at: datetime


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


def is_told(r: Recorded) -> bool:
    return r.name in TOLD and getattr(r.event, "occurred", None) is None


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
    if not news.happened:
        return
    first = news.row["filed_seq"] + 1
    lines = await said(tx, [r for r in news.happened if r.index != first], news.company, post.say, to_filer=True)
    if lines and any([await can_be_appealed(tx, r) for r in news.happened]):
        lines += (post.say("If you think that this is wrong, open your issue and appeal. A moderator reads it."),)
    asks = any(r.name == "issue.resolved" for r in news.happened) and news.row["confirmation"] == "asked"
    await put(tx, news, str(filer.mail), lines + waited, post, asks=asks, url=post.links.private(filer.issue))


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


async def said_alone(tx: Tx, news: News, say: Say) -> tuple[str, ...]:
    """What the letters would have said that did not go out while the address had not said yes, besides the events."""
    number, lines = news.row["number"], list[str]()
    if any(not row["by_filer"] for row in await private.of_issue(tx, number)):
        lines.append(say("{company} wrote to you alone: open your issue to read it.").format(company=news.company))
    if await moderation.hidings(tx, "asked", issue=number):
        lines.append(say("A moderator asked to hide something here: open your issue to see what, and until when."))
    return tuple(lines)


async def tell_followers(tx: Tx, news: News, readers: list[Follow], post: Post) -> None:
    """The filer hears of it as the filer."""
    lines, filer = await said(tx, news.happened, news.company, post.say), await intake.filer(tx, news.row["number"])
    for one in readers:
        if filer is None or one.email != filer.mail:
            stop = post.links.follow(one.id)
            await put(tx, news, one.email, lines, post, url=post.links.issue(one.issue), stop=stop)


async def put(
    tx: Tx,
    news: News,
    recipient: str,
    lines: tuple[str, ...],
    post: Post,
    *,
    url: str,
    stop: str | None = None,
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
    message_id = f"news.{news.row['number']}.{news.happened[-1].index}.{recipient}"
    rank = outbox.OF_MANY if stop else outbox.OF_ONE
    now_ms = milliseconds(news.at)
    await outbox.put(tx, message_id=message_id, recipient=recipient, letter=letter, now_ms=now_ms, rank=rank)


async def said(tx: Tx, happened: list[Recorded], name: str, say: Say, *, to_filer: bool = False) -> tuple[str, ...]:
    """A line for each event with the public words that came with it; the filer is not told what the filer said."""
    found = [entry for r in happened if (entry := await spoken_of(tx, r, to_filer=to_filer))]
    lines = [line(entry, name, say) for entry in found if not (to_filer and entry["by_filer"])]
    return tuple(dict.fromkeys(lines))


async def spoken_of(tx: Tx, r: Recorded, *, to_filer: bool) -> dict[str, Any] | None:
    """The public entry that a letter is about; what became of somebody's words is for whose words they were."""
    match r.event:
        case e.CommentPublished(target=target):
            entry = None if await was_public(tx, r, target) else await entries.one(tx, target)
        case e.CommentRejected() | e.TextRedacted():
            words = await entries.one(tx, r.event.target)
            entry = await entries.one(tx, r.index) if to_filer and words and words["by_filer"] else None
        case _:
            entry = await entries.one(tx, r.index)
    return entry if entry and entry["status"] == "public" else None


async def was_public(tx: Tx, published: Recorded, target: int) -> bool:
    """Whether readers heard of the comment before it was hidden and is shown again now."""
    chain = await record.of_issue(tx, published.issue or 0)
    held = [r.event for r in chain if r.index < published.index and isinstance(r.event, e.CommentHeld)]
    return any(event.target == target and event.role == "moderator" for event in held)


def line(entry: dict[str, Any], name: str, say: Say) -> str:
    sentence = wording.of_entry(entry, company=name, areas={}, say=say).plain()
    words = to_plain(entry["body"])[:LINE_LENGTH] if entry["body"] else ""
    return f"{sentence}\n\n{words}" if words else sentence


async def remind(db: Database, post: Post, now: datetime) -> None:
    """Asks filers again: for an answer after 3 and 7 days, for their word on a cure after 7 and 12.

    Only those are looked at whose day has come since the last time.
    """
    async with db.saving() as tx:
        last = await positions.take(tx, "reminders", "")
        before = datetime.fromtimestamp(max(last.seq, 0), UTC)
        for row in (await newly_due(tx, before, now)).values():
            days = REMINDERS_WAITING if row["state"] == "waiting_on_customer" else REMINDERS_CONFIRM
            since = parse_time(row["settled_time"] or row["turn_since"])
            if passed := [day for day in days if now >= since + timedelta(days=day)]:
                await remind_filer(tx, row, f"{row['state']}.{passed[-1]}", since, post, now)
        await positions.save(tx, "reminders", "", Position(int(now.timestamp())))


async def newly_due(tx: Tx, before: datetime, now: datetime) -> dict[int, dict[str, Any]]:
    """Issues for which some day of a reminder came in this span, by number."""
    found: dict[int, dict[str, Any]] = {}
    for day in sorted({*REMINDERS_WAITING, *REMINDERS_CONFIRM}):
        after, until = format_time(before - timedelta(days=day)), format_time(now - timedelta(days=day))
        found |= {row["number"]: row for row in await issues.waiting_for_customers(tx, after=after, until=until)}
    return found


async def remind_filer(tx: Tx, row: dict[str, Any], kind: str, since: datetime, post: Post, now: datetime) -> None:
    """Once for each wait, which is known by its beginning: what others say meanwhile begins no new one."""
    filer, wait = await intake.filer(tx, row["number"]), int(since.timestamp())
    if not filer or not filer.email:
        return
    if not await intake.remind_once(tx, issue=row["number"], kind=kind, seq=wait) or not filer.mail:
        return  # what an address has not asked for is not sent later either
    say = post.say
    question = (
        say("We still wait for your answer.")
        if row["state"] == "waiting_on_customer"
        else say("We said that it is resolved. Is it? Without your word the issue closes by itself, unconfirmed.")
    )
    letter = letters.reminder(
        number=row["number"],
        title=row["title"] or say("words removed"),
        company=(await company.read(tx)).name,
        question=question,
        asks=row["state"] != "waiting_on_customer",
        url=post.links.private(row["number"]),
        say=say,
    )
    message_id = f"reminder.{row['number']}.{kind}.{wait}"
    await outbox.put(tx, message_id=message_id, recipient=filer.mail, letter=letter, now_ms=milliseconds(now))
