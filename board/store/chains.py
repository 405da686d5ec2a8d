"""Issues as their chains tell them, remembered: of a chain that grows only the new end is read and folded on.

What stands in a chain never changes. Where a transaction was taken back after its events had been folded, another event
stands in their place, or none: the hash tells.
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from board.domain.clocks import Clock, tick
from board.domain.issue import Issue, fold
from board.domain.leaf import Recorded
from board.store import record
from board.store.database import Tx, WriteTx
from board.store.folded import Folded


class Known(Protocol):
    """How far a chain was read."""

    @property
    def last(self) -> int: ...
    @property
    def last_hash(self) -> bytes: ...


Read = TypeVar("Read", bound=Known)


@dataclass(frozen=True)
class Timed:
    """An issue's clock after so many events."""

    number: int
    clock: Clock
    events: int
    last: int
    last_hash: bytes


async def issue(tx: Tx, number: int) -> Issue | None:
    """The issue after all its events; None where there is none."""
    known, new = await new_end(tx, number, tx.folded.get(number) if isinstance(tx, WriteTx) else None)
    if not (known or new):
        return None
    found = fold(new, known)
    if isinstance(tx, WriteTx):
        tx.folded.keep(found)
    return found


async def timed(tx: Tx, number: int, folded: Folded[Timed]) -> Timed | None:
    """The issue's clock after all its events; None where there is none."""
    known, new = await new_end(tx, number, folded.get(number))
    if new:
        known = tell(number, known, new)
        folded.keep(known)
    return known


def tell(number: int, known: Timed | None, new: list[Recorded]) -> Timed:
    clock = known.clock if known else None
    for recorded in new:
        clock = tick(clock, recorded)
    assert clock
    return Timed(number, clock, (known.events if known else 0) + len(new), new[-1].index, new[-1].leaf_hash)


async def new_end(tx: Tx, number: int, known: Read | None) -> tuple[Read | None, list[Recorded]]:
    """What is known and the events behind it; where it is known no longer, nothing and all events."""
    chain = await record.of_issue(tx, number, since=known.last if known else 0)
    if known is None:
        return None, chain
    if chain and chain[0].leaf_hash == known.last_hash:
        return known, chain[1:]
    return None, await record.of_issue(tx, number)
