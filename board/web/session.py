"""Who is asking: the browser's session, the private links it has opened, and where unsafe requests may come from."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote, unquote, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from board.domain.browsers import browser_name
from board.domain.links import inside
from board.domain.people import GRAVE, STRANGER, Actor, Poster, Standing, require
from board.domain.phrase import no_issue
from board.errors import NotAllowed, NotFound, ProveFirst, SignInFirst
from board.settings import Settings
from board.store import issues, moderation, own_data, people
from board.store.database import Tx
from board.store.people import CUSTOMER_ENDS, SEEN_MS, Session

NOWHERE = "0.0.0.0"  # noqa: S104
HOP = re.compile(r"\[(?P<six>[^\]]{2,60})\](?::\d{1,5})?|(?P<four>[\d.]{7,15}):\d{1,5}|(?P<bare>[^\[\]]{2,60})")
SAFE = ("GET", "HEAD", "OPTIONS")
FRESH_MS = 15 * 60_000  # how long a colleague who has shown who they are may do what is grave
PRE_S = 3600  # how long a browser may take to sign in
STANDINGS: dict[str, Standing] = {
    "agent": "agent",
    "moderator": "moderator",
    "admin": "admin",
    "auditor": "auditor",
    "reader": "reader",
}


@dataclass(frozen=True)
class Viewer:
    """Who looks: a member of staff, or somebody whose browser has opened private links or signed in by mail."""

    session: Session

    @property
    def kind(self) -> str:
        return "staff" if self.session.person else "filer"

    @property
    def name(self) -> str | None:
        return self.session.person.name if self.session.person else self.session.email

    @property
    def role(self) -> str | None:
        return self.session.person.role if self.session.person else None

    @property
    def is_proved(self) -> bool:
        """Whether nothing more is wanted to be sure who this is."""
        return self.session.person is None or self.session.proved_ms is not None

    @property
    def id(self) -> int | None:
        return self.session.person.id if self.session.person else None


def now() -> datetime:
    return datetime.now(UTC)


def now_ms() -> int:
    return int(now().timestamp() * 1000)


def cookie_name(settings: Settings) -> str:
    return "__Host-board" if settings.is_https else "board"


async def viewer(tx: Tx, request: HTTPConnection) -> Viewer | None:
    secret = request.cookies.get(cookie_name(request.app.state.board.settings))
    found = await people.session(tx, secret, now_ms()) if secret else None
    if found and found.seen_ms <= now_ms() - SEEN_MS:
        request.state.used_session = found.token_hash  # noted once the answer is given
    return Viewer(found) if found else None


async def actor(tx: Tx, who: Viewer | None, issue: int | None = None) -> Actor:
    """In which standing the viewer acts on the issue."""
    if who is None or not who.is_proved:
        return STRANGER
    if person := who.session.person:
        return Actor(standing=STANDINGS[person.role], person=person.id, name=person.name)
    if issue is not None and await people.is_granted(tx, who.session, issue):
        return Actor(standing="filer")
    return STRANGER


async def has_filed(tx: Tx, who: Viewer | None, issue: int) -> bool:
    """Whether the viewer has filed the issue, as whoever."""
    return who is not None and who.is_proved and await people.is_granted(tx, who.session, issue)


async def require_staff(tx: Tx, request: Request, act: str = "see_desk", *, fresh: bool = False) -> Viewer:
    """The staff viewer with this right, freshly proved where the act is grave; raises NotAllowed otherwise."""
    who = await viewer(tx, request)
    if who is None or who.session.person is None:
        raise SignInFirst("This page is for staff. Please sign in.")
    if not who.is_proved:
        raise ProveFirst("One step is missing: show that it is you.")
    if not (await actor(tx, who)).may(act):
        raise NotAllowed("Your role does not include this. Ask an admin.")
    if fresh or act in GRAVE:
        require_fresh(who)
    return who


async def permit(tx: Tx, by: Actor, right: str | None, issue: int | None) -> None:
    """Raises NotFound where there is no such issue, and NotAllowed for whoever has not the right, if it takes one."""
    if issue is not None and await issues.find(tx, issue) is None:
        raise NotFound(no_issue(issue))
    if right:
        require(by, right)


def is_fresh(who: Viewer) -> bool:
    """Whether the colleague has shown who they are a short while ago."""
    return who.session.proved_ms is not None and who.session.proved_ms > now_ms() - FRESH_MS


def require_fresh(who: Viewer) -> None:
    if not is_fresh(who):
        raise ProveFirst("This needs a fresh proof that it is you.")


async def begin(
    tx: Tx, request: Request, *, person: int | None = None, email: str | None = None, is_proved: bool = True
) -> str:
    """A new session's secret; it takes over what the browser may and has written, if the old one was nobody's."""
    old = await viewer(tx, request)
    known, network = seen_from(request)
    secret = await people.new_session(
        tx, person=person, email=email, now_ms=now_ms(), is_proved=is_proved, browser=known, network=network
    )
    if old and not old.session.person and old.session.email in (None, email):
        for issue in await people.granted(tx, old.session):
            await people.grant(tx, people.hashed(secret), issue)
        key = request.app.state.board.keys.secret
        await own_data.pass_marks_on(tx, old=mark(key, old.session.token_hash), new=mark(key, people.hashed(secret)))
    if old:
        await people.end_session(tx, old.session.token_hash)
    return secret


def seen_from(request: Request) -> tuple[str, str]:
    """By what a person recognises a session: the kind of browser, and the network without its last part."""
    known, address = browser_name(request.headers.get("user-agent", "")), client_address(request)
    try:
        network = str(ip_network((address, 24 if ip_address(address).version == 4 else 48), strict=False))
    except ValueError:
        network = ""
    return known, network


async def note_use(request: HTTPConnection) -> None:
    """Notes that a session is in use, after the answer and some minutes apart: reading a page writes nothing."""
    used = getattr(request.state, "used_session", None)
    if used is not None:
        async with request.app.state.board.db.saving() as tx:
            await people.note_use(tx, used, now_ms())


@dataclass(frozen=True)
class Browser:
    """A browser with a session; `secret` is for its cookie where the session is new."""

    viewer: Viewer
    secret: str | None = None


async def known_browser(tx: Tx, request: Request) -> Browser:
    """The browser's session, begun where it has none, so that it is known again."""
    who = await viewer(tx, request)
    if who:
        return Browser(who)
    known, network = seen_from(request)
    secret = await people.new_session(tx, person=None, email=None, now_ms=now_ms(), browser=known, network=network)
    return Browser(Viewer(Session(people.hashed(secret), None, None)), secret)


