"""Webhooks as admins set them up: where they go, what they hear of, and their secrets, which are shown once."""

import secrets
from collections.abc import Sequence

from board.domain import hooks as rules
from board.domain.people import Actor, require
from board.domain.text import clean
from board.errors import Invalid, NotFound
from board.outbound import Outbound
from board.sealing import Box
from board.store import hooks, positions, record
from board.store.database import Tx
from board.store.hooks import Hook
from board.store.positions import IDLE, Position

NAME = "hook"
URL_LENGTH = 1_000


async def add(
    tx: Tx, *, by: Actor, url: str, shape: str, events: Sequence[str], out: Outbound, box: Box, now_ms: int
) -> tuple[int, str]:
    """The new hook's number and its secret; it hears of what happens from now on."""
    require(by, "run_board")
    address = read(url, shape=shape, events=events, out=out)
    number = await hooks.add(tx, url=address, shape=shape, events=tuple(events), now_ms=now_ms)
    _, head = await record.head(tx)
    await positions.save(tx, NAME, str(number), Position(head, 0, IDLE))
    return number, await new_secret(tx, number, box)


async def change(tx: Tx, number: int, *, by: Actor, url: str, shape: str, events: Sequence[str], out: Outbound) -> None:
    require(by, "run_board")
    hook = await found(tx, number)
    address = read(url, shape=shape, events=events, out=out)
    await hooks.change(tx, hook.id, url=address, shape=shape, events=tuple(events))


def read(url: str, *, shape: str, events: Sequence[str], out: Outbound) -> str:
    """The address as typed; raises Invalid with every field that is wrong."""
    address = clean(url, lines=False)
    wrong_url = out.wrong_with(address)
    wrong = {"url": wrong_url} if wrong_url else {}
    if len(address) > URL_LENGTH:
        wrong["url"] = "This address is too long."
    try:
        rules.check_choice(events=events, shape=shape)
    except Invalid as refused:
        wrong |= refused.fields
    if wrong:
        raise Invalid(wrong)
    return address


async def rotate(tx: Tx, number: int, *, by: Actor, box: Box, now_ms: int) -> str:
    """A new secret; for a day the one before signs as well."""
    require(by, "run_board")
    hook = await found(tx, number)
    return await new_secret(tx, hook.id, box, old_until_ms=now_ms + rules.ROTATION_MS)


async def new_secret(tx: Tx, number: int, box: Box, *, old_until_ms: int | None = None) -> str:
    secret = secrets.token_bytes(rules.SECRET_BYTES)
    await hooks.set_secret(tx, number, box.seal(secret.hex(), f"hook {number}"), old_until_ms=old_until_ms)
    return rules.secret_text(secret)


async def forget_old_secrets(tx: Tx, now_ms: int) -> None:
    """Those that sign no more."""
    await hooks.clear_old_secrets(tx, now_ms)


async def switch(tx: Tx, number: int, *, by: Actor, on: bool, now_ms: int) -> None:
    """Off, or on again from where it stopped."""
    require(by, "run_board")
    hook = await found(tx, number)
    await hooks.switch(tx, hook.id, None if on else "by_hand")
    if on:
        await positions.hurry(tx, NAME, str(hook.id), now_ms)


async def skip(tx: Tx, number: int, *, by: Actor) -> None:
    """Gives up what waits: the hook hears of what happens from now on."""
    require(by, "run_board")
    hook = await found(tx, number)
    _, head = await record.head(tx)
    await positions.save(tx, NAME, str(hook.id), Position(head, 0, IDLE))


async def ask(tx: Tx, number: int, *, by: Actor, seq: int | None, now_ms: int) -> None:
    """A test, or an event told once more; out of turn, also where the hook is off."""
    require(by, "run_board")
    hook = await found(tx, number)
    await hooks.ask(tx, hook.id, seq)
    await positions.hurry(tx, NAME, str(hook.id), now_ms)


async def try_now(tx: Tx, number: int, *, by: Actor, now_ms: int) -> None:
    require(by, "run_board")
    hook = await found(tx, number)
    await positions.hurry(tx, NAME, str(hook.id), now_ms)


async def remove(tx: Tx, number: int, *, by: Actor) -> None:
    require(by, "run_board")
    hook = await found(tx, number)
    await positions.forget(tx, NAME, str(hook.id))
    await hooks.remove(tx, hook.id)


async def found(tx: Tx, number: int) -> Hook:
    hook = await hooks.one(tx, number)
    if hook is None:
        raise NotFound("There is no such webhook.")
    return hook
