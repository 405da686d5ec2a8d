"""The list of what meets the ASVS names files that are there, and each requirement once."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIST = (ROOT / "docs/asvs.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d[\d., –]*) \| ([^|]+) \| ([✓○–⚙]) \| ([^|]*)\|$", re.MULTILINE)
# How many requirements of levels 1 and 2 each section of version 5.0.0 has; those of level 3 stand behind them.
SECTIONS = {
    1: (2, 9, 11, 3, 2), 2: (3, 3, 4, 1), 3: (0, 2, 4, 6, 5, 0, 2), 4: (3, 1, 2, 4), 5: (1, 3, 2, 3),
    6: (3, 12, 4, 4, 5, 3, 0, 4), 7: (3, 4, 2, 5, 2, 2), 8: (2, 3, 1, 1), 9: (3, 4), 10: (2, 2, 4, 11, 5, 2, 3),
    11: (2, 3, 3, 4, 1, 1), 12: (3, 2, 4), 13: (1, 5, 2, 5), 14: (2, 4, 3), 15: (3, 3, 7), 16: (1, 5, 4, 3, 3),
    17: (1, 4, 2),
}  # fmt: skip


def required() -> set[tuple[int, ...]]:
    """The number of every requirement, as figures."""
    return {
        (chapter, section, place)
        for chapter, counts in SECTIONS.items()
        for section, count in enumerate(counts, 1)
        for place in range(1, count + 1)
    }


def meant(numbers: str) -> set[tuple[int, ...]]:
    """What a row is about: `1.2.3`, `1.2.3, 1.2.5` or `1.2.3 – 1.3.2`."""
    found: set[tuple[int, ...]] = set()
    for part in numbers.split(","):
        first, last = (tuple(map(int, end.split("."))) for end in (part.split("–")[0], part.split("–")[-1]))
        found |= {one for one in required() if first <= one <= last}
    return found


def test_every_file_that_it_names_is_there() -> None:
    named = re.findall(r"`((?:board|tests|static)/[\w/.]+)`", LIST)
    assert len(named) > 150
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_row_has_a_number_of_its_own_and_a_mark_with_a_reason() -> None:
    rows = ROW.findall(LIST)
    assert len(rows) == len(re.findall(r"^\| \d", LIST, re.MULTILINE))
    numbers = [number for row in rows for number in meant(row[0])]
    assert len(required()) == 253
    assert sorted(numbers) == sorted(required())
    assert [row for row in rows if not row[3].strip() and row[2] != "⚙"] == []
