"""News of an issue on their way to all who follow it: a piece at a time, so that nobody waits for a crowd."""

from dataclasses import dataclass

from board.store.database import Tx
from board.store.intake import FOLLOW, Follow, read_follow

PARKED = 1_000_000_000  # turns: it waits for the issue to be shown again


@dataclass(frozen=True)
class FanOut:
    """The events from `first` to `last`, for those who followed at `at_ms`; told to those up to the address `after`."""

    id: int
    issue: int
    first: int
    last: int
    at_ms: int
    after: str
    turns: int


async def add(tx: Tx, *, issue: int, first: int, last: int, now_ms: int) -> None:
    await tx.run(
        "INSERT INTO fan_outs (issue, first_seq, last_seq, at_ms, after_email, turns)"
        " VALUES (:issue, :first, :last, :now, '', 0)",
        issue=issue,
        first=first,
        last=last,
        now=now_ms,
    )


async def next_one(tx: Tx) -> FanOut | None:
    """That which had the fewest turns, so that a large one delays no small one."""
    row = await tx.row(
        "SELECT id, issue, first_seq AS first, last_seq AS last, at_ms, after_email AS after, turns FROM fan_outs"
        " WHERE turns < :parked ORDER BY turns, id LIMIT 1",
        parked=PARKED,
    )
    return FanOut(**row) if row else None


async def take(tx: Tx, found: FanOut) -> bool:
    """Whether the turn is ours: of many processes, one goes on from this place."""
    row = await tx.row(
        "UPDATE fan_outs SET turns = turns + 1 WHERE id = :id AND turns = :turns RETURNING id",
        id=found.id,
        turns=found.turns,
    )
    return row is not None


async def followers(tx: Tx, found: FanOut, *, limit: int) -> list[Follow]:
    """The next ones by their addresses."""
    rows = await tx.rows(
        FOLLOW + "WHERE issue = :issue AND email > :after AND confirmed_ms <= :at ORDER BY email LIMIT :limit",
        issue=found.issue,
        after=found.after,
        at=found.at_ms,
        limit=limit,
    )
    return [read_follow(row) for row in rows]


async def go_on(tx: Tx, fan_out: int, after: str) -> None:
    await tx.run("UPDATE fan_outs SET after_email = :after WHERE id = :id", id=fan_out, after=after)


async def end(tx: Tx, fan_out: int) -> None:
    await tx.run("DELETE FROM fan_outs WHERE id = :id", id=fan_out)


async def park(tx: Tx, fan_out: int) -> None:
    await tx.run("UPDATE fan_outs SET turns = :parked WHERE id = :id", id=fan_out, parked=PARKED)


async def go_on_with(tx: Tx, issue: int) -> None:
    """The issue is shown again: who has not heard yet what happened before hears it now."""
    await tx.run("UPDATE fan_outs SET turns = 0 WHERE issue = :issue AND turns >= :parked", issue=issue, parked=PARKED)
