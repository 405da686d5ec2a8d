"""Hearing that the head may have moved, whoever moved it: a hint, never more. It also notices a database that is gone.

On PostgreSQL a connection of its own listens, and tells the others; on SQLite the file is asked for its version.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from board.store.database import AWAY, LOST, Database

LOOK_S = 0.03  # how often SQLite is asked whether anybody else wrote
COALESCE_S = 0.01  # between two notifications of one process
PULSE_S = 5.0  # how often the listening connection is tested, and how long its answer may take
RETRY_S = 1.0
CHANNEL = "board"

log = logging.getLogger("board.database")


@asynccontextmanager
async def listening(db: Database) -> AsyncIterator[asyncio.Event]:
    """An event that is set whenever the head may have moved, in this process or another."""
    task = asyncio.create_task(hear_file(db) if db.sqlite else hear_server(db))
    try:
        yield db.moved
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def hear_file(db: Database) -> None:
    """Asks directly where the loop runs, which takes some µs; a file that is busy just now may have changed."""
    loop = asyncio.get_running_loop()
    async with db.beside() as file:
        file.execute("PRAGMA busy_timeout = 0")
        seen: int | None = None
        again: asyncio.TimerHandle | None = None

        def look() -> None:
            nonlocal seen, again
            version = None
            with suppress(*LOST):
                version = file.execute("PRAGMA data_version").fetchone()[0]
            if version is None or version != seen:
                seen = version
                db.moved.set()
            again = loop.call_later(LOOK_S, look)

        look()
        try:
            await loop.create_future()  # until cancelled
        finally:
            if again:
                again.cancel()


async def hear_server(db: Database) -> None:
    """Listens for ever, on one connection after the other."""
    while True:
        try:
            await listen(db)
        except AWAY as away:
            log.warning("nobody tells of changes just now: %r", away)
        db.cut_off(is_away=not await lets_in(db))
        await asyncio.sleep(RETRY_S)


async def lets_in(db: Database) -> bool:
    """Whether the database answers somebody new; where it does not, no answer to anybody else is to be waited for."""
    try:
        connection = await db.apart()
    except AWAY:
        return False
    connection.terminate()
    return True


async def listen(db: Database) -> None:
    """Until the connection is lost, or does not answer in time."""
    connection = await db.apart()
    try:
        async with asyncio.timeout(PULSE_S):
            await connection.add_listener(CHANNEL, lambda *_: db.moved.set())
        connection.add_termination_listener(lambda _: db.told.set())
        db.cut_off(is_away=False)
        db.moved.set()
        db.told.set()  # what was said while nobody listened
        while not connection.is_closed():
            await tell(db, connection)
    finally:
        connection.terminate()


async def tell(db: Database, connection: Any) -> None:
    """Tells the other processes, once for all that happened meanwhile; in quiet times only asks for an answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PULSE_S):
            await db.told.wait()
    if db.told.is_set():
        db.told.clear()
        await connection.execute(f"NOTIFY {CHANNEL}", timeout=PULSE_S)
        await asyncio.sleep(COALESCE_S)
    else:
        await connection.execute("SELECT 1", timeout=PULSE_S)
