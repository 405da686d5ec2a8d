"""The one door to the database, where its two dialects meet: reading, writing, and the hint that the head moved.

A public change takes the pen first: inside `writing` the head row is locked before anything is read, so that the
order of the record equals the order of commits. Nothing but the database may be awaited inside.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakSet

import asyncpg
import databases
from databases.core import Connection
from sqlalchemy.engine import make_url

from board.domain.issue import Issue
from board.store import pens
from board.store.commits import Batch, Commits
from board.store.folded import Folded
from board.store.gathering import Gathered, numbered
from board.store.pens import Pen

READERS = 4  # held SQLite connections for reading
POOL = 10  # PostgreSQL connections
BUSY_S = 30.0
CONNECT_S = 5.0

# What PostgreSQL does about a process that is gone without a word: what it has locked must not stay locked.
SESSION = {
    "idle_in_transaction_session_timeout": "6000",  # ms; nothing but the database is awaited inside
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}

LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InFailedSQLTransactionError,  # a statement failed, and somebody went on
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the driver's word where the server goes just as a statement begins
    sqlite3.OperationalError,
)

# The server is there, and does not let us in.
NO_ENTRY = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)

# For whoever goes on for ever: one day the server is there, and lets us in.
AWAY = (*LOST, *NO_ENTRY)


class Unsure(ConnectionError):
    """Nobody can tell whether the transaction was kept: the answer to its COMMIT never came."""


class Tx:
    """One connection, inside a transaction or for reading. Values are bound by name; rows come as plain dicts.

    `has_erased` is set where words were deleted that must not remain in the files beside the database either,
    `has_touched` where something that is shown was changed without an event.
    The driver is asked directly: `databases` would parse and compile every statement again at each use. Where SQLite is
    written to (`at_once`), not even the driver's thread is asked: a statement takes less time than the way there.
    """

    def __init__(self, connection: Connection, *, sqlite: bool, at_once: bool = False) -> None:
        self._driver = connection.raw_connection
        self._file: sqlite3.Connection | None = self._driver._conn if at_once else None
        self.at_once = at_once
        self.connection = connection
        self.sqlite = sqlite
        self.has_erased = False
        self.has_touched = False
        self._gathered: Gathered | None = None

    async def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        if self._file:
            return [dict(row) for row in self._file.execute(sql, values)]
        if self.sqlite:
            return [dict(row) for row in await self._driver.execute_fetchall(sql, values)]
        await self._tell_gathered()
        text, names = numbered(sql)
        return [dict(row) for row in await self._driver.fetch(text, *(values[name] for name in names))]

    async def row(self, sql: str, **values: Any) -> dict[str, Any] | None:
        return next(iter(await self.rows(sql, **values)), None)

    async def value(self, sql: str, **values: Any) -> Any:
        row = await self.row(sql, **values)
        return next(iter(row.values())) if row else None

    async def run(self, sql: str, **values: Any) -> None:
        if self._gathered is None:
            await self.rows(sql, **values)
        else:
            await self._gather(sql, [values])

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """What is changed inside goes to PostgreSQL in as few statements as it can (`store/gathering`)."""
        self._gathered = None if self.sqlite else Gathered()
        try:
            yield
            await self._tell_gathered()
        finally:
            self._gathered = None

    async def _gather(self, sql: str, all_values: Sequence[Mapping[str, Any]]) -> None:
        assert self._gathered
        if self._gathered.speaks_of(sql):
            await self._tell_gathered()
        for values in all_values:
            self._gathered.add(sql, values)

    async def _tell_gathered(self) -> None:
        if self._gathered and self._gathered.parts:
            text, values = self._gathered.statement()
            self._gathered = Gathered()
            await self._driver.execute(text, *values)

    async def run_long(self, sql: str) -> None:
        """A statement that may take its time, beside everything else that this process does."""
        if self.sqlite:
            await self._driver.execute_fetchall(sql)
        else:
            await self.run(sql)

    async def run_each(self, sql: str, all_values: Sequence[Mapping[str, Any]]) -> None:
        """The same statement once for each set of values, none of which needs another's, in one call of the driver."""
        if self._file:
            self._file.executemany(sql, all_values)
        elif self.sqlite:
            await self._driver.executemany(sql, all_values)
        elif self._gathered is not None:
            await self._gather(sql, all_values)
        else:
            text, names = numbered(sql)
            await self._driver.executemany(text, [[values[name] for name in names] for values in all_values])


