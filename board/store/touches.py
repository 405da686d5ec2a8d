"""What pages show beside events (settings, areas, counts): each change of it touches a topic, and every process hears.

A version is taken from the head's own row, so that the order of versions is the order of commits: who shares the head
with others takes the pen first, as for every public change.
"""

from board.store.database import Tx

COMPANY = "company"  # what every page shows: the company's face, its areas and their targets


async def touch(tx: Tx, *topics: str) -> None:
    """What these topics show is another from this commit on."""
    version = await tx.value("UPDATE head SET touched = touched + 1 WHERE one = 1 RETURNING touched")
    await tx.run_each(
        "INSERT INTO touched (topic, version) VALUES (:topic, :version)"
        " ON CONFLICT (topic) DO UPDATE SET version = excluded.version",
        [{"topic": topic, "version": version or 0} for topic in topics],
    )
    tx.has_touched = True


async def since(tx: Tx, version: int) -> list[str]:
    """The topics that were touched behind the version."""
    rows = await tx.rows("SELECT topic FROM touched WHERE version > :version", version=version)
    return [row["topic"] for row in rows]
