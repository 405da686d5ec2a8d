"""Speaks X API v2: posts, looks for them by their markers, takes them down, and hears mentions; signed by OAuth 1.0a.

X keeps no key by which a post could be sent twice without harm, so whatever is not clear is unknown.
"""

import random
from datetime import datetime
from html import unescape
from typing import Any, Literal
from urllib.parse import urlencode

from oauthlib.oauth1 import Client

from board.domain import weights
from board.domain.leaf import milliseconds
from board.domain.mentions import Heard, Mention, Missed, expanded, mention
from board.domain.mirrors import (
    Alone,
    Gone,
    Later,
    Missing,
    Outcome,
    Post,
    Rejected,
    Sent,
    Stopped,
    Unknown,
    is_marked,
)
from board.followers.calls import About, Line, Reply, Thread, call

PAGES = 4  # of a hundred posts, in which one is looked for
HEARD_PAGES = 10
JITTER_MS = 5_000
LIMITS = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")
# By the last part of the problem's type, or by the code of the older shape.
SETUP = {"oauth1-permissions", "unsupported-authentication", "client-forbidden", "client-not-enrolled", "261", "453"}
LOGIN = {"32", "64", "89", "326"}
DUPLICATE, RATE = {"187", "duplicate-content"}, {"88", "rate-limit-exceeded", "usage-capped"}
NO_REPLY = {"not-authorized-for-resource", "433"}
NO_PARENT = {"resource-not-found", "144", "385"}
NOT_THERE = {"resource-not-found", "not-authorized-for-resource"}


class X:
    at_once = 100

    def __init__(self, line: Line) -> None:
        self._line = line
        secrets = line.secrets
        self._signer = Client(
            secrets["key"],
            client_secret=secrets["key_secret"],
            resource_owner_key=secrets["token"],
            resource_owner_secret=secrets["token_secret"],
        )

    async def test(self) -> About | Outcome:
        answer = await self._ask("GET", "/2/users/me")
        if not isinstance(answer, Reply):
            return answer
        me = field(answer, "data")
        if not answer.is_done or not me.get("id"):
            return refusal(answer)
        if "write" not in answer.headers.get("x-access-level", "write"):
            return Stopped("setup", "These keys may only read. Allow the app to write, then make new ones.")
        return About(str(me["id"]), f"@{me.get('username', '')}", weights.MOST)

    async def send(self, post: Post, thread: Thread | None, link: str | None) -> Outcome:
        reply = {"reply": {"in_reply_to_tweet_id": thread.parent.remote}} if thread else {}
        answer = await self._ask("POST", "/2/tweets", {"text": post.text, **reply})
        if not isinstance(answer, Reply):
            return answer
        number = field(answer, "data").get("id")
        return Sent(str(number)) if answer.is_done and number else refusal(answer, is_reply=thread is not None)

    async def find(self, post: Post) -> Outcome:
        query = {"max_results": "100"} | ({"since_id": post.since} if post.since else {})
        for _ in range(PAGES):
            answer = await self._ask("GET", f"/2/users/{self._line.account}/tweets?{urlencode(query)}")
            if not isinstance(answer, Reply):
                return answer
            if not answer.is_done or "meta" not in (answer.said or {}):
                return refusal(answer)
            if there := next((one for one in listed(answer) if is_marked(one.get("text", ""), post.marker)), None):
                return Sent(str(there["id"]))
            if not (following := field(answer, "meta").get("next_token")):
                return Missing()
            query["pagination_token"] = following
        return Unknown("There are too many posts to look through.")

    async def delete(self, post: Post) -> Outcome:
        answer = await self._ask("DELETE", f"/2/tweets/{post.remote}")
        if not isinstance(answer, Reply):
            return answer
        if answer.status == 404 or (answer.is_done and field(answer, "data").get("deleted")):
            return Gone()
        return refusal(answer)

    async def hear(self, since: str | None) -> Heard | Outcome:
        """What mentions us; the first time only where to go on from, and what may have come in that moment."""
        shown = {
            "tweet.fields": "created_at,note_tweet,entities",
            "expansions": "author_id",
            "user.fields": "username,protected",
        }
        query = {"max_results": "100" if since is not None else "5", **shown} | ({"since_id": since} if since else {})
        found: list[Mention] = []
        newest, following = since or "", ""
        for page in range(HEARD_PAGES if since is not None else 1):
            answer = await self._ask("GET", f"/2/users/{self._line.account}/mentions?{urlencode(query)}")
            if not isinstance(answer, Reply):
                return answer
            if not answer.is_done or not isinstance(answer.said, dict) or "meta" not in answer.said:
                return refusal(answer)
            meta = field(answer, "meta")
            newest = str(meta.get("newest_id") or newest) if page == 0 else newest
            found += read_mentions(answer, self._line.account)
            if not (following := str(meta.get("next_token") or "")):
                break
            query["pagination_token"] = following
        return Heard(tuple(found), newest, is_cut=bool(since is not None and following))

    async def missed(self, remotes: list[str]) -> Missed | Outcome:
        """Those that X says are deleted, or not for everybody any more."""
        answer = await self._ask("GET", f"/2/tweets?{urlencode({'ids': ','.join(remotes)})}")
        if not isinstance(answer, Reply):
            return answer
        if not answer.is_done or not (listed(answer) or errors(answer)):
            return refusal(answer)
        gone = (one for one in errors(answer) if str(one.get("type", "")).rpartition("/")[2] in NOT_THERE)
        return Missed(frozenset(str(one.get("resource_id") or one.get("value")) for one in gone))

    async def _ask(
        self, method: Literal["GET", "POST", "DELETE"], path: str, said: Any = None
    ) -> Reply | Unknown | Later | Stopped:
        url = self._line.address + path
        _, headers, _ = self._signer.sign(url, method)
        return await call(self._line.out, method, url, headers, said)


