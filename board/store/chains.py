"""Issues as their chains tell them, remembered: of a chain that grows only the new end is read and folded on.

What stands in a chain never changes. Where a transaction was taken back after its events had been folded, another event
stands in their place, or none: the hash tells.
"""

from board.domain.issue import Issue, fold
from board.store import record
from board.store.database import Tx, WriteTx


async def issue(tx: Tx, number: int) -> Issue | None:
    """The issue after all its events; None where there is none."""
    known = tx.folded.get(number) if isinstance(tx, WriteTx) else None
    chain = await record.of_issue(tx, number, since=known.last if known else 0)
    if known and not (chain and chain[0].leaf_hash == known.last_hash):
        known, chain = None, await record.of_issue(tx, number)
    if not chain:
        return None
    found = fold(chain[1:] if known else chain, known)
    if isinstance(tx, WriteTx):
        tx.folded.keep(found)
    return found
