"""Whatever is lost or killed, at whichever moment: each post is there, and there once."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from board.followers import mirrors as mirroring
from board.store.database import Database
from board.stream import Stream
from tests.cast import NOON
from tests.followers.mirrored import MIRRORING, cure, mirrored
from tests.networks.serving import LOST, LOST_503, NEVER_CAME, Fault, serving
from tests.networks.x import X

ISSUES, KILLS, FASTER = 12, 40, 3_000  # three posts each; a minute passes in 20 ms
SEED = 20260302


class Rushing:
    """Time that runs faster than ours."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=(time.monotonic() - self.began) * FASTER)


@asynccontextmanager
async def at_work(db: Database, clock: Rushing) -> AsyncIterator[None]:
    """One process's life, which ends at any await."""
    stream = Stream(db)
    await stream.start()
    tasks = [asyncio.create_task(stream.run()), asyncio.create_task(mirroring.run(db, stream, MIRRORING, clock))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_no_post_is_lost_or_doubled_by_lost_answers_and_killed_workers(quick_db: Database) -> None:
    db = quick_db
    chance, clock, strays = random.Random(SEED), Rushing(), 0
    struck = asyncio.Event()  # while the network has a request, and nobody knows what comes of it

    def fault() -> Fault | None:
        if chance.random() < 0.3:
            struck.set()
        drawn = chance.random()
        return chance.choice((LOST, LOST_503)) if drawn < 0.3 else NEVER_CAME if drawn < 0.32 else None

    async with serving(X()) as network:
        network.choose = fault
        mirror = await mirrored(db, "x", network)
        for _ in range(ISSUES):
            await cure(db)
        for _ in range(KILLS):
            struck.clear()
            async with at_work(db, clock):
                with suppress(TimeoutError):
                    async with asyncio.timeout(chance.uniform(0, 0.1)):
                        await struck.wait()
            strays += (await mirror.states()).count("sending")
        async with at_work(db, clock), asyncio.timeout(60):
            while await mirror.states() != ["sent"] * 3 * ISSUES:
                await asyncio.sleep(0.1)
        posts = await mirror.posts()
    markers = Counter(tweet.text.rpartition(" ")[2] for tweet in network.tweets)
    assert set(markers.values()) == {1}
    assert sorted(markers) == sorted(post.marker for post in posts)
    assert {post.remote for post in posts} == {str(tweet.id) for tweet in network.tweets}
    assert network.wrong == []
    assert strays > 3
