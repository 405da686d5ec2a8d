"""What comes into the board's mailbox: messages that came back, and answers to letters. All else is left alone."""

import asyncio
import hashlib
import re
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from board.actions import replying
from board.actions.replying import Mailbox, Outcome
from board.domain import returned
from board.domain.faults import Fault
from board.domain.leaf import milliseconds
from board.store import bounces, outbox, received
from board.store.database import Database, Tx

LONGEST = 20 * 1024 * 1024
# Where receiving servers write to which address a message was delivered; what the sender wrote comes last.
ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")


async def receive(db: Database, raw: bytes, mailbox: Mailbox, now: datetime) -> Outcome:
    """Does what the message asks for, once, however often it is read. It must not be longer than LONGEST."""
    try:
        message = await asyncio.to_thread(read, raw)
    except RecursionError:  # parts within parts within parts: nobody writes so
        return "ignored"
    found = tag_of(message, mailbox)
    if found is None:
        return "ignored"
    purpose, number = found
    key = hashlib.sha256(raw).digest()
    if purpose == "bounce":
        async with db.saving() as tx:
            if not await received.note(tx, key, milliseconds(now)):
                return "known"
            outcome = await take_back(tx, message, number, milliseconds(now))
            await received.settle(tx, key, outcome)
            return outcome
    return await replying.receive(db, message, purpose, number, key, mailbox, now)


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def tag_of(message: EmailMessage, mailbox: Mailbox) -> tuple[str, int] | None:
    """What the address says to which the message was sent: only the board can have made it."""
    local, _, host = mailbox.inbox.lower().rpartition("@")
    own = re.compile(rf"{re.escape(local)}\+([a-z0-9-]{{8,60}})@{re.escape(host)}(?![\w.-])")
    for name in ADDRESSED:
        for tag in own.findall(" ".join(raw_values(message, name)).lower()):
            if found := mailbox.links.untagged(tag):
                return found
    return None


def raw_values(message: EmailMessage, name: str) -> list[str]:
    """A header as it came: what is broken in it breaks nothing here."""
    return [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]


async def take_back(tx: Tx, message: EmailMessage, number: int, now_ms: int) -> Outcome:
    """A message came back: of addresses that are gone, or long busy, nothing more is sent there."""
    report, row = returned.read(message), await outbox.one(tx, number)
    if report is None or row is None or row["state"] != "sent":
        return "ignored"
    email = row["recipient"]
    note = bounces.note_hard if report.is_gone else bounces.note_soft
    await note(tx, email, why=report.why, now_ms=now_ms)
    await outbox.fail(tx, number, error=str(Fault("returned", report.why)))
    if await bounces.stopped(tx, email):
        await outbox.give_up(tx, email, error=str(Fault("stopped")))
    return "returned"


async def send_again(tx: Tx, email: str) -> None:
    """Somebody says that the address works again."""
    await bounces.forget(tx, email)
