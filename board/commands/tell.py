"""An event of a board as one line for people, in which nobody's words control the terminal."""

import json
from datetime import datetime
from typing import Any

import click

from board.commands.calls import said
from board.domain import wording
from board.domain.text import excerpt

LENGTH = 160  # characters of somebody's words
COMPANY = "The company"
COLOURS = {
    "issue.filed": "cyan",
    "issue.resolved": "green",
    "issue.confirmed": "green",
    "promise.kept": "green",
    "issue.disputed": "red",
    "issue.reopened": "red",
    "promise.missed": "red",
    "update.posted": "blue",
}
Event = dict[str, Any]


def as_json(event: Event) -> str:
    """The event as the API has it; in ASCII, so that no character in it means anything to a terminal."""
    return json.dumps(event, separators=(",", ":")).replace("\x7f", "\\u007f")


def as_line(event: Event, leaf: Event, title: str = "") -> str:
    """When, which issue, what happened, and the words, or else the issue's title. Colours are taken out elsewhere."""
    at = datetime.fromisoformat(str(leaf["time"])).astimezone()
    kind = said(leaf.get("event"))
    number = f"#{int(leaf['issue'])}" if "issue" in leaf else "–"
    words = {name: said(opening["value"]) for name, opening in event.get("openings", {}).items()}
    what = sentence(kind, leaf, words)
    parts = (
        click.style(f"{at:%Y-%m-%d %H:%M:%S}", dim=True),
        click.style(f"{number:>5}", bold=True),
        click.style(what, fg=COLOURS.get(kind)),
        quoted(words, what) or click.style(said(title), dim=True),
    )
    return "  ".join(part for part in parts if click.unstyle(part))


def quoted(words: dict[str, str], what: str) -> str:
    """What was said, and by whom where that was not told; a title that was made from the text is not said twice."""
    title, body = words.get("title", ""), words.get("body", "")
    shown = body if body.startswith(title.rstrip("…")) else ": ".join(filter(None, (title, body)))
    name = words.get("author.name", "")
    by = f"{name}: " if name and name not in what else ""
    return f"{by}“{excerpt(shown, LENGTH)}”" if shown else ""


def sentence(kind: str, leaf: Event, words: dict[str, str]) -> str:
    """What happened; the bare name of a kind that this release does not know."""
    if kind not in wording.SENTENCES:
        return kind
    code = said(leaf.get("resolution")) or None
    places = {
        "company": COMPANY,
        "owner": words.get("owner") or words.get("author.name") or "Somebody",
        "name": words.get("author.name") or ("A customer" if leaf.get("role") == "customer" else "Somebody"),
        "area": said(leaf.get("area")),
        "into": f"#{said(leaf.get('into'))}",
        "whose": words.get("whose") or wording.party(said(leaf.get("whose")), str),
        "reason": wording.reason(said(leaf.get("reason")), str),
        "resolution": wording.resolution(code, str),
        "due": said(leaf.get("due")),
        "source": said(leaf.get("via")),
    }
    by_filer = kind == "comment.posted" and "target" in leaf
    found = wording.sentence(kind, places, role=said(leaf.get("role")), resolution=code, by_filer=by_filer, say=str)
    return found.plain()
