"""The canonical bytes of one entry of the record, to and from events (record format 1; canonical JSON as in RFC 8785).

A leaf is ASCII JSON: sorted keys, no white space, no escapes, integers 0..2^53-1, no floats, nulls or booleans.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from board.domain.events import KINDS, REASONS, RESOLUTIONS, VIAS, Event, issue_of, name_of, words_of

VERSION = 1
LIMIT = 65_535  # bytes
NUMBER_LIMIT = 2**53 - 1
REMEMBERED = 1_000  # leaves that were read
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
PLAIN = re.compile(r"[ !#-\[\]-~]*")  # printable ASCII without the quote and the backslash
HASH = re.compile(r"[A-Za-z0-9_-]{43}")
HEADER = ("v", "board", "index", "time", "event")
ROLES = ("customer", "company", "moderator", "system")
TIMES = ("time", "occurred", "due")
TYPES: dict[str, Any] = {
    **dict.fromkeys(("v", "index", "issue", "target", "into", "prev"), int),
    "commit": dict,
    "fields": list,
}
FIELDS = {kind: frozenset(f.name for f in fields(kind)) - {"words"} for kind in KINDS.values()}
SPOKEN = frozenset(kind for kind in KINDS.values() if any(f.name == "words" for f in fields(kind)))
CLOSED = {"role": ROLES, "via": VIAS, "resolution": RESOLUTIONS, "reason": REASONS}


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An event at its place: `index` is its seq, `commit` holds the commitments (base64url) of its words."""

    index: int
    time: datetime
    event: Event
    board: str
    leaf: str
    leaf_hash: bytes
    prev: int | None = None
    prev_hash: str | None = None
    commit: Mapping[str, str]

    @property
    def name(self) -> str:
        return name_of(self.event)

    @property
    def issue(self) -> int | None:
        return issue_of(self.event)

    @property
    def at(self) -> datetime:
        """When it happened: at the source for imports, else when it was recorded."""
        occurred = getattr(self.event, "occurred", None)
        return parse_time(occurred) if occurred else self.time


