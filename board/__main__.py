"""The command line. Errors go to stderr in one plain line; exit status 0 done, 1 failed, 2 used wrongly."""

import os
import sys
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from board import checking, keys, serving, settings, signing, verify
from board.actions import company as company_acts
from board.actions import demo as demo_acts
from board.commands.bring import import_file
from board.commands.open import open_issue
from board.commands.running import OneLine, console, fail, load, now, now_ms, opened, run
from board.commands.tail import tail
from board.domain.links import Links
from board.domain.people import Actor
from board.domain.proof import vkey
from board.render import Renderer
from board.settings import Settings
from board.store import migrate as migrations
from board.store import people, rebuild
from board.store.database import Database, Tx
from board.store.export import export as write_export

OPERATOR = Actor(standing="admin", name=None)


@click.group(cls=OneLine, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Board: a public record of a company's issues, filed, followed and cured in the open."""


def links(given: Settings) -> Links:
    return Links(given.base_url, keys.load(given).secret)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int) -> None:
    """Serve the board; prints its address, and a one-time link for the owner while there is none."""
    if settings.lookup(os.environ, "BOARD_BASE_URL") is None:  # the workers read it from there too
        os.environ["BOARD_BASE_URL"] = serving.address(host, port)
    given = load()
    try:
        serving.check_address(host, port)
    except OSError as wrong:
        fail(f"cannot listen on {host}, port {port}: {wrong.strerror}; choose others with --host and --port")
    run(prepare(given, host, port))
    serving.serve(host=host, port=port, workers=workers)


async def prepare(given: Settings, host: str, port: int) -> None:
    copy = await migrations.migrate(given.database_url)
    if copy:
        click.echo(f"The database was migrated; a copy of it as it was before is at {copy}")
    async with opened(given) as db, db.saving() as tx:
        owner = None if await people.has_admin(tx) else await new_owner_link(tx, given)
    click.echo(f"The board is at {given.base_url} (listening on {host}:{port})")
    if owner:
        click.echo(f"It has no owner yet. Open this link once to become the owner:\n  {owner}")


async def new_owner_link(tx: Any, given: Settings) -> str:
    await people.drop_owner_links(tx)
    return links(given).sign_in(await people.new_link(tx, purpose="owner", now_ms=now_ms()))


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema; a SQLite file is copied first."""
    given = load()
    run(migrate_now(given))


async def migrate_now(given: Settings) -> None:
    copy = await migrations.migrate(given.database_url)
    click.echo(f"Migrated; the copy from before is at {copy}" if copy else "The schema is up to date.")


@main.command()
@click.option("--mail-to", metavar="ADDRESS", help="Send a test message there.")
def check(mail_to: str | None) -> None:
    """Say what is set, try it, and say what to mend."""
    run(checking.tell(load(), mail_to))


@main.group()
def staff() -> None:
    """Add, list and remove colleagues."""


@staff.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The name that customers read.")
@click.option("--role", required=True, type=click.Choice(company_acts.ROLES))
def staff_add(email: str, name: str, role: str) -> None:
    """Add a colleague and print their one-time sign-in link."""
    given = load()

    async def work() -> None:
        async with opened(given) as db, db.writing(now()) as tx:
            person, url = await company_acts.invite(
                tx, by=OPERATOR, email=email, name=name, role=role, links=links(given), say=Renderer().say
            )
        click.echo(f"{person.name} ({person.role}) signs in once with this link, within 7 days:")
        click.echo(url)

    run(work())


@staff.command("list")
def staff_list() -> None:
    """List the colleagues."""

    async def work() -> None:
        async with opened(load()) as db, db.reading() as tx:
            for person in await people.all_staff(tx):
                click.echo(f"{person.role:<10} {person.email:<32} {person.name}")

    run(work())


@staff.command("remove")
@click.argument("email")
def staff_remove(email: str) -> None:
    """End a colleague's access at once."""

    async def work() -> None:
        async with opened(load()) as db, db.saving() as tx:
            person = await colleague(tx, email)
            await company_acts.remove_colleague(tx, by=OPERATOR, person=person.id, now_ms=now_ms())
        click.echo(f"{person.name} can no longer sign in.")

    run(work())


