"""A board for a bench: its real server as a process, with a clock for its CPU and an eye on its memory."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from board.store import people
from board.store.database import Database
from board.store.migrate import migrate
from tests.cast import file_issue
from tests.test_serving import free_port
from tests.web import site

ROOMY = {"BOARD_LIVE_SOCKETS": "1000000", "BOARD_LIVE_ACCEPTS": "1000000"}
ISSUES = 40


def cores() -> tuple[int, int]:
    """One for the server, one for whoever asks; the same where there is only one."""
    found = sorted(os.sched_getaffinity(0))
    return found[0], found[-1]


def cpu_of(pid: int) -> float:
    """Seconds of CPU of the whole process (clock_getcpuclockid)."""
    return time.clock_gettime((~pid << 3) | 2)


def memory_of(pid: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass
class House:
    """A board that is being served; `token` is a program's, which may act without being weighed."""

    process: "subprocess.Popen[bytes]"
    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=60)

    def wait(self) -> None:
        while True:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)


async def furnish(folder: Path) -> str:
    """A board whose frames have about 400 bytes, under limits that nobody reaches; returns the token of an agent."""
    url = f"sqlite:///{folder / 'board.db'}"
    await migrate(url)
    await site.furnish(url)
    db = Database(url)
    await db.connect()
    for place in range(ISSUES):
        await file_issue(
            db, title=f"Parcel {place} never came, and nobody at the depot or in the shop knows where it is"
        )
    async with db.saving() as tx:
        token = await people.new_token(tx, label="Bench", role="agent", now_ms=int(time.time() * 1000))
    await db.disconnect()
    return token


@contextmanager
def served(
    folder: Path, token: str, given: dict[str, str], *, core: int | None = None, port: int | None = None
) -> Iterator[House]:
    chosen = port or free_port()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BOARD_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "board", "serve", "--port", str(chosen)],
        env={**kept, "BOARD_DATA_DIR": str(folder), **given},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=(lambda: os.sched_setaffinity(0, {core})) if core is not None else None,
    )
    house = House(process, chosen, token)
    try:
        house.wait()
        yield house
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def furnished(folder: Path, *, core: int | None = None) -> Iterator[House]:
    token = asyncio.run(furnish(folder))
    with served(folder, token, ROOMY, core=core) as house:
        yield house
