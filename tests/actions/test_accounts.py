"""Becoming somebody: links are mailed to known addresses only, work once, and make one owner."""

import asyncio

import pytest

from board.actions import accounts
from board.actions.accounts import Used
from board.errors import Invalid, NotFound
from board.store import intake, outbox, people
from board.store.database import Database
from board.store.people import Person
from tests.cast import BO, LINKS, file_issue, say

EVE = {"name": " Eve ", "email": "Eve@board.example"}


async def ask(db: Database, email: str, *, now_ms: int = 0) -> list[str]:
    """Asks for a link; returns the links that are in the outbox then."""
    async with db.saving() as tx:
        await accounts.send_link(tx, email, links=LINKS, now_ms=now_ms, say=say)
        sent = await outbox.newest(tx, limit=9)
    return [str(outbox.letter_of(message).link).removeprefix(LINKS.sign_in("")) for message in sent]


async def use(db: Database, secret: str, typed: dict[str, str] | None = None, *, now_ms: int = 1) -> Used:
    async with db.saving() as tx:
        return await accounts.use_link(tx, secret, typed or {}, now_ms=now_ms)


async def owner_link(db: Database) -> str:
    """The owner's link of a board that has nobody yet."""
    async with db.saving() as tx:
        await tx.run("DELETE FROM people")
        return await people.new_link(tx, purpose="owner", now_ms=0)


async def test_a_colleague_signs_in_with_a_link_that_works_once(db: Database) -> None:
    (secret,) = await ask(db, "bo@board.example")
    assert BO.person
    assert await use(db, secret) == Used(Person(BO.person, "bo@board.example", "Bo", "agent"), None)
    with pytest.raises(NotFound):
        await use(db, secret)


async def test_a_customer_signs_in_by_the_address_that_filed_or_follows(db: Database) -> None:
    await file_issue(db, email="ada@example.com")
    secret = (await ask(db, "ada@example.com"))[0]
    assert await use(db, secret) == Used(None, "ada@example.com")


async def test_an_unknown_address_gets_nothing(db: Database) -> None:
    async with db.saving() as tx:
        await intake.follow(tx, issue=1, email="cy@example.com", now_ms=0)
    assert await ask(db, "cy@example.com") == []
    assert await ask(db, "nobody@example.com") == []


async def test_an_address_gets_one_link_a_minute(db: Database) -> None:
    assert len(await ask(db, "bo@board.example")) == 1
    assert len(await ask(db, "bo@board.example", now_ms=accounts.BETWEEN_MS - 1)) == 1
    assert len(await ask(db, "bo@board.example", now_ms=accounts.BETWEEN_MS)) == 2


async def test_a_link_ends_after_half_an_hour(db: Database) -> None:
    (secret,) = await ask(db, "bo@board.example")
    with pytest.raises(NotFound):
        await use(db, secret, now_ms=accounts.MINUTES * 60_000)


async def test_a_colleague_who_was_removed_does_not_get_in(db: Database) -> None:
    (secret,) = await ask(db, "bo@board.example")
    async with db.saving() as tx:
        await tx.run("UPDATE people SET removed_ms = 1 WHERE email = 'bo@board.example'")
    with pytest.raises(NotFound):
        await use(db, secret)


async def test_the_owners_link_makes_the_first_admin_and_no_second(db: Database) -> None:
    secret = await owner_link(db)
    used = await use(db, secret, EVE)
    assert used.person
    assert (used.person.name, used.person.email, used.person.role) == ("Eve", "eve@board.example", "admin")
    with pytest.raises(NotFound):
        await use(db, secret, EVE)
    async with db.saving() as tx:
        late = await people.new_link(tx, purpose="owner", now_ms=0)
    with pytest.raises(NotFound, match="has an owner already"):
        await use(db, late, EVE)


async def test_wrong_words_do_not_use_the_owners_link_up(db: Database) -> None:
    secret = await owner_link(db)
    for typed, fields in [
        ({}, ["name", "email"]),
        ({**EVE, "email": "eve"}, ["email"]),
        ({**EVE, "name": ""}, ["name"]),
    ]:
        with pytest.raises(Invalid) as refused:
            await use(db, secret, typed)
        assert list(refused.value.fields) == fields
    assert (await use(db, secret, EVE)).person


async def use_nothing(db: Database) -> None:
    async with db.saving() as tx:
        assert await people.find_link(tx, "nothing", 0) is None


async def test_of_two_who_use_the_owners_link_at_once_one_becomes_the_owner(db: Database) -> None:
    secret = await owner_link(db)
    await asyncio.gather(*[use_nothing(db) for _ in range(8)])  # opens connections, so that all set off together
    typed = [{"name": f"Eve {n}", "email": f"eve{n}@board.example"} for n in range(4)]
    outcomes = await asyncio.gather(*[use(db, secret, each) for each in typed], return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotFound", "NotFound", "NotFound", "Used"]
    async with db.reading() as tx:
        assert len(await people.all_staff(tx)) == 1