async def colleague(tx: Tx, email: str) -> people.Person:
    person = await people.by_email(tx, email.strip().lower())
    return person or fail(f"there is no colleague with the address {email}; see `board staff list`")


@main.group()
def token() -> None:
    """Create, list and revoke API tokens."""


@token.command("create")
@click.option("--label", required=True, help="What the token is for.")
@click.option("--role", required=True, type=click.Choice(company_acts.TOKEN_ROLES))
@click.option("--for", "email", help="The colleague in whose name it acts; hiding words takes one.")
def token_create(label: str, role: str, email: str | None) -> None:
    """Print a new token, this once."""

    async def work() -> None:
        async with opened(load()) as db, db.saving() as tx:
            of = (await colleague(tx, email)).id if email else None
            made = await company_acts.create_token(tx, by=OPERATOR, label=label, role=role, now_ms=now_ms(), person=of)
        click.echo(made)

    run(work())


@token.command("list")
def token_list() -> None:
    """List the tokens, without their secrets."""

    async def work() -> None:
        async with opened(load()) as db, db.reading() as tx:
            for row in await people.tokens(tx):
                state = "revoked" if row["revoked_ms"] else "valid"
                click.echo(f"{row['id']:>4}  {row['role']:<10} {state:<8} {row['label']}")

    run(work())


@token.command("revoke")
@click.argument("token_id", type=click.IntRange(1, 2**53))
def token_revoke(token_id: int) -> None:
    """Revoke a token by its number in the list."""

    async def work() -> None:
        async with opened(load()) as db, db.saving() as tx:
            if not await people.revoke_token(tx, token_id, now_ms()):
                fail(f"there is no valid token {token_id}; see `board token list`")
        click.echo("Revoked.")

    run(work())


@main.command("rebuild")
@click.option("--mend", is_flag=True, help="Keep what the replay found where it differs.")
def rebuild_command(mend: bool) -> None:
    """Replay the record into empty tables and compare with what is stored."""

    async def work() -> None:
        async with opened(load()) as db:
            differences = await replay(db, mend)
        for difference in differences:
            click.echo(difference, err=True)
        if differences and not mend:
            fail(f"{len(differences)} differences; `board rebuild --mend` stores what the record says")
        click.echo("Mended." if differences else "What is stored is what the record says.")

    run(work())


class RollBack(Exception):
    """Ends a transaction without keeping anything."""


async def replay(db: Database, mend: bool) -> list[str]:
    differences: list[str] = []
    try:
        async with db.writing(now()) as tx:
            differences = await rebuild.compare(tx)
            if not (mend and differences):
                raise RollBack
    except RollBack:
        pass
    return differences


@main.command()
@click.option("--wipe", is_flag=True, help="Empty the demonstration board again.")
def demo(wipe: bool) -> None:
    """Fill an empty board with a made-up company and its issues."""
    given = load()

    async def work() -> None:
        async with opened(given) as db:
            if wipe:
                await demo_acts.empty(db)
                signing.forget(given.data_dir)
                click.echo("The demonstration is gone; the board is empty.")
                return
            filled = await fill_demo(db, given)
            signing.forget(given.data_dir)
        click.echo(f"The board holds {filled} made-up issues now. `board demo --wipe` empties it again.")

    run(work())


async def fill_demo(db: Database, given: Settings) -> int:
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Filling", total=None)
        return await demo_acts.fill(
            db,
            origin=given.origin,
            vkey=vkey(given.origin, keys.load(given).log_public),
            now=now(),
            tell=lambda done, of: progress.update(task, completed=done, total=of),
        )


@main.command("verify", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verify_command(arguments: tuple[str, ...]) -> None:
    """Check a board, or a receipt, against its record; `board verify --help` says how."""
    sys.exit(verify.main(list(arguments)))


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--private", is_flag=True, help="With all that is not public; keep it safe.")
def export(folder: Path, private: bool) -> None:
    """Write everything public as JSONL and CSV."""

    async def work() -> None:
        async with opened(load()) as db:
            written = await write_export(db, folder, private=private)
        click.echo(f"{written} events are in {folder}.")

    run(work())


for command in (import_file, tail, open_issue):
    main.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