async def grant(tx: Tx, request: Request, issue: int) -> str | None:
    """This browser speaks as the filer from now on; the secret of a new session where it had none."""
    found = await known_browser(tx, request)
    await people.grant(tx, found.viewer.session.token_hash, issue)
    return found.secret


async def poster(tx: Tx, request: Request, who: Viewer) -> Poster:
    """Who sends words, for the policy that looks at what newcomers write."""
    mark = voter(request, who)
    is_known = await moderation.has_been_public(tx, mark) or await people.has_filed_in_public(tx, who.session)
    return Poster(mark, is_known, email=who.session.email)


def set_cookie(response: Response, settings: Settings, secret: str | None) -> None:
    if secret:
        response.set_cookie(
            cookie_name(settings),
            secret,
            max_age=CUSTOMER_ENDS.all // 1000,
            httponly=True,
            samesite="lax",
            secure=settings.is_https,
            path="/",
        )


def pre_name(settings: Settings) -> str:
    return "__Host-pre" if settings.is_https else "pre"


def browser(request: HTTPConnection) -> str | None:
    """The secret of a browser that is about to sign in."""
    return request.cookies.get(pre_name(request.app.state.board.settings))


def set_browser(response: Response, settings: Settings, secret: str) -> None:
    response.set_cookie(
        pre_name(settings), secret, max_age=PRE_S, httponly=True, samesite="lax", secure=settings.is_https, path="/"
    )


