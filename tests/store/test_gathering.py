"""Changes that are told together leave behind what they would leave one by one."""

import sqlite3

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from board.store.database import Database, WriteTx
from board.store.gathering import Gathered, joined
from tests.cast import NOON

TABLES = ("red", "blue", "grey")
STATEMENTS = (
    "INSERT INTO {0} (id, word) VALUES (:id, :word) ON CONFLICT (id) DO NOTHING",
    "UPDATE {0} SET word = word || :word WHERE id = :id",
    "DELETE FROM {0} WHERE id = :id AND word <> :word",
    "INSERT INTO {0} (id, word) SELECT id, word || :word FROM {1} WHERE id = :id"
    " ON CONFLICT (id) DO UPDATE SET word = excluded.word",
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(STATEMENTS), st.permutations(TABLES), st.integers(0, 3), st.sampled_from("abc")),
    max_size=12,
)
Change = tuple[str, list[str], int, str]


async def lay_out(tx: WriteTx) -> None:
    for table in TABLES:
        await tx.run(f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} (id BIGINT PRIMARY KEY, word TEXT NOT NULL)")
        await tx.run(f"DELETE FROM {table}")
        await tx.run_each(
            f"INSERT INTO {table} (id, word) VALUES (:id, :word)", [{"id": n, "word": table} for n in range(2)]
        )


async def left(tx: WriteTx) -> list[list[dict[str, object]]]:
    return [await tx.rows(f"SELECT id, word FROM {table} ORDER BY id") for table in TABLES]


async def change(tx: WriteTx, changes: list[Change]) -> None:
    for sql, tables, number, word in changes:
        await tx.run(sql.format(*tables), id=number, word=word)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
async def test_changes_told_together_leave_what_they_leave_alone(db: Database, changes: list[Change]) -> None:
    async with db.writing(NOON) as tx:
        await lay_out(tx)
        await change(tx, changes)
        alone = await left(tx)
        await lay_out(tx)
        async with tx.together():
            await change(tx, changes)
        assert await left(tx) == alone


async def test_whoever_reads_in_between_sees_what_was_changed_before(db: Database) -> None:
    async with db.writing(NOON) as tx:
        await lay_out(tx)
        async with tx.together():
            await tx.run("UPDATE red SET word = :word WHERE id = 1", word="new")
            assert await tx.value("SELECT word FROM red WHERE id = 1") == "new"
            await tx.run_each("UPDATE blue SET word = :word WHERE id = :id", [{"id": n, "word": "n"} for n in range(2)])
        assert [row["word"] for row in await tx.rows("SELECT word FROM blue")] == ["n", "n"]


async def fail_together(db: Database) -> None:
    async with db.writing(NOON) as tx, tx.together():
        await tx.run("INSERT INTO company (key, value) VALUES ('tagline', '1')")
        await tx.run("INSERT INTO positions (follower) VALUES (NULL)")


async def test_what_fails_together_leaves_nothing(db: Database) -> None:
    with pytest.raises((asyncpg.NotNullViolationError, sqlite3.IntegrityError)):
        await fail_together(db)
    async with db.reading() as tx:
        assert await tx.value("SELECT COUNT(*) FROM company WHERE key = 'tagline'") == 0


def test_a_statement_that_speaks_of_a_table_that_is_changed_waits_for_the_change() -> None:
    gathered = Gathered()
    gathered.add("INSERT INTO topics (topic) VALUES (:topic)", {"topic": "board"})
    assert gathered.speaks_of("UPDATE issues SET title = (SELECT MAX(topic) FROM topics)")
    assert not gathered.speaks_of("UPDATE issues SET title = :title")


def test_parts_are_numbered_throughout_and_values_in_quotes_are_left_alone() -> None:
    text, places = joined(("DELETE FROM red WHERE a = :a AND b = ':a'", "UPDATE blue SET a = :b, c = :a, d = :b"))
    assert text == "WITH part0 AS (DELETE FROM red WHERE a = $1 AND b = ':a') UPDATE blue SET a = $2, c = $3, d = $2"
    assert places == ((0, "a"), (1, "b"), (1, "a"))


def test_what_changes_no_table_cannot_be_told_together() -> None:
    with pytest.raises(ValueError, match="changes no table"):
        Gathered().add("SELECT 1", {})
