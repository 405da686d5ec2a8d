"""One issue as it is read: the case with its clock and timeline, and the parts of it that the live stream sends."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from board.actions import objections
from board.domain import clocks, decisions, wording
from board.domain.auditing import mask, mask_html
from board.domain.clocks import Target
from board.domain.issue import Author, Issue, fold
from board.domain.leaf import Recorded, parse_time
from board.domain.people import Actor
from board.domain.phrase import no_issue
from board.domain.proof import b64url
from board.errors import NotFound
from board.render import trusted
from board.store import chains, company, entries, intake, issues, moderation, record
from board.store.chains import Timed
from board.store.database import Tx
from board.store.entries import Reader
from board.store.folded import Folded
from board.store.projection import Row
from board.store.record import Redaction
from board.web import views
from board.web.views import Names

PUBLIC_ACTS = {"comment", "confirm", "dispute", "withdraw", "thank", "correct", "take_out"}


@dataclass(frozen=True)
class Case:
    """Everything that the templates of one issue are given, and the issue as its chain tells it."""

    issue: Issue
    context: dict[str, Any]

    @property
    def is_public(self) -> bool:
        return self.issue.visibility == "public"


async def read(
    tx: Tx,
    number: int,
    names: Names,
    now: datetime,
    *,
    reader: Reader = "anyone",
    mark: bytes = b"",
    email: str | None = None,
) -> Case:
    """Raises NotFound where there is no such issue."""
    row = await issues.find(tx, number)
    if row is None:
        raise NotFound(no_issue(number))
    chain = await record.of_issue(tx, number)
    redactions = await record.redactions_of_issue(tx, number)
    timeline = await entries.of_issue(tx, number, reader=reader, mark=mark, email=email)
    target = await company.target(tx, row["area"])
    return Case(
        fold(chain),
        {
            "issue": await head(tx, row, redactions, names, now),
            "clock": views.clock(clocks.read(chain), target, now),
            "timeline": [views.entry(entry, names, redactions.get(entry["seq"], ())) for entry in timeline],
            "side": await side(tx, row, target, events=len(chain)),
        },
    )


async def read_changed(
    tx: Tx, row: Row, seqs: Collection[int], names: Names, now: datetime, folded: Folded[Timed]
) -> dict[str, Any]:
    """What templates are given of a public issue of which these entries have changed: its timeline has no others.

    However much was said in the issue, it costs the same.
    """
    redactions: dict[int, list[Redaction]] = {}
    for seq in {row["filed_seq"], *seqs}:
        redactions |= await record.redactions(tx, seq, seq)
    entered = [entry for seq in sorted(seqs) if (entry := await entries.shown(tx, seq))]
    target = await company.target(tx, row["area"])
    timed = await chains.timed(tx, row["number"], folded)
    assert timed
    return {
        "issue": await head(tx, row, redactions, names, now),
        "clock": views.clock(timed.clock, target, now),
        "timeline": [views.entry(entry, names, redactions.get(entry["seq"], ())) for entry in entered],
        "side": await side(tx, row, target, events=timed.events),
    }


async def side(tx: Tx, row: Row, target: Target, *, events: int) -> dict[str, Any]:
    """The facts that stand beside the issue."""
    return {
        "owner": row["owner"],
        "target": {"first_answer_s": target.first_answer_s, "resolve_s": target.resolve_s},
        "promises": await entries.promises(tx, row["number"]),
        "events": events,
        "merged": await issues.merged_into(tx, row["number"]),
        "related": [],
    }


async def head(tx: Tx, row: Row, redactions: dict[int, list[Redaction]], names: Names, now: datetime) -> dict[str, Any]:
    """The facts of the issue with the customer's first words."""
    filed = await entries.one(tx, row["filed_seq"])
    assert filed
    return {
        **views.issue(row, names, now),
        "words": trusted(filed["body_html"]) if filed["body_html"] else None,
        "text": filed["body"],
        "gone": views.gone(redactions.get(row["filed_seq"], ()), names.say, title=row["title"], body=filed["body"]),
        "corrected": bool(filed["corrected"]),
        "imported_from": await intake.source_of_issue(tx, row["number"]) if row["imported"] else None,
        "recorded_at": parse_time(filed["time"]),
    }


