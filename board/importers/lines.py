"""What every reader makes of what it finds: an import line, or the reason why there is none."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from board.domain.leaf import format_time
from board.domain.text import clean, cut, excerpt
from board.domain.words import BODY, EMAIL, NAME, TITLE
from board.importers.markup import without_markup

ID_LENGTH = 150
AREA_LENGTH = 60
CUT = "\n\n[The rest, {more:,} characters, is at {source} only.]"
ZONE = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
APART = re.compile(r"(?<=\d)\s+(?=[+-]\d\d:?\d\d$)")  # “10:00:00 +0200”, as some write it


@dataclass(frozen=True, kw_only=True)
class Options:
    """`area` takes all issues, but those with one of the `tags` (in small letters) that have an area of their own.

    `columns` names columns of a CSV by what stands in them; `now` is when the import runs.
    """

    area: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    now: datetime


@dataclass(frozen=True)
class Found:
    """A line as it is imported, or why there is none; `place` is where it stands in the file."""

    place: str
    line: bytes
    why: str = ""


class Unreadable(ValueError):
    """The whole file is not what it should be; says what to do."""


Message = dict[str, Any]


def conversation(
    *, source: str, source_id: str, title: str, area: str, messages: Iterable[Message | None], is_open: bool
) -> dict[str, Any]:
    """An import line; the first message files. A title that is too long stands in full above the text."""
    kept, said = clean(title, lines=False), [message for message in messages if message]
    filing = said[0]
    words = filing["text"]
    if len(kept) > TITLE[1]:
        words = f"{kept}\n\n{words}".strip()
    filing["text"] = fitting(words or kept, source)
    return {
        "source": source,
        "source_id": source_id[:ID_LENGTH],
        "area": area,
        "title": excerpt(kept, TITLE[1]) if len(kept) >= TITLE[0] else "",
        "open": is_open,
        "messages": [filing, *({**one, "text": fitting(one["text"], source)} for one in said[1:] if one["text"])],
    }


def message(by: str, text: str, *, at: str, source_id: str, name: str | None = None, **follows: str | None) -> Message:
    """`follows` are `state` and `resolution`; words that were written as HTML are taken out of it before."""
    return {
        "by": by,
        "name": person(name),
        "at": at,
        "text": clean(text),
        "source_id": source_id[:ID_LENGTH],
        **{key: value for key, value in follows.items() if value},
    }


def encode(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode()


def fitting(words: str, source: str) -> str:
    """The words, or as many as one text may hold, and how many are left out."""
    most = BODY[1]
    if len(words) <= most:
        return words
    kept = cut(words, most - len(CUT) - len(source) - 10)
    return kept + CUT.format(more=len(words) - len(kept), source=source)


def person(name: str | None) -> str | None:
    """The name that everybody may read: never a mail address."""
    kept = clean(name or "", lines=False)
    return None if not kept or EMAIL.search(kept) else excerpt(kept, NAME[1])


def words(text: str) -> str:
    """The words, without HTML where they are written in it."""
    return clean(without_markup(text))


def area(options: Options, *, tags: Iterable[str] = (), own: str = "", source: str) -> str:
    """Where the issue goes: as its tags say, else where all go, else where it was at the source."""
    for tag in tags:
        if chosen := options.tags.get(tag.strip().lower()):
            return chosen
    return options.area or excerpt(own, AREA_LENGTH) or source


def moment(text: object) -> str:
    """A time as RFC 3339 in UTC; without a zone it counts as UTC. Raises ValueError where two readings are possible."""
    given = str(text or "").strip()
    at = iso(given) or mail_date(given)
    if at is None:
        raise ValueError(f"{given[:40]!r} is not a time like 2020-04-01T17:31:32Z")
    try:
        return format_time(at if at.tzinfo else at.replace(tzinfo=UTC))
    except OverflowError:
        raise ValueError(f"{given[:40]!r} is no time that can be kept") from None


def iso(given: str) -> datetime | None:
    try:
        return datetime.fromisoformat(APART.sub("", ZONE.sub("+00:00", given)))
    except ValueError:
        return None


def mail_date(given: str) -> datetime | None:
    try:
        return parsedate_to_datetime(given)
    except (ValueError, TypeError, IndexError):
        return None
