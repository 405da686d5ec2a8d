"""How a letter becomes a mail: its headers, a text and an HTML part; one issue's letters are one thread."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from typing import Any
from urllib.parse import urlsplit

from board.domain.letters import Letter
from board.domain.links import Links
from board.domain.replies import MARK
from board.domain.wording import Say


@dataclass(frozen=True)
class Post:
    """How mail goes out: `url` is smtp[s]://user:password@host:port, None for the outbox only.

    `inbox` is the address of the mailbox that the board reads: what comes back and what people answer goes there.
    """

    url: str | None
    sender: str
    links: Links
    say: Say
    inbox: str | None = None


def host_of(post: Post) -> str:
    return urlsplit(post.links.base).hostname or "board"


def compose(row: dict[str, Any], letter: Letter, post: Post, now: datetime) -> EmailMessage:
    """The mail itself, with a text and an HTML part; one issue's letters are one thread."""
    host = host_of(post)
    message = EmailMessage(policy=SMTP)
    message["From"] = post.sender
    message["To"] = row["recipient"]
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{stable(row['message_id'])}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.issue is not None:
        thread = f"<issue.{letter.issue}@{host}>"
        message["References"] = thread
        message["In-Reply-To"] = thread
        message["List-Id"] = f"<issue-{letter.issue}.{host}>"
    letter = stoppable(letter, post)
    if post.inbox and letter.reply:
        message["Reply-To"] = tagged(post.inbox, letter.reply)
        above = post.say("Answer above this line, and everybody can read it on the board.")
        letter = replace(letter, paragraphs=(f"{MARK} {above} -##", *letter.paragraphs))
        closing = ""
    else:
        closing = where_to_answer(letter, post.say) if may_be_answered(letter) else ""
    if letter.stop:
        message["List-Unsubscribe"] = f"<{letter.stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(as_text(letter, post.say, closing))
    message.add_alternative(as_html(letter, post.say, closing), subtype="html")
    if letter.attached:
        message.add_attachment(letter.attached, filename=f"receipt-{letter.issue}.txt")
    return message


def may_be_answered(letter: Letter) -> bool:
    """Whether somebody may want to answer: nobody does where a link works once, to sign in or to say yes."""
    is_once = letter.secret and not letter.personal
    return bool(letter.parts) or (letter.issue is not None and not is_once)


def where_to_answer(letter: Letter, say: Say) -> str:
    if letter.issue is None:
        return say("Please write on the pages of the issues: an answer to this mail does not get there.")
    return say("Please write on the page of the issue: an answer to this mail does not get there.")


def return_path(row: dict[str, Any], post: Post) -> str:
    """Where the message goes if it comes back: an address of its own for each, so that we know which one it was."""
    if post.inbox is None:
        return parseaddr(post.sender)[1]
    return tagged(post.inbox, post.links.tag("bounce", row["id"]))


def tagged(inbox: str, tag: str) -> str:
    """`board@host` with the tag: `board+tag@host`."""
    local, _, host = inbox.rpartition("@")
    return f"{local}+{tag}@{host}"


def stoppable(letter: Letter, post: Post) -> Letter:
    """Anybody can type an address when they file: whoever has it can end the letters without signing in."""
    if letter.issue is None or letter.stop or not letter.personal:
        return letter
    return replace(letter, stop=post.links.no_mail(letter.issue))


def stable(message_id: str) -> str:
    """A Message-ID that shows no address: the same for the same message."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def as_text(letter: Letter, say: Say, closing: str = "") -> str:
    parts = [quoted(text) for text in letter.paragraphs]
    for part in letter.parts:
        parts += [f"{part.title}\n{part.link}", *map(quoted, part.lines)]
    if letter.link:
        parts.append(f"{letter.label}:\n{letter.link}")
    if letter.other_link:
        parts.append(f"{letter.other_label}:\n{letter.other_link}")
    if letter.code:
        parts.append(f"{say('Or type this code where you asked for it:')}\n{letter.code}")
    parts += [closing] if closing else []
    for url, told in endings(letter, say):
        parts.append(f"{told}:\n{url}")
    return "\n\n".join(parts) + "\n"


def quoted(text: str) -> str:
    """A sentence, and behind an empty line the words that it is about, which must not pass for the board's own."""
    sentence, _, words = text.partition("\n\n")
    return "\n".join([sentence, *(["", *(f"> {line}".rstrip() for line in words.split("\n"))] if words else [])])


def as_html(letter: Letter, say: Say, closing: str = "") -> str:
    """Calm in any mail program, light or dark; what was written on the board is set apart from what the letter says."""
    parts = [paragraph(text) for text in letter.paragraphs]
    for part in letter.parts:
        parts.append(f'<h2 style="{HEADING}"><a href="{escape(part.link)}">{escape(part.title)}</a></h2>')
        parts += [paragraph(text) for text in part.lines]
    links = [(letter.link, letter.label), (letter.other_link, letter.other_label)]
    if buttons := [button(url, label or url) for url, label in links if url]:
        parts.append(f"<p>{' '.join(buttons)}</p>")
    if letter.code:
        parts.append(f"<p>{escape(say('Or type this code where you asked for it:'))} <b>{escape(letter.code)}</b></p>")
    parts += [f'<p style="{QUIET}">{escape(closing)}</p>'] if closing else []
    for url, told in endings(letter, say):
        parts.append(f'<p style="{QUIET}"><a href="{escape(url)}" style="color:inherit">{escape(told)}</a></p>')
    return HEAD + "\n".join(parts) + "\n</div></body></html>\n"


HEAD = (
    '<!doctype html>\n<html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>'
    "<body style=\"margin:0;padding:24px 16px;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif\">"
    '<div style="max-width:36em;margin:0 auto">\n'
)
HEADING = "margin:28px 0 4px;font-size:17px"
QUIET = "font-size:13px;opacity:.75"
WORDS = "margin:0 0 16px;padding-left:14px;border-left:3px solid #8a8a84"
BUTTON = (
    "display:inline-block;margin:4px 8px 4px 0;padding:10px 18px;border:1px solid currentColor;border-radius:6px;"
    "color:inherit;font-weight:600;text-decoration:none"
)


def paragraph(text: str) -> str:
    """A sentence, and behind an empty line the words that it is about."""
    if text.startswith(MARK):
        return f'<p style="{QUIET}">{escape(text)}</p>'
    sentence, _, words = text.partition("\n\n")
    return plain(sentence) + (f'\n<div style="{WORDS}">{plain(words)}</div>' if words else "")


def plain(text: str) -> str:
    return "".join(f"<p>{escape(one).replace(chr(10), '<br>')}</p>" for one in text.split("\n\n"))


def button(url: str, label: str) -> str:
    return f'<a href="{escape(url)}" style="{BUTTON}">{escape(label)}</a>'


def endings(letter: Letter, say: Say) -> list[tuple[str, str]]:
    """The links at the end, behind which somebody says what mail they want; a digest is about many issues."""
    stopping = (
        say("No more mail, or only what you choose")
        if letter.issue is None
        else say("No more mail about this issue, or only what you choose")
    )
    found = [(letter.stop, stopping), (letter.choose, say("Choose which mail you get about your work"))]
    return [(url, told) for url, told in found if url]
