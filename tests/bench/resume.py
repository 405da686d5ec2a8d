"""1,000 sockets that drop at random while events flow: each must apply every event once, in order.

`python -m tests.bench.resume [N]`.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from board.serving import open_many
from board.store import record
from board.store.database import Database
from tests.bench import house
from tests.soak.sockets import follow
from tests.web.wire import Follower

NUMBER, EVENTS, PAUSE_S = 1_000, 60, 0.15
REST_S = 60.0


async def run(board: house.House, folder: Path, number: int, events: int) -> dict[str, Any]:
    db = Database(f"sqlite:///{folder / 'board.db'}")
    await db.connect()
    async with db.reading() as tx:
        epoch, first = await record.head(tx)
    followers = [Follower.at(f"{epoch}:{first}", ["board"]) for _ in range(number)]
    over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    tasks = [asyncio.create_task(follow(board.url, told, place, over)) for place, told in enumerate(followers)]
    async with httpx.AsyncClient(base_url=board.url, headers=board.headers, timeout=60) as client:
        for place in range(events):
            answer = await client.post("/api/v1/issues/1/updates", json={"body": f"Still nothing, {place}."})
            assert answer.status_code == 201, answer.text
            await asyncio.sleep(PAUSE_S)
    async with db.reading() as tx:
        _, last = await record.head(tx)
    over.set_result(last)
    _, late = await asyncio.wait(tasks, timeout=REST_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await db.disconnect()
    return told_by(followers, list(range(first + 1, last + 1)))


def told_by(followers: list[Follower], expected: list[int]) -> dict[str, Any]:
    applied = [told.by_topic().get("board", []) for told in followers]
    return {
        "sockets": len(followers),
        "events": len(expected),
        "sockets that are wrong": sum(seqs != expected for seqs in applied),
        "gaps": sum(told.gaps for told in followers),
        "repeats": sum(len(seqs) - len(set(seqs)) for seqs in applied),
    }


def main(number: int = NUMBER, events: int = EVENTS) -> dict[str, Any]:
    open_many()
    with tempfile.TemporaryDirectory() as name, house.furnished(Path(name)) as board:
        return asyncio.run(run(board, Path(name), number, events))


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:])), indent=1))
