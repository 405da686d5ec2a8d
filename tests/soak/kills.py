"""`kill -9` of a random app process under load; and the same of the database, with `immediate`."""

import asyncio
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import asyncpg

from tests.soak.load import Load, furnished, judged, load
from tests.soak.servers import House, Postgres, served

HEALTHY_S = 2.0
WHOLE_S = 10.0
POOLED = 12  # connections of one process at most: the pool, one that listens, one that leads
AT_ONCE = 10


async def of_the_app(url: str, folder: Path, kills: int) -> dict[str, Any]:
    """Kills one of three workers, again and again; the others go on, and the parent starts another."""
    headers = await furnished(url)
    house = House(folder, url, workers=3)
    began = time.monotonic()
    with served(house):
        grown_s, waited = time.monotonic() - began, list[float]()
        async with load(Load([house.url], headers)) as done:
            while len(waited) < kills:
                await asyncio.sleep(random.random())
                if pid := house.victim(grown_s):
                    os.kill(pid, signal.SIGKILL)
                    waited.append(await asyncio.to_thread(house.healthy))
    found = await judged(url, done)
    return {
        "kills": kills,
        **found,
        "a start takes, s": round(grown_s, 1),
        "healthy after, s, at most": round(max(waited), 2),
        "held": found["lost"] == found["doubled"] == found["never sent"] == 0 and max(waited) <= HEALTHY_S,
    }


async def of_the_database(server: Postgres, url: str, folder: Path, kills: int) -> dict[str, Any]:
    """Kills the database and starts it again, while the same app processes go on."""
    headers = await furnished(url)
    house = House(folder, url)
    with served(house):
        before, waited = house.app_processes(), []
        async with load(Load([house.url], headers)) as done:
            for _ in range(kills):
                await asyncio.to_thread(server.kill)
                await asyncio.sleep(random.random())
                await asyncio.to_thread(server.start)
                waited.append(await whole_again(house, headers))
                await asyncio.sleep(0.5 * random.random())
        is_same = house.app_processes() == before
        connections = await counted(url)
    found = await judged(url, done)
    return {
        "kills": kills,
        **found,
        "pool whole after, s, at most": round(max(waited), 2),
        "same app processes": is_same,
        "connections at the end": connections,
        "held": found["lost"] == found["doubled"] == 0
        and max(waited) <= WHOLE_S
        and is_same
        and connections <= POOLED * house.workers,
    }


async def whole_again(house: House, headers: dict[str, str]) -> float:
    """Seconds until as many acts as a pool has connections are done at once, without an error."""
    began = time.monotonic()
    while True:
        probe = Load([house.url], headers)
        keys = [f"probe{place}x{random.getrandbits(40)}" for place in range(AT_ONCE)]
        await asyncio.gather(*[probe.sent(key) for key in keys])
        if not probe.errors or time.monotonic() - began > 2 * WHOLE_S:
            return time.monotonic() - began


async def counted(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return found
    finally:
        await connection.close()
