"""Two hosts on one database, each in a network of its own; the cable of the one that leads is pulled out."""

import asyncio
import subprocess
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from board.store.database import Database
from tests.cast import head
from tests.followers.postbox import Postbox, postbox
from tests.soak import network
from tests.soak.frozen import FROZEN_S, TAKEN_OVER_S, WAITED_S, delivered, longest_wait, take_over, who_leads
from tests.soak.kills import whole_again
from tests.soak.load import Load, furnished, judged, load
from tests.soak.servers import House
from tests.soak.silence import RECOVERED_S, TOLD_S, ask_for, mail_somebody
from tests.soak.sockets import follow, wrong_ones
from tests.web.wire import Follower

SOCKETS = 40


async def pulled(url: str, folder: Path, times: int) -> dict[str, Any]:
    try:
        with network.hosts(2) as places, postbox() as box:
            return await on(places, url, folder, box, times)
    except (subprocess.CalledProcessError, FileNotFoundError) as refused:
        return {"left out": f"no network namespaces here: {refused}", "held": True}


async def on(places: list[network.Host], url: str, folder: Path, box: Postbox, times: int) -> dict[str, Any]:
    headers = await furnished(url)
    db = Database(url)
    await db.connect()
    async with db.reading() as tx:
        cursor = f"{await tx.value('SELECT epoch FROM head')}:{await head(db)}"
    followers = [Follower.at(cursor, ["board"]) for _ in range(SOCKETS)]
    over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with AsyncExitStack() as stack:
        houses = [await settled(stack, place, url, folder, box) for place in places]
        tasks = [
            asyncio.create_task(follow(houses[place % 2].url, told, place, over))
            for place, told in enumerate(followers)
        ]
        async with load(Load([each.url for each in houses], headers)) as done:
            figures = [await pull(places, houses, headers) for _ in range(times)]
            await mail_somebody(url)
            await delivered(box)
        _, wrong = await wrong_ones(db, tasks, followers, over, cursor)
    return judge(figures, await judged(url, done), wrong, [mail["Message-ID"] for mail in box.mails])


async def settled(stack: AsyncExitStack, place: network.Host, url: str, folder: Path, box: Postbox) -> House:
    """A board on that host; it is asked through its door."""
    short = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    found = await stack.enter_async_context(network.database(url, place, short))
    by_mail = await stack.enter_async_context(network.mail(box.url, place))
    settings = {"smtp_url": by_mail, "trusted_proxies": "127.0.0.1"}
    house = House(folder, found, workers=1, settings=settings, before=place.command)
    await stack.enter_async_context(network.door(place, house.port))
    house.start()
    stack.push_async_callback(asyncio.to_thread, house.stop)
    await asyncio.to_thread(house.healthy, "/readyz")
    return house


async def pull(places: list[network.Host], houses: list[House], headers: dict[str, str]) -> dict[str, float]:
    """Half a minute without a cable for the one that leads; what both hosts' visitors wait, in seconds."""
    leader = await who_leads(houses)
    cable, other = places[houses.index(leader)], houses[1 - houses.index(leader)]
    cable.pull()
    beside = asyncio.create_task(longest_wait(other, headers, FROZEN_S))
    alone = asyncio.create_task(ask_for(leader, FROZEN_S))
    taken, waited, (_, slowest) = await take_over(other), await beside, await alone
    cable.plug()
    recovered = await whole_again(leader, headers)
    await asyncio.sleep(TAKEN_OVER_S)
    leads = sum([await asyncio.to_thread(each.leads) for each in houses])
    return {"taken": taken, "waited": waited, "slowest": slowest, "recovered": recovered, "leaders": leads}


def judge(figures: list[dict[str, float]], found: dict[str, Any], wrong: int, ids: list[Any]) -> dict[str, Any]:
    most = {name: round(max(each[name] for each in figures), 2) for name in figures[0]}
    return {
        "times": len(figures),
        **found,
        "another leads after, s, at most": most["taken"],
        "longest act at the other host, s": most["waited"],
        "slowest answer of the one that is cut off, s": most["slowest"],
        "which is whole again after, s, at most": most["recovered"],
        "leaders afterwards": [each["leaders"] for each in figures],
        "sockets whose sequence is not the record's": wrong,
        "letters": len(ids),
        "letters twice": len(ids) - len(set(ids)),
        "held": found["lost"] == found["doubled"] == wrong == 0
        and most["taken"] <= TAKEN_OVER_S
        and most["waited"] <= WAITED_S
        and most["slowest"] <= TOLD_S
        and most["recovered"] <= RECOVERED_S
        and {each["leaders"] for each in figures} == {1}
        and len(ids) == len(set(ids)) == 1,
    }
