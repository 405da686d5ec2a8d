"""Why something public was held when it came in, for the moderators; never public."""

from board.store.database import Tx


async def keep(tx: Tx, seq: int, reasons: tuple[str, ...]) -> None:
    """`seq` is the index of the event that carries the words."""
    await tx.run("INSERT INTO doubts (seq, reasons) VALUES (:seq, :reasons)", seq=seq, reasons=" ".join(reasons))


async def between(tx: Tx, first: int, last: int) -> dict[int, tuple[str, ...]]:
    """The reasons by the index of the event."""
    rows = await tx.rows(
        "SELECT seq, reasons FROM doubts WHERE seq BETWEEN :first AND :last ORDER BY seq", first=first, last=last
    )
    return {row["seq"]: tuple(row["reasons"].split()) for row in rows}
