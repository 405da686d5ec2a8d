"""The live socket (`board.v1`) and its twin over server-sent events: the same frames, the same cursor, encoded once."""

import asyncio
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from board.errors import NotAllowed
from board.stream import Happening, OutOfReach, Stream
from board.web import fragments, session

PROTOCOL = "board.v1"
MOST_TOPICS = 20
AT_EVERY_S = 15.0
TICKET_S = 30.0
KEPT_FRAMES = 4_000
BAD_REQUEST, FORBIDDEN, DRAINING = 4500, 4503, 4001
NAME_LENGTH = 60


class Frames:
    """Frames by topic, event and form, each encoded once and shared by every connection."""

    def __init__(self) -> None:
        self.kept: OrderedDict[tuple[str, int, bool], str] = OrderedDict()

    async def get(self, board: Any, happening: Happening, topic: str, *, html: bool) -> str:
        key = (topic, happening.seq, html)
        if key not in self.kept:
            if happening.recorded.name in ("text.redacted", "issue.removed", "comment.held", "comment.rejected"):
                self.kept.clear()  # no frame may outlive the words it holds
            self.kept[key] = await fragments.encode(board, happening, topic, html=html)
            while len(self.kept) > KEPT_FRAMES:
                self.kept.popitem(last=False)
        return self.kept[key]


class Tickets:
    """Single-use passes for the staff queue, so that a socket needs no cookie."""

    def __init__(self) -> None:
        self.until: dict[str, float] = {}

    def issue(self) -> str:
        now = time.monotonic()
        self.until = {ticket: until for ticket, until in self.until.items() if until > now}
        ticket = secrets.token_urlsafe(24)
        self.until[ticket] = now + TICKET_S
        return ticket

    def use(self, ticket: object) -> bool:
        return isinstance(ticket, str) and self.until.pop(ticket, 0.0) > time.monotonic()


class BadRequest(Exception):
    """The query of a live connection makes no sense; says why."""


class Wish:
    """What a connection asks for: topics, where to resume, and whether with HTML."""

    def __init__(self, connection: HTTPConnection) -> None:
        query = connection.query_params
        self.topics = [topic for topic in query.get("topics", "").split(",") if topic]
        self.after = query.get("after") or connection.headers.get("last-event-id", "")
        self.html = query.get("as", "json") == "html"
        if not 1 <= len(self.topics) <= MOST_TOPICS or len(set(self.topics)) != len(self.topics):
            raise BadRequest(f"ask for 1 to {MOST_TOPICS} different topics")
        if not all(is_topic(topic) for topic in self.topics):
            raise BadRequest("topics are: board, issue:NUMBER, area:SLUG, queue")

    @property
    def needs_ticket(self) -> bool:
        return "queue" in self.topics


def is_topic(topic: str) -> bool:
    kind, _, name = topic.partition(":")
    if kind in ("board", "queue"):
        return not name and topic == kind
    if kind == "issue":
        return name.isascii() and name.isdigit() and len(name) <= 15
    return kind == "area" and name.isascii() and name.replace("-", "").isalnum() and len(name) <= NAME_LENGTH


def dump(frame: dict[str, Any]) -> str:
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False)


async def frames(board: Any, wish: Wish) -> AsyncIterator[tuple[int | None, str]]:
    """Every frame of a connection with the cursor behind it: hello, what was missed, then what comes."""
    stream: Stream = board.stream
    yield None, dump({"t": "hello", "epoch": stream.epoch, "head": stream.head})
    try:
        seq = stream.place(wish.after) if wish.after else stream.head
        async for cursor, frame in following(board, wish, seq):
            yield cursor, frame
    except ValueError:
        raise BadRequest("“after” is EPOCH:SEQ") from None
    except OutOfReach as gone:
        yield None, dump({"t": "reset", "reason": gone.reason})


async def following(board: Any, wish: Wish, seq: int) -> AsyncIterator[tuple[int, str]]:
    topics, told = frozenset(wish.topics), time.monotonic()
    async for progress in board.stream.follow(seq, topics):
        for happening in progress.happenings:
            for topic in wish.topics:
                if happening.belongs_to(topic):
                    yield happening.seq, await board.frames.get(board, happening, topic, html=wish.html)
                    told = time.monotonic()
        if time.monotonic() - told >= AT_EVERY_S:
            told = time.monotonic()
            yield progress.upto, dump({"t": "at", "seq": progress.upto})


async def live(socket: WebSocket) -> None:
    """The websocket. The origin is checked before anything is accepted."""
    board = socket.app.state.board
    if not session.is_own_origin(socket):
        await socket.send_denial_response(Response("This socket is for the board's own pages.", 403))
        return
    if socket.headers.get("origin") is None and "queue" in socket.query_params.get("topics", ""):
        await socket.send_denial_response(Response("The queue is for the board's own pages.", 403))
        return
    await socket.accept(subprotocol=PROTOCOL if PROTOCOL in socket.scope.get("subprotocols", ()) else None)
    try:
        wish = Wish(socket)
        if wish.needs_ticket and not await has_ticket(socket):
            await socket.close(FORBIDDEN, "a fresh ticket is needed")
            return
        await serve(socket, wish)
    except BadRequest as wrong:
        await socket.close(BAD_REQUEST, str(wrong)[:120])
    except (WebSocketDisconnect, asyncio.CancelledError):
        board.renderer  # the reader has left  # noqa: B018


async def has_ticket(socket: WebSocket) -> bool:
    """The first message must be `{"t":"ticket","ticket":"…"}`."""
    try:
        first = json.loads(await asyncio.wait_for(socket.receive_text(), TICKET_S))
    except (ValueError, KeyError, RecursionError, TimeoutError):
        return False
    return isinstance(first, dict) and socket.app.state.board.tickets.use(first.get("ticket"))


async def serve(socket: WebSocket, wish: Wish) -> None:
    """Sends until the reader leaves; what it says is read so that its leaving is noticed."""
    sending = asyncio.create_task(send_all(socket, wish))
    leaving = asyncio.create_task(listen(socket))
    done, pending = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


async def send_all(socket: WebSocket, wish: Wish) -> None:
    async for _, frame in frames(socket.app.state.board, wish):
        await socket.send_text(frame)
    await socket.close(1000)


async def listen(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue


async def events(request: Request) -> Response:
    """Server-sent events: `id` is the cursor, `data` the socket's frame. Public topics only."""
    board = request.app.state.board
    try:
        wish = Wish(request)
        if wish.after:
            board.stream.place(wish.after)
    except OutOfReach:
        pass  # the stream itself says `reset`
    except (BadRequest, ValueError) as wrong:
        return JSONResponse({"title": "Bad request", "status": 400, "detail": str(wrong)}, 400)
    if wish.needs_ticket:
        raise NotAllowed("The queue is followed through the socket, with a ticket.")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(sse(board, wish), media_type="text/event-stream", headers=headers)


async def sse(board: Any, wish: Wish) -> AsyncIterator[str]:
    yield "retry: 3000\n\n"
    async for cursor, frame in frames(board, wish):
        place = f"id: {board.stream.epoch}:{cursor}\n" if cursor is not None else ""
        yield f"{place}data: {frame}\n\n"


async def ticket(request: Request) -> Response:
    """A single-use pass for the staff queue, good for 30 seconds."""
    async with request.app.state.board.db.reading() as tx:
        await session.require_staff(tx, request)
    return JSONResponse({"ticket": request.app.state.board.tickets.issue()}, headers={"Cache-Control": "no-store"})
