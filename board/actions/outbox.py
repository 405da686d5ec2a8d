"""Letters as staff mend them, one by one or all after a fault of the line; and how long their words are kept."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from board.domain.faults import Fault
from board.domain.leaf import milliseconds
from board.domain.people import Actor, require
from board.domain.phrase import phrase
from board.errors import Conflict, NotFound
from board.store import bounces, company, intake, outbox, own_data
from board.store.database import Database, Tx

RIGHT = "try_mail"
DAYS_BACK = 7  # what ended before is no news any more
STEP, PAUSE_S = 200, 0.02
MOST = 10_000  # letters that are tried again at once, or counted


async def try_now(tx: Tx, number: int, *, by: Actor, now_ms: int) -> None:
    require(by, RIGHT)
    row = await found(tx, number)
    if row["state"] == "sent":
        raise Conflict(phrase("This letter was sent. It is not sent a second time."))
    if not row["letter"]:
        raise Conflict(phrase("The words of this letter are deleted, so it cannot be sent any more."))
    if row["state"] == "queued" and row["unsure"] and now_ms < row["retry_ms"] <= now_ms + outbox.SOON_MS:
        raise Conflict(
            phrase("This letter may be on its way just now. If not, it is tried by itself in a few minutes.")
        )
    if not await outbox.try_now(tx, number, now_ms):
        raise Conflict(phrase("This letter was sent just now."))


async def give_up(tx: Tx, number: int, *, by: Actor) -> None:
    """It is sent no more, until somebody says otherwise."""
    require(by, RIGHT)
    await found(tx, number)
    if not await outbox.end(tx, number, error=str(Fault("given_up"))):
        raise Conflict(phrase("This letter does not wait any more. Please look what became of it."))


async def found(tx: Tx, number: int) -> dict[str, Any]:
    row = await outbox.one(tx, number)
    if row is None:
        raise NotFound("There is no such letter.")
    return row


async def try_all(tx: Tx, *, by: Actor, now_ms: int) -> int:
    """A step of trying all again: those that wait, then those that the line has ended. Returns how many it saw."""
    require(by, RIGHT)
    if hurried := await outbox.hurry(tx, now_ms, limit=STEP):
        return hurried
    rows = await outbox.ended_by_line(tx, oldest_ms(now_ms), limit=STEP)
    for row in rows:
        if await is_wanted(tx, row):
            await outbox.begin_again(tx, row["id"], now_ms)
        else:
            await outbox.leave(tx, row["id"])
    return len(rows)


def oldest_ms(now_ms: int) -> int:
    """Since when letters that have ended are tried again."""
    return now_ms - DAYS_BACK * 86_400_000


async def is_wanted(tx: Tx, row: dict[str, Any]) -> bool:
    """Not a sign-in that is over, nor what goes where mail comes back, or where none is wanted any more."""
    letter, recipient = outbox.letter_of(row), row["recipient"]
    if letter.code or await bounces.stopped(tx, recipient):
        return False
    if letter.issue is None and letter.stop is None:
        return True
    if await own_data.is_quiet(tx, recipient, letter.issue):
        return False
    is_followed = letter.issue is None or any(
        one.issue == letter.issue for one in await intake.follows_of(tx, recipient)
    )
    return letter.stop is None or is_followed  # news for those who follow end with the follow


async def forget_old(db: Database, now: datetime) -> None:
    """Deletes the words of letters that are older than the company keeps them, a few at a time."""
    async with db.reading() as tx:
        days = (await company.read(tx)).letter_days
    before_ms, emptied = milliseconds(now - timedelta(days=days)), STEP
    while emptied == STEP:
        async with db.saving() as tx:
            emptied = await outbox.empty_old(tx, before_ms, limit=STEP)
        await asyncio.sleep(PAUSE_S)
