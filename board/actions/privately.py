"""What the customer and the company tell each other alone. It is kept sealed, and each reading by staff is noted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from board.domain import letters
from board.domain.leaf import format_time, milliseconds
from board.domain.links import Links
from board.domain.people import Actor, require
from board.domain.phrase import no_issue
from board.domain.wording import Say
from board.domain.words import private as private_words
from board.errors import Invalid, NotFound
from board.sealing import Box
from board.store import company, intake, issues, outbox, private
from board.store.database import Tx, WriteTx

PURPOSE = "private words"


@dataclass(frozen=True)
class Told:
    """Words as whoever may read them reads them; `name` is the colleague's where staff wrote."""

    by_filer: bool
    name: str | None
    text: str
    at: datetime


async def tell(tx: Tx, number: int, *, by: Actor, words: str, box: Box, now_ms: int) -> None:
    """Keeps words that are for the other side alone: the filer's for staff, or theirs for the filer."""
    require(by, "tell_privately")
    text = private_words(words)
    if text is None:
        raise Invalid({"private": "Write a few words first."})
    if await issues.find(tx, number) is None:
        raise NotFound(no_issue(number))
    sealed = box.seal(text, about(number))
    await private.add(tx, issue=number, by_filer=not by.is_staff, person=by.person, sealed=sealed, now_ms=now_ms)


async def answer(tx: WriteTx, number: int, *, by: Actor, words: str, box: Box, links: Links, say: Say) -> None:
    """A private word of staff; the filer hears by mail that there is one, never what it says."""
    now_ms = milliseconds(tx.at)
    await tell(tx, number, by=by, words=words, box=box, now_ms=now_ms)
    filer = await intake.filer(tx, number)
    if filer and filer.mail:
        name = (await company.read(tx)).name
        letter = letters.private_word(number=number, company=name, url=links.private(number), say=say)
        message_id = f"private.{number}.{now_ms}"
        await outbox.put(tx, message_id=message_id, recipient=filer.mail, letter=letter, now_ms=now_ms)


async def read(tx: Tx, number: int, *, by: Actor, box: Box, now_ms: int) -> list[Told]:
    """The words, for staff and the filer; that a colleague has read them is noted."""
    require(by, "tell_privately")
    if by.is_staff and by.person is not None:
        await private.note_reading(tx, issue=number, person=by.person, now_ms=now_ms)
    return await opened(tx, number, box)


async def opened(tx: Tx, number: int, box: Box) -> list[Told]:
    return [told(row, number, box) for row in await private.of_issue(tx, number)]


def told(row: dict[str, Any], number: int, box: Box) -> Told:
    text = box.open(row["sealed"], about(number))
    at = datetime.fromtimestamp(row["created_ms"] // 1000, UTC)
    return Told(bool(row["by_filer"]), row["name"], text or "(sealed with another key)", at)


def about(number: int) -> str:
    return f"private words of issue {number}"


async def forget_settled(tx: Tx, at: datetime) -> None:
    """Deletes what was told about issues that are settled for as long as the company has chosen."""
    days = (await company.read(tx)).private_days
    if days:
        await private.forget_settled(tx, format_time(at - timedelta(days=days)))
