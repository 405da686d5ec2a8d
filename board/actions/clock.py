"""What time does by itself: promises missed, confirmations lapsed. A tick may run twice; the second finds nothing."""

from datetime import datetime, timedelta

from board.actions.acting import act
from board.domain import decisions
from board.domain.leaf import format_time
from board.domain.people import SYSTEM
from board.errors import Conflict
from board.store import issues
from board.store.database import Database

BATCH = 100


async def tick(db: Database, at: datetime) -> int:
    """Records what has fallen due by `at`; returns how many events that were."""
    async with db.reading() as tx:
        missing = await issues.due_for_missing(tx, format_time(at), limit=BATCH)
        oldest = format_time(at - timedelta(days=decisions.LAPSE_DAYS))
        lapsing = await issues.due_for_lapse(tx, oldest, limit=BATCH)
    return await miss_promises(db, missing, at) + await lapse(db, lapsing, at)


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
