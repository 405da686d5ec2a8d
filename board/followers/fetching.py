"""Fetches by IMAP what has come into a mailbox, and hands each message over; what was taken is marked as seen."""

import asyncio
import imaplib
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from board.followers.here import is_here
from board.store.database import AWAY

log = logging.getLogger("board.mailbox")

LOOK_EVERY_S = 30.0
PATIENCE_S = 30.0
AT_A_TIME = 100
LONGEST = 20 * 1024 * 1024
SEEN, FLAGGED = r"(\Seen)", r"(\Seen \Flagged)"
WRONG = (imaplib.IMAP4.error, OSError, ssl.SSLError)

Take = Callable[[bytes], Awaitable[str]]
Tell = Callable[[str | None], Awaitable[None]]


@dataclass(frozen=True)
class Wrong:
    """Why the mailbox cannot be read, in plain words."""

    why: str


async def run(url: str, take: Take, tell: Tell) -> None:
    """Until cancelled. A mailbox that cannot be read is asked again later; `tell` hears why, or None where it can.

    Whoever read it before may have left word of a trouble that is over, so the first look is told in any case.
    """
    told: str | None = ""
    while True:
        found = await look(url, take)
        wrong = found.why if isinstance(found, Wrong) else None
        if wrong != told:
            if wrong is not None or told:
                log.warning("the mailbox: %s", wrong or "it can be read again")
            with suppress(*AWAY):  # it is told the next time
                await tell(wrong)
                told = wrong
        await asyncio.sleep(LOOK_EVERY_S)


async def look(url: str, take: Take) -> int | Wrong:
    """Takes what is new; returns how many messages that were."""
    try:
        box = await asyncio.to_thread(Box, url)
    except WRONG as wrong:
        return Wrong(plain(wrong))
    try:
        new = await asyncio.to_thread(box.new)
        for uid in new:
            await take_one(box, uid, take)
        return len(new)
    except WRONG as wrong:
        return Wrong(plain(wrong))
    finally:
        await asyncio.to_thread(box.close)


def probe(url: str) -> int | Wrong:
    """How many messages wait, without taking one. It blocks."""
    try:
        box = Box(url)
        try:
            return len(box.new())
        finally:
            box.close()
    except WRONG as wrong:
        return Wrong(plain(wrong))


async def take_one(box: "Box", uid: str, take: Take) -> None:
    """A message at which we fail is flagged and left for a person, so that it holds up no other."""
    raw = await asyncio.to_thread(box.fetch, uid)
    try:
        if raw is not None:
            await take(raw)
        await asyncio.to_thread(box.mark, uid, SEEN)
    except AWAY:
        log.warning("the database is away: the message is taken later")
    except WRONG:
        raise
    except Exception:
        log.exception("a message in the mailbox could not be taken; it is flagged there")
        await asyncio.to_thread(box.mark, uid, FLAGGED)


def plain(wrong: Exception) -> str:
    said = wrong.args[0] if isinstance(wrong, imaplib.IMAP4.error) and wrong.args else wrong
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


class Box:
    """The connection to the mailbox; its calls block, and belong in a thread."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        host, context = parts.hostname or "", ssl.create_default_context()
        if parts.scheme == "imaps":
            self._imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                host, parts.port or 993, ssl_context=context, timeout=PATIENCE_S
            )
        else:
            self._imap = imaplib.IMAP4(host, parts.port or 143, timeout=PATIENCE_S)
        try:
            if parts.scheme == "imap" and "STARTTLS" in self._imap.capabilities:
                self._imap.starttls(context)
            elif parts.scheme == "imap" and not is_here(host):
                raise imaplib.IMAP4.error("the server offers no encryption (STARTTLS), and gets no password without")
            self._imap.login(unquote(parts.username or ""), unquote(parts.password or ""))
            folder = unquote(parts.path.strip("/")) or "INBOX"
            status, said = self._imap.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"')
            if status != "OK":
                raise imaplib.IMAP4.error(said[0])
        except BaseException:
            self.close()
            raise

    def new(self) -> list[str]:
        """What nobody has seen, the oldest first."""
        _, found = self._imap.uid("SEARCH", "UNSEEN", "UNDELETED")
        return (found[0] or b"").decode("ascii").split()[:AT_A_TIME]

    def fetch(self, uid: str) -> bytes | None:
        """The raw message; None where it is longer than anybody writes, or gone."""
        _, sizes = self._imap.uid("FETCH", uid, "(RFC822.SIZE)")
        size = re.search(rb"RFC822\.SIZE (\d+)", sizes[0] if isinstance(sizes[0], bytes) else b"")
        if size is None or int(size[1]) > LONGEST:
            return None
        _, parts = self._imap.uid("FETCH", uid, "(BODY.PEEK[])")
        return next((part[1] for part in parts if isinstance(part, tuple)), None)

    def mark(self, uid: str, flags: str) -> None:
        self._imap.uid("STORE", uid, "+FLAGS.SILENT", flags)

    def close(self) -> None:
        with suppress(*WRONG):
            self._imap.logout()
        with suppress(*WRONG):
            self._imap.shutdown()
