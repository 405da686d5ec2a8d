"""One line of an import file: a conversation as it happened elsewhere, read strictly."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from board.domain.events import CLOSURES, CURES
from board.domain.finds import Find, mask
from board.domain.leaf import whole_second
from board.domain.text import clean, first_sentence
from board.domain.words import person_name, text, title_alone
from board.errors import Invalid

ID_LIMIT = 200
SPEAKERS = ("customer", "staff", "other")
STATES = ("in_progress", "waiting_on_customer")
EARLIEST = 1970  # nothing was said to a company on the net before


@dataclass(frozen=True)
class Message:
    """`at` is when it was said at the source; `by_other` is a customer who is not the one who filed.

    What the company said may have changed the issue there: `state` or `resolution` say to what.
    """

    by_staff: bool
    name: str | None
    at: datetime
    text: str
    source_id: str
    by_other: bool = False
    state: str | None = None
    resolution: str | None = None

    @property
    def may_file(self) -> bool:
        return not (self.by_staff or self.by_other)


@dataclass(frozen=True)
class Conversation:
    """`messages` in order of time; the first one by the customer files the issue.

    Where it `is_open` at the source, the company's last word resolves nothing.
    """

    source: str
    source_id: str
    area: str
    title: str
    messages: tuple[Message, ...]
    resolution: str | None
    is_open: bool = False

    @property
    def filing(self) -> Message:
        return next(m for m in self.messages if m.may_file)

    @property
    def replies(self) -> tuple[Message, ...]:
        """What was said after the filing; a greeting before it answers nothing."""
        return self.messages[self.messages.index(self.filing) + 1 :]


Look = Callable[[str], list[Find]]


def private_in(said: Conversation, look: Look) -> frozenset[str]:
    """The messages in which something looks private, by their `source_id`; the title belongs to the filing."""
    return frozenset(
        m.source_id
        for m in (said.filing, *said.replies)
        if any(look(words) for words in (m.text, m.name or "", said.title if m is said.filing else ""))
    )


def masked(said: Conversation, look: Look, *, only_staff: bool = False) -> Conversation:
    """The conversation with a mark in the place of all that looks private; a title made from the text is made again."""
    taken_out = {m.source_id: masked_message(m, look) for m in said.messages if m.by_staff or not only_staff}
    messages = tuple(taken_out.get(m.source_id, m) for m in said.messages)
    anew = replace(said, messages=messages)
    if only_staff:
        return anew
    is_made = said.title == first_sentence(said.filing.text)
    title = first_sentence(anew.filing.text) if is_made else mask(said.title, look(said.title))
    return replace(anew, title=title)


def masked_message(said: Message, look: Look) -> Message:
    name = mask(said.name, look(said.name)) if said.name else None
    return replace(said, text=mask(said.text, look(said.text)), name=name)


def read(line: str, *, until: datetime | None = None) -> Conversation | None:
    """The conversation as it stood at `until`, None where it had not begun; raises ValueError with the reason."""
    try:
        return read_object(json.loads(line), until)
    except json.JSONDecodeError as wrong:
        raise ValueError(f"not JSON: {wrong.msg} at column {wrong.colno}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except Invalid as wrong:
        raise ValueError("; ".join(f"{field}: {why}" for field, why in wrong.fields.items())) from None


def read_object(line: Any, until: datetime | None) -> Conversation | None:
    if not isinstance(line, dict):
        raise ValueError("a line is one JSON object")
    given = line.get("messages")
    if not isinstance(given, list) or not given:
        raise ValueError("“messages” must be a list with at least one message")
    said = [message(m, str(place)) for place, m in enumerate(given)]
    refuse_twins(said)
    messages = tuple(sorted((m for m in said if until is None or m.at <= until), key=lambda m: m.at))
    if not any(m.may_file for m in said):
        raise ValueError("no message is by the customer, so there is nothing to file")
    if not any(m.may_file for m in messages):
        return None
    opening = next(m for m in messages if m.may_file)
    title = title_alone(string(line, "title")) if line.get("title") else first_sentence(opening.text)
    return Conversation(
        source=identity(line, "source"),
        source_id=identity(line, "source_id"),
        area=string(line, "area"),
        title=title,
        messages=messages,
        resolution=outcome(line.get("resolution")),
        is_open=line.get("open") is True,
    )


def refuse_twins(said: list[Message]) -> None:
    known = set[str]()
    for each in said:
        if each.source_id in known:
            raise ValueError(f"two messages have the “source_id” “{each.source_id}”")
        known.add(each.source_id)


def outcome(resolution: object) -> str | None:
    allowed = [r for r in (*CURES, *CLOSURES) if r not in ("duplicate", "not_ours")]
    if resolution is None or resolution in allowed:
        return str(resolution) if resolution else None
    raise ValueError(f"“resolution” must be one of {', '.join(allowed)}")


def message(given: object, default_id: str) -> Message:
    if not isinstance(given, dict):
        raise ValueError("each message is a JSON object")
    if given.get("by") not in SPEAKERS:
        raise ValueError("“by” must be “customer”, “staff” or “other”")
    if given["by"] != "staff" and (given.get("state") or given.get("resolution")):
        raise ValueError("“state” and “resolution” go with what staff said")
    name = string(given, "name") if given.get("name") else ""
    return Message(
        by_staff=given["by"] == "staff",
        name=person_name(name),
        at=moment(string(given, "at")),
        text=text(string(given, "text", limit=None), "text"),
        source_id=identity(given, "source_id") if given.get("source_id") else default_id,
        by_other=given["by"] == "other",
        state=stage(given.get("state")),
        resolution=outcome(given.get("resolution")),
    )


def stage(state: object) -> str | None:
    if state is None or state in STATES:
        return str(state) if state else None
    raise ValueError(f"“state” must be one of {', '.join(STATES)}")


def moment(value: str) -> datetime:
    try:
        given = datetime.fromisoformat(value)
        at = whole_second(given if given.tzinfo else given.replace(tzinfo=UTC))
        if at.year < EARLIEST:
            raise ValueError
        return at
    except (ValueError, OverflowError):
        raise ValueError(f"“at” is not a time like 2020-04-01T17:31:32Z: {value[:40]!r}") from None


def identity(given: dict[str, Any], key: str) -> str:
    """A name by which it is known again: without characters that break lines or that databases do not keep."""
    value = string(given, key)
    if not value.isprintable():
        raise ValueError(f"“{key}” holds characters that cannot be kept")
    return value


def string(given: dict[str, Any], key: str, *, limit: int | None = ID_LIMIT) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not clean(value):
        raise ValueError(f"“{key}” must be a text")
    if limit and len(value) > limit:
        raise ValueError(f"“{key}” is longer than {limit} characters")
    return value
