"""Milliseconds from a commit to its frame on a socket, in the same process and in another one, on both databases.

`python -m tests.bench.hearing`. The acts are done in this process, which also serves; another process serves the same
database. Each event is waited for on a socket to either. Also: what listening costs a process to which nothing happens.
"""

import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import uvicorn
from websockets.asyncio.client import connect

from board import app, serving
from board.store.database import Database
from board.store.hearing import listening
from board.store.migrate import migrate
from tests.bench.boards import comment, databases, opened, run
from tests.bench.writes import ISSUES, Figures
from tests.test_serving import free_port

FRAMES = 200
ROUNDS = 3  # of which the middle one counts
PAUSE_S = 0.02
IDLE_S = 3.0
PATIENCE_S = 60.0
CORES = sorted(os.sched_getaffinity(0))


@asynccontextmanager
async def another(url: str, folder: Path) -> AsyncIterator[str]:
    """A process of its own that serves the database; on the second core, where there is one."""
    port = free_port()
    given = {"BOARD_DATABASE_URL": url, "BOARD_DATA_DIR": str(folder), "BOARD_LOG_ORIGIN": "127.0.0.1:8000/log"}
    command = [sys.executable, "-m", "board", "serve", "--port", str(port)]
    with subprocess.Popen(
        command, env={**os.environ, **given}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            os.sched_setaffinity(process.pid, CORES[-1:])
            await asyncio.to_thread(wait_for, f"http://127.0.0.1:{port}/readyz")
            yield f"ws://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_for(url: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(url)


@asynccontextmanager
async def served(board: app.Board) -> AsyncIterator[str]:
    """This process's own server, for a board whose parts already run."""
    application = app.create(board)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as place:
        place.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, **{**serving.OPTIONS, "lifespan": "off"}))
        serving_on = asyncio.create_task(server.serve(sockets=[place]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"ws://127.0.0.1:{place.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving_on


async def note(url: str, seen: dict[int, float], ready: asyncio.Event) -> None:
    """When each event's frame came."""
    async with connect(f"{url}/live?topics=board", proxy=None) as live:
        while True:
            frame = json.loads(await live.recv())
            ready.set()
            if frame["t"] == "event":
                seen[frame["seq"]] = time.perf_counter()


async def delays(board: app.Board, far: str) -> Figures:
    async with served(board) as near:
        seen: dict[str, dict[int, float]] = {near: {}, far: {}}
        ready = [asyncio.Event(), asyncio.Event()]
        tasks = [asyncio.create_task(note(url, seen[url], is_there)) for url, is_there in zip(seen, ready, strict=True)]
        await asyncio.gather(*[is_there.wait() for is_there in ready])
        committed = {}
        for place in range(FRAMES):
            seq = await comment(board.db, place % ISSUES + 1)
            committed[seq] = time.perf_counter()
            await asyncio.sleep(PAUSE_S * 2 * random.random())
        async with asyncio.timeout(PATIENCE_S):
            while not all(committed.keys() <= heard.keys() for heard in seen.values()):
                await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    places = {"the same process": seen[near], "another process": seen[far]}
    waited = {name: [(heard[seq] - at) * 1000 for seq, at in committed.items()] for name, heard in places.items()}
    return {
        f"ms to a frame in {name}, {label}": figure(all_of_them)
        for name, all_of_them in waited.items()
        for label, figure in (("median", statistics.median), ("p99", last_percent))
    }


def last_percent(waited: list[float]) -> float:
    return statistics.quantiles(waited, n=100)[-1]


async def idle(url: str) -> Figures:
    """The share of a core that listening takes while nothing happens, in percent."""
    db = Database(url)
    await db.connect()
    async with listening(db):
        await asyncio.sleep(0.5)
        before = time.process_time()
        await asyncio.sleep(IDLE_S)
        spent = time.process_time() - before
    await db.disconnect()
    return {"% of a core for listening, idle": 100 * spent / IDLE_S}


async def measure(url: str, folder: Path) -> Figures:
    await migrate(url)
    waiting = await idle(url)
    async with opened(url, folder, ISSUES) as board, another(url, folder) as far:
        rounds = [await delays(board, far) for _ in range(ROUNDS)]
    return {**waiting, **{name: statistics.median(one[name] for one in rounds) for name in rounds[0]}}


def figures() -> dict[str, Figures]:
    with tempfile.TemporaryDirectory() as name, databases(Path(name)) as urls:
        os.sched_setaffinity(0, CORES[:1])
        return {kind: run(measure(url, Path(name))) for kind, url in urls.items()}


if __name__ == "__main__":
    json.dump(figures(), sys.stdout, indent=1)
