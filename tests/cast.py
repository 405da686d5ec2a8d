"""The cast of every scene, and short ways to act: Ada files, Bo answers, Mo moderates, Cy passes by, Root runs it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from board.actions import customers, staff
from board.actions.acting import Done
from board.domain.clocks import Target
from board.domain.decisions import Then
from board.domain.issue import Issue, fold
from board.domain.leaf import Recorded, milliseconds
from board.domain.links import Links
from board.domain.people import Actor
from board.domain.words import Filing, filing
from board.store import company, people, record
from board.store.company import Area
from board.store.database import Database, WriteTx

P = ParamSpec("P")
T = TypeVar("T")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORIGIN = "board.example/log"
LOG_KEY = Path(__file__).parent / "vectors" / "log.key"  # of the vectors, known to everybody
VKEY = "board.example/log+684a905b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
LINKS = Links("https://board.example", b"a key for the tests")

ADA = Actor(standing="filer", name="Ada")
BO = Actor(standing="agent", person=1, name="Bo")
MO = Actor(standing="moderator", person=2, name="Mo")
ROOT = Actor(standing="admin", person=3, name="Root")
CY = Actor(standing="anyone", name="Cy")
STAFF = (BO, MO, ROOT)
AREAS = (Area("service", "Service", Target(4 * 3600, 48 * 3600)), Area("returns", "Returns", Target()))


def later(**span: float) -> datetime:
    """A time after the first noon: `later(hours=2)`."""
    return NOON + timedelta(**span)


def say(text: str) -> str:
    return text


async def move_in(db: Database) -> None:
    """Founds the record, and sets up the areas and the staff without a word in it."""
    await record.found(db, origin=ORIGIN, vkey=VKEY, at=NOON)
    async with db.saving() as tx:
        await company.save(tx, {"moderation": "open"})
        for area in AREAS:
            await company.save_area(tx, area)
        for actor in STAFF:
            assert actor.name
            email = f"{actor.name.lower()}@board.example"
            person = await people.add(tx, email=email, name=actor.name, role=actor.standing, now_ms=0)
            assert person.id == actor.person


async def do(
    db: Database,
    act: Callable[Concatenate[WriteTx, P], Awaitable[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The act in a transaction of its own, at noon."""
    return await do_at(NOON, db, act, *args, **kwargs)


async def do_at(
    at: datetime,
    db: Database,
    act: Callable[Concatenate[WriteTx, P], Awaitable[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The act in a transaction of its own, at the time."""
    async with db.writing(at) as tx:
        return await act(tx, *args, **kwargs)


def words_of_ada(**changes: Any) -> Filing:
    return filing(
        **{
            "title": "The kettle leaks",
            "body": "I wanted tea. The kettle leaks at the handle.",
            "area": "service",
            "name": "Ada",
            "needs_email": False,
            **changes,
        }
    )


async def file_issue(db: Database, *, at: datetime = NOON, **changes: Any) -> int:
    """Ada files an issue, in other words where some are given; returns its number."""
    filed = await do_at(at, db, customers.file, words_of_ada(**changes), via="web", links=LINKS, say=say)
    return filed.number


async def want_mail(db: Database, number: int, at: datetime = NOON) -> None:
    """Ada presses the button in the mail that filing with an address sends."""
    await do_at(at, db, customers.want_mail, number, milliseconds(at))


async def answer(db: Database, number: int, *, at: datetime = NOON, body: str = "We look.", **then: Any) -> Done:
    """Bo writes an update, with what follows from it."""
    return await do_at(at, db, staff.update, number, by=BO, body=body, via="web", then=Then(**then))


async def chain(db: Database, number: int) -> list[Recorded]:
    async with db.reading() as tx:
        return await record.of_issue(tx, number)


async def issue(db: Database, number: int) -> Issue:
    return fold(await chain(db, number))


async def kinds(db: Database, number: int) -> list[str]:
    """What happened to an issue, by the names of the events."""
    return [recorded.name for recorded in await chain(db, number)]


async def head(db: Database) -> int:
    """The index of the newest event."""
    async with db.reading() as tx:
        return (await record.head(tx))[1]