def format_time(at: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, rounded down."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`; raises ValueError for any other spelling."""
    if not TIME.fullmatch(text):
        raise ValueError(f"not a record time: {text!r}")
    return datetime.fromisoformat(text)


def whole_second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def milliseconds(at: datetime) -> int:
    """Since 1970, for the private tables."""
    return int(at.timestamp() * 1000)


def later(at: datetime, seconds: int) -> datetime:
    return at + timedelta(seconds=seconds)


def encode(
    event: Event,
    *,
    board: str,
    index: int,
    time: datetime,
    commit: Mapping[str, str],
    prev: tuple[int, str] | None,
) -> str:
    """The leaf text; `prev` is the index and the leaf hash (base64url) of the issue's previous event."""
    leaf: dict[str, Any] = {
        f.name: value for f in fields(event) if f.name != "words" and (value := getattr(event, f.name)) is not None
    }
    leaf |= {"v": VERSION, "board": board, "index": index, "time": format_time(time), "event": name_of(event)}
    if commit:
        leaf["commit"] = dict(commit)
    if prev:
        leaf["prev"], leaf["prev_hash"] = prev
    return canonical(leaf)


def canonical(value: Mapping[str, Any]) -> str:
    """The one spelling of a leaf; raises ValueError for what a leaf may not hold."""
    check_value(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    if len(text) > LIMIT:
        raise ValueError(f"a leaf holds at most {LIMIT} bytes, this one has {len(text)}")
    return text


def check_value(value: object) -> None:
    """Raises ValueError unless the value is made of plain strings, small whole numbers, lists and objects only."""
    match value:
        case str():
            if not PLAIN.fullmatch(value):
                raise ValueError(f"a leaf's text must be plain ASCII: {value!r}")
        case bool() | float() | None:
            raise ValueError(f"a leaf holds no {value!r}")
        case int():
            if not 0 <= value <= NUMBER_LIMIT:
                raise ValueError(f"a leaf's number is out of range: {value}")
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise ValueError(f"a leaf's key must be a text: {key!r}")
                check_value(key)
                check_value(item)
        case list() | tuple():
            for item in value:
                check_value(item)
        case _:
            raise ValueError(f"a leaf holds no {type(value).__name__}")


def check(text: str) -> None:
    """Raises ValueError unless the text is a valid leaf: canonical, of a known kind, with just its keys and codes."""
    try:
        leaf = json.loads(text)
        is_canonical = isinstance(leaf, dict) and canonical(leaf) == text
    except RecursionError:
        is_canonical = False
    if not is_canonical:
        raise ValueError("not the canonical form of a leaf")
    check_keys(leaf)
    check_values(leaf)
    check_places(leaf)


def check_keys(leaf: Mapping[str, Any]) -> None:
    kind = KINDS.get(str(leaf.get("event")))
    if leaf.get("v") != VERSION or kind is None:
        raise ValueError(f"unknown version or kind: {leaf.get('v')} {leaf.get('event')}")
    known, chained = FIELDS[kind], {"prev", "prev_hash"} & leaf.keys()
    needed = {f.name for f in fields(kind) if f.default is MISSING and f.name != "words"} | {*HEADER, "role"}
    if missing := needed - leaf.keys():
        raise ValueError(f"{leaf['event']} needs {sorted(missing)}")
    if len(chained) == 1 or (chained and "issue" not in known):
        raise ValueError("prev and prev_hash go together, in the events of an issue")
    spoken = {"commit"} if kind in SPOKEN else set()
    if extra := leaf.keys() - known - {*HEADER} - chained - spoken:
        raise ValueError(f"{leaf['event']} has no {sorted(extra)}")


def check_values(leaf: Mapping[str, Any]) -> None:
    for key, value in leaf.items():
        if not isinstance(value, TYPES.get(key, str)):
            raise ValueError(f"{key} is of the wrong type: {value!r}")
        if key in CLOSED and value not in CLOSED[key]:
            raise ValueError(f"unknown {key}: {value!r}")
        if key in TIMES:
            parse_time(value)
    hashes = [*leaf.get("commit", {}).values(), leaf.get("prev_hash", "A" * 43)]
    if not all(isinstance(text, str) and HASH.fullmatch(text) for text in hashes):
        raise ValueError("hashes and commitments are 43 characters of base64url")
    if not all(isinstance(name, str) for name in leaf.get("fields", ())):
        raise ValueError("fields are a list of names")


def check_places(leaf: Mapping[str, Any]) -> None:
    for key in ("prev", "target"):
        if leaf.get(key, -1) >= leaf["index"]:
            raise ValueError(f"{key} must be the index of an earlier event")
    if any(leaf.get(key) in ({}, []) for key in ("commit", "fields")):
        raise ValueError("where nothing is committed or named, the key is left out")


@lru_cache(maxsize=REMEMBERED)
def decode(text: str, leaf_hash: bytes) -> Recorded:
    """Reads back a leaf that this board has written; `check` first what comes from elsewhere.

    Remembered: pages, mail, hooks and mirrors all read the newest events, each for itself.
    """
    leaf = json.loads(text)
    kind = KINDS[leaf["event"]]
    known = FIELDS[kind]
    return Recorded(
        index=leaf["index"],
        time=parse_time(leaf["time"]),
        event=kind(**{key: as_field(leaf[key]) for key in known & leaf.keys()}),
        board=leaf["board"],
        leaf=text,
        leaf_hash=leaf_hash,
        prev=leaf.get("prev"),
        prev_hash=leaf.get("prev_hash"),
        commit=leaf.get("commit", {}),
    )


def written(event: Event, text: str, leaf_hash: bytes, *, commit: Mapping[str, str], **place: Any) -> Recorded:
    """What `decode` reads from the leaf that was just encoded, without reading it; `place` as given to `encode`."""
    prev, prev_hash = place["prev"] or (None, None)
    return Recorded(
        index=place["index"],
        time=whole_second(place["time"]),
        event=replace(event, words={}) if words_of(event) else event,  # type: ignore[arg-type]
        board=place["board"],
        leaf=text,
        leaf_hash=leaf_hash,
        prev=prev,
        prev_hash=prev_hash,
        commit=commit,
    )


def as_field(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
