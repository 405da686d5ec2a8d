"""The tree over the record as it is kept: with each append, by the migration, and read a tile at a time."""

from typing import Any

import pytest

from board.actions import customers
from board.domain import tree
from board.domain.proof import leaf_hash
from board.store import nodes
from board.store.database import Database, Tx
from board.store.migrate import migrate
from tests.cast import CY, answer, do, file_issue, head
from tests.soundness import assert_sound


async def fill(db: Database, leaves: int) -> None:
    """Leaf hashes and their nodes, without the events that they would be of."""
    async with db.saving() as tx:
        for index in range(await size(tx), leaves):
            await tx.run(
                "INSERT INTO events (seq, issue, kind, leaf, leaf_hash) VALUES (:seq, NULL, 'x', :leaf, :hash)",
                seq=index,
                leaf=str(index),
                hash=leaf_hash(str(index).encode()),
            )
            await nodes.grow(tx, index)


async def size(tx: Tx) -> int:
    return int(await tx.value("SELECT COUNT(*) FROM events"))


async def every(db: Database) -> tree.Node:
    """The tree as it follows from all leaf hashes."""
    async with db.reading() as tx:
        found = {(0, place): each for place, each in enumerate(await nodes.hashes(tx, 0, 0, 1_000_000))}
    for index in range(len(found)):
        for level, place in tree.filled(index):
            found[level, place] = tree.above([found[level - 1, place * tree.WIDTH + each] for each in range(256)])
    return lambda level, place: found[level, place]


async def test_what_is_appended_stands_in_the_tree_across_the_border_of_a_tile(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number)
    while await head(db) < 258:
        await do(db, customers.comment, number, by=CY, body="Late here, too.", via="web")
    await assert_sound(db)
    async with db.reading() as tx:
        assert await tx.value("SELECT COUNT(*) FROM nodes") == 1


async def test_roots_and_proofs_are_made_of_a_few_tiles(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(db, 70_000 if db.sqlite else 1_500)
    node = await every(db)
    asked: list[tuple[int, int, int]] = []
    read = nodes.hashes

    async def counted(tx: Tx, level: int, first: int, count: int) -> list[bytes]:
        asked.append((level, first, count))
        return await read(tx, level, first, count)

    monkeypatch.setattr(nodes, "hashes", counted)
    async with db.reading() as tx:
        whole = await size(tx)
        for index in (0, 255, 256, whole // 2, whole - 1):
            asked.clear()
            assert await nodes.inclusion(tx, index, whole) == tree.inclusion(index, whole, node)
            assert len(asked) <= 6
        for old in (1, 255, 256, 257, whole - 1):
            assert await nodes.consistency(tx, old, whole) == tree.consistency(old, whole, node)
            assert await nodes.root(tx, old) == tree.root(old, node)
        with pytest.raises(ValueError, match="no leaf"):
            await nodes.inclusion(tx, whole, whole)
        with pytest.raises(LookupError, match="no node"):
            await nodes.root(tx, whole + 1)


async def test_a_record_that_was_there_before_gets_its_tree(url: str, tmp_path: Any) -> None:
    db = Database(url)
    await db.connect()
    await fill(db, 600)
    async with db.reading() as tx:
        before = await tx.rows("SELECT level, place, hash FROM nodes ORDER BY level, place")
    async with db.saving() as tx:
        await tx.run("DROP TABLE nodes")
        await tx.run("UPDATE alembic_version SET version_num = :before", before="0021")
    await migrate(url)
    async with db.reading() as tx:
        assert await tx.rows("SELECT level, place, hash FROM nodes ORDER BY level, place") == before
    await db.disconnect()
    assert len(before) == 2
