"""Passkeys: shown by a device that verifies its person, for this board, in the browser that was asked, once."""

from dataclasses import replace
from typing import Any

import pytest

from board.actions import company, passkeys
from board.actions.passkeys import relying
from board.store import credentials, people
from board.store.database import Database
from board.store.people import Person
from tests.authenticator import PRESENT, Authenticator
from tests.cast import BO, MO, ROOT

TO = passkeys.Relying("https://board.example", "board.example", b"a key for the tests")
HERE, THERE = "a browser of the test", "another browser"


def device(**changes: Any) -> Authenticator:
    return Authenticator(**{"origin": TO.origin, "host": TO.host, **changes})


async def person(db: Database, who: int | None) -> Person:
    async with db.reading() as tx:
        found = await people.by_id(tx, who or 0)
    assert found
    return found


async def kept(db: Database, device: Authenticator, who: int | None = BO.person, *, browser: str = HERE) -> bool:
    """Whether a new passkey of the device is kept."""
    colleague = await person(db, who)
    async with db.saving() as tx:
        question = await passkeys.registration(tx, TO, colleague, company="Tea", browser=HERE, now_ms=0)
    async with db.saving() as tx:
        return await passkeys.register(
            tx, TO, colleague, browser=browser, answer=device.make(question), name=" My key ", now_ms=1
        )


async def ask(db: Database, *, browser: str = HERE, now_ms: int = 0) -> str:
    async with db.saving() as tx:
        return await passkeys.question(tx, TO, browser=browser, now_ms=now_ms)


async def use(db: Database, answer: str, *, browser: str = HERE, now_ms: int = 1) -> str | None:
    """The name of whoever the passkey signs in."""
    async with db.saving() as tx:
        found = await passkeys.use(tx, TO, browser=browser, answer=answer, now_ms=now_ms)
    return found.name if found else None


async def test_a_passkey_is_made_and_signs_its_owner_in(db: Database) -> None:
    bos, mos = device(), device()
    assert await kept(db, bos)
    assert await kept(db, mos, MO.person)
    assert await use(db, bos.show(await ask(db))) == "Bo"
    assert await use(db, mos.show(await ask(db))) == "Mo"
    async with db.reading() as tx:
        (one,) = await credentials.passkeys(tx, BO.person or 0)
        assert (one.name, one.used_ms, one.sign_count) == ("My key", 1, 1)
        assert await credentials.has_strong(tx, BO.person or 0)
        assert not await credentials.has_strong(tx, ROOT.person or 0)


async def test_an_answer_counts_once_and_in_time_and_in_the_browser_that_was_asked(db: Database) -> None:
    key = device()
    assert await kept(db, key)
    answer = key.show(await ask(db))
    assert await use(db, answer, browser=THERE) is None
    assert await use(db, answer) == "Bo"
    assert await use(db, answer) is None
    late = key.show(await ask(db))
    assert await use(db, late, now_ms=credentials.CHALLENGE_MS) is None
    assert await use(db, late) == "Bo"


@pytest.mark.parametrize(
    "wrong", [{"flags": PRESENT}, {"origin": "https://evil.example"}, {"host": "evil.example"}, {"flags": 0}]
)
async def test_what_no_device_of_this_board_verified_is_refused(db: Database, wrong: dict[str, Any]) -> None:
    assert not await kept(db, device(**wrong))
    key = device()
    assert await kept(db, key)
    assert await use(db, replace(key, **wrong).show(await ask(db))) is None
    assert await use(db, key.show(await ask(db))) == "Bo"


async def test_a_copied_device_is_found_by_its_counter(db: Database) -> None:
    key = device()
    assert await kept(db, key)
    copy = replace(key)
    assert await use(db, key.show(await ask(db))) == "Bo"
    assert await use(db, copy.show(await ask(db))) is None


async def test_a_passkey_of_another_key_or_for_another_person_is_refused(db: Database) -> None:
    key = device()
    assert await kept(db, key)
    assert await use(db, device(credential=key.credential, handle=key.handle).show(await ask(db))) is None
    assert await use(db, replace(key, handle=TO.handle(MO.person or 0).hex()).show(await ask(db))) is None
    assert await use(db, device().show(await ask(db))) is None


async def test_a_question_for_making_one_is_answered_once_by_whom_it_was_asked(db: Database) -> None:
    assert not await kept(db, device(), browser=THERE)
    bo, mo, key = await person(db, BO.person), await person(db, MO.person), device()
    async with db.saving() as tx:
        question = await passkeys.registration(tx, TO, bo, company="Tea", browser=HERE, now_ms=0)
    answer = key.make(question)
    for who, is_kept in ((mo, False), (bo, True), (bo, False)):
        async with db.saving() as tx:
            given: dict[str, Any] = {"browser": HERE, "answer": answer, "name": "x", "now_ms": 1}
            assert await passkeys.register(tx, TO, who, **given) is is_kept


@pytest.mark.parametrize("answer", ["", "{}", "null", "[]", '{"rawId": 1}', "[" * 9_999, '{"response": "x"}', "\ud800"])
async def test_no_answer_breaks_it(db: Database, answer: str) -> None:
    bo = await person(db, BO.person)
    assert await use(db, answer) is None
    async with db.saving() as tx:
        assert not await passkeys.register(tx, TO, bo, browser=HERE, answer=answer, name="x", now_ms=1)


async def test_who_is_removed_loses_every_way_in(db: Database) -> None:
    key = device()
    assert await kept(db, key)
    async with db.saving() as tx:
        await company.remove_colleague(tx, by=ROOT, person=BO.person or 0, now_ms=1)
    assert await use(db, key.show(await ask(db))) is None
    async with db.reading() as tx:
        assert not await credentials.has_strong(tx, BO.person or 0)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://issues.example.com", "issues.example.com"),
        ("http://localhost:8000", "localhost"),
        ("http://127.0.0.1:8000", None),
        ("http://[::1]:8000", None),
    ],
)
def test_passkeys_are_for_named_addresses(url: str, host: str | None) -> None:
    found = relying(url, b"k")
    assert (found.host if found else None) == host
