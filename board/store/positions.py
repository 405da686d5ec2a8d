"""How far each follower of the record has got with each of its targets."""

from dataclasses import dataclass

from board.store.database import Tx


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


async def forget(tx: Tx, follower: str, target: str) -> None:
    await tx.run(
        "DELETE FROM positions WHERE follower = :follower AND target = :target", follower=follower, target=target
    )
