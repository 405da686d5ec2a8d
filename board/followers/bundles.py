"""Bundles: after a letter about an issue, what happens next waits a little and comes as one letter."""

from dataclasses import replace
from typing import Literal

from board.domain.leaf import Recorded, milliseconds
from board.followers.news import News, is_told
from board.store import bundles, record
from board.store.bundles import Bundle
from board.store.database import Tx

# Long enough that what is said back and forth makes one letter, short enough that nobody asks why none comes.
WAIT_MS = 600_000
Reader = Literal["filer", "followers"]  # all followers of an issue are told the same, so they wait together


async def hold(tx: Tx, news: News, heard: list[Recorded], reader: Reader) -> bool:
    """Whether it waits, because a letter about the issue went a moment ago."""
    found, now_ms = await bundles.find(tx, news.row["number"], reader), milliseconds(news.at)
    if found is None or not is_open(found, now_ms):
        return False
    first = heard[0].index if found.first is None else min(found.first, heard[0].index)
    await bundles.save(tx, replace(found, first=first, last=heard[-1].index))
    return True


def is_open(found: Bundle, now_ms: int) -> bool:
    """A wait that is longer than any was begun by a clock that was ahead."""
    return found.next_ms is not None and now_ms < found.next_ms <= now_ms + WAIT_MS


async def bring(tx: Tx, issue: int, reader: Reader) -> list[Recorded]:
    """What waited, and waits no more: it is told now."""
    found = await bundles.find(tx, issue, reader)
    if found is None:
        return []
    await bundles.forget(tx, issue, reader)
    if found.first is None or found.last is None:
        return []
    chain = await record.of_issue(tx, issue, since=found.first)
    return [r for r in chain if r.index <= found.last and is_told(r)]


async def begin(tx: Tx, news: News, reader: Reader) -> None:
    """A letter went out: the next one waits, unless somebody has to hear at once."""
    await bundles.save(tx, Bundle(news.row["number"], reader, next_ms=milliseconds(news.at) + WAIT_MS))


async def park(tx: Tx, found: Bundle) -> None:
    """Nobody may read the issue now: what waits is told if it is shown again."""
    await bundles.save(tx, replace(found, next_ms=None))


async def next_due(tx: Tx, now_ms: int) -> Bundle | None:
    return await bundles.due(tx, now_ms, far_ms=now_ms + 2 * WAIT_MS)
