"""What people type, cleaned and held to its limits; each refusal names its field and how to mend it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from board.domain.phrase import Phrase, phrase
from board.domain.text import clean, first_sentence
from board.errors import Invalid

TITLE = (3, 140)
BODY = (1, 20_000)
NAME = (1, 80)
DETAILS = 4_000
EMAIL = re.compile(r"[^@\s\"<>(),;:\\\[\]]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")


@dataclass(frozen=True, kw_only=True)
class Filing:
    """A filing as it may be recorded: cleaned, within the limits, with a title."""

    title: str
    body: str
    area: str
    name: str | None
    email: str | None
    details: str | None


def filing(
    *, body: str, title: str = "", area: str = "", name: str = "", email: str = "", details: str = "", needs_email: bool
) -> Filing:
    """Raises Invalid with every field that is wrong, not only the first."""
    wrong: dict[str, str] = {}
    kept = Filing(
        body=collect(wrong, "body", lambda: text(body)),
        title=collect(wrong, "title", lambda: headline(title, body)),
        area=area,
        name=collect(wrong, "name", lambda: person_name(name)) or None,
        email=collect(wrong, "email", lambda: address(email, needed=needs_email)) or None,
        details=collect(wrong, "private", lambda: private(details)) or None,
    )
    if wrong:
        raise Invalid(wrong)
    return kept


def collect(wrong: dict[str, str], field: str, read: Callable[[], str | None]) -> str:
    try:
        return read() or ""
    except Invalid as refused:
        wrong[field] = refused.detail
        return ""


def text(value: str, field: str = "body") -> str:
    """A text of 1–20,000 characters in several lines."""
    kept = clean(value)
    if not kept:
        raise Invalid({field: "Write a few words first."})
    if len(kept) > BODY[1]:
        raise Invalid({field: too_long(kept, BODY[1])})
    return kept


def optional_text(value: str, field: str = "body") -> str | None:
    return text(value, field) if clean(value) else None


def headline(title: str, body: str) -> str:
    """The title, or one made from the first sentence; 3–140 characters on one line."""
    kept = clean(title, lines=False)
    if not kept:
        return first_sentence(clean(body), TITLE[1])
    return title_alone(kept)


def title_alone(title: str) -> str:
    kept = clean(title, lines=False)
    if len(kept) < TITLE[0]:
        raise Invalid(
            {"title": phrase("Give a title of at least {least} characters, or leave it empty.", least=TITLE[0])}
        )
    if len(kept) > TITLE[1]:
        raise Invalid({"title": too_long(kept, TITLE[1])})
    return kept


def person_name(name: str) -> str | None:
    kept = clean(name, lines=False)
    if len(kept) > NAME[1]:
        raise Invalid({"name": too_long(kept, NAME[1])})
    return kept or None


def address(email: str, *, needed: bool = False) -> str | None:
    """A mail address in lower case; its domain is not asked."""
    kept = clean(email, lines=False).lower()
    if not kept and needed:
        raise Invalid(
            {"email": "Please give a mail address: it stays private, and we write to it about this issue only."}
        )
    if kept and (len(kept) > 254 or not EMAIL.fullmatch(kept)):
        raise Invalid({"email": "This does not look like a mail address. Please write it as name@example.com."})
    return kept or None


def private(details: str) -> str | None:
    kept = clean(details)
    if len(kept) > DETAILS:
        raise Invalid({"private": too_long(kept, DETAILS)})
    return kept or None


def too_long(text: str, most: int) -> Phrase:
    return phrase("This is {length:,} characters long; {most:,} fit. Please shorten it.", length=len(text), most=most)
