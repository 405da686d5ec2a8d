"""Addresses whose mail comes back: how often, why, and since when nothing more is sent there."""

from typing import Any

from board.store.database import Tx

SOFT = 5  # the bounce that is one too many; one a day counts at most
DAY_MS = 86_400_000
LONG_MS = 14 * DAY_MS  # after that long without a bounce they are counted anew
WHY_LENGTH = 300


async def note_hard(tx: Tx, email: str, *, why: str, now_ms: int) -> None:
    """The address is gone for good: nothing more is sent there until somebody says that it works again."""
    await tx.run(
        "INSERT INTO bounces (email, soft, why, last_ms, stopped_ms) VALUES (:email, 0, :why, :now, :now)"
        " ON CONFLICT (email) DO UPDATE SET why = excluded.why, last_ms = excluded.last_ms,"
        " stopped_ms = COALESCE(bounces.stopped_ms, excluded.stopped_ms)",
        email=email,
        why=why[:WHY_LENGTH],
        now=now_ms,
    )


async def note_soft(tx: Tx, email: str, *, why: str, now_ms: int) -> None:
    """The address takes nothing just now; on the fifth day of that in few weeks nothing more is sent."""
    await tx.run(
        "INSERT INTO bounces (email, soft, why, last_ms) VALUES (:email, 1, :why, :now)"
        " ON CONFLICT (email) DO UPDATE SET why = excluded.why, last_ms = excluded.last_ms,"
        " soft = CASE WHEN bounces.last_ms <= :long_ago THEN 1 ELSE bounces.soft + 1 END,"
        f" stopped_ms = CASE WHEN bounces.soft + 1 >= {SOFT} AND bounces.last_ms > :long_ago"
        " THEN COALESCE(bounces.stopped_ms, excluded.last_ms) ELSE bounces.stopped_ms END"
        " WHERE bounces.last_ms <= :yesterday",
        email=email,
        why=why[:WHY_LENGTH],
        now=now_ms,
        yesterday=now_ms - DAY_MS,
        long_ago=now_ms - LONG_MS,
    )


async def stopped(tx: Tx, email: str) -> dict[str, Any] | None:
    """Since when and why nothing is sent to the address; None where mail goes there."""
    return await tx.row(
        "SELECT email, why, stopped_ms FROM bounces WHERE email = :email AND stopped_ms IS NOT NULL", email=email
    )


async def all_stopped(tx: Tx, *, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    return await tx.rows(
        "SELECT email, why, stopped_ms FROM bounces WHERE stopped_ms IS NOT NULL"
        " ORDER BY stopped_ms DESC, email DESC LIMIT :limit",
        limit=limit,
    )


async def count_stopped(tx: Tx) -> int:
    return int(await tx.value("SELECT COUNT(*) FROM bounces WHERE stopped_ms IS NOT NULL"))


async def forget(tx: Tx, email: str) -> None:
    """The address works again, or is nobody's any more."""
    await tx.run("DELETE FROM bounces WHERE email = :email", email=email)
