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
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from board import app
from tests.bench.boards import comment, databases, opened, run

ACTS = 1_600
ISSUES = 400
CONCURRENCY = 32
ROUNDS = 3
FRAMES = 300

Figures = dict[str, float]


async def per_second(number: int, concurrency: int, act: Callable[[int], Awaitable[object]]) -> float:
    waiting = iter(range(number))

    async def work() -> None:
        for place in waiting:
            await act(place)

    start = time.perf_counter()
    await asyncio.gather(*[work() for _ in range(concurrency)])
    return number / (time.perf_counter() - start)


async def acts(board: app.Board) -> Figures:
    alone = await per_second(ACTS // 4, 1, lambda place: comment(board.db, place % ISSUES + 1))
    rounds = [
        await per_second(ACTS, CONCURRENCY, lambda place: comment(board.db, place % ISSUES + 1)) for _ in range(ROUNDS)
    ]
    together = statistics.median(rounds)
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
        index = await comment(board.db, place % ISSUES + 1)
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
    async with opened(url, folder, ISSUES) as board:
        return {**await acts(board), **await delays(board)}


def figures() -> dict[str, Figures]:
    with tempfile.TemporaryDirectory() as name, databases(Path(name)) as urls:
        found = {kind: run(measure(url, Path(name))) for kind, url in urls.items()}
        found["SQLite"]["bare acts/s, one at a time"] = bare(Path(name) / "bare.db")
    return found


if __name__ == "__main__":
    json.dump(figures(), sys.stdout, indent=1)
