"""Brings a database to the newest schema with Alembic, one process at a time, with a copy of a SQLite file first."""

import asyncio
import sqlite3
import time
from contextlib import closing
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from board.store.database import NO_ENTRY, connect_postgres, migrations_folder, sqlite_file

PATIENCE, PAUSE_S = 300, 0.1
LOCK = 7_022_651  # the advisory lock of this program's migrations


class Unusable(Exception):
    """A database that cannot be brought to this program's schema; says why in one line."""


async def migrate(url: str) -> Path | None:
    """Migrates; returns the copy of the SQLite file that was made first, where there was something to change.

    Raises Unusable for what is no database, or one of a newer program, and what its driver raises where it is away.
    """
    try:
        if file := sqlite_file(url):
            return await asyncio.to_thread(migrate_sqlite, file)
        await migrate_postgres(url)
        return None
    except CommandError as wrong:
        raise Unusable(f"it was made by a newer version of this program ({wrong})") from None
    except (DBAPIError, *NO_ENTRY) as wrong:
        raise Unusable(str(getattr(wrong, "orig", wrong))) from None


async def migrate_postgres(url: str) -> None:
    engine = postgres_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


def postgres_engine(url: str) -> AsyncEngine:
    return create_async_engine("postgresql+asyncpg://", async_creator=partial(connect_postgres, url))


def migrate_sqlite(file: Path) -> Path | None:
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30})
    try:
        with engine.connect() as connection:
            use_wal(connection)
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            copy = back_up(file, connection)
            upgrade(connection)
            connection.commit()
            return copy
    finally:
        engine.dispose()


def use_wal(connection: Connection) -> None:
    """SQLite does not wait for its turn here: where another process changes the mode too, it says “locked” at once."""
    for _ in range(PATIENCE):
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except OperationalError as busy:
            if "locked" not in str(busy):
                raise
            time.sleep(PAUSE_S)
        else:
            return
    raise Unusable("another program holds it")


def back_up(file: Path, connection: Connection) -> Path | None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None or current == ScriptDirectory(str(migrations_folder())).get_current_head():
        return None
    copy = file.with_name(f"{file.name}.before-{current}")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def is_current(url: str) -> bool:
    """Whether the schema is the one that this program was written for."""
    newest = ScriptDirectory(str(migrations_folder())).get_current_head()
    if file := sqlite_file(url):
        if not file.exists():
            return False
        return await asyncio.to_thread(revision_of_sqlite, file) == newest
    engine = postgres_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(revision) == newest
    finally:
        await engine.dispose()


def revision_of_sqlite(file: Path) -> str | None:
    engine = create_engine(f"sqlite:///{file}")
    try:
        with engine.connect() as connection:
            return revision(connection)
    finally:
        engine.dispose()


def revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
