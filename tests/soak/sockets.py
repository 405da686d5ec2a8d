"""Hundreds of sockets that drop at random while the app is killed: each applies every event once, in order."""

import asyncio
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from board.store.database import Database
from tests.cast import head
from tests.soak.load import Load, furnished, judged, load
from tests.soak.servers import House, served
from tests.web.wire import Follower, hear

SOCKETS = 500
PLACES = 50  # from which they come: one address has at most 30
DROP = 0.02  # how likely a socket drops after a frame
PAUSE_S = 1.5
REST_S = 60.0
# A client that reads no more because it has much to work off would not see the answer to its farewell either.
QUICK: dict[str, Any] = {"max_queue": None, "close_timeout": 1}


async def wrong_ones(
    db: Database, tasks: list["asyncio.Task[None]"], followers: list[Follower], over: "asyncio.Future[int]", cursor: str
) -> tuple[list[int], int]:
    """What the record has behind the cursor, once all is over, and how many followers have not exactly that."""
    over.set_result(last := await head(db))
    _, late = await asyncio.wait(tasks, timeout=REST_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await db.disconnect()
    record = list(range(int(cursor.rpartition(":")[2]) + 1, last + 1))
    return record, sum(told.by_topic() != {"board": record} for told in followers)


async def follow(url: str, told: Follower, place: int, over: "asyncio.Future[int]") -> None:
    """Applies the board's events up to the last one, through every cut."""
    headers = {"X-Forwarded-For": f"198.51.100.{place % PLACES}"}
    while not (over.done() and told.cursors["board"] >= over.result()):
        live = f"{url.replace('http', 'ws', 1)}/live?topics=board&after={told.cursor}"
        try:
            async with connect(live, additional_headers=headers, proxy=None, open_timeout=20, **QUICK) as socket:
                while random.random() >= DROP and not (over.done() and told.cursors["board"] >= over.result()):
                    told.take(await hear(socket))
        except (OSError, WebSocketException):
            await asyncio.sleep(random.random())  # full jitter, as the page's script


async def dropped(url: str, folder: Path, kills: int) -> dict[str, Any]:
    headers = await furnished(url)
    db = Database(url)
    await db.connect()
    async with db.reading() as tx:
        cursor = f"{await tx.value('SELECT epoch FROM head')}:{await head(db)}"
    house = House(folder, url, workers=2, settings={"trusted_proxies": "127.0.0.1"})
    over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    followers = [Follower.at(cursor, ["board"]) for _ in range(SOCKETS)]
    began = time.monotonic()
    with served(house):
        grown_s = time.monotonic() - began
        tasks = [asyncio.create_task(follow(house.url, told, place, over)) for place, told in enumerate(followers)]
        async with load(Load([house.url], headers), writers=2) as done:
            for _ in range(kills):
                await asyncio.sleep(PAUSE_S)
                if pid := house.victim(grown_s):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(PAUSE_S)
        record, wrong = await wrong_ones(db, tasks, followers, over, cursor)
    found = await judged(url, done)
    return {
        "sockets": SOCKETS,
        "kills": kills,
        "events": len(record),
        "sockets whose sequence is not the record's": wrong,
        "what they miss": [
            sorted(set(record) - set(told.by_topic()["board"]))
            for told in followers
            if told.by_topic() != {"board": record}
        ][:5],
        "gaps seen": sum(told.gaps for told in followers),
        "repeats applied": sum(len(seqs) - len(set(seqs)) for told in followers for seqs in told.by_topic().values()),
        **found,
        "held": wrong == 0 and found["lost"] == found["doubled"] == 0,
    }
