"""A disk that is full: writing is refused clearly, reading goes on; with room again, so does all the rest."""

import asyncio
import resource
import time
from pathlib import Path
from typing import Any

import httpx

from tests.soak.load import Load, furnished, judged, load
from tests.soak.servers import House, served

FULL_S = 15.0
RECOVERED_S = 10.0


async def full(url: str, folder: Path) -> dict[str, Any]:
    """The system lets the processes' files grow no further, for a while: to SQLite that is a full disk."""
    headers = await furnished(url)
    house = House(folder, url)
    with served(house):
        async with load(Load([house.url], headers)) as done:
            await asyncio.sleep(2)
            size = max(file.stat().st_size for file in folder.glob("board.db*"))
            limit(house, size)
            before = done.errors.total()
            reads = await read_for(house, FULL_S)
            refused = done.errors.total() - before
            limit(house, resource.RLIM_INFINITY)
            began, kept = time.monotonic(), len(done.acknowledged)
            while len(done.acknowledged) < kept + 10 and time.monotonic() - began < 60:
                await asyncio.sleep(0.05)
            recovered = time.monotonic() - began
    found = await judged(url, done)
    return {
        **found,
        "refused while full": refused,
        "pages read while full": reads,
        "recovered after, s": round(recovered, 2),
        "held": found["lost"] == found["doubled"] == 0
        and refused > 0
        and set(reads) == {200}
        and set(done.errors) == {"503"}
        and recovered <= RECOVERED_S,
    }


def limit(house: House, size: int) -> None:
    for pid in house.app_processes():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def read_for(house: House, seconds: float) -> dict[int, int]:
    """How many pages were answered with which status."""
    until, answered = time.monotonic() + seconds, dict[int, int]()
    async with httpx.AsyncClient(base_url=house.url, timeout=10) as client:
        while time.monotonic() < until:
            for path in ("/", "/issues/1", "/api/v1/issues"):
                status = (await client.get(path)).status_code
                answered[status] = answered.get(status, 0) + 1
            await asyncio.sleep(0.2)
    return answered
