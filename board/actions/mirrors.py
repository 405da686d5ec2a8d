"""Mirrors as admins set them up, their posts as they mend them, and what staff keep out of them."""

import json
from collections.abc import Mapping
from dataclasses import replace

from board.domain import mirrors as rules
from board.domain.mirrors import NEVER_MS, Post
from board.domain.people import Actor, require
from board.domain.phrase import no_issue, phrase
from board.domain.text import clean
from board.errors import Conflict, Invalid, NotFound
from board.outbound import Outbound
from board.sealing import Box
from board.store import issues, mentions, mirrors, positions, record
from board.store.database import Tx
from board.store.mirrors import Mirror
from board.store.positions import Position

NAME = "mirror"
LENGTH = 1_000


async def add(
    tx: Tx, *, by: Actor, network: str, address: str, secrets: Mapping[str, str], out: Outbound, box: Box, now_ms: int
) -> int:
    """The new mirror's number. It is off, and dry; once on, it mirrors what happens from then on."""
    require(by, "run_board")
    if network not in rules.NETWORKS:
        raise Invalid({"network": phrase("Choose one of the networks.")})
    address = read_address(address or rules.ADDRESSES[network], out)
    kept = read_secrets(network, secrets)
    number = await mirrors.add(tx, network=network, address=address, budget=rules.BUDGET, now_ms=now_ms)
    await mirrors.change(tx, number, secrets=box.seal(json.dumps(kept), f"mirror {number}"))
    _, head = await record.head(tx)
    await positions.save(tx, NAME, str(number), Position(head, 0, now_ms))
    return number


def read_address(address: str, out: Outbound) -> str:
    kept = clean(address, lines=False).rstrip("/")
    if wrong := out.wrong_with(kept):
        raise Invalid({"address": wrong})
    if len(kept) > LENGTH:
        raise Invalid({"address": phrase("This address is too long.")})
    return kept


def read_secrets(network: str, typed: Mapping[str, str]) -> dict[str, str]:
    """All that the network needs; raises Invalid with every field that is missing."""
    kept = {name: clean(typed.get(name, ""), lines=False) for name in rules.SECRETS[network]}
    wrong = {name: phrase("Give this, too.") for name, value in kept.items() if not 0 < len(value) <= LENGTH}
    if wrong:
        raise Invalid(dict(wrong))
    return kept


async def change_secrets(tx: Tx, number: int, *, by: Actor, secrets: Mapping[str, str], box: Box, now_ms: int) -> None:
    """Other secrets; they are tried at once, and what was stopped goes on if they are good."""
    require(by, "run_board")
    mirror = await found(tx, number)
    kept = read_secrets(mirror.network, secrets)
    sealed = box.seal(json.dumps(kept), f"mirror {number}")
    await mirrors.change(tx, number, secrets=sealed, session=None)
    await ask(tx, number, by=by, now_ms=now_ms)


async def change(
    tx: Tx, number: int, *, by: Actor, is_dry: bool, threads: bool, links: bool, budget: str, now_ms: int
) -> None:
    require(by, "run_board")
    await found(tx, number)
    kept = clean(budget, lines=False)
    if not (kept.isascii() and kept.isdigit() and int(kept[:9]) <= rules.MOST_BUDGET):
        raise Invalid({"budget": phrase("Give a number from 0 to {most}.", most=rules.MOST_BUDGET)})
    await mirrors.change(tx, number, is_dry=is_dry, threads=threads, links=links, budget=int(kept))
    await positions.hurry(tx, NAME, str(number), now_ms)


async def switch(tx: Tx, number: int, *, by: Actor, on: bool, now_ms: int) -> None:
    """Switched on again, it takes no mention of the time between."""
    require(by, "run_board")
    mirror, hearing = await found(tx, number), await mentions.hearing(tx, number)
    if on and not mirror.is_on and hearing and hearing.is_on:
        await mentions.begin(tx, number, now_ms)
    await mirrors.change(tx, number, is_on=on)
    await positions.hurry(tx, NAME, str(number), now_ms)


