"""Where the time goes: what one act, one page and one delivery cost, and the shares of their parts.

`python -m tests.bench.spent`. A clock of the process's own CPU looks again and again at what is being done; the share
of a part is how often its files were the innermost known ones. Nothing is answered from memory.
"""

import asyncio
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

from board import app
from board.store.database import Tx
from tests.bench.boards import comment, databases, file, opened, run
from tests.bench.fanout import Readers
from tests.bench.hearing import served

ISSUES, SOCKETS = 60, 500
EACH_S = 1.5  # of CPU for each of them
LOOK_S = 0.001
# Files by a part of their names, the first that fits: what is done for whom.
PARTS = (
    ("templates", ("/jinja2/", "/templates/", "/gettext.py", "board/render.py")),
    ("Markdown", ("board/domain/text.py", "/markdown_it/")),
    ("hashing", ("board/domain/proof.py",)),
    ("JSON", ("board/domain/leaf.py", "board/web/json.py", "board/web/shapes.py")),
    ("SQL", ("board/store/database.py", "board/store/commits.py", "/aiosqlite/", "/asyncpg/", "/databases/")),
    ("read model", ("board/store/", "board/domain/clocks.py")),
    ("deciding", ("board/domain/", "board/actions/")),
    ("live", ("board/stream.py", "board/web/live.py", "board/web/hub.py", "board/wire.py", "board/web/fragments.py")),
    ("web", ("board/", "/starlette/", "/uvicorn/", "/httptools/")),
)

Figures = dict[str, Any]
Act = Callable[[], Awaitable[object]]


@dataclass
class Spent:
    """How often each part was seen, and how many statements there were."""

    seen: Counter[str] = field(default_factory=Counter)
    statements: int = 0

    def look(self, number: int, frame: FrameType | None) -> None:
        while frame and not part_of(frame.f_code.co_filename):
            frame = frame.f_back
        self.seen[part_of(frame.f_code.co_filename) if frame else "the loop, and what has no part"] += 1


@lru_cache(maxsize=10_000)
def part_of(file: str) -> str:
    """Empty where the file belongs to no part."""
    return next((part for part, names in PARTS if any(name in file for name in names)), "")


@contextmanager
def watched() -> Iterator[Spent]:
    """Looks at the main thread while this process works."""
    spent = Spent()
    before = signal.signal(signal.SIGPROF, spent.look)
    signal.setitimer(signal.ITIMER_PROF, LOOK_S, LOOK_S)
    try:
        with counted(spent):
            yield spent
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def counted(spent: Spent) -> Iterator[None]:
    rows, each = Tx.rows, Tx.run_each

    async def counting_rows(tx: Tx, sql: str, **values: Any) -> list[dict[str, Any]]:
        spent.statements += 1
        return await rows(tx, sql, **values)

    async def counting_each(tx: Tx, sql: str, all_values: Any) -> None:
        spent.statements += 1
        await each(tx, sql, all_values)

    with mock.patch.object(Tx, "rows", counting_rows), mock.patch.object(Tx, "run_each", counting_each):
        yield


async def spend(act: Act, per: int = 1) -> Figures:
    """Does it for some seconds of CPU; the figures are of one of so many that it does at once."""
    for _ in range(5):
        await act()
    times, start, began = 0, time.process_time(), time.perf_counter()
    with watched() as spent:
        while time.process_time() - start < EACH_S:
            await act()
            times += per
    cpu, clock = time.process_time() - start, time.perf_counter() - began
    return {
        "ms of CPU": round(1000 * cpu / times, 4),
        "ms by the clock": round(1000 * clock / times, 4),
        "statements": round(spent.statements / times, 2),
        **{f"% {part}": round(100 * count / spent.seen.total(), 1) for part, count in spent.seen.most_common()},
    }


def get(application: Any, path: str) -> Act:
    """Reads a page without a server and without a client."""
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 9),
        "extensions": {},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def act() -> None:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        await application(dict(scope), receive, send)
        assert said[0]["status"] == 200, said

    return act


async def of_board(board: app.Board) -> Figures:
    application = app.create(board)
    number, place = iter(range(10**9)), iter(range(10**9))
    return {
        "a filing": await spend(lambda: file(board, next(number))),
        "a comment": await spend(lambda: comment(board.db, next(place) % ISSUES + 1, f"It is late: {next(number)}.")),
        "an issue's page, not remembered": await spend(get(application, "/issues/1")),
        "the list, not remembered": await spend(get(application, "/")),
        "an event to one of many sockets": await delivery(board),
    }


async def delivery(board: app.Board) -> Figures:
    """One comment, read by the stream, made into a frame and written to all; the figures are of one socket."""
    async with served(board) as url:
        readers = await asyncio.to_thread(Readers, int(url.rpartition(":")[2]), "/live?topics=issue:2&as=json", SOCKETS)
        await asyncio.to_thread(readers.join)
        loop = asyncio.get_running_loop()

        def begin() -> None:
            asyncio.run_coroutine_threadsafe(comment(board.db, 2), loop).result()

        try:
            return await spend(lambda: asyncio.to_thread(readers.round, begin), per=SOCKETS)
        finally:
            await asyncio.to_thread(readers.end)


async def measure(url: str, folder: Path) -> Figures:
    roomy = {"page_memory_mib": 0, "live_sockets": 10**6, "live_accepts": 10**6}
    async with opened(url, folder, ISSUES, **roomy) as board:
        return await of_board(board)


def figures() -> Figures:
    with tempfile.TemporaryDirectory() as name, databases(Path(name)) as urls:
        return {
            f"{what}, {kind}": told
            for kind, url in urls.items()
            for what, told in run(measure(url, Path(name))).items()
        }


if __name__ == "__main__":
    json.dump(figures(), sys.stdout, indent=1)
