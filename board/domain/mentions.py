"""What others say to the company at social networks: drafts for staff, which of them are kept, and when to ask.

Nothing of it is published by itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape

from board.domain.mirrors import Later, Outcome, Stopped, backoff_ms
from board.domain.text import clean

NETWORKS = ("x", "mastodon")
MOST = 1_000  # drafts that wait, of one mirror
DAYS, MOST_DAYS = 30, 365
EVERY_MS = 300_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LEAST_MS = 15_000  # however soon a network says that its limit is renewed
PACE_MS = 30_000  # between two looks at many drafts

TEXT, AUTHOR, ADDRESS, SAID = 5_000, 200, 1_000, 300
HTML = 100_000  # far more than such a text takes
ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
# None of them looks further than the next tag, so that no post takes long to read.
BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
PARAGRAPH = re.compile(r"</p>\s*<p\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"<[^<>]*>")
ANCHOR = re.compile(r"(<a\b[^<>]*>|</a\s*>)", re.IGNORECASE)
TARGET = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
NAMED = re.compile(r"[@#]\S+")  # a person or a subject: where the link leads says no more
SHORTENED = re.compile(r"https?://t\.co/\w+")
WEB = re.compile(r"https?://([^\s/?#@]+)(?:[/?#]\S*)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """One mention as its network tells of it: `said_ms` is when its author wrote it, `came_ms` when it got there."""

    remote: str
    author: str
    text: str
    url: str
    said_ms: int
    came_ms: int


@dataclass(frozen=True)
class Heard:
    """Mentions, the newest first; `newest` is where to go on from, `is_cut` whether older ones were left out."""

    mentions: tuple[Mention, ...]
    newest: str
    is_cut: bool = False


@dataclass(frozen=True)
class Missed:
    """Which of the posts that were asked for nobody can read any more."""

    remotes: frozenset[str]


def mention(*, remote: str, author: str, text: str, url: str, said_ms: int, came_ms: int) -> Mention | None:
    """The mention within what is kept of it; None where there is no name to ask for it by, or nothing said."""
    words = clean(text)[:TEXT]
    if not ID.fullmatch(remote) or not words:
        return None
    return Mention(
        remote=remote,
        author=clean(author, lines=False)[:AUTHOR],
        text=words,
        url=url if is_web(url) and host_of(url) else "",
        said_ms=said_ms,
        came_ms=came_ms,
    )


def plain(html: str) -> str:
    """The words of a post that comes as HTML, with its lines; of each link where it leads, whatever it says."""
    pieces = ANCHOR.split(html[:HTML])  # words, a tag, words, a tag …
    tags = ["", *pieces[1::2]]
    told = "".join(told_link(tag, words) for tag, words in zip(tags, pieces[::2], strict=True))
    return unescape(TAG.sub("", PARAGRAPH.sub("\n\n", BREAK.sub("\n", told))))


def told_link(tag: str, html: str) -> str:
    """What stands behind a tag; where that begins a link, with its address, unless the words are the address."""
    target, words = TARGET.search(tag), unescape(TAG.sub("", html).strip())
    address = unescape(next((one for one in target.groups() if one is not None), "")) if target else ""
    if words == address or NAMED.fullmatch(words) or not is_web(address):
        return html
    return f"{html} ({escape(address)})" if words else escape(address)


def expanded(text: str, addresses: Mapping[str, str]) -> str:
    """What somebody said on X, with the addresses in full that it shows as short ones."""

    def full(found: re.Match[str]) -> str:
        address = addresses.get(found[0], "")
        return address if is_web(address) else found[0]

    return SHORTENED.sub(full, text)


def unlabelled(text: str) -> str:
    """What was said where nobody writes Markdown, so that in an issue no words stand before the address of a link."""
    return text.replace("](", "] (")


def is_web(address: str) -> bool:
    return WEB.fullmatch(address) is not None and len(address) <= ADDRESS and address.isprintable()


def host_of(address: str) -> str:
    """Where a link leads, so that nobody follows it unseen; letters beyond ASCII as they go over the wire."""
    found = WEB.fullmatch(address)
    try:
        return found[1].encode("idna").decode().lower() if found else ""
    except UnicodeError:
        return ""


def new_ones(heard: Heard, since_ms: int) -> list[Mention]:
    """What came since the board listens, the oldest first, as many as are kept."""
    return [one for one in heard.mentions if one.came_ms >= since_ms][:MOST][::-1]


def again_ms(outcome: Outcome, failures: int, now_ms: int) -> int:
    """When to ask again after an answer that was none: within a day, whatever the network's clock says."""
    match outcome:
        case Later(_, int() as at_ms):
            return min(max(at_ms, now_ms + LEAST_MS), now_ms + DAY_MS)
        case Stopped():
            return now_ms + HOUR_MS
        case _:
            return now_ms + backoff_ms(failures)


def is_aged(wanted_ms: int, now_ms: int) -> bool:
    """Whether staff who open the list may have everything looked after again: once an hour at most."""
    return wanted_ms <= now_ms - 2 * HOUR_MS
