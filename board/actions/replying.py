"""An answer to a letter becomes a comment, as if it had been typed on the page: with the same limits, rules and looks.

Nobody can be asked there and then: what looks private is not published, and what is doubtful is held.
"""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Literal

from board.actions import customers, limits
from board.domain import finds, reply_letters
from board.domain.authentication import dmarc
from board.domain.doubt import QUICK_S, Reason, Signs, doubt
from board.domain.finds import LABELS
from board.domain.leaf import milliseconds
from board.domain.limits import Sender
from board.domain.links import Links
from board.domain.people import STRANGER, Actor, Poster
from board.domain.replies import has_files, is_automatic, own_words, senders
from board.domain.wording import Say
from board.domain.words import text
from board.errors import Invalid, Refused
from board.store import company, intake, issues, moderation, outbox, received
from board.store.database import Database, Tx, WriteTx

Outcome = Literal["returned", "published", "held", "refused", "ignored", "known"]


@dataclass(frozen=True)
class Mailbox:
    """`inbox` is its address; `authserv` the name under which its server says what it found out about senders."""

    inbox: str
    links: Links
    say: Say
    secret: bytes
    authserv: str | None = None


@dataclass(frozen=True)
class Writer:
    """Whose secret address was written to: of which issue, and whether they filed it."""

    issue: int
    email: str
    is_filer: bool


@dataclass(frozen=True)
class Reply:
    """An answer by mail, once it is known who wrote what."""

    writer: Writer
    words: str
    doubts: tuple[Reason, ...]
    has_files: bool
    key: bytes


async def receive(
    db: Database, message: EmailMessage, purpose: str, number: int, key: bytes, mailbox: Mailbox, now: datetime
) -> Outcome:
    headers = [(name, str(value)) for name, value in message.raw_items()]
    async with db.reading() as tx:
        writer = await find(tx, purpose, number)
    if writer is None or is_automatic(headers, (mailbox.inbox.lower(),)):
        return "ignored"
    doubts = suspicion(headers, writer.email, mailbox.authserv)
    if doubts is None:
        return "ignored"
    reply = Reply(writer, own_words(message), doubts, has_files(message), key)
    try:
        await check(db, reply, mailbox, now)
        return await publish(db, reply, mailbox, now)
    except Refused as wrong:
        return await refuse(db, reply, mailbox, now, wrong)


async def find(tx: Tx, purpose: str, number: int) -> Writer | None:
    """Who has this secret address; None where they have ended the letters meanwhile."""
    if purpose == "filed":
        filer = await intake.filer(tx, number)
        return Writer(number, filer.mail, is_filer=True) if filer and filer.mail else None
    follow = await intake.follow_by_id(tx, number)
    return Writer(follow.issue, follow.email, is_filer=False) if follow and follow.confirmed else None


def suspicion(headers: list[tuple[str, str]], email: str, authserv: str | None) -> tuple[Reason, ...] | None:
    """Doubts about who sent it; None where it is surely forged, and nobody is to be told."""
    found = sorted(set(senders(headers)))
    if len(found) != 1:
        return None
    said = dmarc(headers, authserv=authserv, sender=found[0])
    if said == "fail":
        return None
    return () if said == "pass" and found[0] == email else ("sender",)


class LooksPrivate(Refused):
    """Something in it looks private; `detail` says what."""


async def check(db: Database, reply: Reply, mailbox: Mailbox, now: datetime) -> None:
    """Raises Refused for what the page would ask about or not take, and takes the tokens."""
    words = text(reply.words)
    async with db.reading() as tx:
        setup = await company.read(tx)
    regions = finds.region_codes(setup.phone_regions)
    if there := await asyncio.to_thread(finds.find, words, setup.order_pattern, regions):
        say = mailbox.say
        raise LooksPrivate(", ".join(dict.fromkeys(say(LABELS[one.kind]) for one in there)))
    sender = Sender(network=f"mail {reply.writer.email}")
    async with db.saving() as tx:
        taken = await limits.take(tx, setup, "comment", sender, secret=mailbox.secret, now_ms=milliseconds(now))
        if taken.crowd:
            raise taken.crowd


async def publish(db: Database, reply: Reply, mailbox: Mailbox, now: datetime) -> Outcome:
    """The comment, once; and a word to the writer where it waits, or files were dropped."""
    writer = reply.writer
    async with db.writing(now) as tx:
        if not await received.note(tx, reply.key, milliseconds(now)):
            return "known"
        by = Actor(standing="filer") if writer.is_filer else STRANGER
        poster = await poster_of(tx, reply, mailbox.secret)
        done = await customers.comment(tx, writer.issue, by=by, body=text(reply.words), via="mail", poster=poster)
        is_held = any(r.name == "comment.held" for r in done.events)
        told = [reply_letters.waits(mailbox.say)] if is_held else []
        told += [reply_letters.files(mailbox.say)] if reply.has_files else []
        await tell(tx, reply, tuple(told), mailbox, milliseconds(now))
        outcome: Outcome = "held" if is_held else "published"
        await received.settle(tx, reply.key, outcome)
        return outcome


async def poster_of(tx: WriteTx, reply: Reply, secret: bytes) -> Poster:
    """The words are found again by the address; a newcomer's are weighed as on the page."""
    writer = reply.writer
    mark = hmac.digest(secret, b"mail " + writer.email.encode(), hashlib.sha256)
    is_known = await moderation.has_been_public(tx, mark) or (
        writer.is_filer and await issues.is_public(tx, writer.issue)
    )
    signs = Signs(trap=False, age_s=QUICK_S, left=1, is_repeated=False, is_newcomer=not is_known)
    return Poster(mark, is_known, (*reply.doubts, *doubt(reply.words, signs)), writer.email)


async def refuse(db: Database, reply: Reply, mailbox: Mailbox, now: datetime, wrong: Refused) -> Outcome:
    """The writer is told why, once."""
    say = mailbox.say
    if isinstance(wrong, LooksPrivate):
        told = reply_letters.private(wrong.detail, say)
    else:
        detail = next(iter(wrong.fields.values())) if isinstance(wrong, Invalid) else wrong.detail
        told = reply_letters.refused(say(detail), say)
    async with db.saving() as tx:
        if not await received.note(tx, reply.key, milliseconds(now)):
            return "known"
        await tell(tx, reply, (told,), mailbox, milliseconds(now))
        await received.settle(tx, reply.key, "refused")
    return "refused"


async def tell(tx: Tx, reply: Reply, told: tuple[str, ...], mailbox: Mailbox, now_ms: int) -> None:
    """Goes to the address that is known, whoever wrote."""
    writer, links = reply.writer, mailbox.links
    if told:
        url = links.private(writer.issue) if writer.is_filer else links.issue(writer.issue)
        letter = reply_letters.answer(
            number=writer.issue, told=told, url=url, personal=writer.is_filer, say=mailbox.say
        )
        message_id = f"reply.{reply.key.hex()}"
        await outbox.put(tx, message_id=message_id, recipient=writer.email, letter=letter, now_ms=now_ms)
