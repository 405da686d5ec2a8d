"""Takes erased words out of SQLite's full-text index, which keeps what was deleted until it merges its parts.

To merge all of a large index takes longer than anybody may wait for an act. So an act begins it, and goes to the end
only where the index is small; else it leaves a mark, and the leader goes on step by step, after a crash as well.
"""

from board.store import positions
from board.store.database import Database, Tx
from board.store.positions import Position

FOLLOWER, WANTED, BEGUN = "scrub", "wanted", "begun"
AT_ONCE = 64  # pages of the index that an act merges
A_STEP = 128  # pages of one step behind it: some 30 ms


async def scrub(tx: Tx, seq: int) -> None:
    """The words that the event `seq` has erased leave the index."""
    tx.has_erased = True
    if not tx.sqlite:
        return
    if not await positions.read(tx, FOLLOWER, BEGUN):
        await begin(tx, AT_ONCE)
        if await is_merged(tx, AT_ONCE):
            return
        await positions.save(tx, FOLLOWER, BEGUN, Position(seq))
    await positions.save(tx, FOLLOWER, WANTED, Position(seq))


async def go_on(db: Database) -> bool:
    """One more step; whether there was one to do. What is erased while it goes on makes it go round once more."""
    async with db.reading() as tx:
        if not tx.sqlite or not await positions.read(tx, FOLLOWER, WANTED):
            return False
    async with db.saving() as tx:
        wanted, begun = await positions.read(tx, FOLLOWER, WANTED), await positions.read(tx, FOLLOWER, BEGUN)
        if wanted and begun is None:
            await begin(tx, A_STEP)
            await positions.save(tx, FOLLOWER, BEGUN, wanted)
        elif await is_merged(tx, A_STEP):
            await positions.forget(tx, FOLLOWER, BEGUN)
            if wanted == begun:
                await positions.forget(tx, FOLLOWER, WANTED)
                tx.has_erased = True
    return True


async def begin(tx: Tx, pages: int) -> None:
    """Names all that the index is made of now to be merged, what this transaction has written, too.

    FTS5 passes over what it has begun where new parts wait, unless two parts are reason enough to merge.
    """
    await tx.run("SAVEPOINT written")  # FTS5 writes down what it holds in memory
    await tx.run("RELEASE written")
    await tx.run("INSERT INTO search (search, rank) VALUES ('usermerge', 2)")
    await tx.run_long(f"INSERT INTO search (search, rank) VALUES ('merge', -{int(pages)})")


async def is_merged(tx: Tx, pages: int) -> bool:
    """Merges so many pages more; whether nothing was left to merge, which FTS5 tells by how much it has changed."""
    before = await tx.value("SELECT total_changes()")
    await tx.run_long(f"INSERT INTO search (search, rank) VALUES ('merge', {int(pages)})")
    return int(await tx.value("SELECT total_changes()")) - int(before) < 2
