"""The token buckets, each one row under a keyed hash of its name: nothing here tells whose it is."""

from board.domain.limits import Limit
from board.store.database import Tx

CLEARED = 1_000  # buckets at a time


async def take(tx: Tx, key_hash: bytes, limit: Limit, now_ms: int) -> int | None:
    """Takes one token; returns when the bucket is full again, None where it was empty.

    A bucket that would be full later than an empty one is from before a clock went back: it begins anew.
    """
    taken: int | None = await tx.value(
        "INSERT INTO buckets (key_hash, full_ms)"
        " VALUES (:key_hash, CAST(:now AS BIGINT) + CAST(:cost AS BIGINT))"
        " ON CONFLICT (key_hash) DO UPDATE"
        " SET full_ms = CASE WHEN buckets.full_ms BETWEEN :now AND CAST(:now AS BIGINT) + CAST(:span AS BIGINT)"
        " THEN buckets.full_ms ELSE :now END + :cost"
        " WHERE buckets.full_ms + :cost <= CAST(:now AS BIGINT) + CAST(:span AS BIGINT)"
        " OR buckets.full_ms > CAST(:now AS BIGINT) + CAST(:span AS BIGINT)"
        " RETURNING full_ms",
        key_hash=key_hash,
        now=now_ms,
        cost=limit.cost_ms,
        span=limit.span_ms,
    )
    return taken


async def full_ms(tx: Tx, key_hash: bytes) -> int:
    """When the bucket is full; 0 where it is not kept, since it is full already."""
    found: int | None = await tx.value("SELECT full_ms FROM buckets WHERE key_hash = :key_hash", key_hash=key_hash)
    return found or 0


async def clear(tx: Tx, now_ms: int) -> None:
    """Forgets buckets that are full; those that somebody takes from in this moment are left to the next time."""
    skip = "" if tx.sqlite else " FOR UPDATE SKIP LOCKED"
    await tx.run(
        "DELETE FROM buckets WHERE key_hash IN"
        f" (SELECT key_hash FROM buckets WHERE full_ms < :now ORDER BY full_ms LIMIT {CLEARED}{skip})",
        now=now_ms,
    )


async def any_to_clear(tx: Tx, now_ms: int) -> bool:
    return bool(await tx.value("SELECT 1 FROM buckets WHERE full_ms < :now LIMIT 1", now=now_ms))
