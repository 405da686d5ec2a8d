"""What letters say of what happened on an issue: a line for each event, with the public words that came with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from board.domain import events as e
from board.domain import wording
from board.domain.leaf import Recorded
from board.domain.text import cut, in_lines
from board.domain.wishes import KIND_OF, URGENT, Wishes
from board.domain.wording import Say, Sentence
from board.store import entries, moderation, private, record
from board.store.database import Tx

LINE_LENGTH = 2_000
TOLD = {*KIND_OF, *URGENT}


@dataclass(frozen=True)
class News:
    """What happened on one issue since the last letter; `row` is the issue as it is now."""

    row: dict[str, Any]
    happened: list[Recorded]
    company: str
    at: datetime


def is_told(r: Recorded) -> bool:
    return r.name in TOLD and getattr(r.event, "occurred", None) is None


def wanted(happened: Iterable[Recorded], wishes: Wishes, area: str, *, always: Iterable[str] = ()) -> list[Recorded]:
    """What the reader wants to hear of, and what they hear of `always`."""
    return [r for r in happened if r.name in always or wishes.wants(r.name, area)]


async def said(tx: Tx, happened: list[Recorded], name: str, say: Say, *, to_filer: bool = False) -> tuple[str, ...]:
    """A line for each event with the public words that came with it; the filer is not told what the filer said."""
    found = [entry for r in happened if (entry := await spoken_of(tx, r, to_filer=to_filer))]
    write = line_to_filer if to_filer else line
    lines = [write(entry, name, say) for entry in found if not (to_filer and entry["by_filer"])]
    return tuple(dict.fromkeys(lines))


async def authors(tx: Tx, happened: Iterable[Recorded]) -> dict[int, str]:
    """The addresses of those whose own comments these are, as far as they are known, by the event that is told."""
    found = dict[int, str]()
    for r in happened:
        if isinstance(r.event, e.CommentPosted | e.CommentPublished):
            seq = r.event.target if isinstance(r.event, e.CommentPublished) else r.index
            if email := await moderation.address_behind(tx, seq):
                found[r.index] = email
    return found


async def spoken_of(tx: Tx, r: Recorded, *, to_filer: bool) -> dict[str, Any] | None:
    """The public entry that a letter is about; what became of somebody's words is for whose words they were."""
    match r.event:
        case e.CommentPublished(target=target):
            entry = None if await was_public(tx, r, target) else await entries.one(tx, target)
        case e.CommentRejected() | e.TextRedacted():
            words = await entries.one(tx, r.event.target)
            entry = await entries.one(tx, r.index) if to_filer and words and words["by_filer"] else None
        case e.IssueStarted(role="system"):  # because the filer has answered
            entry = None if to_filer else await entries.one(tx, r.index)
        case _:
            entry = await entries.one(tx, r.index)
    return entry if entry and entry["status"] == "public" else None


async def was_public(tx: Tx, published: Recorded, target: int) -> bool:
    """Whether readers heard of the comment before it was hidden and is shown again now."""
    chain = await record.of_issue(tx, published.issue or 0)
    held = [r.event for r in chain if r.index < published.index and isinstance(r.event, e.CommentHeld)]
    return any(event.target == target and event.role == "moderator" for event in held)


def line(entry: dict[str, Any], name: str, say: Say) -> str:
    return with_words(wording.of_entry(entry, company=name, areas={}, say=say), entry)


def line_to_filer(entry: dict[str, Any], name: str, say: Say) -> str:
    return with_words(wording.to_filer(entry, company=name, say=say), entry)


def with_words(sentence: Sentence, entry: dict[str, Any]) -> str:
    words = words_of(entry)
    return f"{sentence.plain()}\n\n{words}" if words else sentence.plain()


def words_of(entry: dict[str, Any]) -> str:
    """Long words are cut where a line or a word ends, and it shows."""
    return cut(in_lines(entry["body"]), LINE_LENGTH) if entry["body"] else ""


async def was_answered(tx: Tx, r: Recorded) -> bool:
    """Whether the filer's own appeal brought this about: then the answer to it has told them so."""
    if not isinstance(r.event, e.IssueRestored):
        return False
    chain = await record.of_issue(tx, r.issue or 0)
    hid = [
        one.index for one in chain if one.index < r.index and isinstance(one.event, e.IssueRemoved | e.IssueRejected)
    ]
    found = await moderation.appeal_against(tx, hid[-1]) if hid else None
    return found is not None and found["outcome"] == "upheld" and found["voter"] is None


async def said_alone(tx: Tx, news: News, say: Say) -> tuple[str, ...]:
    """What the letters would have said that did not go out while the address had not said yes, besides the events."""
    number, lines = news.row["number"], list[str]()
    if any(not row["by_filer"] for row in await private.of_issue(tx, number)):
        lines.append(say("{company} wrote to you alone: open your issue to read it.").format(company=news.company))
    if await moderation.hidings(tx, "asked", issue=number):
        lines.append(say("A moderator asked to hide something here: open your issue to see what, and until when."))
    return tuple(lines)
