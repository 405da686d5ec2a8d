"""What time does by itself: promises missed, confirmations lapsed, words hidden that nobody defended.

A tick may run twice; the second finds nothing.
"""

from datetime import datetime, timedelta

from board.actions import hiding
from board.actions.acting import act
from board.domain import decisions
from board.domain.leaf import format_time, milliseconds
from board.domain.people import SYSTEM
from board.errors import Conflict, Refused
from board.store import issues, moderation
from board.store.database import Database
from board.store.moderation import Hiding

BATCH = 100


async def tick(db: Database, at: datetime) -> int:
    """Records what has fallen due by `at`; returns how many events that were."""
    async with db.reading() as tx:
        missing = await issues.due_for_missing(tx, format_time(at), limit=BATCH)
        oldest = format_time(at - timedelta(days=decisions.LAPSE_DAYS))
        lapsing = await issues.due_for_lapse(tx, oldest, limit=BATCH)
        hidings = await moderation.hidings_due(tx, milliseconds(at), limit=BATCH)
    return await miss_promises(db, missing, at) + await lapse(db, lapsing, at) + await hide(db, hidings, at)


async def miss_promises(db: Database, numbers: list[int], at: datetime) -> int:
    written = 0
    for number in numbers:
        async with db.writing(at) as tx:
            done = await act(tx, number, SYSTEM, lambda i, now: decisions.miss_promise(i, by=SYSTEM, at=now))
            written += len(done.events)
    return written


async def lapse(db: Database, numbers: list[int], at: datetime) -> int:
    written = 0
    for number in numbers:
        try:
            async with db.writing(at) as tx:
                done = await act(tx, number, SYSTEM, lambda i, now: decisions.lapse(i, by=SYSTEM, at=now))
                written += len(done.events)
        except Conflict:  # the customer answered in this moment
            continue
    return written


async def hide(db: Database, due: list[Hiding], at: datetime) -> int:
    """What was asked to be hidden a day ago, and nobody refused; what is not possible any more is dropped."""
    written = 0
    for asked in due:
        try:
            async with db.writing(at) as tx:
                written += len((await hiding.fall_due(tx, asked)).events)
        except Refused:  # the words went another way meanwhile
            await drop(db, asked, at)
    return written


async def drop(db: Database, asked: Hiding, at: datetime) -> None:
    async with db.saving() as tx:
        await moderation.settle_hiding(tx, asked.id, before="asked", state="refused", by=None, now_ms=milliseconds(at))
