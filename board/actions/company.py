"""What admins set: the company's face and policies, areas and targets, colleagues and tokens."""

import hashlib
import re

from board.domain import finds, letters, mentions
from board.domain.clocks import Target
from board.domain.events import PolicyChanged
from board.domain.leaf import milliseconds
from board.domain.links import Links
from board.domain.people import Actor, require
from board.domain.phrase import choose, phrase
from board.domain.text import clean, slug
from board.domain.wording import Say
from board.domain.words import address, person_name
from board.errors import Invalid, NotFound
from board.store import company, credentials, issues, outbox, people, record
from board.store.company import Area
from board.store.database import Tx, WriteTx
from board.store.people import Person

ROLES = ("agent", "moderator", "admin", "auditor")
TOKEN_ROLES = ("agent", "moderator", "admin", "reader")
INVITED_DAYS = people.LINK_MS // 86_400_000
MOST_DAYS = 3650
AT_MOST = {"mention_days": mentions.MOST_DAYS, "letter_days": MOST_DAYS}
COUNTED = ("private_days", "mention_days", "letter_days")
COLOUR = re.compile(r"#[0-9a-f]{6}")
ORIGINS = 20
ORIGIN = re.compile(r"https://[a-z0-9.-]{1,253}(?::\d{1,5})?|http://(?:localhost|127\.0\.0\.1)(?::\d{1,5})?")
LIMITS = {"name": 80, "tagline": 120, "rules": 20_000, "about": 20_000, "licence": 200, "held_words": 5_000}
CHOICES = {"mail": ("optional", "required"), "moderation": ("open", "first", "hold")}


async def set_up(tx: WriteTx, changes: dict[str, str], *, by: Actor) -> None:
    """Changes settings by name; raises Invalid with every field that is wrong."""
    require(by, "run_board")
    kept: dict[str, str | int] = {}
    wrong: dict[str, str] = {}
    for key, value in changes.items():
        text = clean(value, lines=key in ("rules", "about", "held_words"))
        if key == "widget_origins":
            text = " ".join(dict.fromkeys(one.rstrip("/").lower() for one in text.split()))
        if problem := setting_problem(key, text):
            wrong[key] = problem
        kept[key] = int(text) if key in COUNTED and not problem else text
    if wrong:
        raise Invalid(wrong)
    await company.save(tx, kept)
    await publish_policy(tx, by)


def setting_problem(key: str, value: str) -> str | None:
    if key in LIMITS and len(value) > LIMITS[key]:
        return phrase(
            "This is {length:,} characters long; {most:,} fit. Please shorten it.", length=len(value), most=LIMITS[key]
        )
    if key == "name" and not value:
        return "Give the company's name."
    if key == "accent" and not COLOUR.fullmatch(value.lower()):
        return "Give a colour as #rrggbb, for example #0b4f6c."
    if key == "private_days" and not (value.isascii() and value.isdigit() and int(value[:5]) <= MOST_DAYS):
        return phrase("Give a number of days up to {most}, or 0 to keep them.", most=MOST_DAYS)
    if key in AT_MOST and not (value.isascii() and value.isdigit() and 0 < int(value[:5]) <= AT_MOST[key]):
        return phrase("Give a number of days from 1 to {most}.", most=AT_MOST[key])
    if key == "order_pattern" and value:
        return finds.pattern_problem(value)
    if key == "phone_regions":
        return finds.region_problem(value)
    if key == "widget_origins":
        return origins_problem(value.split())
    if key in CHOICES and value not in CHOICES[key]:
        return choose(CHOICES[key])
    return None


def origins_problem(origins: list[str]) -> str | None:
    if len(origins) > ORIGINS:
        return phrase("Give at most {most} sites.", most=ORIGINS)
    wrong = next((one for one in origins if not ORIGIN.fullmatch(one)), None)
    return phrase("{site} is no origin: write https:// and the name alone.", site=wrong[:80]) if wrong else None


