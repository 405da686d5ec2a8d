"""Programs that answer under load, each act with a key of its own, sent again until it is acknowledged."""

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

import httpx

from board.store import people
from board.store.database import Database, sqlite_file
from board.store.migrate import migrate
from tests.cast import file_issue
from tests.soundness import assert_sound
from tests.web.site import furnish

WRITERS = 6
ISSUES = 20
PAUSE_S = 0.05
REPEATED = 0.2  # of the acknowledged acts are sent once more
ANSWER_S = 10.0


@dataclass
class Load:
    """`acknowledged` are the keys of acts with the index of their event; `errors` counts what was answered instead."""

    urls: list[str]
    headers: dict[str, str]
    acknowledged: dict[str, int] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    doubled: int = 0
    is_over: bool = False

    async def write(self) -> None:
        while not self.is_over:
            key = "".join(random.choices(ascii_lowercase, k=20))  # digits might look like somebody's number
            self.tried.add(key)
            index = await self.sent(key)
            if index is None:
                return
            self.acknowledged[key] = index
            if random.random() < REPEATED and await self.sent(key) not in (index, None):
                self.doubled += 1
            await asyncio.sleep(PAUSE_S * random.random() * 2)

    async def sent(self, key: str) -> int | None:
        """The index that the act was given; it is sent again until then, or until all is over."""
        number = 1 + sum(map(ord, key)) % ISSUES
        while not self.is_over:
            try:
                async with httpx.AsyncClient(timeout=ANSWER_S) as client:
                    answer = await client.post(
                        f"{random.choice(self.urls)}/api/v1/issues/{number}/updates",
                        json={"body": f"We look again: {key}"},
                        headers={**self.headers, "Idempotency-Key": key},
                    )
            except httpx.TransportError as lost:
                self.errors[type(lost).__name__] += 1
            else:
                if answer.status_code == 201:
                    return int(answer.json()["index"])
                self.errors[str(answer.status_code)] += 1
            await asyncio.sleep(0.1 * random.random())
        return None


@asynccontextmanager
async def load(load: Load, writers: int = WRITERS) -> AsyncIterator[Load]:
    """Goes on for as long as the block lasts."""
    tasks = [asyncio.create_task(load.write()) for _ in range(writers)]
    try:
        yield load
    finally:
        load.is_over = True
        await asyncio.gather(*tasks)


async def furnished(url: str) -> dict[str, str]:
    """A database with the cast, some issues and a program that may write; returns the headers of that."""
    await migrate(url)
    await furnish(url)
    db = Database(url)
    await db.connect()
    for _ in range(ISSUES):
        await file_issue(db)
    async with db.saving() as tx:
        secret = await people.new_token(tx, label="Robot", role="agent", now_ms=1)
    await db.disconnect()
    return {"Authorization": f"Bearer {secret}"}


async def judged(url: str, done: Load) -> dict[str, Any]:
    """What must be true afterwards, in figures: what was lost, doubled, or is not sound."""
    db = Database(url)
    await db.connect()
    await assert_sound(db)  # dense, chained, and the same when it is made anew
    async with db.reading() as tx:
        rows = await tx.rows("SELECT value FROM openings WHERE value LIKE 'We look again: %'")
    await db.disconnect()
    kept = Counter(row["value"].rsplit(" ", 1)[1] for row in rows if "probe" not in row["value"])
    if file := sqlite_file(url):
        with closing(sqlite3.connect(file)) as again:
            assert again.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return {
        "acknowledged": len(done.acknowledged),
        "lost": len(done.acknowledged.keys() - kept.keys()),
        "doubled": sum(times > 1 for times in kept.values()) + done.doubled,
        "never sent": len(kept.keys() - done.tried),
        "answered instead": dict(done.errors),
    }
