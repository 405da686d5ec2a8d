"""A disk that is full: writing is refused clearly, reading goes on; with room again, so does all the rest."""

import asyncio
import resource
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.soak.kills import whole_again
from tests.soak.load import Load, furnished, judged, load
from tests.soak.servers import House, postgres, served

FULL_S = 15.0
RECOVERED_S = 10.0
ROOM_MIB = 400


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


async def of_the_server(folder: Path) -> dict[str, Any]:
    """PostgreSQL has a disk of its own, which is full for a while; the server may give up, and is started again."""
    try:
        with small(folder / "disk") as disk:
            return await filled(disk, folder)
    except (subprocess.CalledProcessError, FileNotFoundError) as refused:
        return {"left out": f"no disk can be laid in here: {refused}", "held": True}


async def filled(disk: Path, folder: Path) -> dict[str, Any]:
    with postgres(disk) as server:
        headers = await furnished(server.url)
        house = House(folder, server.url)
        with served(house):
            async with load(Load([house.url], headers)) as done:
                await asyncio.sleep(2)
                async with crammed(disk):
                    before = done.errors.total()
                    reads = await read_for(house, FULL_S)
                    refused = done.errors.total() - before
                await asyncio.to_thread(server.start)
                recovered = await whole_again(house, headers)
        found = await judged(server.url, done)
    return {
        **found,
        "refused while full": refused,
        "pages read while full": reads,
        "pool whole after, s": round(recovered, 2),
        "held": found["lost"] == found["doubled"] == 0
        and refused > 0
        and set(reads) <= {200, 503}
        and set(done.errors) <= {"503"}
        and recovered <= RECOVERED_S,
    }


@contextmanager
def small(disk: Path) -> Iterator[Path]:
    """A disk of little room. Raises CalledProcessError or FileNotFoundError where the machine does not allow it."""
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM_MIB}m", "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@asynccontextmanager
async def crammed(disk: Path) -> AsyncIterator[None]:
    """Whatever room there is goes to something else, also what becomes free."""
    ballast = disk / "ballast"

    async def cram() -> None:
        with ballast.open("wb", buffering=0) as file:
            while True:
                with suppress(OSError):
                    while file.write(bytes(4096)):
                        pass
                await asyncio.sleep(0.05)

    cramming = asyncio.create_task(cram())
    try:
        yield
    finally:
        cramming.cancel()
        ballast.unlink()


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
