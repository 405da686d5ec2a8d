"""Short ways to a PostgreSQL server, for the tests."""

import shutil
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

ROOM = 2**30  # bytes


def roomy_memory() -> Path | None:
    """Where files are kept in memory, if there is such a place with room: new databases cost a tenth of the time."""
    place = Path("/dev/shm")
    return place if place.is_dir() and shutil.disk_usage(place).free > ROOM else None


async def connect(url: str) -> Any:
    return await asyncpg.connect(url)


async def tell(url: str, statement: str) -> None:
    connection = await connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def with_name(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def throw_out(url: str) -> None:
    """Ends every other connection to the database, as a restart of the server would."""
    await tell(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
