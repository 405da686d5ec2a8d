"""Mentions as staff deal with them: admins have the board listen, colleagues file drafts or set them aside."""

from datetime import datetime, timedelta

from board.actions.mirrors import NAME, found
from board.domain import mentions as rules
from board.domain.leaf import milliseconds
from board.domain.people import Actor, require
from board.domain.phrase import phrase
from board.errors import Conflict, Invalid, NotFound
from board.store import company, mentions, positions
from board.store.database import Tx
from board.store.mentions import Draft

RIGHT = "see_private"


async def listen(tx: Tx, number: int, *, by: Actor, on: bool, now_ms: int) -> None:
    """Whether mentions at this mirror become drafts; nothing that was said before does."""
    require(by, "run_board")
    mirror = await found(tx, number)
    if on and mirror.network not in rules.NETWORKS:
        raise Invalid({"hears": phrase("The board cannot take mentions from this network.")})
    hearing = await mentions.hearing(tx, number)
    if on == bool(hearing and hearing.is_on):
        return
    if on:
        await mentions.begin(tx, number, now_ms)
    else:
        await mentions.end(tx, number)
    await positions.hurry(tx, NAME, str(number), now_ms)


async def read(tx: Tx, number: int, *, by: Actor) -> Draft:
    require(by, RIGHT)
    draft = await mentions.one(tx, number)
    if draft is None:
        raise NotFound("This mention is not here any more: somebody has dealt with it, or its author took it back.")
    return draft


async def take(tx: Tx, number: int, *, by: Actor) -> Draft:
    """The draft for whoever makes an issue of it, in the same transaction: nobody else has it from then on."""
    draft = await read(tx, number, by=by)
    await set_aside(tx, number, by=by)
    return draft


async def set_aside(tx: Tx, number: int, *, by: Actor) -> None:
    require(by, RIGHT)
    if not await mentions.take_out(tx, number):
        raise Conflict(phrase("Somebody else has dealt with this mention meanwhile."))


async def look_again(tx: Tx, mirror: int, *, by: Actor, now_ms: int) -> None:
    """Somebody reads the list: what its authors have deleted goes from it soon."""
    require(by, RIGHT)
    await mentions.ask_to_look(tx, mirror, now_ms - rules.HOUR_MS)
    await positions.wake(tx, NAME, str(mirror), now_ms)


async def forget_old(tx: Tx, now: datetime) -> None:
    """What nobody has dealt with in the time that the company has set."""
    days = (await company.read(tx)).mention_days
    await mentions.forget_old(tx, milliseconds(now - timedelta(days=days)))
