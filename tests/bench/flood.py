"""A flood against the real server: 10,000 posts from 200 addresses, with customers among them; exits 1 where it fails.

`python -m tests.bench.flood [POSTS] [ADDRESSES] [POSTS A SECOND]`. What gets through is counted, and the 95th
percentile of the customers while the flood is refused is compared with the one before it, in the same run. Whoever
floods is a process of its own that gives way to the others, so that the customers' clock shows the server's work.
"""

import asyncio
import json
import multiprocessing
import os
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from board.domain.doubt import QUICK_S
from board.domain.limits import DEFAULTS, Limit
from tests.bench import house

QUIET_S = 15.0
THINK_S = 0.1  # between two posts of all customers
WORST_RATIO = 1.5

Figures = dict[str, Any]


async def post(client: httpx.AsyncClient, stamp: str, address: str, words: str) -> int:
    """Files from the address, as the proxy tells it; returns the status."""
    answer = await client.post("/issues", data={"body": words, "stamp": stamp}, headers={"x-forwarded-for": address})
    client.cookies.clear()
    return answer.status_code


@dataclass
class Customers:
    """Somebody new files every now and then; `slow` are the milliseconds that each one waited."""

    client: httpx.AsyncClient
    stamp: str
    served: Counter[int] = field(default_factory=Counter)
    slow: list[float] = field(default_factory=list)

    async def come(self) -> None:
        number = self.served.total()
        start = time.perf_counter()
        status = await post(
            self.client, self.stamp, f"203.0.{number // 250}.{number % 250}", f"Mine leaks, too: {number}"
        )
        self.slow.append((time.perf_counter() - start) * 1000)
        self.served[status] += 1

    async def come_until(self, over: "asyncio.Future[Any]") -> float:
        """Their 95th percentile, in ms."""
        self.slow = []
        while not over.done():
            await self.come()
            await asyncio.sleep(THINK_S)
        return statistics.quantiles(self.slow, n=20)[-1]


def pour(url: str, stamp: str, posts: int, addresses: int, rate: float) -> Counter[int]:
    """The flood, in a process of its own: sends at the rate, whether it is answered or not; counts the answers."""
    os.nice(10)
    return asyncio.run(pouring(url, stamp, posts, addresses, rate))


async def pouring(url: str, stamp: str, posts: int, addresses: int, rate: float) -> Counter[int]:
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=httpx.Limits(max_connections=100)) as client:
        start, sent = time.perf_counter(), []
        for place in range(posts):
            await asyncio.sleep(max(0.0, start + place / rate - time.perf_counter()))
            address = f"198.51.{place % addresses // 250}.{place % addresses % 250}"
            words = f"Kettles of gold {random.random()} number {place}"
            sent.append(asyncio.create_task(post(client, stamp, address, words)))
        return Counter(await asyncio.gather(*sent))


def most(addresses: int, seconds: float) -> int:
    """How many issues the limits let through from so many addresses in so many seconds."""
    burst = Limit(DEFAULTS["file"]["burst"], 600)
    return addresses * (burst.count + int(seconds * 1000 / burst.cost_ms))


async def run(url: str, posts: int, addresses: int, rate: float, quiet_s: float) -> Figures:
    first = addresses * DEFAULTS["file"]["burst"]  # what the limits let through at once
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
        async with httpx.AsyncClient(base_url=url, timeout=120) as client:
            stamp = await file_first(client)
            customers = Customers(client, stamp)
            before = await customers.come_until(asyncio.ensure_future(asyncio.sleep(quiet_s)))
            start = time.perf_counter()
            got = await loop.run_in_executor(apart, pour, url, stamp, first, addresses, rate)
            pouring = loop.run_in_executor(apart, pour, url, stamp, posts - first, addresses, rate)
            during = await customers.come_until(pouring)
            seconds = time.perf_counter() - start
    return told(got + await pouring, customers.served, before, during, seconds, most(addresses, seconds))


async def file_first(client: httpx.AsyncClient) -> str:
    """Files once, slowly; returns a stamp that is no more in doubt."""
    found = re.search(r'name="stamp" value="([^"]+)"', (await client.get("/new")).text)
    assert found
    await asyncio.sleep(QUICK_S + 1)
    filed = await client.post("/issues", data={"body": "The kettle leaks.", "stamp": found[1]})
    assert filed.status_code == 303
    return found[1]


def told(
    answers: Counter[int], served: Counter[int], before: float, during: float, seconds: float, bound: int
) -> Figures:
    return {
        "seconds": round(seconds, 1),
        "posts answered": dict(answers),
        "got through": answers[303],
        "may get through": bound,
        "customers answered": dict(served),
        "customers' p95 before, ms": round(before, 1),
        "customers' p95 during, ms": round(during, 1),
        "ratio": round(during / before, 2),
        "held": answers[303] <= bound and set(served) == {303} and during / before <= WORST_RATIO,
    }


def figures(posts: int = 10_000, addresses: int = 200, rate: float = 100, quiet_s: float = QUIET_S) -> Figures:
    with (
        tempfile.TemporaryDirectory() as folder,
        house.served(Path(folder), "", {"BOARD_TRUSTED_PROXIES": "127.0.0.1"}) as board,
    ):
        make_room(Path(folder))
        return asyncio.run(run(board.url, posts, addresses, rate, quiet_s))


def main(*given: int) -> int:
    found = figures(*given)
    print(json.dumps(found, indent=1))
    return 0 if found["held"] else 1


def make_room(folder: Path) -> None:
    """Lets all customers of the run through the board's own bucket, so that the flood meets those of its places."""
    with closing(sqlite3.connect(folder / "board.db", isolation_level=None)) as db:
        db.execute("INSERT INTO company (key, value) VALUES ('limits', ?)", (json.dumps({"file.board": 100_000}),))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
