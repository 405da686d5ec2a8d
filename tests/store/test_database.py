"""The door to both databases: transactions that hold or leave nothing, readers of one state, hints that arrive."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from board.store import company, record
from board.store.database import Database, connect_postgres, sqlite_file
from board.store.gathering import numbered
from board.store.hearing import listening
from tests.cast import NOON, file_issue, head, later
from tests.postgres import throw_out
from tests.soundness import assert_sound


async def settings(db: Database) -> dict[str, str]:
    async with db.reading() as tx:
        return {row["key"]: row["value"] for row in await tx.rows("SELECT key, value FROM company ORDER BY key")}


async def test_what_is_saved_is_read(db: Database) -> None:
    async with db.saving() as tx:
        await company.save(tx, {"name": "Kettles & Co: “quick” 100 %"})
        assert (await company.read(tx)).name == "Kettles & Co: “quick” 100 %"
    async with db.reading() as tx:
        assert (await company.read(tx)).name == "Kettles & Co: “quick” 100 %"
        assert await tx.value("SELECT value FROM company WHERE key = :key", key="none") is None
        assert await tx.row("SELECT value FROM company WHERE key = :key", key="none") is None


async def test_what_fails_is_not_saved(db: Database) -> None:
    async def fail() -> None:
        async with db.saving() as tx:
            await company.save(tx, {"name": "Kettles"})
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await fail()
    assert "name" not in await settings(db)


async def test_a_reader_cannot_write(postgres_url: str) -> None:
    db = Database(postgres_url)
    await db.connect()
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with db.reading() as tx:
            await company.save(tx, {"name": "Kettles"})
    await db.disconnect()


async def test_a_reader_sees_one_state_while_others_write(db: Database) -> None:
    async with db.reading() as tx:
        assert (await record.head(tx))[1] == 0
        await asyncio.create_task(file_issue(db))
        assert (await record.head(tx))[1] == 0
        assert await record.of_issue(tx, 1) == []
    assert await head(db) == 2


async def test_writers_take_turns_and_the_last_one_sees_all(db: Database) -> None:
    numbers = await asyncio.gather(*[file_issue(db) for _ in range(20)])
    assert sorted(numbers) == list(range(1, 21))
    assert await head(db) == 40
    await assert_sound(db)


async def test_more_readers_than_connections_wait_for_each_other(db: Database) -> None:
    async def look() -> int:
        async with db.reading() as tx:
            await asyncio.sleep(0.01)
            return (await record.head(tx))[1]

    assert await asyncio.gather(*[look() for _ in range(40)]) == [0] * 40


@pytest.mark.parametrize("steps", range(12))
async def test_an_act_that_is_cancelled_anywhere_is_done_whole_or_not_at_all(db: Database, steps: int) -> None:
    task = asyncio.create_task(file_issue(db))
    for _ in range(steps * steps):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert await head(db) in (0, 2)
    number = await file_issue(db)
    assert await head(db) == 2 * number
    await assert_sound(db)


@pytest.mark.parametrize("steps", range(8))
async def test_a_reader_that_is_cancelled_leaves_its_connection_to_others(db: Database, steps: int) -> None:
    async def look() -> int:
        async with db.reading() as tx:
            return len(await record.after(tx, -1, limit=10))

    tasks = [asyncio.create_task(look()) for _ in range(12)]
    for _ in range(steps):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.wait_for(asyncio.gather(*[look() for _ in range(12)]), 10) == [1] * 12


async def test_a_record_that_was_never_founded_takes_nothing(url: str) -> None:
    db = Database(url)
    await db.connect()
    with pytest.raises(RuntimeError, match="board migrate"):
        async with db.writing(NOON):
            pass
    await db.disconnect()


async def test_the_holder_of_the_pen_knows_its_place_and_time(db: Database) -> None:
    await file_issue(db, at=later(hours=1))
    async with db.writing(NOON.replace(microsecond=999)) as tx:
        assert (tx.pen.seq, tx.at) == (3, later(hours=1))
    async with db.writing(later(hours=2, microseconds=5)) as tx:
        assert tx.at == later(hours=2)


async def test_whoever_listens_hears_of_an_act_in_this_process(db: Database) -> None:
    async with listening(db) as hint:
        await asyncio.sleep(0.2)
        hint.clear()
        await file_issue(db)
        await asyncio.wait_for(hint.wait(), 0.05)


async def test_whoever_listens_hears_of_an_act_in_another_process(db: Database) -> None:
    other = Database(db.url)
    await other.connect()
    async with listening(other), listening(db) as hint:
        await asyncio.sleep(0.5)
        hint.clear()
        await file_issue(other)
        await asyncio.wait_for(hint.wait(), 2)
    await other.disconnect()


async def test_listening_goes_on_after_the_database_was_away(postgres_url: str) -> None:
    db = Database(postgres_url)
    await db.connect()
    await record.found(db, origin="board.example/log", vkey="k", at=NOON)
    async with listening(db) as hint:
        await asyncio.sleep(0.3)
        await throw_out(postgres_url)
        await asyncio.sleep(1.5)
        hint.clear()
        other = Database(postgres_url)
        await other.connect()
        async with listening(other):
            await asyncio.sleep(0.3)
            hint.clear()
            other.announce()
            await asyncio.wait_for(hint.wait(), 2)
        await other.disconnect()
    await db.disconnect()


async def test_acts_go_on_after_the_database_was_away(postgres_url: str) -> None:
    db = Database(postgres_url)
    await db.connect()
    await record.found(db, origin="board.example/log", vkey="k", at=NOON)
    for _ in range(3):
        await throw_out(postgres_url)
        await asyncio.sleep(0.1)
        async with db.reading() as tx:
            assert (await record.head(tx))[1] == 0
    await asyncio.gather(*[settings(db) for _ in range(20)])
    await db.disconnect()


async def test_sqlite_is_set_up_to_lose_nothing_and_to_keep_nothing_deleted(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    await db.connect()
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 30_000}
    async with db.saving() as tx:
        assert {name: await tx.value(f"PRAGMA {name}") for name in expected} == expected
    async with db.reading() as tx:
        assert {name: await tx.value(f"PRAGMA {name}") for name in expected} == expected
    await db.disconnect()


async def test_a_busy_file_is_waited_for(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    await db.connect()
    await record.found(db, origin="board.example/log", vkey="k", at=NOON)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(set_name(db))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        other.execute("COMMIT")
        await asyncio.wait_for(waiting, 5)
    other.close()
    assert await settings(db) == {"name": '"Kettles"'}
    await db.disconnect()


async def set_name(db: Database) -> None:
    async with db.saving() as tx:
        await company.save(tx, {"name": "Kettles"})


@pytest.mark.parametrize(
    ("sql", "text", "names"),
    [
        ("SELECT 1", "SELECT 1", ()),
        ("SELECT :a, :b2, :a", "SELECT $1, $2, $1", ("a", "b2")),
        ("SELECT ':a', :a", "SELECT ':a', $1", ("a",)),
        ("SELECT 'it''s :x' || :under_score", "SELECT 'it''s :x' || $1", ("under_score",)),
    ],
)
def test_named_places_are_numbered_for_postgresql(sql: str, text: str, names: tuple[str, ...]) -> None:
    assert numbered(sql) == (text, names)


SHALL_WE_ENCRYPT = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


async def said_in_the_clear(query: str, speak: Callable[[str], Awaitable[Any]]) -> bytes:
    """What a server hears that knows no encryption, and says so when it is asked."""
    heard: list[bytes] = []
    visits: set[asyncio.Task[Any]] = set()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if visit := asyncio.current_task():
            visits.add(visit)
        heard.append(await reader.read(99))
        if heard[-1] == SHALL_WE_ENCRYPT:
            writer.write(b"N")
            heard.append(await reader.read(99))
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await speak(f"postgresql://board:secret@127.0.0.1:{port}/board{query}")
        await asyncio.wait_for(asyncio.gather(*visits), 5)
    return b"".join(heard).replace(SHALL_WE_ENCRYPT, b"")


@pytest.mark.parametrize("speak", [lambda url: Database(url).connect(), connect_postgres])
async def test_where_the_address_wants_encryption_nothing_is_said_in_the_clear(
    speak: Callable[[str], Awaitable[Any]],
) -> None:
    assert b"board" in await said_in_the_clear("", speak)
    assert await said_in_the_clear("?sslmode=require", speak) == b""


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///data/board.db", Path("data/board.db")),
        ("sqlite:////data/board.db", Path("/data/board.db")),
        ("postgresql://board@db/board", None),
    ],
)
def test_the_file_of_a_database(url: str, file: Any) -> None:
    assert sqlite_file(url) == file
