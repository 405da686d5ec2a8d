"""`board check`: says what is set, tries it, and says in plain words what to mend. It changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from board.app import sender
from board.domain import faults
from board.domain.letters import Letter
from board.domain.links import Links
from board.followers import fetching
from board.followers.fetching import Wrong
from board.followers.line import Line
from board.followers.writing import Post
from board.render import Renderer
from board.settings import Settings, WrongSetting
from board.store import bounces, outbox
from board.store.database import LOST, Database, sqlite_file
from board.store.migrate import Unusable, is_current


class Found(NamedTuple):
    """`ok`: it works; `note`: it is as it was chosen; `mend`: somebody should do something."""

    how: Literal["ok", "note", "mend"]
    said: str


async def check(given: Settings, mail_to: str | None) -> AsyncIterator[Found]:
    """One line for each thing that was looked at, as soon as it is known."""
    yield address(given)
    async for one in database(given):
        yield one
    async for one in mail_out(given, mail_to):
        yield one
    async for one in mail_in(given):
        yield one
    if given.oidc_issuer:
        yield Found("note", f"Colleagues may sign in with {given.oidc_issuer}.")


async def tell(given: Settings, mail_to: str | None) -> None:
    """Prints what is found; raises WrongSetting where something is to be mended."""
    found = []
    async for one in check(given, mail_to):
        print(f"{one.how:<4}  {one.said}", flush=True)
        found.append(one.how)
    if "mend" in found:
        raise WrongSetting(f"{found.count('mend')} to mend, of {len(found)} that were looked at")


def address(given: Settings) -> Found:
    if given.is_https:
        return Found("ok", f"The board's address is {given.base_url}.")
    return Found("note", f"The board's address is {given.base_url}: without https it is for trying out only.")


async def database(given: Settings) -> AsyncIterator[Found]:
    file = sqlite_file(given.database_url)
    if file and not file.exists():
        yield Found("note", f"There is no board yet: its file {file} is made at the first start.")
        return
    try:
        if not await is_current(given.database_url):
            yield Found("mend", "The database is not as this program wants it: run `board migrate`.")
            return
        counts, stopped = await undelivered(given)
    except (Unusable, *LOST) as lost:
        yield Found("mend", f"The database cannot be used: {lost}. Check BOARD_DATABASE_URL.")
        return
    yield Found("ok", f"The database ({given.database_url.partition(':')[0]}) answers.")
    if failed := counts.get("failed"):
        yield Found("mend", f"Messages that failed: {failed}. {given.base_url}/staff/outbox?state=failed says why.")
    if stopped:
        yield Found("note", f"Addresses that send mail back: {stopped}. {given.base_url}/staff/outbox lists them.")


async def undelivered(given: Settings) -> tuple[dict[str, int], int]:
    """How many messages are in which state, and from how many addresses mail comes back."""
    db = Database(given.database_url)
    await db.connect()
    try:
        async with db.reading() as tx:
            return await outbox.counts(tx), await bounces.count_stopped(tx)
    finally:
        await db.disconnect()


async def mail_out(given: Settings, mail_to: str | None) -> AsyncIterator[Found]:
    if given.smtp_url is None:
        how: Literal["mend", "note"] = "mend" if mail_to else "note"
        yield Found(
            how, "No mail is sent, all stays at the outbox: to send it, set BOARD_SMTP_URL and BOARD_MAIL_FROM."
        )
        return
    say = Renderer().say
    # The board's own key is left alone: where there is none it would be made, maybe by another user than the board's.
    post = Post(given.smtp_url, sender(given), Links(given.base_url, b""), say, given.mail_inbox)
    line = Line(post)
    try:
        fault = await line.ready()
        if fault is None and mail_to:
            fault = await line.send(row(mail_to), datetime.now(UTC))
    finally:
        await line.close()
    if fault:
        yield Found("mend", f"{faults.WORDS[fault.kind]} It said: {fault.answer or 'nothing'}")
    elif mail_to:
        yield Found("ok", f"The mail server took a message from {post.sender} to {mail_to}. Look whether it arrives.")
    else:
        yield Found("ok", f"The mail server answers. `board check --mail-to ADDRESS` sends a test from {post.sender}.")
    if given.mail_from is None:
        yield Found("note", f"BOARD_MAIL_FROM is not set: mail comes from {post.sender}. Many servers want another.")


def row(mail_to: str) -> dict[str, object]:
    """A message as the outbox would keep it."""
    letter = Letter(subject="A test from the board", paragraphs=("Whoever reads this knows that mail works.",))
    return {**outbox.unkept(letter), "recipient": mail_to, "message_id": f"check.{datetime.now(UTC).isoformat()}"}


async def mail_in(given: Settings) -> AsyncIterator[Found]:
    if given.mail_inbox is None:
        yield Found("note", "Answers by mail are not taken, nor what comes back: for that, set BOARD_MAIL_INBOX.")
        return
    if given.imap_url is None and given.mail_token is None:
        yield Found("mend", f"Nobody brings what comes to {given.mail_inbox}: set BOARD_IMAP_URL or BOARD_MAIL_TOKEN.")
    if given.mail_authserv is None:
        yield Found("note", "Every answer by mail waits for a look: BOARD_MAIL_AUTHSERV names the server that vouches.")
    if given.mail_token:
        yield Found("note", f"A mail server may hand mail over at {given.base_url}/inbound/mail.")
    if given.imap_url:
        found = await asyncio.to_thread(fetching.probe, given.imap_url)
        if isinstance(found, Wrong):
            yield Found("mend", f"The mailbox cannot be read: {found.why}. Check BOARD_IMAP_URL.")
        else:
            yield Found("ok", f"The mailbox can be read. New messages in it: {found}.")
