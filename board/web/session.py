"""Who is asking: the browser's session, the private links it has opened, and where unsafe requests may come from."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from board.domain.people import STRANGER, Actor, Standing
from board.errors import NotAllowed, SignInFirst
from board.settings import Settings
from board.store import intake, people
from board.store.database import Tx
from board.store.people import SESSION_MS, Session

NOWHERE = "0.0.0.0"  # noqa: S104
HOP = re.compile(r"\[(?P<six>[^\]]{2,60})\](?::\d{1,5})?|(?P<four>[\d.]{7,15}):\d{1,5}|(?P<bare>[^\[\]]{2,60})")
SAFE = ("GET", "HEAD", "OPTIONS")
STANDINGS: dict[str, Standing] = {
    "agent": "agent",
    "moderator": "moderator",
    "admin": "admin",
    "reader": "anyone",
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
    return Viewer(found) if found else None


async def actor(tx: Tx, who: Viewer | None, issue: int | None = None) -> Actor:
    """In which standing the viewer acts on the issue."""
    if who is None:
        return STRANGER
    if person := who.session.person:
        return Actor(standing=STANDINGS[person.role], person=person.id, name=person.name)
    if issue is not None and await people.is_granted(tx, who.session, issue):
        return Actor(standing="filer")
    return STRANGER


async def require_staff(tx: Tx, request: Request, act: str = "see_desk") -> Viewer:
    """The staff viewer with this right; raises NotAllowed otherwise."""
    who = await viewer(tx, request)
    by = await actor(tx, who)
    if who is None or not by.is_staff:
        raise SignInFirst("This page is for staff. Please sign in.")
    if not by.may(act):
        raise NotAllowed("Your role does not include this. Ask an admin.")
    return who


async def begin(tx: Tx, request: Request, *, person: int | None = None, email: str | None = None) -> str:
    """A new session's secret; the old one of this browser keeps its grants, if it was nobody's."""
    old = await viewer(tx, request)
    secret = await people.new_session(tx, person=person, email=email, now_ms=now_ms())
    if old and not old.session.person:
        for issue in await people.granted(tx, old.session):
            await people.grant(tx, people.hashed(secret), issue)
        await people.end_session(tx, old.session.token_hash)
    return secret


async def grant(tx: Tx, request: Request, issue: int) -> str | None:
    """This browser speaks as the filer from now on; the secret of a new session where it had none."""
    who = await viewer(tx, request)
    if who:
        await people.grant(tx, who.session.token_hash, issue)
        return None
    secret = await people.new_session(tx, person=None, email=None, now_ms=now_ms())
    await people.grant(tx, people.hashed(secret), issue)
    return secret


def set_cookie(response: Response, settings: Settings, secret: str | None) -> None:
    if secret:
        response.set_cookie(
            cookie_name(settings),
            secret,
            max_age=SESSION_MS // 1000,
            httponly=True,
            samesite="lax",
            secure=settings.is_https,
            path="/",
        )


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
    key = request.app.state.board.keys.secret
    seed = who.session.token_hash if who else network_of(client_address(request)).encode()
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


async def is_known(tx: Tx, email: str) -> bool:
    return await people.by_email(tx, email) is not None or await intake.knows_email(tx, email)
