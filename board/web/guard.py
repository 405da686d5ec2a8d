"""What holds for every request: security headers, where unsafe requests come from, and how long a body may be."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from board.actions.mailbox import LONGEST
from board.domain.phrase import phrase
from board.errors import NotAllowed, Refused
from board.store.database import LOST
from board.web import inbound, limits, session
from board.web.page import TooLarge
from board.web.policy import NOBODY

BODY_S = 20.0  # for the whole of it
BODY_LIMIT = 512 * 1024  # bytes; the longest texts of a filing fit in their longest encoding
HEADERS = {
    "Content-Security-Policy": NOBODY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",  # what other sites may show says so itself
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# What any site may read and show: it is the same for everybody, and no cookie counts there.
FOR_ALL = re.compile(
    r"/embed/(v1/.*|list\.html|badge\.svg)|/live/sse|/log/.*|/oembed|/data/.+|/open311/.*|(/.+)?/feed\.(atom|json)"
)
HEADERS_FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}

Refuse = Callable[[Request, Exception], Awaitable[Response]]


class Guard:
    """Stands before every route; `refuse` turns a refusal into a page or problem details."""

    def __init__(self, app: ASGIApp, board: Any, refuse: Refuse) -> None:
        self.app, self.refuse = app, refuse
        self.headers, self.settings = dict(HEADERS), board.settings
        if board.settings.is_https:
            self.headers["Strict-Transport-Security"] = transport_policy(board.settings.base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.dress(scope, MutableHeaders(scope=message), message["status"])
            await send(message)

        await self.answer(scope, receive, guarded)

    def most(self, request: HTTPConnection) -> int:
        """How many bytes the body may have: a mail, which may carry pictures, only from whoever may bring mail."""
        is_mail = request.url.path == inbound.PATH and inbound.is_allowed(request, self.settings)
        return LONGEST if is_mail else BODY_LIMIT

    def dress(self, scope: Scope, headers: MutableHeaders, status: int) -> None:
        """The headers of every answer; a redirect to the board itself names a path only."""
        if FOR_ALL.fullmatch(scope["path"]):
            headers.update(HEADERS_FOR_ALL)
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        if scope["path"].startswith("/api/"):
            headers.update(limits.headers(scope.get("state", {}).get("shares", ())))
        if 300 <= status < 400 and "location" in headers:
            headers["location"] = path_only(headers["location"], HTTPConnection(scope).headers.get("host", ""))

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] not in session.SAFE:
                session.check_origin(HTTPConnection(scope))
                receive = await limited(receive, self.most(HTTPConnection(scope)))
        except (NotAllowed, TooLarge, TooSlow) as refused:
            response = await self.refuse(Request(scope, receive), refused)
            if not isinstance(refused, NotAllowed):
                response.headers["Connection"] = "close"  # the rest of the body is not waited for
            await response(scope, receive, send)
            return
        scope.setdefault("state", {})
        await self.app(scope, receive, send)
        with suppress(*LOST):
            await session.note_use(HTTPConnection(scope))


class TooSlow(Refused):
    """A body that takes longer than anybody's line needs."""

    status = 408
    title = "Too slow"


def transport_policy(base_url: str) -> str:
    """A year of https; for what is below the board's name, too, unless the name may be a whole company's."""
    host = urlsplit(base_url).hostname or ""
    is_own = host.count(".") >= 2 and not host.startswith("www.") and not host.replace(".", "").isdigit()
    return "max-age=31536000; includeSubDomains" if is_own else "max-age=31536000"


def path_only(location: str, host: str) -> str:
    """The location without scheme and host where these are the board's own; never one that begins with two slashes."""
    parts = urlsplit(location)
    if parts.netloc and parts.netloc != host:
        return location
    return urlunsplit(("", "", "/" + parts.path.lstrip("/\\"), parts.query, parts.fragment))


async def limited(receive: Receive, most: int = BODY_LIMIT) -> Receive:
    """The whole body, read once; raises TooLarge as soon as it is longer than what fits, TooSlow in the end."""
    try:
        async with asyncio.timeout(BODY_S):
            return await read(receive, most)
    except TimeoutError:
        raise TooSlow("The request did not arrive in time. Nothing was written; please send it again.") from None


async def read(receive: Receive, most: int) -> Receive:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return replay(message)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise TooLarge(phrase("A request holds at most {most} KiB. Please shorten it.", most=most // 1024))
        if not message.get("more_body"):
            return replay({"type": "http.request", "body": b"".join(parts), "more_body": False}, receive)


def replay(first: Message, then: Receive | None = None) -> Receive:
    """A receive that gives the message first and asks the server only afterwards."""
    waiting = [first]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        return await then() if then else {"type": "http.disconnect"}

    return receive
