"""The composition root: settings → database → stream → followers → Starlette."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from board import keys, leaving, oidc, sealing
from board.actions import clock, handovers, limits, passkeys, privately
from board.actions import hooks as hook_acts
from board.actions import mentions as mention_acts
from board.actions import mirrors as mirror_acts
from board.actions import outbox as outbox_acts
from board.actions.mailbox import receive
from board.actions.passkeys import Relying
from board.domain.links import Links
from board.domain.phrase import phrase
from board.domain.proof import vkey
from board.errors import NotFound, ProveFirst, Refused, SignInFirst, TooMany, Unsigned
from board.followers import fetching, hooks, mail, mirrors
from board.followers.hooks import Hooking
from board.followers.mirrors import Mirroring
from board.followers.writing import Post
from board.keys import Keys
from board.oidc import Provider
from board.outbound import Outbound
from board.render import Renderer
from board.sealing import Box
from board.settings import Settings
from board.signing import Signer
from board.store import intake, received, record, scrub, troubles
from board.store.chains import Timed
from board.store.database import AWAY, LOST, Database, Unsure
from board.store.folded import Folded
from board.store.leading import Leading
from board.stream import Stream
from board.web import inbound, proving, routes, session
from board.web.guard import Guard
from board.web.hub import Hub
from board.web.json import problem
from board.web.limits import Floods, Overrun
from board.web.live import Frames, Turns
from board.web.memory import Memory
from board.web.page import frame, page
from board.web.remembered import Remembered
from board.web.telling import Telling

AGAIN_S = 5.0
START_S = 30.0
CLOCK_EVERY_S = 5.0
FORGET_EVERY_S = 3600.0
SIGN_EVERY_S = 1.0
SCRUB_EVERY_S, SCRUB_PAUSE_S = 1.0, 0.03
MIB = 1024 * 1024
AT_ONCE = 2  # pieces of copies that are read at once, so that pages have connections left

AWAY_NOW = phrase("The database cannot be reached just now. Nothing was written; please try again.")
UNSURE = phrase(
    "The database went away just as this was written. Please look whether it is there before you try again."
)

log = logging.getLogger("board")


@dataclass
class Board:
    """Everything that a request may need; one for each process."""

    settings: Settings
    keys: Keys
    links: Links
    db: Database
    stream: Stream
    leading: Leading
    renderer: Renderer
    provider: Provider | None = None
    frames: Frames = field(default_factory=Frames)
    timed: Folded[Timed] = field(default_factory=Folded)
    hub: Hub = field(init=False)
    turns: Turns = field(init=False)
    sockets: Counter[str] = field(default_factory=Counter)  # open ones, by address
    copies: Counter[str] = field(default_factory=Counter)  # of the open data, under way, by address
    copying: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    floods: Floods = field(default_factory=Floods)
    telling: Telling = field(default_factory=Telling)
    given_out: set[str] = field(default_factory=set)  # versions of the widget that are kept
    memory: Memory = field(init=False)
    out: Outbound = field(init=False)
    signer: Signer = field(init=False)

    def __post_init__(self) -> None:
        self.memory = Memory(self.settings.page_memory_mib * MIB)
        self.stream.heed(self.memory.heed)
        self.out = Outbound(self.settings.outbound_near)
        self.hub, self.turns = Hub(self), Turns(self.settings.live_accepts)
        sign, public = self.keys.log.sign, self.keys.log_public
        self.signer = Signer(self.db, public=public, sign=sign, folder=self.settings.data_dir)

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
    return Board(settings, secrets, links, db, Stream(db), Leading(db), renderer or Renderer(), oidc.provider(settings))


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
    await patiently(board.db, board.db.connect)
    try:
        await patiently(board.db, lambda: found(board))
        await patiently(board.db, board.stream.start)
        board.hub.start()
        async with running(board):
            with leaving.in_order(board.stream, board.hub):
                yield
    finally:
        board.telling.write()
        await board.db.disconnect()


async def patiently(db: Database, begin: Callable[[], Awaitable[None]]) -> None:
    """Waits for a server that is just being restarted: of several workers, one that fails here would end them all."""
    until = time.monotonic() + START_S
    while True:
        try:
            return await begin()
        except LOST as lost:
            if db.sqlite or time.monotonic() > until:
                raise
            log.warning("the database is away: %r", lost)
            await asyncio.sleep(0.5)


async def found(board: Board) -> None:
    """Begins the record at the first start."""
    origin = board.settings.origin
    await record.found(board.db, origin=origin, vkey=vkey(origin, board.keys.log_public), at=session.now())


@asynccontextmanager
async def running(board: Board) -> AsyncIterator[None]:
    """Every process reads the record; one of all does what is to be done once."""
    tasks = [
        asyncio.create_task(for_ever("the stream", board.stream.run)),
        asyncio.create_task(for_ever("leading", lambda: board.leading.run(lambda: followers(board)))),
        asyncio.create_task(for_ever("live", board.hub.run)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def followers(board: Board) -> None:
    """What one process does for all: news by mail, what time does by itself, and forgetting."""
    given, say = board.settings, board.renderer.say
    post = Post(given.smtp_url, sender(given), board.links, say, given.mail_inbox)
    hooking = Hooking(board.out, board.box(hook_acts.NAME), board.links, say)
    mirroring = Mirroring(board.out, board.box(mirror_acts.NAME), board.links, say)
    await asyncio.gather(
        for_ever("the mail", lambda: mail.run(board.db, board.stream, post, session.now)),
        for_ever("the mailbox", lambda: fetch(board)),
        for_ever("the webhooks", lambda: hooks.run(board.db, board.stream, hooking, session.now)),
        for_ever("the mirrors", lambda: mirrors.run(board.db, board.stream, mirroring, session.now)),
        for_ever("the clock", lambda: tick_for_ever(board.db)),
        for_ever("signing", lambda: sign_for_ever(board)),
        for_ever("forgetting", lambda: forget_for_ever(board.db)),
        for_ever("scrubbing", lambda: scrub_for_ever(board.db)),
    )


async def fetch(board: Board) -> None:
    """Takes what has come into the mailbox, where there is one to be asked."""
    url, box = board.settings.imap_url, inbound.mailbox(board)

    async def tell(wrong: str | None) -> None:
        async with board.db.saving() as tx:
            if wrong is None:
                await troubles.end(tx, troubles.MAILBOX)
            else:
                await troubles.note(tx, troubles.MAILBOX, said=wrong, now_ms=session.now_ms())

    if url is None or box is None:
        await asyncio.Event().wait()
    else:
        await fetching.run(url, lambda raw: receive(board.db, raw, box, session.now()), tell)


async def for_ever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Begins again what has come to an end by a fault; a fault is told, and delays only itself."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("%s has stopped", name)
        if (this := asyncio.current_task()) and this.cancelling():
            raise asyncio.CancelledError  # a group of tasks that fails while it is cancelled tells its failure only
        await asyncio.sleep(AGAIN_S)


def sender(settings: Settings) -> str:
    host = settings.base_url.split("://", 1)[1].split(":")[0]
    return settings.mail_from or f"board@{host}"


async def sign_for_ever(board: Board) -> None:
    """What is recorded is signed soon, whether anybody asks or not."""
    while True:
        with suppress(Unsigned):  # said in `/readyz`
            await board.signer.covering(board.stream.epoch, board.stream.head)
        await asyncio.sleep(SIGN_EVERY_S)


async def forget_for_ever(db: Database) -> None:
    """Deletes once an hour what the company has chosen to keep no longer."""
    while True:
        with suppress(*AWAY):
            async with db.saving() as tx:
                await privately.forget_settled(tx, session.now())
                await intake.forget_old_answers(tx, session.now_ms())
                await received.forget_old(tx, session.now_ms())
                await handovers.forget_old(tx, session.now(), session.now_ms())
                await hook_acts.forget_old_secrets(tx, session.now_ms())
                await mention_acts.forget_old(tx, session.now())
            await outbox_acts.forget_old(db, session.now())
        await asyncio.sleep(FORGET_EVERY_S)


async def scrub_for_ever(db: Database) -> None:
    """Takes erased words out of a large index step by step, and leaves as much time to everybody else."""
    while True:
        is_busy = False
        with suppress(*AWAY):
            is_busy = await scrub.go_on(db)
        await asyncio.sleep(SCRUB_PAUSE_S if is_busy else SCRUB_EVERY_S)


async def tick_for_ever(db: Database) -> None:
    while True:
        with suppress(*AWAY):
            await clock.tick(db, session.now())
            await limits.clear(db, session.now_ms())
        await asyncio.sleep(CLOCK_EVERY_S)


async def refuse(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    if request.url.path.startswith(("/api/", "/live/", "/embed/v1/", "/log/", inbound.PATH)):
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
    """The database cannot be reached: nothing was written, unless it went in the very moment; that is told."""
    log.warning("the database is away: %r", lost)
    said = UNSURE if isinstance(lost, Unsure) else AWAY_NOW
    if request.url.path.startswith("/api/"):
        refused = Refused(said)
        refused.status, refused.title = 503, "Try again"
        response = problem(refused)
    else:
        response = PlainTextResponse(request.app.state.board.renderer.say(said), 503)
    response.headers["Retry-After"] = "5"
    return response
