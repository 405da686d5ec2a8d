"""What the board cannot do just now, by its name: since when, and why. Times are integer milliseconds."""

from dataclasses import dataclass

from board.store.database import Tx

MAILBOX = "mailbox"
LENGTH = 500


@dataclass(frozen=True)
class Trouble:
    since_ms: int
    said: str


async def note(tx: Tx, name: str, *, said: str, now_ms: int) -> None:
    """It began now, or is still there for another reason."""
    await tx.run(
        "INSERT INTO troubles (name, since_ms, said) VALUES (:name, :now, :said)"
        " ON CONFLICT (name) DO UPDATE SET said = excluded.said",
        name=name,
        now=now_ms,
        said=said[:LENGTH],
    )


async def end(tx: Tx, name: str) -> None:
    await tx.run("DELETE FROM troubles WHERE name = :name", name=name)


async def one(tx: Tx, name: str) -> Trouble | None:
    row = await tx.row("SELECT since_ms, said FROM troubles WHERE name = :name", name=name)
    return Trouble(**row) if row else None
