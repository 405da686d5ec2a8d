"""Sends what waits in the outbox, each message apart, and notes what became of it. Failures are values."""

import asyncio
import hashlib
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib

from board.domain.leaf import milliseconds
from board.domain.letters import Letter
from board.domain.links import Links
from board.domain.wording import Say
from board.store import outbox
from board.store.database import AWAY, Database, Tx

log = logging.getLogger("board.mail")

RETRIES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 86_400)
AT_ONCE = 40
LINES = 4  # connections to the mail server
A_LINE = 100  # messages over one connection
GOODBYE_S = 5.0
PATIENCE_S = 60.0  # for one message
CLAIM_MS = 120_000  # longer than that, so that no other process takes it meanwhile
LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Post:
    """How mail goes out: `url` is smtp[s]://user:password@host:port, None for the outbox only."""

    url: str | None
    sender: str
    links: Links
    say: Say


async def send_for_ever(db: Database, post: Post, clock: Callable[[], datetime]) -> None:
    while True:
        try:
            sent = await send_due(db, post, clock())
        except AWAY as lost:
            log.warning("the database is away: %s", lost)
            sent = 0
        await asyncio.sleep(0 if sent else LOOK_EVERY_S)


async def send_due(db: Database, post: Post, now: datetime) -> int:
    """Sends all that is due, over a few connections that are held meanwhile; returns how many were tried.

    Without a mail server they are kept as they are.
    """
    began, tried = time.monotonic(), 0
    lines = [Line(post) for _ in range(LINES)]
    try:
        while True:
            async with db.reading() as tx:
                waiting = await outbox.due(tx, milliseconds(now), limit=AT_ONCE)
            if not waiting:
                return tried
            rows = iter(waiting)
            await asyncio.gather(*[send_each(db, rows, line, post, now, began) for line in lines])
            tried += len(waiting)
    finally:
        for line in lines:
            await line.close()


async def send_each(
    db: Database, rows: Iterator[dict[str, Any]], line: "Line", post: Post, now: datetime, began: float
) -> None:
    for row in rows:
        await try_one(db, row, post, now, line, late_ms=int((time.monotonic() - began) * 1000))


async def try_one(
    db: Database, row: dict[str, Any], post: Post, now: datetime, line: "Line", *, late_ms: int = 0
) -> None:
    now_ms = milliseconds(now) + late_ms  # those before it may have taken long: its claim begins now
    until_ms = now_ms + CLAIM_MS
    async with db.saving() as tx:
        if not await outbox.claim(tx, row["id"], now_ms=now_ms, until_ms=until_ms):
            return
    error = await line.send(row, now) if post.url else None
    async with db.saving() as tx:
        await settle(tx, row, error, now, is_mail_set=post.url is not None, until_ms=until_ms)


async def settle(
    tx: Tx, row: dict[str, Any], error: str | None, now: datetime, *, is_mail_set: bool, until_ms: int
) -> None:
    tries = row["tries"] + 1
    if error is None:
        state, retry_ms = ("sent" if is_mail_set else "kept"), milliseconds(now)
    elif tries > len(RETRIES_S):
        state, retry_ms = "failed", milliseconds(now)
    else:
        state, retry_ms = "queued", milliseconds(now) + RETRIES_S[tries - 1] * 1000
    await outbox.settle(tx, row["id"], state=state, tries=tries, retry_ms=retry_ms, error=error, until_ms=until_ms)
    letter = outbox.letter_of(row)
    if state == "sent" and letter.code:  # whoever reads the database later cannot sign in with it
        await outbox.rewrite(tx, row["id"], replace(letter, link=None, code=None))


class Line:
    """A connection to the mail server, made when it is needed and held for the messages after."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._smtp: aiosmtplib.SMTP | None = None
        self._taken = 0

    async def send(self, row: dict[str, Any], now: datetime) -> str | None:
        """One try; returns what went wrong, as a value. After that nobody knows where the talk stands: it is ended."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                message = compose(row, outbox.letter_of(row), self._post, now)
                smtp = await self._connected()
                await smtp.send_message(message)
                return None
        except TimeoutError:
            error = f"The mail server did not answer within {PATIENCE_S:g} seconds."
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError) as wrong:
            error = f"{type(wrong).__name__}: {wrong}"[:500]
        self._hang_up()
        return error

    async def close(self) -> None:
        if self._smtp and self._smtp.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._smtp.quit()
        self._hang_up()

    async def _connected(self) -> aiosmtplib.SMTP:
        self._taken += 1
        if self._smtp is None or not self._smtp.is_connected or self._taken > A_LINE:
            await self.close()
            self._smtp, self._taken = connection(self._post), 1
            await self._smtp.connect()
        return self._smtp

    def _hang_up(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None


def connection(post: Post) -> aiosmtplib.SMTP:
    assert post.url
    server = urlsplit(post.url)
    return aiosmtplib.SMTP(
        hostname=server.hostname,
        # Its own look-up of this machine's name can take longer than the mail.
        local_hostname=host_of(post),
        port=server.port or (465 if server.scheme == "smtps" else 587),
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=server.scheme == "smtps",
        start_tls=None if server.scheme == "smtp" else False,
    )


def host_of(post: Post) -> str:
    return urlsplit(post.links.base).hostname or "board"


def compose(row: dict[str, Any], letter: Letter, post: Post, now: datetime) -> EmailMessage:
    """The mail itself, with a text and an HTML part; one issue's letters are one thread."""
    host = host_of(post)
    message = EmailMessage(policy=SMTP)
    message["From"] = post.sender
    message["To"] = row["recipient"]
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{stable(row['message_id'])}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.issue is not None:
        thread = f"<issue.{letter.issue}@{host}>"
        message["References"] = thread
        message["In-Reply-To"] = thread
        message["List-Id"] = f"<issue-{letter.issue}.{host}>"
    letter = stoppable(letter, post)
    if letter.stop:
        message["List-Unsubscribe"] = f"<{letter.stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(as_text(letter, post.say))
    message.add_alternative(as_html(letter, post.say), subtype="html")
    return message


def stoppable(letter: Letter, post: Post) -> Letter:
    """Anybody can type an address when they file: whoever has it can end the letters without signing in."""
    if letter.issue is None or letter.stop or not letter.personal:
        return letter
    return replace(letter, stop=post.links.no_mail(letter.issue))


def stable(message_id: str) -> str:
    """A Message-ID that shows no address: the same for the same message."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def as_text(letter: Letter, say: Say) -> str:
    parts = [*letter.paragraphs]
    if letter.link:
        parts.append(f"{letter.label}:\n{letter.link}")
    if letter.code:
        parts.append(f"{say('Or type this code where you asked for it:')}\n{letter.code}")
    if letter.stop:
        parts.append(f"{say('No more mail about this issue')}:\n{letter.stop}")
    return "\n\n".join(parts) + "\n"


def as_html(letter: Letter, say: Say) -> str:
    parts = [f"<p>{escape(p).replace(chr(10), '<br>')}</p>" for p in letter.paragraphs]
    if letter.link:
        parts.append(f'<p><a href="{escape(letter.link)}">{escape(letter.label or letter.link)}</a></p>')
    if letter.code:
        parts.append(f"<p>{escape(say('Or type this code where you asked for it:'))} <b>{escape(letter.code)}</b></p>")
    if letter.stop:
        parts.append(
            f'<p><small><a href="{escape(letter.stop)}">{escape(say("No more mail about this issue"))}</a></small></p>'
        )
    return "\n".join(parts)
