"""Who sends, as the token buckets see it; a refusal by them becomes a page that keeps what was typed."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from board.actions import limits
from board.domain.limits import Act, Sender
from board.errors import TooMany
from board.store.company import Company
from board.store.database import Tx
from board.web import session
from board.web.session import Viewer


async def take(
    tx: Tx, request: HTTPConnection, setup: Company, act: Act, *, who: Viewer | None, email: str | None = None
) -> int:
    """One token for the act from the buckets of whoever sends; raises TooMany."""
    member = f"person {who.id}" if who and who.id else None
    return await take_as(tx, request, setup, act, member=member, email=email)


async def take_as(
    tx: Tx, request: HTTPConnection, setup: Company, act: Act, *, member: str | None, email: str | None = None
) -> int:
    network = session.network_of(session.client_address(request))
    sender = Sender(network=network, email=email, member=member)
    secret = request.app.state.board.keys.secret
    return await limits.take(tx, setup, act, sender, secret=secret, now_ms=session.now_ms())


def told(response: Response, full: TooMany) -> Response:
    """The page with when to come back."""
    response.headers["Retry-After"] = str(full.retry_after)
    return response
