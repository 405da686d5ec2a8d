"""News by mail: writes letters for what happened on an issue, and sends what waits in the outbox.

Letters are written in the transaction that moves the follower's position, so each event is told exactly once.
"""

import asyncio
import logging
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from html import escape
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib

from board.domain import letters, wording
from board.domain.leaf import Recorded, format_time, parse_time
from board.domain.letters import Letter
from board.domain.links import Links
from board.domain.text import to_plain
from board.domain.wording import Say
from board.store import company, entries, intake, issues, outbox, positions, record
from board.store.database import LOST, Database, Tx
from board.store.positions import Position
from board.stream import OutOfReach, Stream

log = logging.getLogger("board.mail")

BATCH = 200
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
    "promise.made",
    "promise.moved",
    "promise.missed",
    "thanks.given",
}
REMINDERS_WAITING = (3, 7)  # days after the question
REMINDERS_CONFIRM = (7, 12)  # days after the cure, of the 14 that the customer has
RETRIES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 86_400)


@dataclass(frozen=True)
class Post:
    """How mail goes out: `url` is smtp[s]://user:password@host:port, None for the outbox only."""

    url: str | None
    sender: str
    links: Links
    say: Say


async def run(db: Database, stream: Stream, post: Post, clock: Any) -> None:
    """Follows the record and the outbox until cancelled; `clock` tells the time."""
    await asyncio.gather(follow(db, stream, post, clock), send_for_ever(db, post, clock))


async def follow(db: Database, stream: Stream, post: Post, clock: Any) -> None:
    while True:
        try:
            await write_letters(db, post, clock())
            async with asyncio.timeout(60):
                async for _ in stream.follow(stream.head, frozenset({"board"})):
                    break
        except TimeoutError:
            await remind(db, post, clock())
        except OutOfReach:
            await asyncio.sleep(1)
        except LOST as lost:
            log.warning("the database is away: %s", lost)
            await asyncio.sleep(1)


async def write_letters(db: Database, post: Post, now: datetime) -> None:
    """Writes letters for everything behind the position; a board that has none yet starts at its first event."""
    while True:
        async with db.saving() as tx:
            place = await positions.read(tx, "mail", "") or Position(-1)
            events = await record.after(tx, place.seq, limit=BATCH)
            if not events:
                return
            await tell(tx, events, post, now)
            await positions.save(tx, "mail", "", Position(events[-1].index))


async def tell(tx: Tx, events: list[Recorded], post: Post, now: datetime) -> None:
    """One letter for each issue and reader, with all that happened since the last."""
    by_issue: dict[int, list[Recorded]] = {}
    for r in events:
        if r.issue is not None and r.name in TOLD and getattr(r.event, "via", None) != "import":
            by_issue.setdefault(r.issue, []).append(r)
    for number, happened in by_issue.items():
        await tell_of_issue(tx, number, happened, post, now)


async def tell_of_issue(tx: Tx, number: int, happened: list[Recorded], post: Post, now: datetime) -> None:
    row = await issues.find(tx, number)
    if row is None or (row["imported"] and all(hasattr(r.event, "occurred") and r.event.occurred for r in happened)):
        return
    setup = await company.read(tx)
    filer = await intake.filer(tx, number)
    filed = any(r.index == row["filed_seq"] + 1 for r in happened)  # the receipt has told the filer already
    if filer and filer.email and not (filed and len(happened) == 1):
        told = [r for r in happened if r.event.role != "customer" and r.index != row["filed_seq"] + 1]
        lines = await said(tx, told, setup.name, post.say, is_public=True)
        asks = any(r.name == "issue.resolved" for r in told)
        await put(tx, row, filer.email, lines, post.links.private(number), None, happened, asks, post, setup.name, now)
    if row["visibility"] != "public":
        return
    lines = await said(tx, happened, setup.name, post.say, is_public=True)
    for one in await intake.followers(tx, number):
        if filer and one.email == filer.email:
            continue
        stop = post.links.follow(one.id)
        await put(tx, row, one.email, lines, post.links.issue(number), stop, happened, False, post, setup.name, now)


async def put(
    tx: Tx,
    row: dict[str, Any],
    recipient: str,
    lines: tuple[str, ...],
    url: str,
    stop: str | None,
    happened: list[Recorded],
    asks: bool,
    post: Post,
    name: str,
    now: datetime,
) -> None:
    if not lines:
        return
    letter = letters.news(
        number=row["number"],
        title=row["title"] or post.say("words removed"),
        company=name,
        lines=lines,
        url=url,
        stop=stop,
        asks=asks,
        say=post.say,
    )
    message_id = f"news.{row['number']}.{happened[-1].index}.{recipient}"
    await outbox.put(tx, message_id=message_id, recipient=recipient, letter=letter, now_ms=milliseconds(now))


async def said(tx: Tx, happened: list[Recorded], name: str, say: Say, *, is_public: bool) -> tuple[str, ...]:
    """A line for each event, with the public words that came with it."""
    lines = []
    for r in happened:
        entry = await entries.one(tx, r.index)
        if entry is None or entry["status"] != "public":
            continue
        lines.append(line(entry, name, say))
    return tuple(lines)


