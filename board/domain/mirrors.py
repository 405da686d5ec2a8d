"""What is mirrored to social networks, in which words, and what follows from each of their answers.

A post is never sent again before it is known that it is not there: its marker, `#1042·3`, makes it findable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import regex

from board.domain import weights
from board.domain.phrase import phrase
from board.domain.wording import Say, resolution
from board.errors import Invalid

NETWORKS = ("x", "mastodon", "bluesky")
ADDRESSES = {"x": "https://api.x.com", "mastodon": "", "bluesky": "https://bsky.social"}
SECRETS = {
    "x": ("key", "key_secret", "token", "token_secret"),
    "mastodon": ("token",),
    "bluesky": ("identifier", "password"),
}
WORDS = {
    "issue.published": "New",
    "issue.resolved": "Resolved ({resolution})",
    "issue.confirmed": "Cure confirmed by the customer",
}
HIDES = ("issue.removed", "issue.rejected", "text.redacted")
BUDGET = 500  # posts a month, of a new mirror
MOST_BUDGET = 100_000

JOINER = "\u2060"  # seen by nobody; parts what would otherwise come to life
LIVELY = regex.compile(r"([@＠#＃$＄:]|\.(?![0-9]))(?=\S)")
BLUESKY_BYTES = 3_000
SIZES = {"x": weights.MOST, "mastodon": 500, "bluesky": 300}

LOOK_AFTER_MS, LOOK_APART_MS = 10_000, 60_000
LOOKS, ROUNDS = 2, 3
BACKOFF_S = (15, 60, 300, 900, 3_600)
NEVER_MS = 2**62  # when it is the turn of whatever is done
STUBBORN_S = 3_600  # until a deletion that was refused is tried again


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much a network takes, and what it counts for a link (None: as it is written)."""

    most: int
    link: int | None = None


@dataclass(frozen=True, kw_only=True)
class Post:
    """One post of one mirror about the event `seq`. `number` is that of the event among those of its issue that are
    mirrored. `parent` is the post it answers, `remote` and `mark` name it at the network, `since` is the newest post
    that was known there when it was first sent. Where `is_wanted` is false, it is to be taken down.
    """

    id: int
    mirror: int
    issue: int
    seq: int
    kind: str
    number: int
    state: str
    text: str | None = None
    is_wanted: bool = True
    is_alone: bool = False
    parent: int | None = None
    remote: str | None = None
    mark: str | None = None
    since: str | None = None
    rounds: int = 0
    looks: int = 0
    failures: int = 0
    created_ms: int = 0
    started_ms: int | None = None
    retry_ms: int = 0
    error: str | None = None

    @property
    def marker(self) -> str:
        return marker(self.issue, self.number)


@dataclass(frozen=True)
class Sent:
    """It is there, under this name; `mark` is what a reply has to know of it besides."""

    remote: str
    mark: str | None = None


@dataclass(frozen=True)
class Missing:
    """It was looked for, and is not there."""


@dataclass(frozen=True)
class Gone:
    """It is not there any more."""


@dataclass(frozen=True)
class Unknown:
    """Nobody knows what became of it."""

    said: str


@dataclass(frozen=True)
class Rejected:
    """The network does not take it, and will not."""

    said: str


@dataclass(frozen=True)
class Alone:
    """It is not taken as an answer to another post; it may be on its own."""

    said: str


@dataclass(frozen=True)
class Later:
    """Nothing was done, and nothing is to be asked before that time; with None, when we think best."""

    said: str
    at_ms: int | None = None


@dataclass(frozen=True)
class Stopped:
    """Nothing was done, and nothing will be until somebody mends it: `login`, `credits` or `setup`."""

    why: str
    said: str


Outcome = Sent | Missing | Gone | Unknown | Rejected | Alone | Later | Stopped


def marker(issue: int, number: int) -> str:
    return f"#{issue}·{number}"


def is_marked(text: str, mark: str) -> bool:
    """Whether a text that a network shows holds the marker; `#1042·31` is another one."""
    return regex.search(rf"(?<![\w#]){regex.escape(mark)}(?!\d)", text) is not None


