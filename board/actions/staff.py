"""What staff do on an issue: answer, resolve, promise, assign, move, merge, split, reopen, and leave notes."""

from dataclasses import replace
from datetime import datetime

from board.actions.acting import Done, act, load, signed
from board.actions.customers import known_area, take_back_followers
from board.domain import decisions
from board.domain.decisions import Then
from board.domain.leaf import milliseconds
from board.domain.people import Actor, require
from board.domain.phrase import no_issue
from board.errors import Invalid, NotFound
from board.store import intake, issues, people
from board.store.database import WriteTx

MERGES_DEEP = 20


async def update(tx: WriteTx, number: int, *, by: Actor, body: str, via: str, then: Then) -> Done:
    """A public answer, with what it brings about in the same moment."""
    require(by, "update")
    if then.resolution == "duplicate":
        then = replace(then, into=await merge_target(tx, number, then.into))
    done = await act(
        tx,
        number,
        by,
        lambda i, at: decisions.update(i, by=by, words=signed(by, body=body), via=via, then=then, at=at),
    )
    if then.into is not None and then.resolution == "duplicate":
        await bring_followers(tx, number, then.into)
    return done


async def merge(tx: WriteTx, number: int, *, by: Actor, into: int, body: str, via: str) -> Done:
    """Joins the issue with another one about the same; its followers come along."""
    return await update(tx, number, by=by, body=body, via=via, then=Then(resolution="duplicate", into=into))


async def merge_target(tx: WriteTx, number: int, into: int | None) -> int | None:
    """The issue at the end of a chain of merges; refuses what is not public, and circles."""
    for _ in range(MERGES_DEEP):
        row = await issues.find(tx, into) if into is not None else None
        if row is None or row["visibility"] != "public":
            raise Invalid({"duplicate_of": "There is no such issue. Give the number of a public issue."})
        if row["merged_into"] is None:
            break
        into = row["merged_into"]
    if into == number:
        raise Invalid({"duplicate_of": "That issue is itself a duplicate of this one."})
    return into


async def bring_followers(tx: WriteTx, number: int, into: int) -> None:
    await intake.bring_followers(tx, source=number, into=into, now_ms=milliseconds(tx.at))
    await issues.recount(tx, into)


async def split(tx: WriteTx, number: int, *, by: Actor, body: str) -> Done:
    """Sets a duplicate apart again; those who came by the merge go back."""
    before = await load(tx, number)
    done = await act(tx, number, by, lambda i, at: decisions.split(i, by=by, words=signed(by, body=body), at=at))
    await take_back_followers(tx, number, before.merged_into)
    return done


async def reopen(tx: WriteTx, number: int, *, by: Actor, body: str) -> Done:
    before = await load(tx, number)
    done = await act(tx, number, by, lambda i, at: decisions.reopen(i, by=by, words=signed(by, body=body), at=at))
    await take_back_followers(tx, number, before.merged_into)
    return done


async def promise(tx: WriteTx, number: int, *, by: Actor, due: datetime) -> Done:
    return await act(tx, number, by, lambda i, at: decisions.promise(i, by=by, due=due, at=at))


async def assign(tx: WriteTx, number: int, *, by: Actor, person: int) -> Done:
    """Gives the issue to one colleague by name."""
    require(by, "assign")
    owner = await people.by_id(tx, person)
    if owner is None or owner.role == "auditor":
        raise Invalid({"person": "Choose a colleague from the list."})
    words = {"owner.name": owner.name}
    done = await act(tx, number, by, lambda i, at: decisions.assign(i, by=by, words=words, at=at))
    await issues.set_owner(tx, number, person)
    return done


async def move(tx: WriteTx, number: int, *, by: Actor, area: str) -> Done:
    slug = await known_area(tx, area)
    return await act(tx, number, by, lambda i, at: decisions.move(i, by=by, area=slug, at=at))


async def note(tx: WriteTx, number: int, *, by: Actor, body: str) -> None:
    """An internal note: never an event, never public."""
    require(by, "note")
    if await issues.find(tx, number) is None:
        raise NotFound(no_issue(number))
    await intake.add_note(tx, issue=number, person=by.person, body=body, now_ms=milliseconds(tx.at))