def line(entry: dict[str, Any], name: str, say: Say) -> str:
    places = {
        "company": name,
        "owner": entry["name"] or say("Somebody"),
        "name": entry["name"] or say("Another customer"),
        "area": entry["area"] or "",
        "into": f"#{entry['into_issue']}",
        "whose": wording.party(entry["whose"], say),
        "reason": wording.reason(entry["reason"], say),
        "resolution": wording.resolution(entry["resolution"], say),
        "due": entry["due"] or "",
        "source": "",
    }
    sentence = wording.sentence(
        entry["kind"],
        places,
        role=entry["role"],
        resolution=entry["resolution"],
        by_filer=bool(entry["by_filer"]),
        say=say,
    ).plain()
    words = to_plain(entry["body"])[:LINE_LENGTH] if entry["body"] else ""
    return f"{sentence}\n\n{words}" if words else sentence


async def remind(db: Database, post: Post, now: datetime) -> None:
    """Asks filers again: for an answer after 3 and 7 days, for their word on a cure after 7 and 12."""
    async with db.saving() as tx:
        for row in await issues.waiting_for_customers(tx):
            days = REMINDERS_WAITING if row["state"] == "waiting_on_customer" else REMINDERS_CONFIRM
            since = parse_time(row["settled_time"] or row["turn_since"])
            passed = [day for day in days if now >= since + timedelta(days=day)]
            if passed:
                await remind_filer(tx, row, f"{row['state']}.{passed[-1]}", post, now)


async def remind_filer(tx: Tx, row: dict[str, Any], kind: str, post: Post, now: datetime) -> None:
    filer = await intake.filer(tx, row["number"])
    if not filer or not filer.email:
        return
    if not await intake.remind_once(tx, issue=row["number"], kind=kind, seq=row["last_event"]):
        return
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
        url=post.links.private(row["number"]),
        say=say,
    )
    message_id = f"reminder.{row['number']}.{kind}.{row['last_event']}"
    await outbox.put(tx, message_id=message_id, recipient=filer.email, letter=letter, now_ms=milliseconds(now))


async def send_for_ever(db: Database, post: Post, clock: Any) -> None:
    while True:
        try:
            sent = await send_due(db, post, clock())
        except LOST as lost:
            log.warning("the database is away: %s", lost)
            sent = 0
        await asyncio.sleep(0.05 if sent else 1.0)


async def send_due(db: Database, post: Post, now: datetime) -> int:
    """Sends what is due, each message apart; without a mail server they are kept as they are."""
    async with db.reading() as tx:
        waiting = await outbox.due(tx, milliseconds(now), limit=20)
    for row in waiting:
        error = await send(row, post, now) if post.url else None
        async with db.saving() as tx:
            await settle(tx, row, error, now, is_mail_set=post.url is not None)
    return len(waiting)


async def settle(tx: Tx, row: dict[str, Any], error: str | None, now: datetime, *, is_mail_set: bool) -> None:
    tries = row["tries"] + 1
    if error is None:
        state, retry_ms = ("sent" if is_mail_set else "kept"), milliseconds(now)
    elif tries > len(RETRIES_S):
        state, retry_ms = "failed", milliseconds(now)
    else:
        state, retry_ms = "queued", milliseconds(now) + RETRIES_S[tries - 1] * 1000
    await outbox.settle(tx, row["id"], state=state, tries=tries, retry_ms=retry_ms, error=error)


async def send(row: dict[str, Any], post: Post, now: datetime) -> str | None:
    """One try; returns what went wrong, as a value."""
    assert post.url
    server = urlsplit(post.url)
    message = compose(row, outbox.letter_of(row), post, now)
    try:
        await aiosmtplib.send(
            message,
            hostname=server.hostname,
            port=server.port or (465 if server.scheme == "smtps" else 587),
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            use_tls=server.scheme == "smtps",
            start_tls=None if server.scheme == "smtp" else False,
            timeout=30,
        )
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError) as wrong:
        return f"{type(wrong).__name__}: {wrong}"[:500]
    return None


def compose(row: dict[str, Any], letter: Letter, post: Post, now: datetime) -> EmailMessage:
    """The mail itself, with a text and an HTML part; one issue's letters are one thread."""
    host = urlsplit(post.links.base).hostname or "board"
    message = EmailMessage(policy=SMTP)
    message["From"] = post.sender
    message["To"] = row["recipient"]
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{stable(row['message_id'])}@{host}>" if row else make_msgid()
    message["Auto-Submitted"] = "auto-generated"
    if letter.issue is not None:
        thread = f"<issue.{letter.issue}@{host}>"
        message["References"] = thread
        message["In-Reply-To"] = thread
        message["List-Id"] = f"<issue-{letter.issue}.{host}>"
    if letter.stop:
        message["List-Unsubscribe"] = f"<{letter.stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(as_text(letter, post.say))
    message.add_alternative(as_html(letter, post.say), subtype="html")
    return message


def stable(message_id: str) -> str:
    """A Message-ID that shows no address: the same for the same message."""
    import hashlib

    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def as_text(letter: Letter, say: Say) -> str:
    parts = [*letter.paragraphs]
    if letter.link:
        parts.append(f"{letter.label}:\n{letter.link}")
    if letter.stop:
        parts.append(f"{say('No more mail about this issue')}:\n{letter.stop}")
    return "\n\n".join(parts) + "\n"


def as_html(letter: Letter, say: Say) -> str:
    parts = [f"<p>{escape(p).replace(chr(10), '<br>')}</p>" for p in letter.paragraphs]
    if letter.link:
        parts.append(f'<p><a href="{escape(letter.link)}">{escape(letter.label or letter.link)}</a></p>')
    if letter.stop:
        parts.append(
            f'<p><small><a href="{escape(letter.stop)}">{escape(say("No more mail about this issue"))}</a></small></p>'
        )
    return "\n".join(parts)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


__all__ = ["Post", "compose", "format_time", "remind", "run", "send_due", "write_letters"]
