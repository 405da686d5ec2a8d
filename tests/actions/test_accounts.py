"""Becoming somebody: links and codes go to known addresses only, work once and where they were asked for."""

import asyncio
from typing import NamedTuple

import pytest

from board.actions import accounts
from board.actions.accounts import Used
from board.errors import Invalid, NotFound
from board.store import asks, intake, outbox, people
from board.store.database import Database
from board.store.people import Person
from tests.cast import BO, LINKS, file_issue, say

EVE = {"name": " Eve ", "email": "Eve@board.example"}


HERE, THERE = "a browser of the test", "another browser"


class Mailed(NamedTuple):
    token: str
    code: str


async def ask(db: Database, email: str, *, now_ms: int = 0, browser: str = HERE) -> list[Mailed]:
    """Asks to sign in; returns what is in the outbox then, the newest first."""
    async with db.saving() as tx:
        await accounts.send_link(tx, email, browser=browser, links=LINKS, now_ms=now_ms, say=say)
        sent = [outbox.letter_of(row) for row in await outbox.newest(tx, limit=99)]
    return [Mailed(str(one.link).removeprefix(LINKS.asked("")), one.code) for one in sent if one.code]


async def by_token(db: Database, token: str, *, browser: str = HERE, now_ms: int = 1) -> Used | None:
    async with db.saving() as tx:
        return await accounts.use_token(tx, token, browser=browser, now_ms=now_ms)


async def by_code(db: Database, code: str, *, browser: str = HERE, now_ms: int = 1) -> Used | None:
    async with db.saving() as tx:
        return await accounts.use_code(tx, code, browser=browser, now_ms=now_ms)


async def use(db: Database, secret: str, typed: dict[str, str] | None = None, *, now_ms: int = 1) -> Used:
    async with db.saving() as tx:
        return await accounts.use_link(tx, secret, typed or {}, now_ms=now_ms)


async def owner_link(db: Database) -> str:
    """The owner's link of a board that has nobody yet."""
    async with db.saving() as tx:
        await tx.run("DELETE FROM people")
        return await people.new_link(tx, purpose="owner", now_ms=0)


AS_BO = Used(Person(BO.person or 0, "bo@board.example", "Bo", "agent"), None)


async def test_a_mailed_link_signs_a_colleague_in_once(db: Database) -> None:
    (mailed,) = await ask(db, "bo@board.example")
    assert await by_token(db, mailed.token) == AS_BO
    assert await by_token(db, mailed.token) is None
    assert await by_code(db, mailed.code) is None


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}-", "lower", "apart"])
async def test_a_mailed_code_signs_in_once_however_it_is_typed(db: Database, typed: str) -> None:
    (mailed,) = await ask(db, "bo@board.example")
    code = {"lower": mailed.code.lower(), "apart": " ".join(mailed.code)}.get(typed, typed.format(mailed.code))
    assert await by_code(db, code) == AS_BO
    assert await by_code(db, code) is None
    assert await by_token(db, mailed.token) is None


async def test_a_link_and_a_code_work_only_in_the_browser_that_asked(db: Database) -> None:
    (mailed,) = await ask(db, "bo@board.example")
    assert await by_token(db, mailed.token, browser=THERE) is None
    assert await by_code(db, mailed.code, browser=THERE) is None
    async with db.reading() as tx:
        assert await asks.is_of_another_browser(tx, mailed.token, 1)
        assert not await asks.is_of_another_browser(tx, "another", 1)
    assert await by_token(db, mailed.token) == AS_BO


async def test_a_customer_signs_in_by_the_address_that_filed_or_follows(db: Database) -> None:
    await file_issue(db, email="ada@example.com")
    mailed = (await ask(db, "ada@example.com"))[0]
    assert await by_token(db, mailed.token) == Used(None, "ada@example.com")


async def test_an_unknown_address_gets_nothing(db: Database) -> None:
    async with db.saving() as tx:
        await intake.follow(tx, issue=1, email="cy@example.com", now_ms=0)
    assert await ask(db, "cy@example.com") == []
    assert await ask(db, "nobody@example.com") == []


async def test_an_address_gets_three_mails_in_a_quarter_of_an_hour(db: Database) -> None:
    counts = [len(await ask(db, "bo@board.example", now_ms=n)) for n in range(5)]
    assert counts == [1, 2, 3, 3, 3]
    assert len(await ask(db, "bo@board.example", now_ms=asks.WINDOW_MS - 1)) == 3
    assert len(await ask(db, "bo@board.example", now_ms=asks.WINDOW_MS + 2)) == 4


async def test_asking_again_leaves_the_earlier_mails_good(db: Database) -> None:
    for n in range(5):
        mails = await ask(db, "bo@board.example", now_ms=n)
    assert await by_code(db, mails[-1].code, now_ms=9) == AS_BO
    assert await by_code(db, mails[0].code, now_ms=9) is None


async def test_a_code_cannot_be_tried_more_than_five_times(db: Database) -> None:
    (mailed,) = await ask(db, "bo@board.example")
    for _ in range(asks.TRIES - 1):
        assert await by_code(db, "ABCD-EFGH") is None
    async with db.reading() as tx:
        assert await asks.is_waiting(tx, HERE, 1)
    assert await by_code(db, "ABCD-EFGH") is None
    assert await by_code(db, mailed.code) is None
    assert await by_token(db, mailed.token) is None
    async with db.reading() as tx:
        assert not await asks.is_waiting(tx, HERE, 1)


async def test_a_link_and_its_code_end_after_ten_minutes(db: Database) -> None:
    (mailed,) = await ask(db, "bo@board.example")
    assert await by_token(db, mailed.token, now_ms=10 * 60_000) is None
    assert await by_code(db, mailed.code, now_ms=10 * 60_000) is None
    assert await by_token(db, mailed.token, now_ms=10 * 60_000 - 1) == AS_BO


async def test_of_two_who_use_one_link_at_once_one_gets_in(db: Database) -> None:
    (mailed,) = await ask(db, "bo@board.example")
    used = await asyncio.gather(*[by_token(db, mailed.token) for _ in range(4)])
    assert sorted(used, key=str) == [AS_BO if one else None for one in sorted(used, key=str)]
    assert sum(one is not None for one in used) == 1


async def test_links_and_codes_are_kept_as_hashes(db: Database) -> None:
    (mailed,) = await ask(db, "bo@board.example")
    async with db.reading() as tx:
        kept = str(await tx.rows("SELECT * FROM asks"))
    assert mailed.token not in kept
    assert mailed.code.replace("-", "") not in kept
    assert len(set(accounts.SIGNS)) ** len(mailed.code.replace("-", "")) > 2**39


async def test_a_colleague_who_was_removed_does_not_get_in(db: Database) -> None:
    (mailed,) = await ask(db, "bo@board.example")
    async with db.saving() as tx:
        invited = await people.new_link(tx, purpose="staff", person=BO.person, now_ms=0)
        await tx.run("UPDATE people SET removed_ms = 1 WHERE email = 'bo@board.example'")
    assert await by_token(db, mailed.token) is None
    with pytest.raises(NotFound):
        await use(db, invited)


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
