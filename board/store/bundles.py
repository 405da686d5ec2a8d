"""What waits to be told after a letter about an issue, and until when; it names no address. Times are milliseconds.

Whoever reads and changes it holds the place of the mail follower (`positions.take`), so that one does at a time.
"""

from dataclasses import dataclass
from typing import Any

from board.store.database import Tx


@dataclass(frozen=True)
class Bundle:
    """The next letter to the reader goes at `next_ms`, and tells the events from `first` to `last`, if any wait.

    Without `next_ms` they wait for the issue to be shown again.
    """

    issue: int
    reader: str
    first: int | None = None
    last: int | None = None
    next_ms: int | None = None


BUNDLE = "SELECT issue, reader, first_seq, last_seq, next_ms FROM bundles "


async def find(tx: Tx, issue: int, reader: str) -> Bundle | None:
    row = await tx.row(BUNDLE + "WHERE issue = :issue AND reader = :reader", issue=issue, reader=reader)
    return read_row(row) if row else None


def read_row(row: dict[str, Any]) -> Bundle:
    return Bundle(row["issue"], row["reader"], row["first_seq"], row["last_seq"], row["next_ms"])


async def save(tx: Tx, one: Bundle) -> None:
    await tx.run(
        "INSERT INTO bundles (issue, reader, first_seq, last_seq, next_ms)"
        " VALUES (:issue, :reader, :first, :last, :next) ON CONFLICT (issue, reader) DO UPDATE"
        " SET first_seq = excluded.first_seq, last_seq = excluded.last_seq, next_ms = excluded.next_ms",
        issue=one.issue,
        reader=one.reader,
        first=one.first,
        last=one.last,
        next=one.next_ms,
    )


async def forget(tx: Tx, issue: int, reader: str) -> None:
    await tx.run("DELETE FROM bundles WHERE issue = :issue AND reader = :reader", issue=issue, reader=reader)


async def due(tx: Tx, now_ms: int, *, far_ms: int) -> Bundle | None:
    """One whose time has come: found by an index. What is to come after `far_ms` was set by a clock that was ahead."""
    row = await tx.row(
        BUNDLE + "WHERE next_ms <= :now OR next_ms > :far ORDER BY next_ms, issue, reader LIMIT 1",
        now=now_ms,
        far=far_ms,
    )
    return read_row(row) if row else None


async def forget_empty(tx: Tx, now_ms: int) -> None:
    """Those whose time has come and for whom nothing waits."""
    await tx.run("DELETE FROM bundles WHERE next_ms <= :now AND first_seq IS NULL", now=now_ms)
