"""`board import`: conversations from elsewhere become issues, from a file in one of several formats."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click
from rich.progress import Progress

from board.actions import importing
from board.commands.running import console, fail, load, now, opened, run
from board.domain import conversations
from board.errors import Refused
from board.importers.formats import READERS, guess
from board.importers.lines import Found, Options, Unreadable
from board.importers.posts import FIELDS
from board.store.database import Database

SHOWN = 20  # issues of a dry run that are told one by one


@dataclass
class Given:
    """What the command was told."""

    file: Path
    until: datetime | None
    finds: importing.Finds
    source: str | None
    options: Options


@dataclass
class Count:
    """How many lines there were, and how many could not be brought in."""

    lines: int = 0
    bad: int = 0

    def refuse(self, found: Found, why: object) -> None:
        self.bad += 1
        click.echo(f"{found.place}: {why}", err=True)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "source", type=click.Choice(list(READERS)), help="The format, where the file does not show it.")
@click.option("--area", help="Where all issues go; else where the source had them.")
@click.option(
    "--tag", "tags", multiple=True, metavar="TAG=AREA", help="Where issues with this tag go; may be repeated."
)
@click.option("--map", "columns", metavar="FIELD=COLUMN,…", help=f"Which column is what: {', '.join(FIELDS)}.")
@click.option("--dry-run", is_flag=True, help="Only say what would be brought in.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]), help="Take what was said until then.")
@click.option(
    "--finds",
    type=click.Choice(list(importing.BECAME)),
    default="mask",
    show_default=True,
    help="What becomes of texts in which something looks private.",
)
def import_file(
    file: Path,
    source: str | None,
    area: str | None,
    tags: tuple[str, ...],
    columns: str | None,
    dry_run: bool,
    as_of: datetime | None,
    finds: importing.Finds,
) -> None:
    """Bring in conversations; running it again adds nothing twice.

    FILE is JSONL of the board's own form, an export of Fider (CSV, or its backup), UserVoice or Canny (CSV), issues of
    GitHub (JSON), tickets of Zendesk (JSON), or any CSV whose first line names the columns.
    """
    options = Options(
        area=area,
        tags={tag.lower(): where for tag, where in pairs(tags, "--tag")},
        columns=named(columns),
        now=now(),
    )
    given = Given(file, as_of.replace(tzinfo=UTC) if as_of else None, finds, source, options)
    try:
        if dry_run:
            look(given)
        else:
            settings = load()
            run(import_all(lambda: opened(settings), given))
    except Unreadable as wrong:
        fail(f"{file}: {wrong}")


def named(columns: str | None) -> dict[str, str]:
    found = dict(pairs(tuple(columns.split(",")) if columns else (), "--map"))
    if unknown := [field for field in found if field not in FIELDS]:
        raise click.UsageError(f"--map knows no “{unknown[0]}”; it knows {', '.join(FIELDS)}")
    return found


def pairs(given: tuple[str, ...], option: str) -> Iterator[tuple[str, str]]:
    for one in given:
        name, _, value = (part.strip() for part in one.partition("="))
        if not (name and value):
            raise click.UsageError(f"{option} takes NAME=VALUE, not {one!r}")
        yield name, value


async def import_all(board: Callable[[], AbstractAsyncContextManager[Database]], given: Given) -> None:
    tally, count = importing.Tally(), Count()
    with given.file.open("rb") as stream, found_in(stream, given) as found:
        async with board() as db:
            for one in found:
                count.lines += 1
                try:
                    await bring(db, one, tally, given)
                except (ValueError, Refused) as wrong:
                    count.refuse(one, wrong)
    added, same = tally.conversations, count.lines - tally.conversations - count.bad
    told = f"{added} conversations with {tally.messages} messages were added; {same} had nothing new."
    click.echo("\n".join(filter(None, (told, tally.of_finds(given.finds)))))
    if count.bad:
        fail(f"{count.bad} lines were not imported; mend them and run the import again")


async def bring(db: Database, found: Found, tally: importing.Tally, given: Given) -> None:
    if found.why:
        raise ValueError(found.why)
    await importing.bring_line(db, found.line, tally, at=now(), until=given.until, finds=given.finds)


@contextmanager
def found_in(stream: BinaryIO, given: Given) -> Iterator[Iterator[Found]]:
    """What the file holds, with a progress bar where somebody watches."""
    source = given.source or guess(stream)
    if not given.source and source != "board":
        click.echo(f"{given.file.name} is read as {source}; --from says otherwise.", err=True)
    found = READERS[source](stream, given.options)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Importing", total=given.file.stat().st_size)

        def watched() -> Iterator[Found]:
            for one in found:
                yield one
                progress.update(task, completed=stream.tell())

        yield watched()


@dataclass
class Sight:
    """What a dry run has seen."""

    issues: int = 0
    messages: int = 0
    areas: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)


def look(given: Given) -> None:
    """Says what would be brought in; asks no database."""
    sight, count = Sight(), Count()
    with given.file.open("rb") as stream, found_in(stream, given) as found:
        for one in found:
            try:
                see(one, sight, given)
            except ValueError as wrong:
                count.refuse(one, wrong)
    click.echo(f"Conversations that would be brought in: {sight.issues}, with messages: {sight.messages}.")
    for what, counted in (("areas", sight.areas), ("ends", sight.ends)):
        click.echo(f"By {what}: " + ", ".join(f"{name} {number}" for name, number in counted.most_common(SHOWN)))
    if count.bad:
        fail(f"lines that would not be imported: {count.bad}")


def see(found: Found, sight: Sight, given: Given) -> None:
    if found.why:
        raise ValueError(found.why)
    said = conversations.read(found.line.decode("utf-8"), until=given.until) if found.line.strip() else None
    if said is None:
        return
    sight.issues += 1
    sight.messages += 1 + len(said.replies)
    sight.areas[said.area] += 1
    ends = [one.resolution for one in said.replies if one.resolution]
    end = ends[-1] if ends else "open" if said.is_open or not said.replies[-1:] else said.resolution
    sight.ends[end or ("answered" if said.replies[-1].by_staff else "open")] += 1
    if sight.issues <= SHOWN:
        click.echo(f"{said.filing.at:%Y-%m-%d}  {said.area}: {said.title}")
