"""Who sends, as the token buckets see it; a refusal by them becomes a page that keeps what was typed.

Whoever goes on sending all the same is refused from memory, in one line: a flood must not cost what a page costs.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from board.actions import limits
from board.actions.limits import Taken
from board.domain.limits import Act, Sender, Share
from board.errors import TooMany
from board.store import company
from board.store.company import Company
from board.store.database import Tx
from board.web import session
from board.web.page import frame, page
from board.web.session import Viewer

PAGES = 3  # refusals that are worth a page with the words in it
REMEMBERED_MS = 60_000
PLACES = 20_000
WEIGHED = ("file", "comment")  # acts whose words `arrival` weighs


class Overrun(TooMany):
    """One of many refusals in a row, answered without a page and without the database."""


@dataclass
class Floods:
    """Which places one process has refused lately: how often, and until when at most it knows that for sure."""

    places: OrderedDict[tuple[Act, str], tuple[int, int]] = field(default_factory=OrderedDict)

    def note(self, act: Act, network: str, *, until_ms: int) -> None:
        times, _ = self.places.pop((act, network), (0, 0))
        self.places[act, network] = (times + 1, until_ms)
        while len(self.places) > PLACES:
            self.places.popitem(last=False)

    def wait_s(self, act: Act, network: str, now_ms: int) -> int:
        """For how long the place is refused without another look; 0 where it gets one."""
        times, until_ms = self.places.get((act, network), (0, 0))
        if not now_ms < until_ms <= now_ms + REMEMBERED_MS:  # it is over, or the clock went back
            self.places.pop((act, network), None)
            return 0
        return -(-(until_ms - now_ms) // 1000) if times >= PAGES else 0


def check(request: HTTPConnection, act: Act) -> None:
    """Raises Overrun for a place that was refused again and again; those who may be somebody else are looked at."""
    board = request.app.state.board
    if "authorization" in request.headers or session.cookie_name(board.settings) in request.cookies:
        return
    if wait := board.floods.wait_s(act, place(request), session.now_ms()):
        request.state.shares = (Share("burst", 0, 0, 0, wait),)
        raise Overrun("Too many requests. Nothing was sent; please wait.", wait)


def place(request: HTTPConnection) -> str:
    return session.network_of(session.client_address(request))


async def take(
    tx: Tx, request: Request, setup: Company, act: Act, *, who: Viewer | None, email: str | None = None
) -> Taken:
    """One token for the act from the buckets of whoever sends; raises TooMany.

    Where everybody's bucket is empty, customers who are known go on all the same, and new words are weighed.
    """
    member = f"person {who.id}" if who and who.id and who.is_proved else None
    taken = await take_as(tx, request, setup, act, member=member, email=email)
    if taken.crowd and who and (await session.poster(tx, request, who)).is_known:
        return Taken(taken.left)
    if taken.crowd and act not in WEIGHED:
        raise taken.crowd
    return taken


async def take_as(
    tx: Tx, request: HTTPConnection, setup: Company, act: Act, *, member: str | None, email: str | None = None
) -> Taken:
    board, now_ms = request.app.state.board, session.now_ms()
    sender = Sender(network=place(request), email=email, member=member)
    try:
        taken = await limits.take(tx, setup, act, sender, secret=board.keys.secret, now_ms=now_ms)
        request.state.shares = taken.shares
        return taken
    except TooMany as full:
        request.state.shares = (Share(*full.limit, 0, full.retry_after),) if full.limit else ()
        if full.is_of_place and not member:
            board.floods.note(act, sender.network, until_ms=now_ms + min(full.retry_after * 1000, REMEMBERED_MS))
        raise


async def wait_page(request: Request, typed: dict[str, str], full: TooMany) -> Response:
    """The words with a button to send them again: a page that costs little, however long the issue is."""
    board = request.app.state.board
    async with board.db.reading() as tx:
        around = await frame(tx, request)
    context = {"title": board.renderer.say(full.title), "detail": board.renderer.say(full.detail)}
    made = page(request, around, "wait.html", status=full.status, form=typed, action=request.url.path, **context)
    return told(made, full)


async def spend(request: Request, act: Act, *, email: str | None = None) -> None:
    """One token for an act whose words nobody weighs; raises TooMany."""
    check(request, act)
    async with request.app.state.board.db.saving() as tx:
        who = await session.viewer(tx, request)
        await take(tx, request, await company.read(tx), act, who=who, email=email)


async def spend_as_staff(request: Request, right: str) -> None:
    """One token of a colleague who has the right, so that a stolen session cannot do much before it is ended."""
    async with request.app.state.board.db.saving() as tx:
        who = await session.require_staff(tx, request, right)
        await take(tx, request, await company.read(tx), "staff", who=who)


def headers(shares: Sequence[Share]) -> dict[str, str]:
    """What is left of the sender's own limits, as draft-ietf-httpapi-ratelimit-headers-10 has programs read it."""
    policy = ", ".join(f'"{one.name}";q={one.count};w={one.seconds}' for one in shares if one.count)
    left = ", ".join(f'"{one.name}";r={one.left};t={one.full_s}' for one in shares)
    given = {"RateLimit-Policy": policy, "RateLimit": left}
    return {name: value for name, value in given.items() if value}


def told(response: Response, full: TooMany) -> Response:
    """The page with when to come back."""
    response.headers["Retry-After"] = str(full.retry_after)
    return response