def field(answer: Reply, name: str) -> dict[str, Any]:
    found = answer.said.get(name) if isinstance(answer.said, dict) else None
    return found if isinstance(found, dict) else {}


def listed(answer: Reply) -> list[dict[str, Any]]:
    found = answer.said.get("data") if isinstance(answer.said, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def read_mentions(answer: Reply, own: str) -> list[Mention]:
    """What people said in public; what comes in a shape that we do not know is left out."""
    users = field(answer, "includes").get("users")
    authors = {str(one.get("id")): one for one in users if isinstance(one, dict)} if isinstance(users, list) else {}
    read = (
        read_mention(one, authors.get(str(one.get("author_id")), {}))
        for one in listed(answer)
        if str(one.get("author_id")) != own
    )
    return [one for one in read if one]


def read_mention(one: dict[str, Any], author: dict[str, Any]) -> Mention | None:
    long = one.get("note_tweet")
    told = long if isinstance(long, dict) else one
    text = expanded(unescape(str(told.get("text") or "")), links_of(told))
    try:
        said_ms = milliseconds(datetime.fromisoformat(str(one.get("created_at"))))
    except ValueError:
        return None
    if author.get("protected") or not author.get("username"):
        return None
    remote, name = str(one.get("id")), f"@{author['username']}"
    url = f"https://x.com/{author['username']}/status/{remote}"
    return mention(remote=remote, author=name, text=text, url=url, said_ms=said_ms, came_ms=said_ms)


def links_of(told: dict[str, Any]) -> dict[str, str]:
    """The addresses in a text, by the short ones in their place."""
    entities = told.get("entities")
    urls = entities.get("urls") if isinstance(entities, dict) else None
    listed = [one for one in urls if isinstance(one, dict)] if isinstance(urls, list) else []
    return {str(one.get("url")): str(one.get("expanded_url")) for one in listed}


def refusal(answer: Reply, *, is_reply: bool = False) -> Outcome:
    """What an answer means that is not the one we hoped for."""
    said, names = answer.words("detail", "title"), names_of(answer)
    if legacy := legacy_words(answer):
        said = f"It answers {answer.status}: {legacy}"
    match answer.status:
        case 401:
            return Stopped("login", said)
        case 402:
            return Stopped("credits", said)
        case 429:
            return Later(said, until(answer))
        case 400 | 403 | 404 if isinstance(answer.said, dict):
            return forbidden(said, names, is_reply=is_reply)
        case _:
            return Unknown(said)


def forbidden(said: str, names: set[str], *, is_reply: bool) -> Outcome:
    words = said.lower()
    if names & RATE:
        return Later(said)
    if names & LOGIN:
        return Stopped("login", said)
    if names & SETUP:
        return Stopped("setup", said)
    if names & DUPLICATE or "duplicate content" in words:
        return Unknown(said)  # it may be our own, of which we never heard
    has_no_reply = names & NO_REPLY or "reply to this conversation is not allowed" in words
    if is_reply and (names & NO_PARENT or has_no_reply or "you can only reply to" in words):
        return Alone(said)
    return Rejected(said)


def names_of(answer: Reply) -> set[str]:
    """The problem by its names: the last part of its type, and the codes of the older shape."""
    if not isinstance(answer.said, dict):
        return set()
    kind = str(answer.said.get("type", "")).rstrip("/").rpartition("/")[2]
    return {kind, *(str(one.get("code")) for one in errors(answer))}


def errors(answer: Reply) -> list[dict[str, Any]]:
    found = answer.said.get("errors") if isinstance(answer.said, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def legacy_words(answer: Reply) -> str:
    return next((str(one["message"]) for one in errors(answer) if one.get("code") and one.get("message")), "")


def until(answer: Reply) -> int | None:
    """When the last of the limits that are used up is renewed, and a little later."""
    resets = {name: number(answer.headers.get(f"{name}-reset")) for name in LIMITS}
    used_up = [
        reset for name, reset in resets.items() if number(answer.headers.get(f"{name}-remaining")) == 0 and reset
    ]
    known = used_up or [reset for reset in resets.values() if reset]
    return max(known) * 1_000 + random.randrange(JITTER_MS) if known else None  # noqa: S311


def number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 13 else None
