"""The network to the database and to the mail server takes everything and gives nothing back, for half a minute."""

import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from board.store.database import Database
from board.web.session import now
from tests import hole
from tests.cast import file_issue
from tests.followers.postbox import postbox
from tests.soak.load import Load, furnished, judged, load
from tests.soak.servers import House

SILENT_S = 30.0
TOLD_S = 20.0  # by when an answer says that the database is away
RECOVERED_S = 10.0


async def of_database_and_mail(url: str, folder: Path) -> dict[str, Any]:
    headers = await furnished(url)
    with postbox() as box, tempfile.TemporaryDirectory() as short:
        async with hole.to_postgres(url, Path(short)) as way, hole.to_smtp(box.url) as by_mail:
            house = House(folder, way.url, settings={"smtp_url": by_mail.url})
            house.start()
            try:
                await asyncio.to_thread(house.healthy, "/readyz")
                async with load(Load([house.url], headers)) as done:
                    await asyncio.sleep(3)
                    way.shut()
                    by_mail.shut()
                    answered, slowest = await ask_for(house, SILENT_S)
                    await mail_somebody(url)
                    way.open()
                    by_mail.open()
                    began, kept = time.monotonic(), len(done.acknowledged)
                    while (len(done.acknowledged) < kept + 10 or not box.mails) and time.monotonic() - began < 60:
                        await asyncio.sleep(0.05)
                    recovered = time.monotonic() - began
            finally:
                await asyncio.to_thread(house.stop)
    found = await judged(url, done)
    ids = [mail["Message-ID"] for mail in box.mails]
    return {
        **found,
        "pages asked for while silent": dict(answered),
        "slowest answer, s": round(slowest, 1),
        "recovered after, s": round(recovered, 2),
        "letters": len(ids),
        "letters twice": len(ids) - len(set(ids)),
        "held": found["lost"] == found["doubled"] == 0
        and slowest <= TOLD_S
        and recovered <= RECOVERED_S
        and len(ids) == len(set(ids)) == 1,
    }


async def mail_somebody(url: str) -> None:
    db = Database(url)
    await db.connect()
    await file_issue(db, at=now(), email="ada@home.example")
    await db.disconnect()


async def ask_for(house: House, seconds: float) -> tuple[Counter[str], float]:
    """What pages were answered with, and how long the slowest took."""
    until, answered, slowest = time.monotonic() + seconds, Counter[str](), 0.0
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=60) as client:
                answered[str((await client.get(f"{house.url}/issues/1")).status_code)] += 1
        except httpx.TransportError as lost:
            answered[type(lost).__name__] += 1
        slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0.5)
    return answered, slowest
