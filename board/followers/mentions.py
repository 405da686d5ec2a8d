"""Listens at the networks of mirrors for mentions, and looks whether the posts that drafts are made of are still there.

How far it has heard is moved in the transaction that writes the drafts, so each mention comes once.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from board.domain import mentions as rules
from board.domain.leaf import milliseconds
from board.domain.mentions import Heard, Missed
from board.domain.mirrors import NEVER_MS, Outcome, Stopped
from board.store import mentions
from board.store.database import Database, Tx
from board.store.mentions import Hearing
from board.store.mirrors import Mirror


class Listening(Protocol):
    """What networks can be asked where the board listens; `at_once` is how many posts are looked for in one go."""

    at_once: int

    async def hear(self, since: str | None) -> Heard | Outcome: ...

    async def missed(self, remotes: list[str]) -> Missed | Outcome: ...


async def due(tx: Tx, mirror: Mirror, now_ms: int) -> tuple[Hearing, int] | None:
    """How the board listens there, and when it is its turn; None where it never has.

    A turn that is further ahead than any was planned by a clock that was wrong: it is now.
    """
    hearing = await mentions.hearing(tx, mirror.id)
    if hearing is None or mirror.account is None or mirror.why_paused:
        return None
    if hearing.retry_ms > now_ms + 2 * rules.DAY_MS:
        hearing = replace(hearing, retry_ms=now_ms)
    listens = hearing.is_on and mirror.is_on
    return hearing, min(hearing.retry_ms if listens else NEVER_MS, await mentions.next_look(tx, hearing))


async def listen(
    db: Database, mirror: Mirror, hearing: Hearing, network: Listening | Stopped, clock: Callable[[], datetime]
) -> None:
    """Does the one thing that is due."""
    now_ms = milliseconds(clock())
    if isinstance(network, Stopped):
        await put_off(db, hearing, network, now_ms)
    elif hearing.is_on and mirror.is_on and hearing.retry_ms <= now_ms:
        await hear(db, hearing, await network.hear(hearing.heard), milliseconds(clock()))
    else:
        await look(db, hearing, network, clock)


async def hear(db: Database, hearing: Hearing, found: Heard | Outcome, now_ms: int) -> None:
    if not isinstance(found, Heard):
        await put_off(db, hearing, found, now_ms)
        return
    async with db.saving() as tx:
        if not await mentions.move_on(tx, hearing, heard=found.newest, now_ms=now_ms, retry_ms=now_ms + rules.EVERY_MS):
            return
        for one in rules.new_ones(found, hearing.since_ms):
            await mentions.put(tx, hearing.mirror, one, now_ms)
        dropped = await mentions.drop_oldest(tx, hearing.mirror) + int(found.is_cut)
        if dropped:
            await mentions.note_dropped(tx, hearing.mirror, dropped)


async def look(db: Database, hearing: Hearing, network: Listening, clock: Callable[[], datetime]) -> None:
    """Purges the drafts of posts that are gone, a batch at a time."""
    below_ms = max(hearing.look_below_ms, milliseconds(clock()) - rules.DAY_MS)
    async with db.reading() as tx:
        remotes = await mentions.to_look_after(tx, hearing.mirror, below_ms, limit=network.at_once)
    found = await network.missed(remotes) if remotes else Missed(frozenset())
    now_ms = milliseconds(clock())
    if not isinstance(found, Missed):
        await put_off(db, hearing, found, now_ms)
        return
    async with db.saving() as tx:
        for remote in remotes:
            if remote in found.remotes:
                await mentions.purge(tx, hearing.mirror, remote)
            else:
                await mentions.note_looked(tx, hearing.mirror, remote, now_ms)
        await mentions.look_on(tx, hearing.mirror, now_ms + rules.PACE_MS)


async def put_off(db: Database, hearing: Hearing, outcome: Outcome, now_ms: int) -> None:
    said = getattr(outcome, "said", "It answers with something else.")[: rules.SAID]
    at_ms = rules.again_ms(outcome, hearing.failures, now_ms)
    async with db.saving() as tx:
        await mentions.put_off(tx, hearing.mirror, said=said, now_ms=now_ms, at_ms=at_ms)
