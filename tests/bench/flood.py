"""A flood against the real server: 10,000 posts from 200 addresses, with customers among them; exits 1 where it fails.

`python -m tests.bench.flood [POSTS] [ADDRESSES] [POSTS A SECOND]`. What gets through is counted, and the 95th
percentile of the customers while the flood is refused is compared with the one before it, in the same run.
"""

import asyncio
import json
import os
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from board.domain.doubt import QUICK_S
from board.domain.limits import DEFAULTS, Limit
from tests.test_serving import free_port

QUIET_S = 15.0
THINK_S = 0.1  # between two posts of all customers
WORST_RATIO = 1.5


@dataclass
class Flood:
    """What came back to the flood and to the customers; `slow` are the customers' milliseconds."""

    stamp: str
    answers: Counter[int] = field(default_factory=Counter)
    served: Counter[int] = field(default_factory=Counter)
    slow: list[float] = field(default_factory=list)
    customers: int = 0

    async def post(self, client: httpx.AsyncClient, address: str, words: str) -> int:
        """Files from the address, as the proxy tells it."""
        typed = {"body": words, "stamp": self.stamp}
        answer = await client.post("/issues", data=typed, headers={"x-forwarded-for": address})
        client.cookies.clear()
        return answer.status_code

    async def customer(self, client: httpx.AsyncClient) -> None:
        """Somebody new who files once."""
        self.customers += 1
        address = f"203.0.{self.customers // 250}.{self.customers % 250}"
        start = time.perf_counter()
        status = await self.post(client, address, f"Mine leaks, too: {self.customers}")
        self.slow.append((time.perf_counter() - start) * 1000)
        self.served[status] += 1

    async def customers_for(self, client: httpx.AsyncClient, until: "asyncio.Event") -> list[float]:
        self.slow = []
        while not until.is_set():
            await self.customer(client)
            await asyncio.sleep(THINK_S)
        return self.slow

    async def pour(self, client: httpx.AsyncClient, posts: int, addresses: int, rate: float) -> None:
        """Sends the posts at the rate, whether they are answered or not."""
        start = time.perf_counter()
        async with asyncio.TaskGroup() as sending:
            for place in range(posts):
                await asyncio.sleep(max(0.0, start + place / rate - time.perf_counter()))
                address = f"198.51.{place % addresses // 250}.{place % addresses % 250}"
                sending.create_task(self.drop(client, address, place))

    async def drop(self, client: httpx.AsyncClient, address: str, place: int) -> None:
        words = f"Kettles of gold {random.random()} number {place}"
        self.answers[await self.post(client, address, words)] += 1


def most(addresses: int, seconds: float) -> int:
    """How many issues the limits let through from so many addresses in so many seconds."""
    burst = Limit(DEFAULTS["file"]["burst"], 600)
    return addresses * (burst.count + int(seconds * 1000 / burst.cost_ms))


async def run(url: str, posts: int, addresses: int, rate: float) -> bool:
    limits = httpx.Limits(max_connections=100)
    async with (
        httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as bad,
        httpx.AsyncClient(base_url=url, timeout=120) as good,
    ):
        flood = Flood(await file_first(good))
        quiet = asyncio.Event()
        asyncio.get_running_loop().call_later(QUIET_S, quiet.set)
        before = p95(await flood.customers_for(good, quiet))
        over, start = asyncio.Event(), time.perf_counter()
        await flood.pour(bad, addresses * DEFAULTS["file"]["burst"], addresses, rate)
        customers = asyncio.create_task(flood.customers_for(good, over))
        await flood.pour(bad, posts - addresses * DEFAULTS["file"]["burst"], addresses, rate)
        seconds = time.perf_counter() - start
        over.set()
        during = p95(await customers)
    return told(flood, before, during, seconds, most(addresses, seconds))


async def file_first(client: httpx.AsyncClient) -> str:
    """Files once, slowly; returns a stamp that is no more in doubt."""
    found = re.search(r'name="stamp" value="([^"]+)"', (await client.get("/new")).text)
    assert found
    await asyncio.sleep(QUICK_S + 1)
    filed = await client.post("/issues", data={"body": "The kettle leaks.", "stamp": found[1]})
    assert filed.status_code == 303
    return found[1]


def told(flood: Flood, before: float, during: float, seconds: float, bound: int) -> bool:
    figures = {
        "seconds": round(seconds, 1),
        "posts answered": dict(flood.answers),
        "got through": flood.answers[303],
        "may get through": bound,
        "customers answered": dict(flood.served),
        "customers' p95 before, ms": round(before, 1),
        "customers' p95 during, ms": round(during, 1),
        "ratio": round(during / before, 2),
    }
    print(json.dumps(figures, indent=1))
    return flood.answers[303] <= bound and set(flood.served) == {303} and during / before <= WORST_RATIO


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main(posts: int = 10_000, addresses: int = 200, rate: float = 100) -> int:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        given = {"BOARD_DATA_DIR": folder, "BOARD_TRUSTED_PROXIES": "127.0.0.1"}
        command = [sys.executable, "-m", "board", "serve", "--port", str(port)]
        with subprocess.Popen(command, env={**os.environ, **given}, stdout=subprocess.DEVNULL) as server:
            try:
                wait_for(f"http://127.0.0.1:{port}")
                make_room(Path(folder))
                held = asyncio.run(run(f"http://127.0.0.1:{port}", posts, addresses, rate))
            finally:
                server.terminate()
    return 0 if held else 1


def make_room(folder: Path) -> None:
    """Lets all customers of the run through the board's own bucket, so that the flood meets those of its places."""
    with closing(sqlite3.connect(folder / "board.db", isolation_level=None)) as db:
        db.execute("INSERT INTO company (key, value) VALUES ('limits', ?)", (json.dumps({"file.board": 100_000}),))


def wait_for(url: str) -> None:
    while True:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
