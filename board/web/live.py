"""The live socket (`board.v1`) and its twin over server-sent events: the same frames, the same cursor, encoded once."""

import asyncio
import json
import random
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from board.domain.people import may
from board.errors import NotAllowed, TooMany
from board.store import company, people
from board.store.database import LOST
from board.stream import Happening, OutOfReach, Stream
from board.web import fragments, session

PROTOCOL = "board.v1"
LINE = "board.line"  # the scope's extension of a server that lets the hub take its connections over
AT_EVERY_S = 15.0
TICKET_S = 30.0
KEPT_FRAMES = 4_000
MESSAGES_S = 10.0
LONGEST_TURN_S = 15.0  # who would have to wait longer to be let in is asked to come back
STALLED_S = 30.0
COME_BACK_MS = [1_000, 15_000]
NORMAL, FAILED, DRAINING, TOO_SLOW, RATE_LIMITED, BAD_REQUEST, FORBIDDEN, TOO_MANY = (
    1000,
    1011,
    4001,
    4008,
    4009,
    4500,
    4503,
    4504,
)
NAME_LENGTH = 60
BAD_CURSOR = "“after” is EPOCH:SEQ"

Key = tuple[str, int, bool, bool]


class Frames:
    """Frames by topic, event and form, each encoded once and shared; none outlives words that were hidden since."""

    def __init__(self) -> None:
        self.kept: OrderedDict[Key, asyncio.Task[str]] = OrderedDict()
        self.hidden = -1

    async def get(self, board: Any, happening: Happening, topic: str, *, html: bool, is_masked: bool) -> str:
        if board.stream.hidden != self.hidden:
            self.kept.clear()
            self.hidden = board.stream.hidden
        key = (topic, happening.seq, html, is_masked)
        if key not in self.kept:
            making = fragments.encode(board, happening, topic, html=html, is_masked=is_masked)
            self.keep(key, asyncio.create_task(making))
        return await asyncio.shield(self.kept[key])  # a reader that leaves takes the frame from nobody

    def keep(self, key: Key, making: "asyncio.Task[str]") -> None:
        self.kept[key] = making
        making.add_done_callback(lambda made: self.check(key, made))
        while len(self.kept) > KEPT_FRAMES:
            self.kept.popitem(last=False)

    def check(self, key: Key, made: "asyncio.Task[str]") -> None:
        """What failed is not kept: the next reader has it made anew."""
        if (made.cancelled() or made.exception()) and self.kept.get(key) is made:
            del self.kept[key]


class BadRequest(Exception):
    """The query of a live connection makes no sense; says why."""


class Wish:
    """What a connection asks for: topics, where to resume, and whether with HTML.

    `is_masked` is for an auditor's connection, whatever the topic: its pages show no address.
    """

    def __init__(self, connection: HTTPConnection) -> None:
        query, most = connection.query_params, connection.app.state.board.settings.live_topics
        self.topics = [topic for topic in query.get("topics", "").split(",") if topic]
        self.after = query.get("after") or connection.headers.get("last-event-id", "")
        self.html = query.get("as", "json") == "html"
        self.is_masked = False
        if not 1 <= len(self.topics) <= most or len(set(self.topics)) != len(self.topics):
            raise BadRequest(f"ask for 1 to {most} different topics")
        if not all(is_topic(topic) for topic in self.topics):
            raise BadRequest("topics are: board, issue:NUMBER, area:SLUG, queue")

    @property
    def key(self) -> tuple[tuple[str, ...], bool, bool]:
        """The same for all who get the same frames."""
        return tuple(self.topics), self.html, self.is_masked

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


def greeting(stream: Stream) -> str:
    return dump({"t": "hello", "epoch": stream.epoch, "head": stream.head})


async def frames(board: Any, wish: Wish) -> AsyncIterator[tuple[int | None, str]]:
    """Every frame of a connection with the cursor behind it: hello, what was missed, then what comes."""
    stream: Stream = board.stream
    yield None, greeting(stream)
    try:
        seq = stream.place(wish.after) if wish.after else stream.head
        async for cursor, frame in following(board, wish, seq):
            yield cursor, frame
        yield None, dump({"t": "bye", "retry_ms": COME_BACK_MS})
    except ValueError:
        raise BadRequest(BAD_CURSOR) from None
    except OutOfReach as gone:
        yield None, dump({"t": "reset", "reason": gone.reason})


