"""Migrations: from nothing, again, by several processes at once, with a copy of the file before a change."""

import asyncio
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine

from board.store.database import Database
from board.store.migrate import back_up, is_current, migrate
from tests.cast import move_in
from tests.postgres import tell
from tests.soundness import assert_sound

ROOT = Path(__file__).parents[2]


async def test_an_empty_database_is_migrated_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'board.db'}"
    assert not await is_current(url)
    assert await migrate(url) is None
    assert await is_current(url)
    assert await migrate(url) is None
    db = Database(url)
    await db.connect()
    await move_in(db)
    await assert_sound(db)
    await db.disconnect()


async def test_a_migrated_database_is_current(url: str) -> None:
    assert await is_current(url)
    await migrate(url)
    assert await is_current(url)


async def elsewhere(url: str) -> int | None:
    """Migrates in a process of its own; returns its exit status."""
    work = "import asyncio, sys; from board.store.migrate import migrate; asyncio.run(migrate(sys.argv[1]))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", work, url, cwd=ROOT)
    return await process.wait()


async def test_several_processes_may_migrate_at_once(tmp_path: Path, postgres_url: str) -> None:
    await tell(postgres_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    fresh = [f"sqlite:///{tmp_path / 'board.db'}", postgres_url]
    assert [await is_current(url) for url in fresh] == [False, False]
    assert await asyncio.gather(*[elsewhere(url) for url in fresh for _ in range(3)]) == [0] * 6
    assert [await is_current(url) for url in fresh] == [True, True]


async def test_a_database_of_an_older_program_is_not_current(sqlite_url: str) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0000'")
    assert not await is_current(sqlite_url)


def test_the_file_is_copied_before_it_is_changed(sqlite_template: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(sqlite_template, tmp_path / "board.db"))
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert back_up(file, connection) is None
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
        connection.commit()
        copy = back_up(file, connection)
    engine.dispose()
    assert copy == tmp_path / "board.db.before-0000"
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchall() == [("0000",)]
