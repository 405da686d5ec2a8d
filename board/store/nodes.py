"""The tree over the record as it is kept: leaf hashes beside their events, and above them the root of each full tile.

Roots, proofs and tiles are made of these. What is read for one does not grow with the record, but for one more tile
for each factor of 256.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from board.domain import tree
from board.domain.tree import WIDTH, Node
from board.store.database import Tx

Made = TypeVar("Made")


async def grow(tx: Tx, index: int) -> None:
    """Keeps the nodes above the event that was just written, where it fills their tiles."""
    for level, place in tree.filled(index):
        below = await hashes(tx, level - 1, place * WIDTH, WIDTH)
        await tx.run(
            "INSERT INTO nodes (level, place, hash) VALUES (:level, :place, :hash)",
            level=level,
            place=place,
            hash=tree.above(below),
        )


async def hashes(tx: Tx, level: int, first: int, count: int) -> list[bytes]:
    """Those of one level in a row, as far as there are any."""
    if level == 0:
        rows = await tx.rows(
            "SELECT leaf_hash AS hash FROM events WHERE seq >= :first AND seq < :behind ORDER BY seq",
            first=first,
            behind=first + count,
        )
    else:
        rows = await tx.rows(
            "SELECT hash FROM nodes WHERE level = :level AND place >= :first AND place < :behind ORDER BY place",
            level=level,
            first=first,
            behind=first + count,
        )
    return [bytes(row["hash"]) for row in rows]


async def root(tx: Tx, size: int) -> bytes:
    """Of the tree over the first `size` events."""
    return await made(tx, lambda node: tree.root(size, node))


async def inclusion(tx: Tx, index: int, size: int) -> list[bytes]:
    """That the event stands in the tree over the first `size`; raises ValueError where it does not."""
    return await made(tx, lambda node: tree.inclusion(index, size, node))


async def consistency(tx: Tx, old: int, new: int) -> list[bytes]:
    """That the tree over `new` events begins with that over `old`; raises ValueError where it shrinks."""
    return await made(tx, lambda node: tree.consistency(old, new, node))


async def made(tx: Tx, make: Callable[[Node], Made]) -> Made:
    """What is made of nodes: first it is heard which ones, then they are read, a tile at a time."""
    wanted = tree.Wanted()
    make(wanted)
    found: dict[tuple[int, int], bytes] = {}
    for level, first, count in spans(wanted.nodes):
        row = await hashes(tx, level, first, count)
        if len(row) < count:
            raise LookupError(f"the tree has no node {level}/{first + len(row)}")
        found |= {(level, first + place): each for place, each in enumerate(row)}
    return make(lambda level, place: found[level, place])


def spans(nodes: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """For each tile of which something is wanted: its level, where that begins, and how many hashes it reaches over."""
    tiles: dict[tuple[int, int], list[int]] = {}
    for level, place in nodes:
        tiles.setdefault((level, place // WIDTH), []).append(place)
    return [(level, min(row), max(row) - min(row) + 1) for (level, _), row in sorted(tiles.items())]
