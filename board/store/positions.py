"""How far each follower of the record has got with each of its targets."""

from dataclasses import dataclass

from board.store.database import Tx

IDLE = 2**62  # the next turn of whoever has nothing to do
FAR_MS = 2 * 86_400_000  # further ahead than any turn: the clock was ahead when it was set


@dataclass(frozen=True)
class Position:
    """`seq` is the last event that was delivered; after failures, `retry_ms` is when to try again."""

    seq: int
    failures: int = 0
    retry_ms: int = 0


async def read(tx: Tx, follower: str, target: str) -> Position | None:
    row = await tx.row(
        "SELECT seq, failures, retry_ms FROM positions WHERE follower = :follower AND target = :target",
        follower=follower,
        target=target,
    )
    return Position(**row) if row else None


async def take(tx: Tx, follower: str, target: str) -> Position:
    """The place, held until the transaction ends, so that of many processes one goes on from it; -1 at first."""
    row = await tx.row(
        "INSERT INTO positions (follower, target, seq, failures, retry_ms) VALUES (:follower, :target, -1, 0, 0)"
        " ON CONFLICT (follower, target) DO UPDATE SET seq = positions.seq RETURNING seq, failures, retry_ms",
        follower=follower,
        target=target,
    )
    assert row
    return Position(**row)


async def save(tx: Tx, follower: str, target: str, position: Position) -> None:
    await tx.run(
        "INSERT INTO positions (follower, target, seq, failures, retry_ms)"
        " VALUES (:follower, :target, :seq, :failures, :retry_ms)"
        " ON CONFLICT (follower, target) DO UPDATE SET seq = excluded.seq, failures = excluded.failures,"
        " retry_ms = excluded.retry_ms",
        follower=follower,
        target=target,
        seq=position.seq,
        failures=position.failures,
        retry_ms=position.retry_ms,
    )


async def due(tx: Tx, follower: str, now_ms: int, *, limit: int) -> dict[str, Position]:
    """Whose turn it is, by target: found by an index, so that those who wait cost nothing."""
    rows = await tx.rows(
        "SELECT target, seq, failures, retry_ms FROM positions WHERE follower = :follower"
        " AND (retry_ms <= :now OR (retry_ms > :far AND retry_ms < :idle)) ORDER BY retry_ms, target LIMIT :limit",
        follower=follower,
        now=now_ms,
        far=now_ms + FAR_MS,
        idle=IDLE,
        limit=limit,
    )
    return {row["target"]: Position(row["seq"], row["failures"], row["retry_ms"]) for row in rows}


async def claim(tx: Tx, follower: str, target: str, found: Position, *, until_ms: int) -> bool:
    """Whether the turn is ours; if we die in it, it is somebody's again at `until_ms`."""
    row = await tx.row(
        "UPDATE positions SET retry_ms = :until WHERE follower = :follower AND target = :target"
        " AND seq = :seq AND retry_ms = :found RETURNING seq",
        follower=follower,
        target=target,
        seq=found.seq,
        found=found.retry_ms,
        until=until_ms,
    )
    return row is not None


async def settle(tx: Tx, follower: str, target: str, before: Position, now: Position, *, until_ms: int) -> None:
    """The place after a turn; left alone where somebody else has gone on from it meanwhile.

    Whoever was asked to hurry during the turn keeps that.
    """
    await tx.run(
        "UPDATE positions SET seq = :seq, failures = :failures,"
        " retry_ms = CASE WHEN retry_ms = :until THEN CAST(:retry AS BIGINT) ELSE retry_ms END"
        " WHERE follower = :follower AND target = :target AND seq = :before",
        seq=now.seq,
        failures=now.failures,
        retry=now.retry_ms,
        follower=follower,
        target=target,
        before=before.seq,
        until=until_ms,
    )


async def wake(tx: Tx, follower: str, target: str, now_ms: int) -> None:
    """A turn now, or after the one that is under way; whoever waits after a failure goes on waiting."""
    await tx.run(
        "UPDATE positions SET retry_ms = :now WHERE follower = :follower AND target = :target AND failures = 0"
        " AND retry_ms > :now",
        follower=follower,
        target=target,
        now=now_ms,
    )


async def hurry(tx: Tx, follower: str, target: str, now_ms: int) -> None:
    """A turn now, whatever was planned, and as if nothing had failed."""
    await tx.run(
        "UPDATE positions SET retry_ms = :now, failures = 0 WHERE follower = :follower AND target = :target",
        follower=follower,
        target=target,
        now=now_ms,
    )


async def forget(tx: Tx, follower: str, target: str) -> None:
    await tx.run(
        "DELETE FROM positions WHERE follower = :follower AND target = :target", follower=follower, target=target
    )
