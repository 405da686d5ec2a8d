"""What an address shows to everybody: the key under which its page is remembered, and the topics that change it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from starlette.datastructures import QueryParams

from board.errors import Invalid
from board.web import api, embed, feeds, home, oembed
from board.web.page import DONE
from board.web.shapes import IssueList, WholeIssue

PATH, QUERY = 200, 1_500  # bytes; longer addresses are nobody's bookmark
NEVER: frozenset[str] = frozenset()  # but by the company's settings, which change every page
ALL = frozenset({"board"})
PAGES = {
    "/about": ALL,  # it says how long the record is
    "/rules": NEVER,
    "/moderation": frozenset({"board", "reports"}),
    "/accent.css": NEVER,
    "/api": NEVER,
    "/data/": ALL,  # it says how new the record is
    "/api/v1/areas": NEVER,
    "/api/v1/figures": frozenset({"board", "reports"}),
    "/api/v1/openapi.json": NEVER,
}
EMBEDDED = ("/embed/list.html", "/embed/badge.svg", "/embed/v1/state.json")
ISSUE = re.compile(r"(?:/api/v1)?/issues/([1-9][0-9]{0,14})(?:/log|/card\.png)?")
EVENTS = re.compile(r"/api/v1/issues/[1-9][0-9]{0,14}/events")
FEED = re.compile(r"(?:/areas/([^/]{1,80})|/issues/([1-9][0-9]{0,14}))?/feed\.(?:atom|json)")
POLICY = re.compile(r"/policies/[0-9a-f]{64}\.json")


@dataclass(frozen=True, slots=True)
class Shown:
    """`key` is the same for all addresses that show the same; `topics` are those of the stream."""

    key: str
    topics: frozenset[str]


def shown(path: str, query: bytes) -> Shown | None:
    """None where the answer is one visitor's, or not worth remembering."""
    return look_up(path, query) if len(path) <= PATH and len(query) <= QUERY else None


@lru_cache(maxsize=1_000)
def look_up(path: str, query: bytes) -> Shown | None:
    asked = QueryParams(query.decode("latin-1"))
    if asked.get("done") in DONE:  # who has just acted sees it at once, whichever process answers
        return None
    if read := LISTS.get(path):
        wanted = read(asked)
        return Shown(f"{path} {wanted}", ALL) if wanted else None
    if path in EMBEDDED:
        at_a_glance = embed.read_asked(asked)
        return Shown(f"{path} {at_a_glance}", frozenset({embed.topic(at_a_glance)}))
    if path in PAGES:
        return Shown(path, PAGES[path])
    if found := ISSUE.fullmatch(path):
        return shown_issue(path, asked, frozenset({f"issue:{found[1]}"}))
    if found := FEED.fullmatch(path):
        chosen = feeds.read_asked(asked, area=found[1], issue=int(found[2]) if found[2] else None)
        return Shown(f"{path} {chosen}", frozenset({f"issue:{found[2]}"}) if found[2] else ALL)
    if EVENTS.fullmatch(path):
        return Shown(path, ALL)  # it tells the head, too
    return Shown(path, NEVER) if POLICY.fullmatch(path) else None


def shown_issue(path: str, asked: QueryParams, topics: frozenset[str]) -> Shown | None:
    try:
        fields = api.read_fields(asked, WholeIssue) if path.startswith("/api/") else None
    except Invalid:
        return None
    return Shown(f"{path} {','.join(fields)}" if fields else path, topics)


def read_home(asked: QueryParams) -> str:
    return repr(home.read_wanted(asked))


def read_oembed(asked: QueryParams) -> str:
    return repr(oembed.read_asked(asked))


def read_issues(asked: QueryParams) -> str | None:
    try:
        return f"{api.read_wanted(asked)} {api.read_fields(asked, IssueList)}"
    except Invalid:
        return None


def read_events(asked: QueryParams) -> str | None:
    try:
        after, limit, wait = api.read_place(asked)
    except Invalid:
        return None
    return None if wait else f"{after} {limit}"


LISTS: dict[str, Callable[[QueryParams], str | None]] = {
    "/": read_home,
    "/oembed": read_oembed,
    "/api/v1/issues": read_issues,
    "/api/v1/events": read_events,
}
