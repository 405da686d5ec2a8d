"""Several processes on one database: each hears of everything, and one of them does what is done once."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from board.store import people
from board.store.database import Database
from board.web.session import now
from tests.cast import answer, file_issue, want_mail
from tests.followers.postbox import Postbox, postbox
from tests.soundness import assert_sound
from tests.test_serving import Served, serve
from tests.web.site import furnish
from tests.web.wire import Follower, hear

POSTS = 12
BASE = "http://127.0.0.1"  # what all of them are called: sockets without an origin do not ask


@contextmanager
def house(url: str, folder: Path, *options: str, processes: int = 1, **settings: str) -> Iterator[list[Served]]:
    """Boards that are served apart from each other, on one database and with one secret."""
    with ExitStack() as stack:
        given = {"database_url": url, "base_url": BASE, **settings}
        served = [stack.enter_context(serve(folder, *options, port=None, **given)) for _ in range(processes)]
        for each in served:
            each.answers()
        yield served


def follower(served: Served, after: str) -> connect:
    url = f"{served.url.replace('http', 'ws', 1)}/live?topics=board&after={after}"
    return connect(url, subprotocols=[Subprotocol("board.v1")], proxy=None)


async def start(served: Served) -> str:
    """The cursor of the beginning."""
    async with connect(f"{served.url.replace('http', 'ws', 1)}/live?topics=board", proxy=None) as socket:
        return f"{(await hear(socket))['epoch']}:0"


async def listen(served: Served, after: str, until: int) -> Follower:
    told = Follower.at(after, ["board"])
    async with follower(served, after) as socket:
        while told.cursors["board"] < until:
            told.take(await hear(socket))
    return told


async def post(served: list[Served], key: dict[str, str]) -> None:
    """Files at one after the other."""
    for place in range(POSTS):
        async with httpx.AsyncClient(base_url=served[place % len(served)].url, headers=key, timeout=30) as client:
            (await client.post("/api/v1/issues", json={"body": f"Kettle {place} leaks."})).raise_for_status()


async def token(url: str) -> dict[str, str]:
    db = Database(url)
    await db.connect()
    async with db.saving() as tx:
        secret = await people.new_token(tx, label="Robot", role="agent", now_ms=1)
    await db.disconnect()
    return {"Authorization": f"Bearer {secret}"}


async def assert_all_hear(served: list[Served], url: str) -> None:
    """What is posted at any of them reaches the sockets of all, in order and once."""
    key, after = await token(url), await start(served[0])
    async with asyncio.timeout(60):
        listening = [asyncio.create_task(listen(served[place % len(served)], after, 2 * POSTS)) for place in range(6)]
        await post(served, key)
        heard = await asyncio.gather(*listening)
    assert [told.by_topic() for told in heard] == [{"board": list(range(1, 2 * POSTS + 1))}] * 6
    assert [(told.gaps, told.repeats) for told in heard] == [(0, 0)] * 6


async def leader(served: list[Served]) -> Served:
    """The one that leads; there is one at most."""
    async with httpx.AsyncClient(timeout=30) as client:
        while True:
            told: list[dict[str, Any]] = [(await client.get(f"{each.url}/readyz")).json() for each in served]
            leads = [each for each, said in zip(served, told, strict=True) if said["leads"]]
            assert len(leads) < 2
            if leads:
                return leads[0]
            await asyncio.sleep(0.05)


async def mailed(box: Postbox, number: int) -> None:
    while len(box.mails) < number:
        await asyncio.sleep(0.01)


async def test_of_two_processes_both_hear_all_and_one_takes_over_the_mail_of_the_other(
    url: str, tmp_path: Path
) -> None:
    await furnish(url)
    db = Database(url)
    await db.connect()
    with postbox() as box, house(url, tmp_path, processes=2, smtp_url=box.url) as served:
        await assert_all_hear(served, url)
        async with asyncio.timeout(60):
            first = await leader(served)
            number = await file_issue(db, at=now(), email="ada@home.example")
            await mailed(box, 1)
            await want_mail(db, number, now())
            first.process.kill()
            began = monotonic()
            await answer(db, number, at=now(), body="We look.")
            await mailed(box, 2)
            assert monotonic() - began < 5.5
    ids = [mail["Message-ID"] for mail in box.mails]
    assert (len(ids), len(set(ids))) == (2, 2)
    await assert_sound(db)
    await db.disconnect()


async def test_workers_of_one_parent_hear_all_and_end_when_it_is_killed(sqlite_url: str, tmp_path: Path) -> None:
    await furnish(sqlite_url)
    with house(sqlite_url, tmp_path, "--workers", "2") as served:
        await assert_all_hear(served, sqlite_url)
        served[0].process.kill()
        async with asyncio.timeout(20):
            while await is_there(served[0]):
                await asyncio.sleep(0.05)


async def is_there(served: Served) -> bool:
    async with httpx.AsyncClient(timeout=5) as client:
        try:
            await client.get(f"{served.url}/healthz")
        except httpx.ConnectError:
            return False
        except httpx.TransportError:
            pass
    return True