async def following(board: Any, wish: Wish, seq: int) -> AsyncIterator[tuple[int | None, str]]:
    topics, told, at = frozenset(wish.topics), time.monotonic(), seq
    async for progress in board.stream.follow(seq, topics):
        for happening in progress.happenings:
            heard = [topic for topic in wish.topics if happening.belongs_to(topic)]
            for topic in heard:
                # The cursor moves with the event's last frame: a cut between its frames loses none of them.
                cursor = happening.seq if topic == heard[-1] else None
                frame = await board.frames.get(board, happening, topic, html=wish.html, is_masked=wish.is_masked)
                yield cursor, frame
                told = time.monotonic()
        if progress.upto > at and time.monotonic() - told >= AT_EVERY_S:
            at, told = progress.upto, time.monotonic()
            yield at, dump({"t": "at", "seq": at})
        elif not progress.happenings:
            yield progress.upto, ""  # a sign of life


class Ended(Exception):
    """A socket that the server closes; `code` says whether the client may come back (4000–4499) or not."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason[:120]


class Turns:
    """Lets so many sockets in a second, one after the other, so that a crowd that comes back leaves time for pages."""

    def __init__(self, each_second: int) -> None:
        self.every_s, self.next = 1 / each_second, 0.0

    async def wait(self) -> bool:
        """Until it is one's turn; False where that would take too long."""
        now = time.monotonic()
        turn = max(now, self.next)
        if turn - now > LONGEST_TURN_S:
            return False
        self.next = turn + self.every_s
        await asyncio.sleep(turn - now)
        return True


async def live(socket: WebSocket) -> None:
    """The websocket. The origin is checked before anything is accepted."""
    board = socket.app.state.board
    if is_foreign(socket) and not await is_listed(socket):
        await socket.close()  # before accepting: the handshake is answered with 403
        return
    with counted(board.sockets, address_of(socket)) as number:
        try:
            await accept(socket, number)
            await serve(socket)
        except Ended as ended:
            await close(socket, ended)
        except LOST:
            await close(socket, Ended(DRAINING, "the database cannot be reached just now"))
        except WebSocketDisconnect:
            return  # the reader has left


async def accept(socket: WebSocket, number: int) -> None:
    """Lets the socket in when its turn comes; one too many of its address is let in only to be told."""
    board = socket.app.state.board
    most: int = board.settings.live_sockets
    if number <= most and not board.stream.is_closed and not await board.turns.wait():
        await socket.send_denial_response(PlainTextResponse("Please come back.", 503, {"Retry-After": "5"}))
        raise WebSocketDisconnect
    await socket.accept(subprotocol=PROTOCOL if PROTOCOL in socket.scope.get("subprotocols", ()) else None)
    if number > most:
        raise Ended(TOO_MANY, f"at most {most} sockets an address")


def address_of(connection: HTTPConnection) -> str:
    return session.network_of(session.client_address(connection))


@contextmanager
def counted(sockets: Counter[str], address: str) -> Iterator[int]:
    """How many live connections the address has, this one among them, for as long as this one lasts."""
    sockets[address] += 1
    try:
        yield sockets[address]
    finally:
        uncount(sockets, address)


def uncount(sockets: Counter[str], address: str) -> None:
    sockets[address] -= 1
    if not sockets[address]:
        del sockets[address]


def is_foreign(socket: WebSocket) -> bool:
    """Another site's page; for the queue also whatever does not say where it comes from."""
    if socket.headers.get("origin") is None:
        return "queue" in socket.query_params.get("topics", "")
    return not session.is_own_origin(socket)


async def is_listed(socket: WebSocket) -> bool:
    """A site that the company lists may follow what is public; another one has the stream of events for that."""
    origin = socket.headers.get("origin")
    if not origin or "queue" in socket.query_params.get("topics", ""):
        return False
    with suppress(*LOST):
        async with socket.app.state.board.db.reading() as tx:
            return origin in (await company.read(tx)).widget_origins.split()
    return False


async def close(socket: WebSocket, ended: Ended) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # it may be gone already
        await socket.close(ended.code, ended.reason)


async def serve(socket: WebSocket) -> None:
    """Decides what may be followed; then the hub takes over, or where the server has no such line, a task sends."""
    try:
        wish = Wish(socket)
    except BadRequest as wrong:
        raise Ended(BAD_REQUEST, str(wrong)) from None
    if wish.needs_ticket:
        role = await role_of_ticket(socket)
        if role is None:
            raise Ended(FORBIDDEN, "a fresh ticket is needed")
        wish.is_masked = not may(role, "see_private")
    if LINE in (socket.scope.get("extensions") or {}):
        await hand_over(socket, wish)
    else:
        await send_and_listen(socket, wish)


