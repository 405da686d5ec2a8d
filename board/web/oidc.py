"""Single sign-on: to the issuer and back; whoever is signed in already proves anew."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from board.actions import accounts
from board.actions.accounts import Used
from board.errors import NotAllowed, NotFound
from board.store import credentials, people
from board.web import limits, session
from board.web.page import back
from board.web.signin import enter, signed_in

PURPOSE = "single sign-on"


async def leave(request: Request) -> Response:
    """To the issuer. A link and no form: browsers let no form be led to another site here."""
    board, browser = request.app.state.board, session.browser(request) or people.new_secret()
    if board.provider is None:
        raise NotFound("Single sign-on is not set up on this board.")
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return back("/signin")  # from another site: only somebody's own press begins a sign-in
    await limits.spend(request, "code")
    async with board.db.reading() as tx:
        who = await session.viewer(tx, request)
    begun = await board.provider.begin(anew=who is not None and who.kind == "staff")
    async with board.db.saving() as tx:
        await credentials.keep_challenge(
            tx,
            begun.state.encode(),
            browser=browser,
            purpose=PURPOSE,
            now_ms=session.now_ms(),
            kept=begun.kept,
        )
    response = RedirectResponse(begun.url, 303, headers={"Cache-Control": "no-store"})
    session.set_browser(response, board.settings, browser)
    return response


async def come_back(request: Request) -> Response:
    """Back from the issuer, in the browser that left."""
    board, query = request.app.state.board, request.query_params
    if board.provider is None:
        raise NotFound("Single sign-on is not set up on this board.")
    await limits.spend(request, "code")
    async with board.db.saving() as tx:
        kept = await credentials.take_challenge(
            tx,
            query.get("state", "").encode("utf-8", "replace"),
            browser=session.browser(request) or "",
            purpose=PURPOSE,
            now_ms=session.now_ms(),
        )
    if kept is None or query.get("iss", board.provider.issuer) != board.provider.issuer:
        raise NotAllowed("This sign-in was not begun in this browser, or took too long. Please begin again.")
    if "code" not in query:
        raise NotAllowed("The sign-in service did not vouch for you. Please try again.")
    found = await board.provider.finish(query["code"], kept, now_s=session.now_ms() // 1000)
    if found.role is None:
        async with board.db.saving() as tx:
            await accounts.turned_away(tx, found.subject)
    async with board.db.saving() as tx:
        person = await accounts.vouched(
            tx, subject=found.subject, email=found.email, name=found.name, role=found.role, now_ms=session.now_ms()
        )
        entered = await enter(tx, request, Used(person, None))
    return signed_in(request, entered)
