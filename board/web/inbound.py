"""The door at which a mail server hands over what came for the board's mailbox, one raw message a request."""

import hmac
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from board.actions import mailbox as acts
from board.actions.replying import Mailbox
from board.errors import NotAllowed, NotFound
from board.settings import Settings
from board.web import session

PATH = "/inbound/mail"


def mailbox(board: Any) -> Mailbox | None:
    """None where the operator has named no address."""
    given = board.settings
    if given.mail_inbox is None:
        return None
    return Mailbox(given.mail_inbox, board.links, board.renderer.say, board.keys.secret, given.mail_authserv)


def is_allowed(request: HTTPConnection, given: Settings) -> bool:
    shown = request.headers.get("authorization", "").encode("utf-8", "replace")
    return given.mail_token is not None and hmac.compare_digest(shown, f"Bearer {given.mail_token}".encode())


async def receive(request: Request) -> Response:
    """Takes the body as the message (RFC 5322); says what became of it, which is no failure of the mail server's."""
    board = request.app.state.board
    box = mailbox(board)
    if not is_allowed(request, board.settings):
        raise NotAllowed("Show BOARD_MAIL_TOKEN as a bearer token. Where it is not set no mail is taken.")
    if box is None:
        raise NotFound("There is no mailbox here: set BOARD_MAIL_INBOX.")
    outcome = await acts.receive(board.db, await request.body(), box, session.now())
    return JSONResponse({"outcome": outcome})
