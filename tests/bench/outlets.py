"""One event that 10,000 follow by mail: letters a second, memory, and whether others notice. `…outlets [FOLLOWERS]`.

Before and while the letters go out over a real SMTP server, pages are read, and another issue is answered: how long do
these pages take, when does a webhook hear of it, and when has its one follower the letter?
"""

import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.controller import Controller

from board import keys, sealing
from board.actions import hooks
from board.outbound import Outbound
from board.settings import Settings, networks
from board.store import positions, record
from board.store.database import Database
from board.store.positions import Position
from tests.bench import house
from tests.bench.house import House, cores, cpu_of, memory_of
from tests.cast import ROOT, file_issue
from tests.receiver import Receiver, receiving
from tests.test_serving import free_port

FOLLOWERS = 10_000
NEAR = "127.0.0.0/8"
PROBE = "probe@home.example"
PAUSE_S, QUIET_S, GIVE_UP_S = 0.25, 8.0, 300.0
PROBES = 1_200  # issues: after one letter about an issue the next one waits

Figures = dict[str, Any]


class Counted:
    """A mail server that keeps nothing but the time of each letter, and of those to the probe apart."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.pipe.send((time.monotonic(), envelope.rcpt_tos == [PROBE]))
        return "250 OK"


def take(pipe: Connection, port: int) -> None:
    os.sched_setaffinity(0, {cores()[1]})
    Controller(Counted(pipe), hostname="127.0.0.1", port=port).start()
    pipe.recv()


@contextmanager
def mail_server() -> Iterator[tuple[Connection, int]]:
    apart = multiprocessing.get_context("spawn")
    pipe, theirs = apart.Pipe()
    port = free_port()
    process = apart.Process(target=take, args=(theirs, port), daemon=True)
    process.start()
    try:
        yield pipe, port
    finally:
        process.terminate()


async def furnish(folder: Path, followers: int, receiver: Receiver) -> str:
    """A board with an issue that many follow, others that one follows, and a webhook that hears of all."""
    token = await house.furnish(folder)
    given = Settings(database_url=f"sqlite:///{folder / 'board.db'}", data_dir=folder)
    db = Database(given.database_url)
    await db.connect()
    others = [await file_issue(db) for _ in range(PROBES)]
    many = [{"issue": 1, "email": f"reader{place}@home.example"} for place in range(followers)]
    async with db.saving() as tx:
        await tx.run_each(
            "INSERT INTO follows (issue, email, created_ms, confirmed_ms, came_from)"
            " VALUES (:issue, :email, 1, 1, :issue)",
            [*many, *({"issue": number, "email": PROBE} for number in others)],
        )
        _, head = await record.head(tx)
        await positions.save(tx, "mail", "", Position(head))  # what was before is no news
        await hooks.add(
            tx,
            by=ROOT,
            url=receiver.url,
            shape="standard",
            events=("update.posted",),
            out=Outbound(networks("near", NEAR)),
            box=sealing.box(keys.load(given).secret, hooks.NAME),
            now_ms=1,
        )
    await db.disconnect()
    return token


class Watch:
    """What others wait for: pages, the webhook's telling and the probe's letter, in milliseconds."""

    def __init__(self, board: House, receiver: Receiver, mail: Connection, others: Iterator[int]) -> None:
        self.board, self.receiver, self.mail, self.others = board, receiver, mail, others
        self.letters: list[float] = []
        self.probes: list[float] = []
        self.pages: list[float] = []
        self.hooks: list[float] = []
        self.mails: list[float] = []
        self.memory = 0

    def read_mail(self) -> int:
        """How many letters the probe has by now."""
        while self.mail.poll():
            at, is_probe = self.mail.recv()
            (self.probes if is_probe else self.letters).append(at)
        return len(self.probes)

    async def once(self, client: httpx.AsyncClient) -> None:
        for path in ("/", "/issues/3"):
            start = time.monotonic()
            (await client.get(path)).raise_for_status()
            self.pages.append(time.monotonic() - start)
        heard, came = len(self.receiver.sent), len(self.probes)
        await answer(client, next(self.others))
        start = time.monotonic()
        self.hooks.append(await since(start, lambda: len(self.receiver.sent) > heard))
        self.mails.append(await since(start, lambda: self.read_mail() > came))
        self.memory = max(self.memory, memory_of(self.board.process.pid))
        await asyncio.sleep(PAUSE_S)

    def figures(self) -> Figures:
        found = {"a page": self.pages, "a webhook hears": self.hooks, "another's letter": self.mails}
        return {
            f"ms until {name}, {label}": round(sorted(waits)[len(waits) * share // 100] * 1e3, 1)
            for name, waits in found.items()
            for label, share in (("median", 50), ("p95", 95))
        }


async def answer(client: httpx.AsyncClient, number: int) -> None:
    sent = await client.post(f"/api/v1/issues/{number}/updates", json={"body": "We look into it."})
    assert sent.status_code == 201, sent.text


async def since(start: float, is_there: Callable[[], bool]) -> float:
    while not is_there():
        assert time.monotonic() - start < GIVE_UP_S
        await asyncio.sleep(0.002)
    return time.monotonic() - start


async def measure(folder: Path, followers: int) -> Figures:
    with mail_server() as (mail, port):
        async with receiving() as receiver:
            token = await furnish(folder, followers, receiver)
            given = {"BOARD_SMTP_URL": f"smtp://127.0.0.1:{port}", "BOARD_OUTBOUND_NEAR": NEAR}
            with house.served(folder, token, {**house.ROOMY, **given}, core=cores()[0]) as board:
                async with httpx.AsyncClient(base_url=board.url, headers=board.headers, timeout=60) as client:
                    return await compare(client, board, receiver, mail, followers)


async def compare(
    client: httpx.AsyncClient, board: House, receiver: Receiver, mail: Connection, followers: int
) -> Figures:
    others = count(house.ISSUES + 1)
    quiet, busy = Watch(board, receiver, mail, others), Watch(board, receiver, mail, others)
    until = time.monotonic() + QUIET_S
    while time.monotonic() < until:
        await quiet.once(client)
    begun, spent = time.monotonic(), cpu_of(board.process.pid)
    await answer(client, 1)
    while len(busy.letters) < followers and time.monotonic() - begun < GIVE_UP_S:
        await busy.once(client)
    assert len(busy.letters) == followers, f"{len(busy.letters)} of {followers} letters came"
    return {
        "followers": followers,
        "letters a second": round(followers / (busy.letters[-1] - begun), 1),
        "ms of CPU a letter, with all else": round((cpu_of(board.process.pid) - spent) / followers * 1e3, 2),
        "MB more at the most": round((busy.memory - quiet.memory) / 1e6, 1),
        "nothing else going on": quiet.figures(),
        "while they are told": busy.figures(),
    }


def figures(followers: int = FOLLOWERS) -> Figures:
    os.sched_setaffinity(0, {cores()[1]})
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure(Path(folder), followers))


if __name__ == "__main__":
    print(json.dumps(figures(*map(int, sys.argv[1:])), indent=1))
