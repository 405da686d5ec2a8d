"""A process of its own with several writers, for the test of the record's order: `python -m tests.store.writer`."""

import asyncio
import sys

from board.actions import customers
from board.store.database import Database
from tests.cast import CY, do


async def write(url: str, *, writers: int, comments: int) -> None:
    """Each writer comments on issue 1, again and again; each comment is one event."""
    db = Database(url)
    await db.connect()
    await asyncio.gather(*[talk(db, f"writer {name}", comments) for name in range(writers)])
    await db.disconnect()


async def talk(db: Database, name: str, comments: int) -> None:
    for place in range(comments):
        await do(db, customers.comment, 1, by=CY, body=f"{name}: {place}", via="web")


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], writers=int(sys.argv[2]), comments=int(sys.argv[3])))
