"""Who leads: of all processes on one database one does what is to be done once, and another takes over when it is gone.

A leader may have lost its place a moment before it learns so. What leaders do must be harmless when two of them do it:
they go by positions and claims, each moved in one transaction with what follows from it.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from board.store.database import AWAY, Database, sqlite_file

LOCK = 7_022_652  # the advisory lock of leading
ASK_S = 1.0  # how often whoever does not lead asks, and whoever leads shows that it is there
PULSE_S = 1.5  # how long the answer may take: then the leader stops, well before another begins
LET_GO_MS = 4_000  # so long after it was last heard of, PostgreSQL ends the leader's connection, and with it the lock

Work = Callable[[], Awaitable[None]]
log = logging.getLogger("board.leading")


class Leading:
    """This process's part in it; `is_leader` is for people to read."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.is_leader = False

    async def run(self, work: Work) -> None:
        """Does the work whenever this process leads, until cancelled."""
        lead = self.by_file if self.db.sqlite else self.by_server
        while True:
            try:
                await lead(work)
            except AWAY as away:
                log.warning("the place of the leader cannot be held just now: %r", away)
            await asyncio.sleep(ASK_S)

    async def by_file(self, work: Work) -> None:
        """The system itself frees the lock of a process that has ended, however it did."""
        with opened(f"{sqlite_file(self.db.url)}-leader") as handle:
            if is_locked(handle):
                await self.lead(work)

    async def by_server(self, work: Work) -> None:
        connection = await self.db.apart(idle_session_timeout=str(LET_GO_MS))
        try:
            await locked(connection)
            await self.lead(work, beside=show(connection))
        finally:
            connection.terminate()

    async def lead(self, work: Work, *, beside: Awaitable[None] | None = None) -> None:
        """Works until what goes on beside it fails."""
        log.info("this process leads now")
        self.is_leader = True
        tasks = [asyncio.ensure_future(doing) for doing in (work(), beside) if doing is not None]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.is_leader = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def locked(connection: Any) -> None:
    """Waits until the lock is ours."""
    while True:
        if await ask(connection, f"SELECT pg_try_advisory_lock({LOCK})"):
            return
        await asyncio.sleep(ASK_S)


async def show(connection: Any) -> None:
    """Shows again and again that this process is there; raises where that is not heard."""
    while True:
        await asyncio.sleep(ASK_S)
        await ask(connection, "SELECT 1")


async def ask(connection: Any, question: str) -> Any:
    return await connection.fetchval(question, timeout=PULSE_S)


@contextmanager
def opened(file: str) -> Iterator[int]:
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def is_locked(handle: int) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
