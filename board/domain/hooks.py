"""Webhooks as Standard Webhooks 1.0 has them: secrets, signatures, tries; and the shapes of chat rooms."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from board.domain.events import KINDS
from board.domain.phrase import phrase
from board.domain.text import excerpt
from board.errors import Invalid

PREFIX = "whsec_"
SECRET_BYTES = 32
ROTATION_MS = 24 * 3_600_000  # for so long both secrets sign
# After each failure in a row: in how many seconds the next try comes; after the last one the hook is switched off.
TRIES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
LONGEST_S = 86_400  # that a receiver may ask us to wait
GONE = 410
EVENTS = tuple(name for name in KINDS if name.partition(".")[0] in ("issue", "update", "comment", "promise", "thanks"))
TEST = "board.test"
SHAPES = ("standard", "slack", "discord", "teams")
WORDS_LENGTH = 2_000
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>@:/])")


# What comes with each message, beside its body.
HEADERS = {
    "webhook-id": phrase("The same for each try of one message."),
    "webhook-timestamp": phrase("When it was signed, in seconds."),
    "webhook-signature": phrase(
        "`v1,` and the HMAC-SHA-256 of id, timestamp and body, joined by dots; two for a day after a new secret."
    ),
}


@dataclass(frozen=True)
class Brief:
    """An issue in short; without its title where it is not public."""

    number: int
    area: str
    state: str
    resolution: str | None
    confirmation: str
    visibility: str
    turn: str
    due_at: str | None
    title: str | None
    url: str


@dataclass(frozen=True)
class Told:
    """An event: `seq` is its index in the record, `words` what was said, as long as everybody may read it."""

    seq: int
    role: str
    issue: Brief | None
    words: str | None


@dataclass(frozen=True)
class Message:
    """What is sent: `type` is the kind of the event, `timestamp` when it was recorded (RFC 3339)."""

    type: str
    timestamp: str
    data: Told


@dataclass(frozen=True)
class Trial:
    """A try: nothing has happened."""

    type: str
    timestamp: str
    data: dict[str, str]


def sign(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature`: one for each secret that is good now."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    marks = (base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in secrets)
    return " ".join(f"v1,{mark}" for mark in marks)


def headers(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "Board",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, message_id, timestamp, body),
    }


def secret_text(secret: bytes) -> str:
    return PREFIX + base64.b64encode(secret).decode()


def message(name: str, at: str, told: Told | None) -> bytes:
    """The body of the standard shape, of an event or of a test; `at` is RFC 3339."""
    made = Message(name, at, told) if told else Trial(name, at, {})
    return as_json(asdict(made))


def as_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def chat(shape: str, *, line: str, title: str, words: str | None, url: str) -> bytes:
    """What a chat room shows: the sentence of the event, the issue, its words. What people wrote calls nobody there."""
    quoted = excerpt(words, WORDS_LENGTH) if words else ""
    match shape:
        case "slack":
            return as_json({"text": slack(line, title, quoted, url), "unfurl_links": False})
        case "discord":
            return as_json({"content": discord(line, title, quoted, url), "allowed_mentions": {"parse": []}})
        case _:
            return as_json(teams(line, title, quoted, url))


def slack(line: str, title: str, words: str, url: str) -> str:
    first = f"<{url}|{slack_text(title)}>: {slack_text(line)}"
    return "\n".join([first, *(f"> {slack_text(one)}" for one in words.splitlines() if one)])


def slack_text(text: str) -> str:
    """The three characters that Slack reads as its own language."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def discord(line: str, title: str, words: str, url: str) -> str:
    first = f"[{plain(title)}](<{url}>): {plain(line)}"
    return "\n".join([first, *(f"> {plain(one)}" for one in words.splitlines() if one)])[:2_000]


def plain(text: str) -> str:
    """The text as it is, where Markdown is read."""
    return MARKDOWN.sub(r"\\\1", text)


def teams(line: str, title: str, words: str, url: str) -> dict[str, Any]:
    """An adaptive card; its text runs are never read as Markdown."""
    runs = [
        {"type": "TextRun", "text": title, "weight": "Bolder", "selectAction": {"type": "Action.OpenUrl", "url": url}},
        {"type": "TextRun", "text": f": {line}"},
    ]
    said = [{"type": "TextRun", "text": words}] if words else []
    blocks = [{"type": "RichTextBlock", "inlines": inlines} for inlines in (runs, said) if inlines]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
        "actions": [{"type": "Action.OpenUrl", "title": title[:60], "url": url}],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def check_choice(*, events: Sequence[str], shape: str) -> None:
    """Raises Invalid unless it is something that can be told, in a shape that we speak."""
    wrong: dict[str, str] = {}
    if not events or not set(events) <= set(EVENTS):
        wrong["events"] = phrase("Choose at least one kind of event.")
    if shape not in SHAPES:
        wrong["shape"] = phrase("Choose one of the shapes.")
    if wrong:
        raise Invalid(wrong)


def asked_wait_s(told: str | None) -> int:
    """The seconds of a `Retry-After`; 0 for none, and for a date."""
    text = (told or "").strip()
    return min(int(text), LONGEST_S) if text.isascii() and text.isdigit() and len(text) < 10 else 0
