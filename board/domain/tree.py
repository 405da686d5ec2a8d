"""The Merkle tree over the record's leaf hashes (RFC 6962 §2.1), in the tiles of C2SP tlog-tiles.

Whatever is asked for is a hash over a range of leaves, made of nodes that are kept: node (L, i) is the root over the
leaves from i·256^L up to (i+1)·256^L, so level 0 holds the leaf hashes. Nodes are asked for through a `Node`; to learn
beforehand which ones those are, the same question is put to `Wanted`.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

WIDTH = 256  # hashes of a full tile
EMPTY = sha256().digest()

Node = Callable[[int, int], bytes]  # (level, index) → hash


def interior(left: bytes, right: bytes) -> bytes:
    """SHA-256(01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def root(size: int, node: Node) -> bytes:
    """Of the tree over the first `size` leaves."""
    return over(0, size, node) if size else EMPTY


def over(low: int, high: int, node: Node) -> bytes:
    """The root over the leaves from `low` up to `high`, which RFC 6962 writes MTH(D[low:high])."""
    count = high - low
    level = level_of(count)
    if level is not None and low % count == 0:
        return node(level, low // count)
    split = low + half(count)
    return interior(over(low, split, node), over(split, high, node))


def level_of(count: int) -> int | None:
    """The level whose nodes stand for so many leaves; None where there is none."""
    bits = count.bit_length() - 1
    return bits // 8 if count == 1 << bits and bits % 8 == 0 else None


def half(count: int) -> int:
    """The largest power of two below."""
    return 1 << (count - 1).bit_length() - 1


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]); raises ValueError where there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    return [over(low, high, node) for low, high in beside(index, 0, size)]


def beside(index: int, low: int, high: int) -> list[tuple[int, int]]:
    """The ranges next to the way from the leaf to the root, from below."""
    if high - low == 1:
        return []
    split = low + half(high - low)
    if index < split:
        return [*beside(index, low, split), (split, high)]
    return [*beside(index, split, high), (low, split)]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """PROOF(old, D[new]), empty where the sizes are equal or the old one is 0; raises ValueError where it shrinks."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree does not grow from {old} leaves to {new}")
    if old in (0, new):
        return []
    return [over(low, high, node) for low, high in between(old, 0, new, is_known=True)]


def between(old: int, low: int, high: int, *, is_known: bool) -> list[tuple[int, int]]:
    """SUB(old, D[low:high], is_known) as ranges: what leads from the old root to the new one."""
    if old == high:
        return [] if is_known else [(low, high)]
    split = low + half(high - low)
    if old <= split:
        return [*between(old, low, split, is_known=is_known), (split, high)]
    return [*between(old, split, high, is_known=False), (low, split)]


class Wanted:
    """A `Node` that notes which nodes are asked for, and answers with nothing of worth."""

    def __init__(self) -> None:
        self.nodes: set[tuple[int, int]] = set()

    def __call__(self, level: int, index: int) -> bytes:
        self.nodes.add((level, index))
        return b""


def filled(index: int) -> Iterator[tuple[int, int]]:
    """The nodes above level 0 that are whole as soon as the leaf `index` stands, from below."""
    level, count = 1, index + 1
    while count % WIDTH == 0:
        count //= WIDTH
        yield level, count - 1
        level += 1


def above(hashes: Sequence[bytes]) -> bytes:
    """The node over a full tile."""
    while len(hashes) > 1:
        hashes = [interior(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def width(level: int, tile: int, size: int) -> int:
    """How many hashes the tile has in a tree of `size` leaves: 0 where there is no such tile, at most 256."""
    return max(0, min(WIDTH, (size >> 8 * level) - tile * WIDTH))
