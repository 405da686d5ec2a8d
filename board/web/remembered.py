"""The first door: pages that are the same for everybody are answered from memory, with as little work as possible.

What is remembered was rendered for nobody: without cookies, credentials, or any other header of whoever asked first.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from board.store.database import LOST
from board.web.coding import choose
from board.web.memory import Form, Headers, Memory, Page
from board.web.session import cookie_name
from board.web.shown import Shown, shown
from board.web.telling import Telling, route_of

LONGEST_S = 60.0
OWN = (b"content-length", b"vary", b"cache-control")  # headers that a remembered page says in its own way


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for who is nobody in particular, the codings they accept, and what they have already."""

    shown: Shown
    accepted: bytes
    known: bytes


class Remembered:
    """Stands before everything else, and tells of every request."""

    def __init__(self, app: ASGIApp, board: Any) -> None:
        self.app = app
        self.db, self.stream = board.db, board.stream
        self.memory: Memory = board.memory
        self.telling: Telling = board.telling
        self.cookie = cookie_name(board.settings).encode() + b"="

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()
        asked = self.read(scope)
        page = await self.fetch(asked.shown, scope) if asked else None
        if asked is None or page is None:
            await self.pass_on(scope, receive, send, start)
            return
        form = await self.form(page, asked)
        whole = scope.get("extensions", {}).get("board.whole")
        if whole is None or not whole["send"](form.head, form.content):
            await send(form.start)
            await send(form.body)
        self.telling.soon("GET", page.route, form.start["status"], time.perf_counter() - start)

    def read(self, scope: Scope) -> Asked | None:
        """None where the answer may be another for this visitor, or where nothing is remembered."""
        what = shown(scope["path"], scope["query_string"]) if scope["method"] == "GET" else None
        if what is None:
            return None
        accepted = known = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accepted = value
            elif name == b"if-none-match":
                known = value
            elif name == b"authorization" or (name == b"cookie" and self.cookie in value):
                return None
        return Asked(what, accepted, known)

    async def form(self, page: Page, asked: Asked) -> Form:
        """The page as this reader likes it best, or that nothing has changed."""
        if asked.known and (unchanged := page.not_modified(asked.known)):
            return unchanged
        coding = choose(asked.accepted)
        if coding in page.forms:
            return page.forms[coding]
        form = await page.form(coding)
        self.memory.weigh(asked.shown.key)
        return form

    async def fetch(self, what: Shown, scope: Scope) -> Page | None:
        """The page, never older than what this process has seen or done; rendered once for all who ask at once."""
        if self.stream.read != self.db.written:
            try:
                await self.stream.keep_up()
            except LOST:
                return None
        page = self.memory.find(what.key, time.time())
        if page is None:
            # Whoever leaves takes the page from nobody.
            page = await asyncio.shield(self.memory.making(what.key) or self.begin(what, scope))
        return page

    def begin(self, what: Shown, scope: Scope) -> "asyncio.Task[Page | None]":
        making = asyncio.create_task(self.render(scope))
        self.memory.begin(what, making)
        return making

    async def render(self, scope: Scope) -> Page | None:
        """The page as the rest of the board answers it to nobody; None where it is not for everybody."""
        state = {"ends_at": None, **scope.get("state", {})}
        bare = {**scope, "headers": [], "client": None, "extensions": {}, "state": state}
        made, messages = time.time(), list[Message]()

        async def take(message: Message) -> None:
            messages.append(message)

        await self.app(bare, nobody, take)
        headers = messages[0]["headers"]
        if not is_for_all(messages[0]["status"], headers):
            return None
        return Page(
            status=messages[0]["status"],
            route=route_of(bare),
            headers=dressed(headers),
            content=b"".join(message.get("body", b"") for message in messages[1:]),
            made=made,
            until=min(made + LONGEST_S, state["ends_at"].timestamp() if state["ends_at"] else made + LONGEST_S),
        )

    async def pass_on(self, scope: Scope, receive: Receive, send: Send, start: float) -> None:
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            self.telling.now(scope["method"], route_of(scope), status, time.perf_counter() - start)


async def nobody() -> Message:
    """Nobody's request: it has no body."""
    return {"type": "http.request", "body": b"", "more_body": False}


def is_for_all(status: int, headers: Headers) -> bool:
    is_private = any(name == b"set-cookie" or (name == b"cache-control" and b"private" in v) for name, v in headers)
    return not is_private and not 300 <= status < 400


def dressed(headers: Headers) -> Headers:
    """The headers of every form. Browsers ask again each time, which costs next to nothing; words may be erased."""
    kept = next((value for name, value in headers if name == b"cache-control" and value != b"no-store"), b"no-cache")
    others = [header for header in headers if header[0] not in OWN]
    return [*others, (b"cache-control", kept), (b"vary", b"Cookie, Accept-Encoding")]
