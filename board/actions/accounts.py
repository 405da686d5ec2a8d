"""Becoming somebody: one-time links asked for, opened and used."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from board.domain import letters
from board.domain.links import Links
from board.domain.text import clean
from board.domain.wording import Say
from board.domain.words import address, person_name
from board.errors import Invalid, NotFound
from board.store import asks, company, credentials, intake, outbox, people
from board.store.asks import Ask
from board.store.database import Tx
from board.store.people import Person

MINUTES = asks.LASTS_MS // 60_000
SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none of them looks like another
CODE_LENGTH = 8


@dataclass(frozen=True)
class Used:
    """Who signed in: a member of staff, or a customer by mail address. `is_proved`: whether that is all we ask."""

    person: Person | None
    email: str | None
    is_proved: bool = True


async def send_link(tx: Tx, email: str, *, browser: str, links: Links, now_ms: int, say: Say) -> None:
    """Mails a link and a code for this browser to an address that is known; as much work for any other."""
    person = await people.by_email(tx, email)
    is_known = await intake.knows_email(tx, email) or person is not None
    goes_out = not await asks.is_full(tx, email, now_ms) and is_known
    token, code, setup = people.new_secret(), new_code(), await company.read(tx)
    await asks.add(
        tx,
        token=token,
        code=code,
        browser=browser,
        address=email,
        person=person.id if person else None,
        email=email if goes_out else None,
        now_ms=now_ms,
    )
    shown = f"{code[:4]}-{code[4:]}"
    letter = letters.sign_in(
        company=setup.name,
        url=links.asked(token),
        code=shown,
        minutes=MINUTES,
        to_staff=person is not None,
        say=say,
    )
    if goes_out:
        message_id = f"signin.{people.hashed(token).hex()[:16]}"
        await outbox.put(tx, message_id=message_id, recipient=email, letter=letter, now_ms=now_ms)


def new_code() -> str:
    """40 bits that can be read aloud."""
    return "".join(secrets.choice(SIGNS) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """The code as it was made, however it was typed."""
    kept = "".join(sign for sign in clean(typed, lines=False).upper() if sign not in " -")
    return kept[: CODE_LENGTH + 1]


async def use_token(tx: Tx, token: str, *, browser: str, now_ms: int) -> Used | None:
    """Signs in by a mailed link in the browser that asked for it; None where it does not fit."""
    return await finish(tx, await asks.take(tx, token=token, browser=browser, now_ms=now_ms))


async def use_code(tx: Tx, typed: str, *, browser: str, now_ms: int) -> Used | None:
    """Signs in by a mailed code; None where it does not fit, which is counted."""
    used = await finish(tx, await asks.take(tx, code=read_code(typed), browser=browser, now_ms=now_ms))
    if used is None:
        await asks.note_miss(tx, browser)
    return used


async def finish(tx: Tx, ask: Ask | None) -> Used | None:
    if ask is None:
        return None
    if ask.person is None:
        return Used(None, ask.email)
    colleague = await people.by_id(tx, ask.person)
    # Whoever has more than a mailbox to show is asked for it.
    return Used(colleague, None, not await credentials.has_strong(tx, ask.person)) if colleague else None


async def use_link(tx: Tx, secret: str, typed: Mapping[str, str], *, now_ms: int) -> Used:
    """Uses the link up; the owner's link makes the first admin of the name and address that were typed."""
    link = await people.use_link(tx, secret, now_ms)
    if link and link.purpose == "owner":
        person = await make_owner(tx, typed, now_ms)  # where this refuses, the link is given back with the rest
        await people.drop_owner_links(tx)
        return Used(person, None)
    if link and link.person is None:
        return Used(None, link.email)
    colleague = await people.by_id(tx, link.person) if link and link.person else None
    if colleague is None:
        raise NotFound("This link was used already, or is too old. Ask for a new one on the sign-in page.")
    return Used(colleague, None)


async def make_owner(tx: Tx, typed: Mapping[str, str], now_ms: int) -> Person:
    if await people.has_admin(tx):
        raise NotFound("This board has an owner already.")
    wrong: dict[str, str] = {}
    name = email = None
    try:
        name = person_name(typed.get("name", ""))
        if name is None:
            wrong["name"] = "Give the name that customers will read."
    except Invalid as refused:
        wrong |= refused.fields
    try:
        email = address(typed.get("email", ""), needed=True)
    except Invalid as refused:
        wrong |= refused.fields
    if wrong or not name or not email:
        raise Invalid(wrong)
    return await people.add(tx, email=email, name=name, role="admin", now_ms=now_ms)
