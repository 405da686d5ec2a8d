"""Workers of a mirror are killed while they post, and a third of the answers is lost after the post was kept."""

import asyncio
import multiprocessing
import random
import time
from collections import Counter
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from typing import Any

from board.followers import mirrors
from board.store.database import Database
from board.store.migrate import migrate
from board.stream import Stream
from tests.cast import move_in
from tests.followers.mirrored import MIRRORING, cure, mirrored
from tests.networks.serving import LOST, LOST_503, STALL, Fault, serving
from tests.networks.x import X

POSTS, LOSSES = 1_000, 0.3
STALLS = 0.5  # of the killed ones wait for an answer when they are killed
NEVER_ANSWERED = Fault(stalls=True)  # and nothing was kept
FASTER = 60  # a minute passes in a second, so that looks a minute apart do not take hours


async def killed(url: str, kills: int) -> dict[str, Any]:
    """One worker at a time; the next one goes on where the last one was killed."""
    began, chance = time.time(), random.Random(kills)

    hit, left = asyncio.Event(), [0]

    def fault() -> Fault | None:
        left[0] -= 1
        if left[0] == 0:
            hit.set()
            if chance.random() < STALLS:
                return chance.choice((STALL, NEVER_ANSWERED))
        return chance.choice((LOST, LOST_503)) if chance.random() < LOSSES else None

    await migrate(url)
    db = Database(url)
    await db.connect()
    await move_in(db)
    async with serving(X()) as network:
        network.choose = fault
        mirror = await mirrored(db, "x", network, budget=10 * POSTS)
        for _ in range(-(-POSTS // 3)):
            await cure(db)
        strays = 0
        for _ in range(kills):
            left[0] = chance.randint(1, 7)
            hit.clear()
            worker = await asyncio.to_thread(begun, url, began)
            async with asyncio.timeout(60):
                await hit.wait()
            await asyncio.sleep(chance.uniform(0, 0.02))
            await asyncio.to_thread(end, worker)
            strays += (await mirror.states()).count("sending")
        worker = await asyncio.to_thread(begun, url, began)
        while time.time() - began < 1_800 and set(await mirror.states()) != {"sent"}:
            await asyncio.sleep(1)
        await asyncio.to_thread(end, worker)
        posts = await mirror.posts()
    await db.disconnect()
    there = Counter(tweet.text.rpartition(" ")[2] for tweet in network.tweets)
    lost = [post.marker for post in posts if post.marker not in there]
    doubled = [marker for marker, count in there.items() if count > 1]
    return {
        "posts": len(posts),
        "kills": kills,
        "killed while sending": strays,
        "not known to be sent": sum(post.state != "sent" for post in posts),
        "lost": len(lost),
        "doubled": len(doubled),
        "took, s": round(time.time() - began),
        "held": not lost and not doubled and {post.state for post in posts} == {"sent"} and len(posts) >= POSTS,
    }


def begun(url: str, began: float) -> BaseProcess:
    """A worker, forked off a process that has loaded everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    worker = context.Process(target=live, args=(url, began))
    worker.start()
    return worker


def end(worker: BaseProcess) -> None:
    worker.kill()
    worker.join()


def live(url: str, began: float) -> None:
    asyncio.run(work(url, began))


async def work(url: str, began: float) -> None:
    """The worker's own life."""
    db = Database(url)
    await db.connect()
    stream = Stream(db)
    await stream.start()

    def clock() -> datetime:
        return datetime.fromtimestamp(began + (time.time() - began) * FASTER, UTC)

    await asyncio.gather(stream.run(), mirrors.run(db, stream, MIRRORING, clock))
