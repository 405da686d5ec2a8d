"""Speaks to a Mastodon server: posts, looks for them by their markers, takes them down, and hears mentions.

Each post has a key of its own that the server keeps for an hour; after that, and wherever it failed, looking decides.
"""

import re
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode

from board.domain.leaf import milliseconds
from board.domain.mentions import Heard, Mention, Missed, mention
from board.domain.mentions import plain as plain_words
from board.domain.mirrors import (
    SIZES,
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

PAGES, PAGE = 4, 40
IN_PUBLIC = ("public", "unlisted")
LINK_COUNTS = 23
TAG = re.compile(r"<[^>]*>")


class Mastodon:
    at_once = 20

    def __init__(self, line: Line) -> None:
        self._line = line

    async def test(self) -> About | Outcome:
        who = await self._ask("GET", "/api/v1/accounts/verify_credentials")
        if not isinstance(who, Reply):
            return who
        if not who.is_done or not fields(who).get("id"):
            return refusal(who)
        server = await self._ask("GET", "/api/v2/instance")
        if not isinstance(server, Reply):
            return server
        allowed = fields(server).get("configuration", {}).get("statuses", {})
        most, link = allowed.get("max_characters", SIZES["mastodon"]), allowed.get("characters_reserved_per_url")
        return About(str(who.said["id"]), f"@{who.said.get('acct', '')}", int(most), int(link or LINK_COUNTS))

    async def send(self, post: Post, thread: Thread | None, link: str | None) -> Outcome:
        reply = {"in_reply_to_id": thread.parent.remote} if thread else {}
        said = {"status": post.text, "visibility": "public", **reply}
        answer = await self._ask(
            "POST", "/api/v1/statuses", said, key=f"board-{post.mirror}-{post.id}-{post.created_ms}"
        )
        if not isinstance(answer, Reply):
            return answer
        number = fields(answer).get("id")
        if answer.is_done and number:
            return Sent(str(number))
        if thread and answer.status == 404 and answer.said is not None:
            return Alone(answer.words("error"))
        return refusal(answer)

    async def find(self, post: Post) -> Outcome:
        query = {"limit": str(PAGE), "exclude_reblogs": "true"} | ({"since_id": post.since} if post.since else {})
        for _ in range(PAGES):
            answer = await self._ask("GET", f"/api/v1/accounts/{self._line.account}/statuses?{urlencode(query)}")
            if not isinstance(answer, Reply):
                return answer
            if not answer.is_done or not isinstance(answer.said, list):
                return refusal(answer)
            if there := next((one for one in answer.said if is_marked(plain(one), post.marker)), None):
                return Sent(str(there["id"]))
            if len(answer.said) < PAGE:
                return Missing()
            query["max_id"] = str(answer.said[-1]["id"])
        return Unknown("There are too many posts to look through.")

    async def delete(self, post: Post) -> Outcome:
        answer = await self._ask("DELETE", f"/api/v1/statuses/{post.remote}")
        if not isinstance(answer, Reply):
            return answer
        is_gone = answer.is_done or (answer.status == 404 and answer.said is not None)
        return Gone() if is_gone else refusal(answer)

    async def hear(self, since: str | None) -> Heard | Outcome:
        """What mentions us, the oldest pages first: `min_id` is a `since_id` that leaves nothing out."""
        found: list[Mention] = []
        newest = since or ""
        for _ in range(PAGES if since is not None else 1):
            query = {"types[]": "mention", "limit": str(PAGE)} | (
                {"min_id": newest or "0"} if since is not None else {}
            )
            answer = await self._ask("GET", f"/api/v1/notifications?{urlencode(query)}")
            if not isinstance(answer, Reply):
                return answer
            if not answer.is_done or not isinstance(answer.said, list):
                return refusal(answer)
            page = [one for one in answer.said if isinstance(one, dict)]
            newest = str(page[0].get("id") or newest) if page else newest
            found = [read for one in page if (read := read_mention(one))] + found
            if len(page) < PAGE:
                break
        return Heard(tuple(found), newest)

    async def missed(self, remotes: list[str]) -> Missed | Outcome:
        gone: set[str] = set()
        for remote in remotes:
            answer = await self._ask("GET", f"/api/v1/statuses/{remote}")
            if not isinstance(answer, Reply):
                return answer
            if answer.status in (404, 410) and answer.said is not None:
                gone.add(remote)
            elif not answer.is_done:
                return refusal(answer)
        return Missed(frozenset(gone))

    async def _ask(
        self, method: str, path: str, said: Any = None, *, key: str | None = None
    ) -> Reply | Unknown | Later | Stopped:
        headers = {"Authorization": f"Bearer {self._line.secrets['token']}"}
        if key:
            headers["Idempotency-Key"] = key
        return await call(self._line.out, method, self._line.address + path, headers, said)


def fields(answer: Reply) -> dict[str, Any]:
    return answer.said if isinstance(answer.said, dict) else {}


def plain(status: Any) -> str:
    """The words of a status, of which the server gives HTML."""
    return unescape(TAG.sub("", str(status.get("content", ""))))


def read_mention(told: dict[str, Any]) -> Mention | None:
    """What somebody said in public; None for what only we were to read, and for a shape that we do not know."""
    status = told.get("status")
    if not isinstance(status, dict) or status.get("visibility") not in IN_PUBLIC:
        return None
    author = status.get("account")
    try:
        said = datetime.fromisoformat(str(status.get("created_at")))
        came = datetime.fromisoformat(str(told.get("created_at")))
    except ValueError:
        return None
    return mention(
        remote=str(status.get("id")),
        author=f"@{author.get('acct', '')}" if isinstance(author, dict) else "",
        text=plain_words(str(status.get("content", ""))),
        url=str(status.get("url") or ""),
        said_ms=milliseconds(said),
        came_ms=milliseconds(came),
    )


def refusal(answer: Reply) -> Outcome:
    said = answer.words("error_description", "error")
    match answer.status:
        case 401:
            return Stopped("login", said)
        case 403 if answer.said is not None:
            return Stopped("setup", said)
        case 429:
            return Later(said, renewed(answer.headers.get("x-ratelimit-reset")))
        case 400 | 404 | 410 | 422 if answer.said is not None:
            return Rejected(said)
        case _:
            return Unknown(said)


def renewed(text: str | None) -> int | None:
    """The time at which a limit is renewed, in milliseconds."""
    try:
        return milliseconds(datetime.fromisoformat(text)) if text else None
    except (ValueError, TypeError):
        return None