def masked(case: Case) -> Case:
    """The case as auditors read it: without mail addresses, in its words as in its titles."""
    return Case(case.issue, masked_words(case.context))


def masked_words(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: masked_value(value) for key, value in facts.items()}


def masked_value(value: Any) -> Any:
    """Strings and what they stand in; anything else is as it was."""
    match value:
        case Markup():
            return trusted(mask_html(value))
        case str():
            return mask(value)
        case dict():
            return masked_words(value)
        case list():
            return [masked_value(one) for one in value]
        case _:
            return value


def may(case: Case, by: Actor, now: datetime) -> set[str]:
    """What this actor can do on the public page now."""
    acts = {act for act in decisions.allowed(case.issue, now) if by.may(act)}
    if by.is_staff:
        return set()
    acts &= PUBLIC_ACTS
    if by.may("tell_privately"):
        acts.add("tell_privately")
    if case.is_public:
        offered = ("follow",) if by.standing == "filer" else ("follow", "mine_too")
        acts |= {act for act in offered if by.may(act)}
    elif by.standing != "filer":
        acts.discard("comment")
    return acts


async def decided(tx: Tx, by: Actor, number: int, names: Names) -> list[dict[str, Any]]:
    """What moderators decided against the reader's own words, and what became of the appeals."""
    return [
        {
            "seq": one.seq,
            "about": one.about,
            "target": one.target,
            "reason_text": wording.reason(one.reason, names.say),
            "appealed": await moderation.appeal_against(tx, one.seq),
        }
        for one in (await objections.decisions_against(tx, number, by) if by.may("appeal") else ())
    ]


def own_words(case: Case, author: Author) -> list[dict[str, Any]]:
    """The author's own texts that can be corrected, as typed."""
    found = []
    head = case.context["issue"]
    if author == "filer" and head["text"]:
        found.append({"seq": case.issue.filed, "at": head["filed_at"], "title": head["title"], "body": head["text"]})
    for entry in case.context["timeline"]:
        text = case.issue.texts.get(entry["seq"])
        if text and text.author == author and entry["text"] and text.kind in ("comment.posted", "update.posted"):
            found.append({"seq": entry["seq"], "at": entry["at"], "title": None, "body": entry["text"]})
    return found


def posted_words(case: Case, posts: Collection[int]) -> list[dict[str, Any]]:
    """What is left of the words that somebody's browser has posted, who is not the filer."""
    return [
        {"seq": entry["seq"], "at": entry["at"], "title": None, "body": entry["text"] or entry["name"]}
        for entry in case.context["timeline"]
        if entry["seq"] in posts and case.issue.texts.get(entry["seq"]) and (entry["text"] or entry["name"])
    ]


async def log(tx: Tx, number: int, names: Names) -> list[dict[str, Any]]:
    """Every event of the issue as it is stored, with the public words that open its commitments."""
    chain = await record.of_issue(tx, number)
    if not chain:
        raise NotFound(no_issue(number))
    opened = await record.openings_of_issue(tx, number)
    redactions = await record.redactions_of_issue(tx, number)
    return [
        {
            "index": r.index,
            "event": r.name,
            "role": r.event.role,
            "time": r.time,
            "occurred": parse_time(occurred) if (occurred := getattr(r.event, "occurred", None)) else None,
            "leaf": r.leaf,
            "leaf_hash": b64url(r.leaf_hash),
            "sentence": await log_sentence(tx, r, names, is_public=bool(opened)),
            "openings": [{"field": o.field, "value": o.value, "salt": b64url(o.salt)} for o in opened.get(r.index, ())],
            "redactions": [
                {"field": x.field, "by_event": x.by_event, "reason_text": wording.reason(x.reason, names.say)}
                for x in redactions.get(r.index, ())
            ],
        }
        for r in chain
    ]


async def log_sentence(tx: Tx, r: Recorded, names: Names, *, is_public: bool) -> Markup | None:
    """The event's sentence; names in it only where the public may read them."""
    entry = await entries.one(tx, r.index)
    if entry is None:
        return None
    if not is_public or entry["status"] != "public":
        entry = {**entry, "name": None, "whose": None}
    return trusted(views.sentence(entry, names).html())