async def hand_over(socket: WebSocket, wish: Wish) -> None:
    """Greets, finds the place to resume from, and gives the connection to the hub."""
    board = socket.app.state.board
    stream: Stream = board.stream
    await socket.send_text(greeting(stream))
    try:
        seq = stream.place(wish.after) if wish.after else stream.head
        await stream.reach(seq)
    except ValueError:
        raise Ended(BAD_REQUEST, BAD_CURSOR) from None
    except OutOfReach as gone:
        await socket.send_text(dump({"t": "reset", "reason": gone.reason}))
        raise Ended(NORMAL, "load the page again") from None
    board.hub.admit(socket.scope["extensions"][LINE]["line"], wish, address=address_of(socket), seq=seq)


async def send_and_listen(socket: WebSocket, wish: Wish) -> None:
    """Sends until the reader leaves; what the reader says is read and counted, so that its leaving is noticed."""
    tasks = [asyncio.create_task(send_all(socket, wish)), asyncio.create_task(listen(socket))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def role_of_ticket(socket: WebSocket) -> str | None:
    """The role of whoever shows a ticket: the first message must be `{"t":"ticket","ticket":"…"}`."""
    try:
        async with asyncio.timeout(TICKET_S):
            first = json.loads(await socket.receive_text())
    except (ValueError, KeyError, RecursionError, TimeoutError):
        return None
    ticket = first.get("ticket") if isinstance(first, dict) else None
    if not isinstance(ticket, str):
        return None
    async with socket.app.state.board.db.saving() as tx:
        used = await people.use_link(tx, ticket, session.now_ms(), purposes=("ticket",))
        person = await people.by_id(tx, used.person) if used and used.person else None
    return person.role if person else None


async def send_all(socket: WebSocket, wish: Wish) -> None:
    """Every frame in turn; a reader that takes none for 30 s is let go and resumes from its cursor."""
    try:
        async for _, frame in frames(socket.app.state.board, wish):
            if frame:  # a socket has pings of its own
                async with asyncio.timeout(STALLED_S):
                    await socket.send_text(frame)
    except TimeoutError:
        raise Ended(TOO_SLOW, "too slow") from None
    except BadRequest as wrong:
        raise Ended(BAD_REQUEST, str(wrong)) from None
    if socket.app.state.board.stream.is_closed:
        raise Ended(DRAINING, "this server is going away")
    raise Ended(NORMAL, "load the page again")


async def listen(socket: WebSocket) -> None:
    most = socket.app.state.board.settings.live_messages
    heard: deque[float] = deque(maxlen=most + 1)
    while (await socket.receive())["type"] != "websocket.disconnect":
        heard.append(time.monotonic())
        if len(heard) > most and heard[-1] - heard[0] < MESSAGES_S:
            raise Ended(RATE_LIMITED, "too many messages")


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
    most = board.settings.live_sockets
    if board.sockets[address_of(request)] >= most:
        raise TooMany(f"At most {most} live connections an address.", retry_after=60)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(sse(board, wish, address_of(request)), media_type="text/event-stream", headers=headers)


async def sse(board: Any, wish: Wish, address: str) -> AsyncIterator[str]:
    with counted(board.sockets, address):
        yield "retry: 3000\n\n"
        async for cursor, frame in frames(board, wish):
            if not frame:
                yield ": still here\n\n"
                continue
            place = f"id: {board.stream.epoch}:{cursor}\n" if cursor is not None else ""
            yield f"{place}data: {frame}\n\n"
        if board.stream.is_closed:
            yield f"retry: {random.randint(*COME_BACK_MS)}\n\n"  # noqa: S311  (each comes back at another moment)


async def ticket(request: Request) -> Response:
    """A single-use pass for the staff queue, good for 30 seconds, so that a socket needs no cookie."""
    async with request.app.state.board.db.saving() as tx:
        who = await session.require_staff(tx, request)
        made = await people.new_link(
            tx, purpose="ticket", person=who.id, now_ms=session.now_ms(), lasts_ms=int(TICKET_S * 1000)
        )
    return JSONResponse({"ticket": made}, headers={"Cache-Control": "no-store"})