def place_name(settings: Settings) -> str:
    return "__Host-place" if settings.is_https else "place"


def set_place(response: Response, request: Request) -> None:
    """Keeps in this browser which page was asked for before anybody was signed in."""
    settings, url = request.app.state.board.settings, request.url
    place = inside(url.path + (f"?{url.query}" if url.query else ""))
    if place:
        response.set_cookie(
            place_name(settings), quote(place), max_age=PRE_S, httponly=True, samesite="lax", secure=settings.is_https
        )


def wanted_place(request: Request) -> str | None:
    """The page that this browser asked for first: a path of the board, whatever the cookie says."""
    return inside(unquote(request.cookies.get(place_name(request.app.state.board.settings), "")))


def sign_out(response: Response, settings: Settings) -> None:
    """Takes the session from the browser, and whatever our pages keep there, in all their tabs."""
    drop_cookie(response, settings, cookie_name(settings))
    response.headers["Clear-Site-Data"] = '"storage"'


def drop_cookie(response: Response, settings: Settings, name: str) -> None:
    response.delete_cookie(name, secure=settings.is_https, httponly=True, samesite="lax")


def client_address(request: HTTPConnection) -> str:
    """The client's address; X-Forwarded-For counts from trusted proxies only, read from the right.

    A hop that is no address ends the reading: the proxy that passed it on answers for it.
    """
    address = read_address(request.client.host) if request.client else None
    hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed(hops):
        said = read_address(hop) if is_trusted(request, address) else None
        if said is None:
            break
        address = said
    return str(address or NOWHERE)


def is_trusted(request: HTTPConnection, address: IPv4Address | IPv6Address | None) -> bool:
    trusted = request.app.state.board.settings.trusted_proxies
    return address is not None and any(address in network for network in trusted)


def is_passed_on(request: HTTPConnection) -> bool:
    """Whether a proxy that the settings do not name says for whom it asks."""
    address = read_address(request.client.host) if request.client else None
    return "x-forwarded-for" in request.headers and not is_trusted(request, address)


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as servers and proxies write it: with a port, a zone, in brackets, or an IPv4 one inside of IPv6."""
    found = HOP.fullmatch(text.strip())
    try:
        known = ip_address((found["six"] or found["four"] or found["bare"]).partition("%")[0]) if found else None
    except ValueError:
        return None
    return getattr(known, "ipv4_mapped", None) or known


def network_of(address: str) -> str:
    """The address itself, or the /64 of an IPv6 one: what one household has."""
    known = read_address(address)
    if known is None:
        return NOWHERE
    return str(known) if known.version == 4 else str(ip_network((known, 64), strict=False))


def voter(request: Request, who: Viewer | None) -> bytes:
    """An opaque mark of one browser or household, for counting it once."""
    seed = who.session.token_hash if who else network_of(client_address(request)).encode()
    return mark(request.app.state.board.keys.secret, seed)


def mark(key: bytes, seed: bytes) -> bytes:
    return hmac.digest(key, b"voter" + seed, hashlib.sha256)


def check_origin(request: HTTPConnection) -> None:
    """Refuses unsafe requests that another site made a browser send; raises NotAllowed."""
    site = request.headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return
    if site is not None or not is_own_origin(request):
        raise NotAllowed("This form was sent from another site. Please send it from the board itself.")


def is_own_origin(request: HTTPConnection) -> bool:
    """Whether the Origin header, where there is one, names this board."""
    origin = request.headers.get("origin")
    if origin is None:
        return True
    own = urlsplit(request.app.state.board.settings.base_url).netloc
    return origin.split("://", 1)[-1] in (own, request.headers.get("host", ""))
