"""One sentence for every event, the same for every outlet; and the names of codes. `say` is gettext or its like.

Sentences hold places for names; `Sentence.html` fills them escaped, `Sentence.plain` as they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from board.domain.leaf import parse_time

Say = Callable[[str], str]

STATES = {
    "new": "New",
    "acknowledged": "Acknowledged",
    "in_progress": "In progress",
    "waiting_on_customer": "Waiting for the customer",
    "resolved": "Resolved",
    "closed": "Closed",
}
RESOLUTIONS = {
    "fixed": "fixed",
    "made_right": "made right",
    "answered": "answered",
    "workaround": "a way around it",
    "declined": "declined",
    "not_ours": "not ours to solve",
    "duplicate": "a duplicate",
    "no_response": "no response from the customer",
    "withdrawn": "withdrawn by the customer",
}
PARTIES = {
    "supplier": "a supplier",
    "carrier": "the carrier",
    "payment": "the payment provider",
    "authority": "a public authority",
    "customer": "the customer",
    "other": "another party",
}
REASONS = {
    "privacy_request": "the person asked for privacy",
    "third_party_privacy": "it told private things about somebody else",
    "abuse": "it was abusive",
    "threat": "it held a threat",
    "illegal_content": "it was against the law",
    "court_order": "a court ordered it",
    "defamation_claim": "of a claim of defamation",
    "copyright": "of a copyright",
    "malware": "it led to malware",
    "spam": "it was spam",
    "duplicate": "it stood here twice",
    "off_topic": "it was off topic",
    "author_request": "its author asked for it",
    "test": "it was a test",
}
SENTENCES = {
    "log.opened": "The record of this board was opened.",
    "log.key_rotated": "The record is signed with a new key from here on.",
    "policy.changed": "{company} published its rules, areas and target times anew.",
    "issue.filed": "The customer filed this issue.",
    "issue.held": "Held for a look before it is shown.",
    "issue.published": "Shown to everybody.",
    "issue.rejected": "Not shown, because {reason}.",
    "issue.removed": "Removed from view by a moderator, because {reason}.",
    "issue.restored": "This issue is shown again.",
    "issue.acknowledged": "{company} took note of this issue.",
    "issue.started": "{company} is working on it.",
    "issue.started.system": "The customer answered. The clock goes on.",
    "issue.waiting": "{company} asked the customer a question. The clock waits.",
    "issue.resolved": "{company} says it is resolved: {resolution}. The customer is asked.",
    "issue.closed": "{company} closed this issue: {resolution}.",
    "issue.closed.not_ours": "{company} closed this issue: it is for {whose} to solve.",
    "issue.reopened": "{company} opened this issue again.",
    "issue.reopened.customer": "Back to work. The clock counts from the first filing.",
    "issue.confirmed": "The customer confirmed the cure.",
    "issue.disputed": "The customer says it is not solved.",
    "issue.lapsed": "Closed without the customer’s word: nobody answered for 14 days.",
    "issue.withdrawn": "The customer withdrew this issue.",
    "issue.assigned": "{owner} looks after this issue now.",
    "issue.moved": "Moved to {area}.",
    "issue.merged": "Joined with issue {into}, which is about the same.",
    "issue.split": "Set apart from the other issue again.",
    "update.posted": "{company} wrote an update.",
    "comment.posted": "{name} wrote a comment.",
    "comment.posted.filer": "The customer wrote.",
    "comment.posted.hidden": "A comment was hidden by a moderator, because {reason}.",
    "comment.held": "A comment is held for a look before it is shown.",
    "comment.held.moderator": "A moderator took a comment from view.",
    "comment.published": "A comment is shown.",
    "comment.rejected": "A comment is not shown, because {reason}.",
    "text.corrected": "A text was corrected by its author; what stood before is in the record.",
    "text.corrected.moderator": "A moderator put marks in the place of some words.",
    "promise.made": "Next word promised by {due}.",
    "promise.moved": "The promised next word was moved to {due}.",
    "promise.kept": "The promised word came in time.",
    "promise.missed": "The promised word did not come in time.",
    "thanks.given": "{company} says thank you.",
    "thanks.given.customer": "The customer says thank you.",
    "text.redacted": "Words were removed, because {reason}.",
    "text.redacted.moderator": "A moderator took words out, because {reason}.",
    "mirror.posted": "Mirrored on {source}.",
}


# What letters say to whoever filed the issue, where the page speaks of them.
TO_FILER = {
    "issue.waiting": "{company} asked you a question. The clock waits for your answer.",
    "issue.resolved": "{company} says it is resolved: {resolution}.",
    "issue.restored": "Your issue is shown again: everybody can read it.",
}


@dataclass(frozen=True)
class Sentence:
    """A translated sentence and what stands in its places."""

    text: str
    places: Mapping[str, str] = field(default_factory=dict)

    def plain(self) -> str:
        return self.text.format_map(self.places)

    def html(self) -> str:
        return escape(self.text, quote=False).format_map({k: f"<b>{escape(v)}</b>" for k, v in self.places.items()})


def sentence(
    kind: str, places: Mapping[str, str], *, role: str, resolution: str | None = None, by_filer: bool = False, say: Say
) -> Sentence:
    """The sentence for an event of the kind; `places` name the company, the owner, the area and so on."""
    variant = "filer" if by_filer and kind == "comment.posted" else resolution if kind == "issue.closed" else role
    text = SENTENCES.get(f"{kind}.{variant}", SENTENCES[kind])
    return Sentence(say(text), places)


def of_entry(entry: Mapping[str, Any], *, company: str, areas: Mapping[str, str], say: Say) -> Sentence:
    """The sentence for a row of the timeline; `areas` are names by slug."""
    if hidden := entry.get("hidden"):
        return Sentence(say(SENTENCES["comment.posted.hidden"]), {"reason": reason(hidden["reason"], say)})
    places = {
        "company": company,
        "owner": entry["name"] or say("Somebody"),
        "name": entry["name"] or say("Another customer"),
        "area": areas.get(entry["area"] or "", entry["area"] or ""),
        "into": f"#{entry['into_issue']}",
        "whose": party(entry["whose"], say),
        "reason": reason(entry["reason"], say),
        "resolution": resolution(entry["resolution"], say),
        "due": when(entry["due"]),
        "source": "",
    }
    return sentence(
        entry["kind"],
        places,
        role=entry["role"],
        resolution=entry["resolution"],
        by_filer=bool(entry["by_filer"]),
        say=say,
    )


def to_filer(entry: Mapping[str, Any], *, company: str, say: Say) -> Sentence:
    """The same for whoever filed the issue."""
    found, text = of_entry(entry, company=company, areas={}, say=say), TO_FILER.get(entry["kind"])
    return replace(found, text=say(text)) if text else found


def when(time: str | None) -> str:
    """A time of the record as people write it, in UTC."""
    if time is None:
        return ""
    at = parse_time(time)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def reason(code: str | None, say: Say) -> str:
    return say(REASONS.get(code or "", "of a reason that is not named"))


def resolution(code: str | None, say: Say) -> str:
    return say(RESOLUTIONS[code]) if code in RESOLUTIONS else ""


def party(whose: str | None, say: Say) -> str:
    """A party's code as words; a name stays as it is."""
    return say(PARTIES[whose]) if whose in PARTIES else (whose or say("another party"))


def span(seconds: int) -> str:
    """A span of time in its two largest units: `3 d 4 h`, `2 h`, `12 min`."""
    days, rest = divmod(max(0, seconds), 86_400)
    hours, rest = divmod(rest, 3_600)
    parts = [(days, "d"), (hours, "h"), (rest // 60, "min")]
    first = next((i for i, (number, _) in enumerate(parts) if number), 2)
    kept = [f"{number} {unit}" for number, unit in parts[first : first + 2] if number]
    return " ".join(kept) or "0 min"
