"""Clocks that jump: two hosts on one database, one or both of them an hour or a year ahead or behind."""

import asyncio
import mmap
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.soak.disk import read_for
from tests.soak.load import WRITERS, Load, furnished, judged, load
from tests.soak.servers import House, served

HERE = Path(__file__).parent
HOUR, YEAR = 3600, 365 * 24 * 3600
# By how many seconds the clocks of the two hosts are wrong, one after the other.
WRONG = [(HOUR, 0), (-HOUR, 0), (0, 0), (HOUR, HOUR), (-HOUR, -HOUR), (YEAR, 0), (0, YEAR), (YEAR, YEAR)]
WRONG += [(0, 0), (-YEAR, 0), (-YEAR, -YEAR), (0, 0)]
EACH_S = 6.0
RECOVERED_S = 10.0


class Clock:
    """What is added to the wall clock of a house, in a file that its processes share."""

    def __init__(self, library: Path, file: Path) -> None:
        file.write_bytes(struct.pack("q", 0))
        with file.open("r+b") as opened:
            self.shared = mmap.mmap(opened.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library), "JUMP_FILE": str(file)}

    def set(self, seconds: int) -> None:
        self.shared[:] = struct.pack("q", seconds)


def library(folder: Path) -> Path | None:
    """The clock that can be set, compiled; None where there is no compiler."""
    compiler, made = shutil.which("cc"), folder / "jump.so"
    if compiler:
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(HERE / "jump.c")], check=True)
    return made if compiler else None


@contextmanager
def two_hosts(url: str, folder: Path, clocks: list[Clock]) -> Iterator[list[House]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(served(House(folder, url, workers=1, environment=clock.environment)))
            for clock in clocks
        ]


async def of_the_clock(url: str, folder: Path) -> dict[str, Any]:
    """Acts and pages go on through every jump; no act is lost or done twice, and the record's times are in order."""
    made = library(folder)
    if not made:
        return {"left out": "there is no C compiler", "held": True}
    headers, steps = await furnished(url), []
    clocks = [Clock(made, folder / f"clock-{place}") for place in range(2)]
    with two_hosts(url, folder, clocks) as houses:
        async with load(Load([each.url for each in houses], headers)) as done:
            for wrong in WRONG:
                for clock, seconds in zip(clocks, wrong, strict=True):
                    clock.set(seconds)
                steps.append({"hours": [each // HOUR for each in wrong], **await step(houses, done)})
    found = await judged(url, done)
    return {
        **found,
        "jumps": steps,
        "held": found["lost"] == found["doubled"] == 0
        and not any(each.isdigit() for each in done.errors)
        and all(each["next act after, s"] <= RECOVERED_S and set(each["pages"]) == {200} for each in steps),
    }


async def step(houses: list[House], done: Load) -> dict[str, Any]:
    """How soon acts went on after a jump, and what pages of both were answered with."""
    began, kept = time.monotonic(), len(done.acknowledged)
    reading = asyncio.gather(*[read_for(each, EACH_S) for each in houses])
    while len(done.acknowledged) <= kept + WRITERS and time.monotonic() - began < 3 * RECOVERED_S:
        await asyncio.sleep(0.02)
    gone_on = time.monotonic() - began
    pages: dict[int, int] = {}
    for answered in await reading:
        for status, count in answered.items():
            pages[status] = pages.get(status, 0) + count
    return {"next act after, s": round(gone_on, 2), "acts": len(done.acknowledged) - kept, "pages": pages}
