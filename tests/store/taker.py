"""A process of its own that takes from one bucket as often as it can; prints how often it was given a token."""

import asyncio
import sys

from board.domain.limits import Limit
from board.store import limits
from board.store.database import Database


async def main(url: str, tries: int, count: int) -> int:
    db = Database(url)
    await db.connect()
    given = 0
    for _ in range(tries):
        async with db.saving() as tx:
            given += await limits.take(tx, b"one bucket", Limit(count, 3600), 1_800_000_000_000) is not None
    await db.disconnect()
    return given


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
