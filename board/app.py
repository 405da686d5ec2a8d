"""The composition root: settings → database → stream → followers → Starlette."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from board import keys, leaving, oidc, sealing
from board.actions import clock, limits, passkeys, privately
from board.actions.passkeys import Relying
from board.domain.links import Links
from board.domain.proof import vkey
from board.errors import NotFound, ProveFirst, Refused, SignInFirst, TooMany
from board.followers import mail
from board.followers.sending import Post
from board.keys import Keys
from board.oidc import Provider
from board.render import Renderer
from board.sealing import Box
from board.settings import Settings
from board.store import record
from board.store.database import LOST, Database
from board.stream import Stream
from board.web import proving, routes, session
from board.web.guard import Guard
from board.web.hub import Hub
from board.web.json import problem
from board.web.limits import Floods, Overrun
from board.web.live import Frames, Turns
from board.web.memory import Memory
from board.web.page import frame, page
from board.web.remembered import Remembered
from board.web.telling import Telling

CLOCK_EVERY_S = 5.0
FORGET_EVERY_S = 3600.0
MIB = 1024 * 1024

log = logging.getLogger("board")


@dataclass
class Board:
    """Everything that a request may need; one for each process."""

    settings: Settings
    keys: Keys
    links: Links
    db: Database
    stream: Stream
    renderer: Renderer
    provider: Provider | None = None
    frames: Frames = field(default_factory=Frames)
    hub: Hub = field(init=False)
    turns: Turns = field(init=False)
    sockets: Counter[str] = field(default_factory=Counter)  # open ones, by address
    floods: Floods = field(default_factory=Floods)
    telling: Telling = field(default_factory=Telling)
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        self.memory = Memory(self.settings.page_memory_mib * MIB)
        self.stream.heed(self.memory.heed)
        self.hub, self.turns = Hub(self), Turns(self.settings.live_accepts)

    def box(self, purpose: str) -> Box:
        """What seals the texts of one purpose."""
        return sealing.box(self.keys.secret, purpose)

    @property
    def relying(self) -> Relying | None:
        """For whom passkeys are made here; None where the board's address is a number."""
        return passkeys.relying(self.settings.base_url, self.keys.secret)


def assemble(settings: Settings, renderer: Renderer | None = None) -> Board:
    secrets = keys.load(settings)
    db = Database(settings.database_url)
    links = Links(settings.base_url, secrets.secret)
    return Board(settings, secrets, links, db, Stream(db), renderer or Renderer(), oidc.provider(settings))


def create(board: Board) -> Starlette:
    """The application; its lifespan opens the database and keeps the stream, the mail and the clock running."""
    app = Starlette(
        routes=routes.routes(),
        middleware=[
            Middleware(Remembered, board=board),
            Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6),
            Middleware(Guard, board=board, refuse=refuse),
        ],
        exception_handlers={Refused: refuse, HTTPException: refuse_http, **dict.fromkeys(LOST, away)},
        lifespan=lifespan,
    )
    app.state.board = board
    return app


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    board: Board = app.state.board
    await board.db.connect()
    try:
        await found(board)
        await board.stream.start()
        board.hub.start()
        async with running(board):
            with leaving.in_order(board.stream, board.hub):
                yield
    finally:
        board.telling.write()
        await board.db.disconnect()


async def found(board: Board) -> None:
    """Begins the record at the first start."""
    origin = board.settings.origin
    await record.found(board.db, origin=origin, vkey=vkey(origin, board.keys.log_public), at=session.now())


@asynccontextmanager
async def running(board: Board) -> AsyncIterator[None]:
    post = Post(board.settings.smtp_url, sender(board.settings), board.links, board.renderer.say)
    tasks = [
        asyncio.create_task(board.stream.run(), name="stream"),
        asyncio.create_task(board.hub.run(), name="live"),
        asyncio.create_task(mail.run(board.db, board.stream, post, session.now), name="mail"),
        asyncio.create_task(tick_for_ever(board.db), name="clock"),
        asyncio.create_task(forget_for_ever(board.db), name="forgetting"),
    ]
    for task in tasks:
        task.add_done_callback(report)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def report(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception():
        log.error("%s has stopped", task.get_name(), exc_info=task.exception())


def sender(settings: Settings) -> str:
    host = settings.base_url.split("://", 1)[1].split(":")[0]
    return settings.mail_from or f"board@{host}"


async def forget_for_ever(db: Database) -> None:
    """Deletes once an hour what the company has chosen to keep no longer."""
    while True:
        with suppress(*LOST):
            async with db.saving() as tx:
                await privately.forget_settled(tx, session.now())
        await asyncio.sleep(FORGET_EVERY_S)


async def tick_for_ever(db: Database) -> None:
    while True:
        with suppress(*LOST):
            await clock.tick(db, session.now())
            await limits.clear(db, session.now_ms())
        await asyncio.sleep(CLOCK_EVERY_S)


async def refuse(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    if request.url.path.startswith(("/api/", "/live/")):
        return problem(refused)
    if isinstance(refused, Overrun):
        said = request.app.state.board.renderer.say(refused.detail)
        return PlainTextResponse(said, refused.status, headers={"Retry-After": str(refused.retry_after)})
    if isinstance(refused, ProveFirst):
        return await proving.interrupt(request)
    if isinstance(refused, SignInFirst) and request.method in session.SAFE:
        led = RedirectResponse("/signin", 303)
        session.set_place(led, request)
        return led
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
    say = request.app.state.board.renderer.say
    told = page(
        request,
        around,
        "error.html",
        status=refused.status,
        title=say(refused.title),
        detail=say(refused.detail),
        allowed=getattr(refused, "allowed", None),
        search=refused.status == 404,
    )
    if isinstance(refused, TooMany):
        told.headers["Retry-After"] = str(refused.retry_after)
    return told


async def refuse_http(request: Request, wrong: Exception) -> Response:
    """Starlette's own refusals (no such page, wrong method) in the board's words."""
    assert isinstance(wrong, HTTPException)
    if wrong.status_code == 404:
        return await refuse(request, NotFound("There is nothing at this address."))
    refused = Refused(wrong.detail)
    refused.status, refused.title = wrong.status_code, wrong.detail
    response = await refuse(request, refused)
    response.headers.update(wrong.headers or {})
    return response


async def away(request: Request, lost: Exception) -> Response:
    """The database cannot be reached: nothing was written, so trying again is safe."""
    log.warning("the database is away: %s", lost)
    if request.url.path.startswith("/api/"):
        refused = Refused("The database cannot be reached just now. Nothing was written; please try again.")
        refused.status, refused.title = 503, "Try again"
        response = problem(refused)
    else:
        response = Response("The board cannot be reached just now. Nothing was lost; please try again.", 503)
    response.headers["Retry-After"] = "5"
    return response