def defused(text: str) -> str:
    """What people wrote, in which no link, name, tag or symbol comes to life."""
    return regex.sub(LIVELY, rf"\1{JOINER}", text)


def compose(
    kind: str, places: Mapping[str, str], *, title: str, mark: str, link: str | None, network: str, size: Size, say: Say
) -> str:
    """The post: what happened, the title as far as there is room for it, and the marker."""
    first = say(WORDS[kind]).format_map({"resolution": resolution(places.get("resolution"), say)})
    graphemes = regex.findall(r"\X", title)[: size.most]
    room = range(len(graphemes), -1, -1)
    texts = (assembled(first, graphemes, kept, mark, link) for kept in room)
    return next((text for text in texts if fits(text, link, network=network, size=size)), f"{first} {mark}")


def assembled(first: str, graphemes: list[str], kept: int, mark: str, link: str | None) -> str:
    said = "".join(graphemes[:kept])
    if kept < len(graphemes):
        said = said.rstrip(" ,;:.-–") + "…"
    return f"{first} · {defused(said)} {mark}" + (f"\n{link}" if link else "")


def fits(text: str, link: str | None, *, network: str, size: Size) -> bool:
    if network == "x":
        return weights.weight(text) <= size.most
    written = text.removesuffix(link) if link and size.link is not None else text
    counted = len(regex.findall(r"\X", written)) + (size.link if link and size.link is not None else 0)
    return counted <= size.most and (network != "bluesky" or len(text.encode()) <= BLUESKY_BYTES)


def backoff_ms(failures: int) -> int:
    return BACKOFF_S[min(failures, len(BACKOFF_S) - 1)] * 1_000


def after_sending(post: Post, outcome: Outcome, now_ms: int) -> Post:
    match outcome:
        case Sent(remote, mark):
            return settled(post, remote, mark)
        case Unknown(said):
            return replace(post, state="unknown", looks=0, retry_ms=now_ms + LOOK_AFTER_MS, error=said)
        case Rejected(said):
            return replace(post, state="rejected", retry_ms=NEVER_MS, error=said)
        case Alone(said):
            return replace(post, state="queued", is_alone=True, parent=None, retry_ms=now_ms, error=said)
        case Later(said) | Stopped(_, said):
            return replace(post, state="queued", retry_ms=now_ms, error=said)
        case _:
            raise AssertionError(outcome)


def after_looking(post: Post, outcome: Outcome, now_ms: int) -> Post:
    """An unknown post after it was looked for: sent again only if it was missed twice, a while apart."""
    match outcome:
        case Sent(remote, mark):
            return settled(post, remote, mark)
        case Missing() if post.looks + 1 < LOOKS:
            return replace(post, looks=post.looks + 1, retry_ms=now_ms + LOOK_APART_MS)
        case Missing() if not post.is_wanted:
            return replace(post, state="given_up", text=None, retry_ms=NEVER_MS)
        case Missing() if post.rounds + 1 >= ROUNDS:
            return replace(post, state="needs_human", rounds=post.rounds + 1, retry_ms=NEVER_MS)
        case Missing():
            return replace(post, state="queued", rounds=post.rounds + 1, looks=0, retry_ms=now_ms)
        case Unknown(said) | Rejected(said):
            later = failed(post, said, now_ms)
            return replace(later, retry_ms=max(later.retry_ms, now_ms + LOOK_APART_MS))
        case _:
            return put_off(post, outcome, now_ms)


def after_deleting(post: Post, outcome: Outcome, now_ms: int) -> Post:
    match outcome:
        case Gone():
            return replace(post, state="deleted", text=None, retry_ms=NEVER_MS, error=None)
        case Unknown(said):
            return failed(post, said, now_ms)
        case Rejected(said) | Stopped("credits", said):
            return replace(post, failures=post.failures + 1, retry_ms=now_ms + STUBBORN_S * 1_000, error=said)
        case _:
            return put_off(post, outcome, now_ms)


def put_off(post: Post, outcome: Outcome, now_ms: int) -> Post:
    """Nothing was done: later, or as soon as somebody has mended what is wrong."""
    match outcome:
        case Later(said, at_ms):
            return replace(post, retry_ms=at_ms or now_ms + backoff_ms(post.failures), error=said)
        case Stopped(_, said):
            return replace(post, error=said)
        case _:
            raise AssertionError(outcome)


