"""Where the parts of the tree are found and how the entries are packed: C2SP tlog-tiles, under `/log/tile/`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from board.domain.tree import WIDTH

ENTRIES = "entries"
MOST_LEVELS = 8  # 256^8 leaves are more than a record's numbers can count
PATH = re.compile(
    r"(?P<level>0|[1-9][0-9]?|entries)/(?P<far>(?:x[0-9]{3}/){0,6})(?P<near>[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True)
class Tile:
    """`width` is how many of its 256 hashes (or entries) are asked for."""

    level: int | Literal["entries"]
    number: int
    width: int = WIDTH


def path(tile: Tile) -> str:
    partial = f".p/{tile.width}" if tile.width < WIDTH else ""
    return f"{tile.level}/{groups(tile.number)}{partial}"


def groups(number: int) -> str:
    """1234067 → x001/x234/067."""
    *far, near = f"{number:,}".split(",")
    return "".join(f"x{int(group):03}/" for group in far) + f"{int(near):03}"


def read(text: str) -> Tile:
    """The inverse of `path`; raises ValueError for any other spelling."""
    found = PATH.fullmatch(text) if text.isascii() else None
    if found:
        level = found["level"]
        digits = re.sub("[x/]", "", found["far"]) + found["near"]
        tile = Tile("entries" if level == ENTRIES else int(level), int(digits), int(found["width"] or WIDTH))
        is_known = isinstance(tile.level, str) or tile.level < MOST_LEVELS
        if is_known and path(tile) == text:
            return tile
    raise ValueError(f"not the path of a tile: {text[:80]!r}")


def bundle(leaves: Sequence[bytes]) -> bytes:
    """Each entry behind its length, two bytes, big-endian; raises OverflowError for one over 65,535 bytes."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)
