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
    if letter.stop:
        message["List-Unsubscribe"] = f"<{letter.stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(as_text(letter, post.say))
    message.add_alternative(as_html(letter, post.say), subtype="html")
    if letter.attached:
        message.add_attachment(letter.attached, filename=f"receipt-{letter.issue}.txt")
    return message


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


def as_text(letter: Letter, say: Say) -> str:
    parts = [*letter.paragraphs]
    parts += ["\n".join(filter(None, (part.title, part.text, part.link))) for part in letter.parts]
    if letter.link:
        parts.append(f"{letter.label}:\n{letter.link}")
    if letter.other_link:
        parts.append(f"{letter.other_label}:\n{letter.other_link}")
    if letter.code:
        parts.append(f"{say('Or type this code where you asked for it:')}\n{letter.code}")
    if letter.stop:
        parts.append(f"{stopping(letter, say)}:\n{letter.stop}")
    return "\n\n".join(parts) + "\n"


def as_html(letter: Letter, say: Say) -> str:
    parts = [f"<p>{escape(p).replace(chr(10), '<br>')}</p>" for p in letter.paragraphs]
    for part in letter.parts:
        parts.append(f'<h2><a href="{escape(part.link)}">{escape(part.title)}</a></h2>')
        parts += [f"<p>{escape(part.text).replace(chr(10), '<br>')}</p>"] if part.text else []
    if letter.link:
        parts.append(f'<p><a href="{escape(letter.link)}">{escape(letter.label or letter.link)}</a></p>')
    if letter.other_link:
        parts.append(f'<p><a href="{escape(letter.other_link)}">{escape(letter.other_label or "")}</a></p>')
    if letter.code:
        parts.append(f"<p>{escape(say('Or type this code where you asked for it:'))} <b>{escape(letter.code)}</b></p>")
    if letter.stop:
        parts.append(f'<p><small><a href="{escape(letter.stop)}">{escape(stopping(letter, say))}</a></small></p>')
    return "\n".join(parts)


def stopping(letter: Letter, say: Say) -> str:
    """What is behind the link at the end: a digest is about many issues."""
    if letter.issue is None:
        return say("No more mail, or only what you choose")
    return say("No more mail about this issue, or only what you choose")
