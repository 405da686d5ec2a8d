"""Which messages came into the board's mailbox: by their hash, so that none counts twice however often it is read."""

from board.store.database import Tx

KEEP_MS = 60 * 86_400_000


async def note(tx: Tx, message_hash: bytes, now_ms: int) -> bool:
    """Whether it came for the first time."""
    row = await tx.row(
        "INSERT INTO received (message_hash, at_ms, outcome) VALUES (:hash, :now, 'taken')"
        " ON CONFLICT (message_hash) DO NOTHING RETURNING at_ms",
        hash=message_hash,
        now=now_ms,
    )
    return row is not None


async def settle(tx: Tx, message_hash: bytes, outcome: str) -> None:
    await tx.run(
        "UPDATE received SET outcome = :outcome WHERE message_hash = :hash", hash=message_hash, outcome=outcome
    )


async def forget_old(tx: Tx, now_ms: int) -> None:
    await tx.run("DELETE FROM received WHERE at_ms < :oldest", oldest=now_ms - KEEP_MS)
