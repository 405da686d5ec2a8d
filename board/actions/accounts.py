"""Becoming somebody: one-time links asked for, opened and used."""

from collections.abc import Mapping
from dataclasses import dataclass

from board.domain import letters
from board.domain.links import Links
from board.domain.wording import Say
from board.domain.words import address, person_name
from board.errors import Invalid, NotFound
from board.store import company, intake, outbox, people
from board.store.database import Tx
from board.store.people import Person

MINUTES = 30
BETWEEN_MS = 60_000  # an address gets one link a minute


@dataclass(frozen=True)
class Used:
    """Who signed in: a member of staff, or a customer by mail address."""

    person: Person | None
    email: str | None


async def send_link(tx: Tx, email: str, *, links: Links, now_ms: int, say: Say) -> None:
    """Mails a one-time link to an address that is known; does nothing for any other."""
    person = await people.by_email(tx, email)
    if person is None and not await intake.knows_email(tx, email):
        return
    secret = await people.new_link(
        tx,
        purpose="staff" if person else "customer",
        person=person.id if person else None,
        email=email,
        now_ms=now_ms,
        lasts_ms=MINUTES * 60_000,
    )
    setup = await company.read(tx)
    letter = letters.sign_in(
        company=setup.name, url=links.sign_in(secret), minutes=MINUTES, to_staff=person is not None, say=say
    )
    message_id = f"signin.{people.hashed(email).hex()[:16]}.{now_ms // BETWEEN_MS}"
    await outbox.put(tx, message_id=message_id, recipient=email, letter=letter, now_ms=now_ms)


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