async def save_area(
    tx: WriteTx, *, by: Actor, name: str, first_answer_h: str = "", resolve_h: str = "", area: str | None = None
) -> str:
    """Adds an area, or changes the one with the slug `area`; hours become the published target times."""
    require(by, "run_board")
    label = clean(name, lines=False)
    if not 1 <= len(label) <= 80:
        raise Invalid({"name": "Give the area a name of 1–80 characters."})
    target = Target(hours(first_answer_h, "first_answer_h"), hours(resolve_h, "resolve_h"))
    chosen, known = area or slug(label), [known.slug for known in await company.areas(tx)]
    if area and area not in known:
        raise NotFound("There is no such area.")
    if area is None and chosen in known:
        raise Invalid({"name": "There is an area of this name already."})
    await company.save_area(tx, Area(chosen, label, target))
    await issues.refresh_due(tx, chosen, target)
    await publish_policy(tx, by)
    return chosen


async def make_area(tx: WriteTx, name: str) -> str:
    """The slug of the area of this name; made where there is none, without target times."""
    chosen = slug(name)
    if chosen not in [area.slug for area in await company.areas(tx)]:
        await company.save_area(tx, Area(chosen, clean(name, lines=False)[:80], Target()))
        await publish_policy(tx, None)
    return chosen


def hours(text: str, field: str) -> int | None:
    """Hours as typed to seconds; nothing where nothing was typed."""
    kept = clean(text, lines=False).replace(",", ".")
    if not kept:
        return None
    if not re.fullmatch(r"\d{1,4}(\.\d{1,2})?", kept) or float(kept) <= 0:
        raise Invalid({field: "Give hours as a number above 0, for example 24."})
    return int(float(kept) * 3600)


async def publish_policy(tx: WriteTx, by: Actor | None) -> None:
    """Records the hash of what is published now, where it differs from what was published last."""
    text = await company.policy_text(tx)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if await company.keep_policy(tx, sha256, text):
        await record.append(tx, [PolicyChanged(sha256=sha256)], by)


async def invite(
    tx: WriteTx, *, by: Actor, email: str, name: str, role: str, links: Links, say: Say
) -> tuple[Person, str]:
    """Adds a colleague; returns them with their one-time link, which also goes out by mail."""
    require(by, "run_board")
    if role not in ROLES:
        raise Invalid({"role": choose(ROLES)})
    known, called = address(email, needed=True), person_name(name)
    if not called or not known:
        raise Invalid({"name": "Give the name that customers will read."})
    before = await people.by_email(tx, known)
    if before and role != "admin":
        await keep_an_admin(tx, before.id, "role")
    now_ms = milliseconds(tx.at)
    person = await people.add(tx, email=known, name=called, role=role, now_ms=now_ms, invited_by=by.person)
    url = links.sign_in(await people.new_link(tx, purpose="staff", person=person.id, now_ms=now_ms))
    setup = await company.read(tx)
    answers = role != "auditor"
    letter = letters.invitation(company=setup.name, name=called, url=url, days=INVITED_DAYS, answers=answers, say=say)
    await outbox.put(tx, message_id=f"invitation.{person.id}.{now_ms}", recipient=known, letter=letter, now_ms=now_ms)
    return person, url


async def remove_colleague(tx: Tx, *, by: Actor, person: int, now_ms: int) -> None:
    """Ends a colleague's access; the last admin stays."""
    require(by, "run_board")
    await keep_an_admin(tx, person, "person")
    await people.remove(tx, person, now_ms)
    await credentials.forget(tx, person)


async def end_sessions(tx: Tx, *, by: Actor, person: int) -> None:
    """Signs a colleague out everywhere; they may come in again."""
    require(by, "run_board")
    await people.end_sessions_of(tx, person)


async def keep_an_admin(tx: Tx, person: int, field: str) -> None:
    """Raises Invalid for the field where the person is the only admin."""
    if await people.hold_admins(tx) == [person]:
        raise Invalid({field: "This is the last admin. Make somebody else an admin first."})


async def create_token(tx: Tx, *, by: Actor, label: str, role: str, now_ms: int, person: int | None = None) -> str:
    """A program's key. What is kept under a name it does in that of the colleague, who made it if nobody is named."""
    require(by, "run_board")
    called = clean(label, lines=False)
    if not 1 <= len(called) <= 80:
        raise Invalid({"label": "Say in 1–80 characters what the token is for."})
    if role not in TOKEN_ROLES:
        raise Invalid({"role": choose(TOKEN_ROLES)})
    return await people.new_token(tx, label=called, role=role, now_ms=now_ms, person=person or by.person)
