"""Changes that PostgreSQL is told in one statement, for each statement is a way there and back.

The parts of one statement do not see each other, so they may only be such as do not speak of each other's tables.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

PLACE = re.compile(r"'[^']*'|:([a-z]\w*)")  # a text in quotes, or the place of a value
WRITTEN = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
WORDS = re.compile(r"\w+")

Statement = tuple[str, tuple[tuple[int, str], ...]]


class Gathered:
    """Statements that wait to be told together; each with its values."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, Mapping[str, Any]]] = []
        self.tables: set[str] = set()

    def speaks_of(self, sql: str) -> bool:
        """Whether the statement names a table that is changed by what is gathered here."""
        return not self.tables.isdisjoint(named(sql))

    def add(self, sql: str, values: Mapping[str, Any]) -> None:
        self.parts.append((sql, values))
        self.tables.add(written(sql))

    def statement(self) -> tuple[str, list[Any]]:
        """All of them as one, with its values in order."""
        text, places = joined(tuple(sql for sql, _ in self.parts))
        return text, [self.parts[part][1][name] for part, name in places]


@lru_cache(maxsize=1000)
def named(sql: str) -> frozenset[str]:
    return frozenset(WORDS.findall(sql))


@lru_cache(maxsize=1000)
def written(sql: str) -> str:
    """The table that the statement changes; raises ValueError where it changes none."""
    found = WRITTEN.match(sql)
    if found is None:
        raise ValueError(f"this changes no table: {sql}")
    return found[1]


@lru_cache(maxsize=1000)
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with $1, $2 … in the places of `:names`, as PostgreSQL reads it, and the names in that order."""
    text, places = joined((sql,))
    return text, tuple(name for _, name in places)


@lru_cache(maxsize=1000)
def joined(statements: tuple[str, ...]) -> Statement:
    """All of them as one, numbered throughout, and for each number its part and its `:name`."""
    places: list[tuple[int, str]] = []

    def number(part: int, name: str) -> str:
        if (part, name) not in places:
            places.append((part, name))
        return f"${places.index((part, name)) + 1}"

    texts = [
        PLACE.sub(lambda found, part=part: number(part, found[1]) if found[1] else found[0], sql)  # type: ignore[misc]
        for part, sql in enumerate(statements)
    ]
    *first, last = texts
    before = ", ".join(f"part{place} AS ({text})" for place, text in enumerate(first))
    return (f"WITH {before} {last}" if before else last), tuple(places)
