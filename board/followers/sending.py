"""Sends what waits in the outbox, each message apart, and notes what became of it. Failures are values."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from board.domain.faults import Fault
from board.domain.leaf import milliseconds
from board.followers.line import Line
from board.followers.writing import Post
from board.store import bounces, outbox
from board.store.database import AWAY, Database, Tx
from board.stream import until

log = logging.getLogger("board.mail")

RETRIES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 86_400)
MOST_UNSURE = 2  # times that nobody knows whether it arrived, and then a person decides
AT_ONCE = 40
LINES = 4  # connections to the mail server
CLAIM_MS = 120_000  # longer than a message may take, so that no other process takes it meanwhile
LOOK_EVERY_S = 1.0


async def send_for_ever(db: Database, post: Post, clock: Callable[[], datetime], written: asyncio.Event) -> None:
    """`written` says that letters may wait that this process has written; those of others are found in a second."""
    while True:
        written.clear()
        try:
            while await send_due(db, post, clock()):
                pass
        except AWAY as lost:
            log.warning("the database is away: %s", lost)
        await until(written, LOOK_EVERY_S)


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
    db: Database, rows: Iterator[dict[str, Any]], line: Line, post: Post, now: datetime, began: float
) -> None:
    for row in rows:
        await try_one(db, row, post, now, line, began=began)


async def try_one(
    db: Database, row: dict[str, Any], post: Post, now: datetime, line: Line, *, began: float | None = None
) -> None:
    """One message. From the claim on it may be with the mail server, whatever becomes of us; so that stands first."""
    fault = await line.ready() if post.url else None
    late_ms = int((time.monotonic() - began) * 1000) if began is not None else 0
    now_ms = milliseconds(now) + late_ms  # those before it may have taken long: its claim begins now
    until_ms = now_ms + CLAIM_MS
    async with db.saving() as tx:
        if not await outbox.claim(tx, row["id"], now_ms=now_ms, until_ms=until_ms):
            return
    if row["unsure"] >= MOST_UNSURE:
        fault = Fault("unknown", row["error"] or "")
    elif post.url and fault is None:
        fault = await line.send(row, now)
    async with db.saving() as tx:
        await settle(tx, row, fault, now, is_mail_set=post.url is not None, until_ms=until_ms)


async def settle(
    tx: Tx, row: dict[str, Any], fault: Fault | None, now: datetime, *, is_mail_set: bool, until_ms: int
) -> None:
    tries = row["tries"] + 1
    unsure = row["unsure"] + (fault is not None and fault.kind == "unsure")
    if unsure >= MOST_UNSURE and fault:
        fault = Fault("unknown", fault.answer)
    if fault is None:
        state, retry_ms = ("sent" if is_mail_set else "kept"), milliseconds(now)
    elif fault.is_final or tries > len(RETRIES_S):
        state, retry_ms = "failed", milliseconds(now)
    else:
        state, retry_ms = "queued", milliseconds(now) + RETRIES_S[tries - 1] * 1000
    error = str(fault) if fault else None
    await outbox.settle(
        tx,
        row["id"],
        state=state,
        tries=tries,
        unsure=unsure,
        retry_ms=retry_ms,
        error=error,
        by_line=state == "failed" and fault is not None and fault.is_of_line,
        until_ms=until_ms,
    )
    if fault and fault.kind == "recipient":
        await bounces.note_hard(tx, row["recipient"], why=fault.answer, now_ms=milliseconds(now))
        await outbox.give_up(tx, row["recipient"], error=str(Fault("stopped")))
    letter = outbox.letter_of(row)
    if state == "sent" and letter.code:  # whoever reads the database later cannot sign in with it
        await outbox.rewrite(tx, row["id"], replace(letter, link=None, code=None))
