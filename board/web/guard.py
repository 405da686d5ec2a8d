"""What holds for every request: security headers, where unsafe requests come from, and how long a body may be."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from board.domain.phrase import phrase
from board.errors import NotAllowed
from board.store.database import LOST
from board.web import session
from board.web.page import TooLarge

BODY_LIMIT = 512 * 1024  # bytes; the longest texts of a filing fit in their longest encoding
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types board"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


Refuse = Callable[[Request, Exception], Awaitable[Response]]


class Guard:
    """Stands before every route; `refuse` turns a refusal into a page or problem details."""

    def __init__(self, app: ASGIApp, board: Any, refuse: Refuse) -> None:
        self.app, self.refuse = app, refuse
        self.headers = dict(HEADERS)
        if board.settings.is_https:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            if scope["method"] not in session.SAFE:
                session.check_origin(HTTPConnection(scope))
                receive = await limited(scope, receive)
        except (NotAllowed, TooLarge) as refused:
            response = await self.refuse(Request(scope, receive), refused)
            await response(scope, receive, guarded)
            return
        scope.setdefault("state", {})
        await self.app(scope, receive, guarded)
        with suppress(*LOST):
            await session.note_use(HTTPConnection(scope))


async def limited(scope: Scope, receive: Receive) -> Receive:
    """The whole body, read once; raises TooLarge as soon as it is longer than anything that fits."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return replay(message)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_LIMIT:
            raise TooLarge(phrase("A request holds at most {most} KiB. Please shorten it.", most=BODY_LIMIT // 1024))
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
