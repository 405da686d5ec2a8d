"""A process that sends what is due at the given time, and may be killed: `python -m tests.followers.sender`."""

import asyncio
import sys
from datetime import datetime

from board.followers import sending
from board.followers.writing import Post
from board.store.database import Database
from tests.cast import LINKS, say


async def send(url: str, smtp_url: str, at: datetime) -> None:
    db = Database(url)
    await db.connect()
    await sending.send_due(db, Post(smtp_url, "board@board.example", LINKS, say), at)
    await db.disconnect()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3])))