class WriteTx(Tx):
    """A transaction that holds the pen; made by `Database.writing` only. `folded` outlives it (`store/chains`)."""

    pen: Pen
    folded: Folded[Issue]

    @property
    def at(self) -> datetime:
        return self.pen.at


class SafeSqlite(sqlite3.Connection):
    """SQLite as a record needs it: durable, checked, and without remains of what was deleted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            self.execute(f"PRAGMA {pragma}")


class Database:
    """`url` is `sqlite:///path` or `postgresql://…`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        options: dict[str, Any] = (
            {"factory": SafeSqlite, "timeout": BUSY_S, "check_same_thread": False}
            if self.sqlite
            # The library reads no more of the address than where it leads: how it is encrypted stands behind that.
            else {
                "dsn": url,
                "min_size": 1,
                "max_size": POOL,
                "timeout": CONNECT_S,
                "command_timeout": 60,
                "server_settings": SESSION,
                "init": self._remember,
                "reset": leave,
            }
        )
        self._pooled: WeakSet[Any] = WeakSet()
        self.is_away = False
        self._databases = databases.Database(url, **options)
        self._idle: asyncio.Queue[Connection] = asyncio.Queue()
        self._writer: Connection | None = None
        self._commits = Commits(self._begin, sum_up)
        self._folded: Folded[Issue] = Folded()
        self.moved = asyncio.Event()
        self.told = asyncio.Event()
        self.written = 0  # how often this process has changed what is shown

    async def connect(self) -> None:
        await self._databases.connect()
        if self.sqlite:
            self._writer = await self._open()
            for _ in range(READERS):
                self._idle.put_nowait(await self._open())

    async def disconnect(self) -> None:
        await self._commits.close()
        if self._writer:
            await self._writer.__aexit__()
            self._writer = None
            for _ in range(READERS):
                await (await self._idle.get()).__aexit__()
        await self._databases.disconnect()

    async def _open(self) -> Connection:
        """A connection to hold; whoever is cancelled meanwhile leaves none behind that nobody closes."""
        opening = asyncio.ensure_future(Connection(self._databases, self._databases._backend).__aenter__())
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            await (await opening).__aexit__()
            raise

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        """A connection for reading: one of those held on SQLite, one of the pool on PostgreSQL."""
        if self.sqlite:
            connection = await self._idle.get()
            try:
                yield connection
            finally:
                self._idle.put_nowait(connection)
        else:
            if self.is_away:
                raise ConnectionError("the database does not answer")
            async with Connection(self._databases, self._databases._backend) as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """Many queries that see one state of the database."""
        async with self._connection() as connection:
            tx = Tx(connection, sqlite=self.sqlite)
            if self.sqlite:
                async with begin(connection, "BEGIN"):
                    yield tx
            else:
                async with connection.raw_connection.transaction(isolation="repeatable_read", readonly=True):
                    yield tx

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[Tx]:
        """A transaction for changes, committed at the end."""
        if self.sqlite:
            assert self._writer, "the database is not connected"
            async with begin(self._writer, "BEGIN IMMEDIATE"):
                yield (tx := Tx(self._writer, sqlite=True, at_once=True))
            if tx.has_erased:
                await tx.run_long("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            async with self._connection() as connection, committed(connection.raw_connection):
                yield Tx(connection, sqlite=False)

    @asynccontextmanager
    async def saving(self) -> AsyncIterator[Tx]:
        """A transaction on private tables only: it takes no pen and cannot append to the record."""
        async with self._changing() as tx:
            yield tx
        if tx.has_touched:
            self.announce()

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[Tx]:
        """In turn on SQLite, which has one writer; beside each other on PostgreSQL."""
        if not self.sqlite:
            async with self._begin() as tx:
                yield tx
            return
        async with self._commits.together() as batch:
            tx = Tx(batch.tx.connection, sqlite=True, at_once=True)
            yield tx
            batch.note(tx)

    @asynccontextmanager
    async def writing(self, at: datetime) -> AsyncIterator[WriteTx]:
        """A public change at the time `at`, or the record's last time where the clock went back.

        The pen is taken once for all that share the transaction, and handed on.
        """
        async with self._commits.together() as batch:
            tx = WriteTx(batch.tx.connection, sqlite=self.sqlite, at_once=self.sqlite)
            tx.folded = self._folded
            tx.pen = batch.pen.handed_on(at) if batch.pen else await pens.take(tx, at)
            yield tx
            batch.pen = tx.pen
            batch.note(tx)
        self.announce()

    def announce(self) -> None:
        """Tells this process at once, and the others soon, that the head has moved. A hint, never more."""
        self.written += 1
        self.moved.set()
        self.told.set()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[sqlite3.Connection]:
        """A connection to SQLite of one's own."""
        connection = await self._open()
        try:
            yield connection.raw_connection._conn
        finally:
            await connection.__aexit__()

    async def apart(self, **settings: str) -> Any:
        """A connection to PostgreSQL of one's own."""
        return await connect_postgres(self.url, timeout=CONNECT_S, server_settings={**SESSION, **settings})

    def cut_off(self, *, is_away: bool) -> None:
        """Where the server is silent, nobody goes on waiting for it: all are told at once, until it answers again."""
        if is_away and not self.is_away:
            for connection in list(self._pooled):
                connection.terminate()
        self.is_away = is_away

    async def _remember(self, connection: Any) -> None:
        self._pooled.add(connection)


async def sum_up(batch: Batch) -> None:
    if batch.pen:
        await pens.put_down(batch.tx, batch.pen)


@asynccontextmanager
async def begin(connection: Connection, statement: str) -> AsyncIterator[None]:
    """A SQLite transaction; a failed or cancelled one is rolled back before the connection goes to anyone else."""
    tx = Tx(connection, sqlite=True)
    try:
        await tx.run(statement)
        yield
        await tx.run("COMMIT")
    except BaseException:  # cancelled while it began, too: the driver's thread may have begun all the same
        await asyncio.shield(roll_back(tx))
        raise


@asynccontextmanager
async def committed(driver: Any) -> AsyncIterator[None]:
    """A PostgreSQL transaction. Where a statement in it failed, COMMIT takes all of it back and raises nothing."""
    try:
        await driver.execute("BEGIN")
        yield
        try:
            said = await driver.execute("COMMIT")
        except LOST as lost:
            raise Unsure("the database went away during a commit") from lost
        if said != "COMMIT":
            raise ConnectionError("the transaction was taken back")
    except BaseException:
        with suppress(*LOST):
            await asyncio.shield(driver.execute("ROLLBACK"))
        raise


async def leave(connection: Any) -> None:
    """What is said to a pooled connection between its users: nothing, for nobody sets what outlives a transaction."""


async def roll_back(tx: Tx) -> None:
    with suppress(sqlite3.OperationalError):  # where BEGIN or COMMIT itself failed, nothing may be left to roll back
        await tx.run("ROLLBACK")


async def connect_postgres(url: str, **given: Any) -> Any:
    """A connection of its own, as the whole address says (`sslmode`, `sslrootcert` …)."""
    return await asyncpg.connect(url, **given)


def migrations_folder() -> Path:
    package = Path(__file__).parent.parent
    packaged = package / "_migrations"
    return packaged if packaged.exists() else package.parent / "migrations"


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    database = make_url(url).database if url.startswith("sqlite") else None
    return Path(database) if database else None