async def ask(tx: Tx, number: int, *, by: Actor, now_ms: int) -> None:
    """Asks the network who we are; where the mirror was stopped, it goes on if that is answered."""
    require(by, "run_board")
    await found(tx, number)
    await mirrors.change(tx, number, test_asked=True)
    await positions.hurry(tx, NAME, str(number), now_ms)


async def remove(tx: Tx, number: int, *, by: Actor) -> None:
    """What it has posted stays there; what it has heard is forgotten."""
    require(by, "run_board")
    await found(tx, number)
    await positions.forget(tx, NAME, str(number))
    await mentions.forget(tx, number)
    await mirrors.remove(tx, number)


async def found(tx: Tx, number: int) -> Mirror:
    mirror = await mirrors.one(tx, number)
    if mirror is None:
        raise NotFound("There is no such mirror.")
    return mirror


async def try_now(tx: Tx, mirror: int, number: int, *, by: Actor, now_ms: int) -> None:
    """A turn now; what the network did not take is written anew."""
    post = await found_post(tx, mirror, number, by, ("queued", "unknown", "rejected", "dry", "sent"))
    moved = replace(post, retry_ms=NEVER_MS if post.state == "sent" and post.is_wanted else now_ms)
    if post.state in ("rejected", "dry"):
        moved = replace(moved, state="queued", text=None, error=None, failures=0)
    await mirrors.keep(tx, post, moved)
    await mirrors.change(tx, mirror, wait_until_ms=0)
    await positions.hurry(tx, NAME, str(mirror), now_ms)


async def give_up(tx: Tx, mirror: int, number: int, *, by: Actor) -> None:
    post = await found_post(tx, mirror, number, by, ("queued", "unknown", "rejected", "needs_human"))
    await mirrors.keep(tx, post, replace(post, state="given_up", retry_ms=NEVER_MS))


async def is_there(tx: Tx, mirror: int, number: int, *, by: Actor, remote: str, now_ms: int) -> None:
    """Somebody has looked, and the post is there, at this address or under this number."""
    post, there = await found_post(tx, mirror, number, by, ("needs_human", "unknown")), await found(tx, mirror)
    name = rules.remote_of(
        post,
        clean(remote, lines=False),
        network=there.network,
        address=there.address,
        account=there.account or "",
        name=there.name or "",
    )
    await mirrors.keep_sent(tx, replace(post, remote=name))
    await positions.hurry(tx, NAME, str(mirror), now_ms)


async def is_not_there(tx: Tx, mirror: int, number: int, *, by: Actor, now_ms: int) -> None:
    """Somebody has looked, and the post is not there: it is sent again."""
    post = await found_post(tx, mirror, number, by, ("needs_human", "unknown"))
    again = replace(post, state="queued", rounds=0, looks=0, failures=0, retry_ms=now_ms, error=None)
    await mirrors.keep(tx, post, again)
    await positions.hurry(tx, NAME, str(mirror), now_ms)


async def take_down(tx: Tx, mirror: int, number: int, *, by: Actor, now_ms: int) -> None:
    await found_post(tx, mirror, number, by, ("sent",))
    await mirrors.unwant_one(tx, number, now_ms)
    await positions.hurry(tx, NAME, str(mirror), now_ms)


async def found_post(tx: Tx, mirror: int, number: int, by: Actor, states: tuple[str, ...]) -> Post:
    """The post, in a state in which this may be done."""
    require(by, "run_board")
    post = await mirrors.post(tx, number)
    if post is None or post.mirror != mirror:
        raise NotFound("There is no such post.")
    if post.state not in states:
        raise Conflict(phrase("This post has moved on meanwhile. Please look again."))
    return post


async def keep_out(tx: Tx, issue: int, *, by: Actor, is_out: bool) -> None:
    """Whether the issue is kept out of all mirrors from now on; what is there already stays."""
    require(by, "keep_out")
    if await issues.find(tx, issue) is None:
        raise NotFound(no_issue(issue))
    if not is_out:
        await mirrors.let_in(tx, issue)
        return
    await mirrors.keep_out(tx, issue)
    await mirrors.give_up_queued(tx, issue)
