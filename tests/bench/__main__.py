"""Measures acts, pages and live frames in one process; prints a table and JSON, and stops by itself."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from board import app
from board.actions import customers
from board.domain import limits
from board.domain.people import STRANGER
from board.settings import Settings
from board.store import company
from board.store.migrate import migrate

ACTS = 300
PAGES = 300
FRAMES = 200
CONCURRENCY = 32

Figures = dict[str, float]


def now() -> datetime:
    return datetime.now(UTC)


async def per_second(number: int, concurrency: int, act: Callable[[int], Awaitable[None]]) -> float:
    waiting = iter(range(number))

    async def work() -> None:
        for place in waiting:
            await act(place)

    start = time.perf_counter()
    await asyncio.gather(*[work() for _ in range(concurrency)])
    return number / (time.perf_counter() - start)


async def acts(board: app.Board) -> Figures:
    """Durable public acts a second, through the action layer."""

    async def comment(place: int) -> None:
        async with board.db.writing(now()) as tx:
            await customers.comment(tx, place % 20 + 1, by=STRANGER, body=f"Comment {place}", via="api")

    alone = await per_second(ACTS, 1, comment)
    together = await per_second(ACTS, CONCURRENCY, comment)
    return {"acts/s, one at a time": alone, f"acts/s, {CONCURRENCY} at once": together}


async def pages(board: app.Board, application: Starlette) -> Figures:
    """Pages a second, and what share that is of a bare response of the same bytes."""
    figures: Figures = {}
    async with client(application) as ours:
        for path in ("/", "/issues/1", "/?q=parcel&state=all", "/api/v1/issues"):
            content = (await ours.get(path)).content
            async with client(bare(content)) as theirs:
                rate = await per_second(PAGES, 1, lambda _, path=path: get(ours, path))  # type: ignore[misc]
                limit = await per_second(PAGES, 1, lambda _: get(theirs, "/"))
            figures[f"{path} a second"] = rate
            figures[f"{path} share of a bare response"] = rate / limit
    return figures


async def get(browser: httpx.AsyncClient, path: str) -> None:
    (await browser.get(path)).raise_for_status()


def bare(content: bytes) -> Starlette:
    async def page(request: object) -> HTMLResponse:
        return HTMLResponse(content)

    return Starlette(routes=[Route("/", page)])


def client(application: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://board.example")


async def frames(board: app.Board) -> Figures:
    """Milliseconds from the commit of an event until a follower of the stream has it."""
    seen: dict[int, float] = {}

    async def watch() -> None:
        async for progress in board.stream.follow(board.stream.head, frozenset({"board"})):
            seen.update({happening.seq: time.perf_counter() for happening in progress.happenings})

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.1)
    delays = []
    for place in range(FRAMES):
        async with board.db.writing(now()) as tx:
            done = await customers.comment(tx, 1, by=STRANGER, body=f"Frame {place}", via="api")
        committed = time.perf_counter()
        while done.index not in seen:
            await asyncio.sleep(0.0005)
        delays.append((seen[done.index or 0] - committed) * 1000)
    watching.cancel()
    return {"ms to a follower, median": statistics.median(delays), "ms to a follower, p99": sorted(delays)[-2]}


async def measure(folder: Path) -> Figures:
    url = f"sqlite:///{folder / 'board.db'}"
    await migrate(url)
    board = app.assemble(Settings(database_url=url, data_dir=folder))
    application = app.create(board)
    async with app.lifespan(application):
        async with board.db.saving() as tx:
            await company.save(tx, {"limits": dict.fromkeys(limits.counts({}), limits.MOST)})
        async with client(application) as browser:
            for place in range(40):
                form = {"body": f"My parcel {place} never came. " * 5, "title": f"Parcel {place} is lost"}
                await browser.post("/issues", data=form)
        return {**await acts(board), **await pages(board, application), **await frames(board)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder)))
    table = Table("what", "how much")
    for what, figure in figures.items():
        table.add_row(what, f"{figure:,.2f}")
    Console().print(table)
    json.dump(figures, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
