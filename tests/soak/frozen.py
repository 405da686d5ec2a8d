"""What stands still without being gone: a database that is stopped for half a minute, and a board on another host."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx

from tests.followers.postbox import Postbox, postbox
from tests.soak.kills import whole_again
from tests.soak.load import Load, furnished, judged, load
from tests.soak.servers import House, Postgres, served
from tests.soak.silence import RECOVERED_S, SILENT_S, TOLD_S, ask_for, mail_somebody

TAKEN_OVER_S = 5.0
WAITED_S = 20.0  # by when a host that has stopped with the pen in its hand keeps nobody any more
FROZEN_S = 25.0


async def database(server: Postgres, url: str, folder: Path) -> dict[str, Any]:
    """A database that is stopped answers nobody and refuses nobody; pages say so soon, and all is well afterwards."""
    headers = await furnished(url)
    house = House(folder, url)
    with served(house):
        async with load(Load([house.url], headers)) as done:
            await asyncio.sleep(2)
            with server.frozen():
                answered, slowest = await ask_for(house, SILENT_S)
            recovered = await whole_again(house, headers)
    found = await judged(url, done)
    return {
        **found,
        "pages asked for while it stood still": dict(answered),
        "slowest answer, s": round(slowest, 1),
        "pool whole after, s": round(recovered, 2),
        "held": found["lost"] == found["doubled"] == 0 and slowest <= TOLD_S and recovered <= RECOVERED_S,
    }


async def host(url: str, folder: Path, times: int) -> dict[str, Any]:
    """Of two hosts the one that leads stands still for a while, again and again; nobody at the other one notices."""
    headers = await furnished(url)
    with postbox() as box:
        houses = [House(folder, url, workers=1, settings={"smtp_url": box.url}) for _ in range(2)]
        with served(houses[0]), served(houses[1]):
            taken, waited, led = [], [], []
            async with load(Load([each.url for each in houses], headers)) as done:
                for _ in range(times):
                    leader = await who_leads(houses)
                    other = houses[1 - houses.index(leader)]
                    with leader.frozen():
                        beside = asyncio.create_task(longest_wait(other, headers, FROZEN_S))
                        taken.append(await take_over(other))
                        waited.append(await beside)
                    await asyncio.sleep(TAKEN_OVER_S)
                    led.append(sum([await asyncio.to_thread(each.leads) for each in houses]))
                await mail_somebody(url)
                await delivered(box)
    found = await judged(url, done)
    ids = [mail["Message-ID"] for mail in box.mails]
    return {
        "times": times,
        **found,
        "another leads after, s, at most": round(max(taken), 2),
        "longest act at the other host, s": round(max(waited), 2),
        "leaders after it went on": led,
        "letters": len(ids),
        "letters twice": len(ids) - len(set(ids)),
        "held": found["lost"] == found["doubled"] == 0
        and max(taken) <= TAKEN_OVER_S
        and max(waited) <= WAITED_S
        and set(led) == {1}
        and len(ids) == len(set(ids)) == 1,
    }


async def who_leads(houses: list[House]) -> House:
    while True:
        for house in houses:
            if await asyncio.to_thread(house.leads):
                return house
        await asyncio.sleep(0.1)


async def take_over(other: House) -> float:
    """Seconds until the other host leads; at most as long as the first one stands still."""
    began = time.monotonic()
    while not await asyncio.to_thread(other.leads) and time.monotonic() - began < FROZEN_S:
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def longest_wait(house: House, headers: dict[str, str], seconds: float) -> float:
    """The longest that an act took from its sending until it was done, whatever was answered in between."""
    until, longest, place = time.monotonic() + seconds, 0.0, 0
    async with httpx.AsyncClient(base_url=house.url, headers=headers, timeout=60) as client:
        while (began := time.monotonic()) < until:
            place += 1
            while True:
                answer = await client.post(
                    f"/api/v1/issues/{1 + place % 20}/updates", json={"body": "We probe: probe."}
                )
                if answer.status_code == 201:
                    break
                await asyncio.sleep(0.1)
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.1)
    return longest


async def delivered(box: Postbox, seconds: float = 30.0) -> None:
    """The letter is there, and some time has passed in which a second one would have come."""
    until = time.monotonic() + seconds
    while not box.mails and time.monotonic() < until:
        await asyncio.sleep(0.1)
    await asyncio.sleep(TAKEN_OVER_S)
