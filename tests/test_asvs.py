"""The list of what meets the ASVS names files that are there, and each requirement once."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIST = (ROOT / "docs/asvs.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d[\d., –]*) \| ([^|]+) \| ([✓→○–⚙]) \| ([^|]*)\|$", re.MULTILINE)


def test_every_file_that_it_names_is_there() -> None:
    named = re.findall(r"`((?:board|tests|static)/[\w/.]+)`", LIST)
    assert len(named) > 150
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_row_has_a_number_of_its_own_and_a_mark_with_a_reason() -> None:
    rows = ROW.findall(LIST)
    assert len(rows) == len(re.findall(r"^\| \d", LIST, re.MULTILINE))
    numbers = [number for row in rows for number in row[0].split(", ")]
    assert len(numbers) == len(set(numbers))
    assert [row for row in rows if not row[3].strip() and row[2] != "⚙"] == []
