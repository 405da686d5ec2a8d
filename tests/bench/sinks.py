"""Where made-up rows go: a SQLite file without its journal, or PostgreSQL by COPY; indexes come when all is in."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from board.store.database import sqlite_file
from board.store.gathering import numbered
from board.store.migrate import migrate
from board.store.tallies import MODERATION

# What the read model sums up in tables of its own follows from the rest.
SUMS = (
    "INSERT INTO tallies (area, stage, unanswered, number)"
    " SELECT area, stage, CASE WHEN first_answer_at IS NULL THEN 1 ELSE 0 END, COUNT(*) FROM issues GROUP BY 1, 2, 3",
    "INSERT INTO moderated (month, kind, reason, number)"
    " SELECT SUBSTR(time, 1, 7), kind, COALESCE(reason, ''), COUNT(*) FROM entries"
    f" WHERE kind IN {MODERATION} GROUP BY 1, 2, 3",
)


# The steps of `domain.medians`, in SQL; `seconds` are those until the first answer, as each database reckons.
DOUBLINGS = " ".join(f"WHEN seconds < {16 << place} THEN {place}" for place in range(28))
FIRST_ANSWERS = (
    "INSERT INTO first_answers (area, step, number) SELECT area, doublings * 8 + (seconds >> doublings), COUNT(*)"
    f" FROM (SELECT area, seconds, CASE {DOUBLINGS} ELSE 28 END AS doublings FROM (SELECT area, {{seconds}} AS seconds"
    " FROM issues WHERE first_answer_at IS NOT NULL) AS answered) AS stepped GROUP BY 1, 2"
)
SECONDS = "CAST(strftime('%s', first_answer_at) AS INTEGER) - CAST(strftime('%s', filed_at) AS INTEGER)"
POSTGRES_SECONDS = (
    "CAST(EXTRACT(EPOCH FROM CAST(first_answer_at AS TIMESTAMPTZ) - CAST(filed_at AS TIMESTAMPTZ)) AS INTEGER)"
)
Late = Mapping[str, list[dict[str, Any]]]  # statements that change older rows, each with its sets of values


class Sink(Protocol):
    async def begin(self) -> None: ...
    async def add(self, table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None: ...
    async def end(self, late: Late) -> None: ...
    async def close(self) -> None: ...


async def open_sink(url: str) -> Sink:
    """A sink for an empty database, which is migrated first."""
    await migrate(url)
    file = sqlite_file(url)
    return SqliteSink(file) if file else PostgresSink(await asyncpg.connect(url))


class SqliteSink:
    def __init__(self, file: Path) -> None:
        self.db = sqlite3.connect(file, isolation_level=None)
        self.indexes: list[str] = []

    async def begin(self) -> None:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "locking_mode = EXCLUSIVE"):
            self.db.execute(f"PRAGMA {pragma}")
        found = self.db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
        ).fetchall()
        for name, sql in found:
            self.db.execute(f"DROP {'INDEX' if ' INDEX ' in sql[:30] else 'TRIGGER'} {name}")
            self.indexes.append(sql)
        self.db.execute("BEGIN")

    async def add(self, table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        names = ["rowid" if table == "search" and name == "issue" else name for name in columns]
        marks = ", ".join("?" * len(names))
        self.db.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)

    async def end(self, late: Late) -> None:
        for statement, sets in late.items():
            self.db.executemany(statement, sets)
        for statement in (*self.indexes, *SUMS, FIRST_ANSWERS.format(seconds=SECONDS)):
            self.db.execute(statement)
        self.db.execute("INSERT INTO search (search) VALUES ('optimize')")
        self.db.execute("COMMIT")
        self.db.execute("PRAGMA journal_mode = WAL")

    async def close(self) -> None:
        self.db.close()


class PostgresSink:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self.db = connection
        self.indexes: list[str] = []

    async def begin(self) -> None:
        for setting in ("synchronous_commit = off", "maintenance_work_mem = '400MB'"):
            await self.db.execute(f"SET {setting}")
        for row in await self.db.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexdef NOT LIKE '%UNIQUE%'"
        ):
            await self.db.execute(f"DROP INDEX {row['indexname']}")
            self.indexes.append(row["indexdef"])

    async def add(self, table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        if rows:
            await self.db.copy_records_to_table(table, records=rows, columns=columns)

    async def end(self, late: Late) -> None:
        for statement, sets in late.items():
            text, names = numbered(statement)
            await self.db.executemany(text, [[values[name] for name in names] for values in sets])
        for statement in (*self.indexes, *SUMS, FIRST_ANSWERS.format(seconds=POSTGRES_SECONDS)):
            await self.db.execute(statement)
        await self.db.execute("VACUUM ANALYZE")

    async def close(self) -> None:
        await self.db.close()
