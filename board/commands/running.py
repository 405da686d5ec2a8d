"""How a command runs: what fails becomes one plain line on stderr, and where somebody watches, progress is shown."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NoReturn

import click
from rich.console import Console

from board import keys, settings
from board.domain.proof import vkey
from board.errors import Invalid, Refused
from board.settings import Settings, WrongSetting
from board.store import migrate as migrations
from board.store import record
from board.store.database import LOST, Database
from board.store.migrate import Unusable

console = Console(stderr=True)


class Failed(click.ClickException):
    """A failure that says in one line what to do; exit status 1."""

    exit_code = 1


class OneLine(click.Group):
    """Commands whose every error is one plain line on stderr."""

    def main(self, *args: Any, **extra: Any) -> Any:
        try:
            return super().main(*args, **{**extra, "standalone_mode": False})
        except click.exceptions.NoArgsIsHelpError as asked:
            asked.show()
            sys.exit(asked.exit_code)
        except click.ClickException as wrong:
            click.echo("board: " + " ".join(wrong.format_message().split()) + hint(wrong), err=True)
            sys.exit(wrong.exit_code)
        except click.Abort:
            sys.exit(1)


def hint(wrong: click.ClickException) -> str:
    """Where to read how a command is used."""
    if isinstance(wrong, click.UsageError) and wrong.ctx:
        return f" See `{wrong.ctx.command_path} --help`."
    return ""


def load() -> Settings:
    try:
        return settings.read(os.environ)
    except WrongSetting as wrong:
        fail(str(wrong))


def fail(message: str) -> NoReturn:
    raise Failed(message)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs to the end; what is refused or cannot be reached becomes one plain line."""
    try:
        asyncio.run(work)
    except Invalid as wrong:
        fail("; ".join(f"{field}: {why}" for field, why in wrong.fields.items()))
    except (Refused, WrongSetting) as refused:
        fail(str(refused))
    except (Unusable, *LOST) as lost:
        fail(trouble(lost))


def trouble(lost: Exception) -> str:
    if isinstance(lost, OSError) and lost.filename:
        return f"cannot use {lost.filename}: {lost.strerror}"
    return f"cannot use the database: {lost}. Check BOARD_DATABASE_URL."


@asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[Database]:
    """The database, migrated, connected, with its record begun."""
    await migrations.migrate(given.database_url)
    db = Database(given.database_url)
    await db.connect()
    try:
        public = keys.load(given).log_public
        await record.found(db, origin=given.origin, vkey=vkey(given.origin, public), at=now())
        yield db
    finally:
        await db.disconnect()


def now() -> datetime:
    return datetime.now(UTC)


def now_ms() -> int:
    return int(now().timestamp() * 1000)