def failed(post: Post, said: str, now_ms: int) -> Post:
    return replace(post, failures=post.failures + 1, retry_ms=now_ms + backoff_ms(post.failures), error=said)


def settled(post: Post, remote: str, mark: str | None) -> Post:
    """It is there; where it is not wanted any more, its turn comes at once."""
    retry_ms = NEVER_MS if post.is_wanted else 0
    return replace(post, state="sent", remote=remote, mark=mark, failures=0, retry_ms=retry_ms, error=None)


def page_of(network: str, *, address: str, name: str | None, remote: str) -> str:
    """Where people read a post that is there."""
    last = remote.rpartition("/")[2]
    match network:
        case "x":
            return f"https://x.com/i/web/status/{last}"
        case "mastodon":
            return f"{address}/{name or '@'}/{last}"
        case _:
            return f"https://bsky.app/profile/{remote.removeprefix('at://').partition('/')[0]}/post/{last}"


X_PAGE = regex.compile(
    r"(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/(?P<name>\w{1,15})(?:/web)?/status(?:es)?/(?P<post>[0-9]{1,19})\b.*",
    regex.IGNORECASE,
)
MASTODON_PAGE = regex.compile(
    r"/(?:deck/)?(?:@|users/)(?P<name>[^/@]+)(?:/statuses)?/(?P<post>[0-9A-Za-z]{1,40})/?(?:[?#].*)?"
)
BLUESKY_PAGE = regex.compile(
    r"(?:at://(?P<name>[^/]+)/app\.bsky\.feed\.post"
    r"|(?:https?://)?(?:www\.)?bsky\.app/profile/(?P<name>[^/]+)/post)/(?P<post>[2-7a-z]{13})/?(?:[?#].*)?"
)


def remote_of(post: Post, typed: str, *, network: str, address: str, account: str, name: str) -> str:
    """What the network calls our post at the address that somebody typed; `name` is ours there, with its @."""
    match network:
        case "x" | "mastodon" if typed.isascii() and typed.isdigit() and len(typed) <= 19:
            return typed
        case "x":
            example, page = f"https://x.com/{name.lstrip('@')}/status/1234", X_PAGE.fullmatch(typed)
        case "mastodon":
            is_there = typed.lower().startswith(f"{address.lower()}/")
            example = f"{address}/{name or '@'}/1234"
            page = MASTODON_PAGE.fullmatch(typed[len(address) :]) if is_there else None
        case _:
            key = record_key(post)
            example, page = f"https://bsky.app/profile/{name.lstrip('@')}/post/{key}", BLUESKY_PAGE.fullmatch(typed)
    if page is None:
        raise Invalid({"remote": phrase("Give the address of the post, such as {example}.", example=example)})
    if name and page["name"].lower() not in (name.lstrip("@").lower(), account.lower(), "i" if network == "x" else ""):
        raise Invalid(
            {"remote": phrase("This is a post of {other}, and not of {name}.", other=page["name"], name=name)}
        )
    if network != "bluesky":
        return str(page["post"])
    if page["post"] != key:
        raise Invalid({"remote": phrase("This is another post. The board has given this one the name {key}.", key=key)})
    return f"at://{account or page['name']}/app.bsky.feed.post/{key}"


TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"


def record_key(post: Post) -> str:
    """The post's own key at Bluesky, in the form of their timestamps: sent twice, it is still one record."""
    micros = post.created_ms * 1_000 + post.id % 1_000
    number = (micros << 10) | (post.id // 1_000 % 1_024)
    return "".join(TID_LETTERS[(number >> shift) & 31] for shift in range(60, -1, -5))


def link_facets(text: str, link: str | None) -> list[dict[str, object]]:
    """Where in a post at Bluesky its link stands, in bytes of UTF-8."""
    if link is None or link not in text:
        return []
    begin = len(text[: text.rindex(link)].encode())
    return [
        {
            "index": {"byteStart": begin, "byteEnd": begin + len(link.encode())},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": link}],
        }
    ]
