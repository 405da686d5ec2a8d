"""Filing: the form with its look at similar issues, what is sent, and the receipt."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import customers, privately
from board.domain.doubt import Reason
from board.domain.leaf import later
from board.domain.people import Actor, require
from board.domain.proof import b64url
from board.domain.text import clean
from board.domain.words import Filing
from board.errors import Invalid, NotAllowed, TooMany
from board.store import company, intake, issues, people, record, search
from board.store.database import WriteTx
from board.web import arrival, case, limits, lookover, mentions, session, views, widget
from board.web.issues import number_of, permit, waits_for_mail
from board.web.lookover import WouldBePublic
from board.web.page import Frame, back, form, frame, page
from board.web.policy import is_framed
from board.web.proof import ProofWanted


async def new(request: Request) -> Response:
    if number := mentions.number_in(request.query_params):
        return await new_form(request, await mentions.told(request, number), {})
    return await new_form(request, asked_for(request), {})


async def take_over(request: Request) -> Response:
    """The form again, with what the customer's own site says of them; or with why that does not hold."""
    given = asked_for(request)
    try:
        return await new_form(
            request, {**given, **await widget.handed_over(request, (await form(request)).get("t", ""))}, {}
        )
    except Invalid as wrong:
        return await new_form(request, given, wrong.fields, wrong.status)


def asked_for(request: Request) -> dict[str, str]:
    via = "widget" if is_framed(request.url.path) else request.query_params.get("via", "")
    return {"area": request.query_params.get("area", ""), "via": via}


async def new_form(
    request: Request, typed: dict[str, str], errors: dict[str, str], status: int = 200, challenge: str | None = None
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        areas = await company.areas(tx)
        alike = await similar_rows(tx, typed.get("body", ""), around) if status == 422 else []
    return page(
        request,
        around,
        "new.html",
        status=status,
        form=typed,
        errors=errors,
        areas=areas,
        policy={"email": "optional" if mentions.number_in(typed) else around.company.mail},
        stamp=typed.get("stamp") or arrival.stamp(request),
        challenge=challenge,
        similar=alike,
        doors=doors(request),
    )


def doors(request: Request) -> dict[str, str]:
    """Where the form goes, and where a token does."""
    query = f"?{request.url.query}" if request.url.query else ""
    if is_framed(request.url.path):
        return {"file": "/embed/new", "handover": f"/embed/handover{query}"}
    return {"file": "/issues", "handover": f"/new{query}"}


async def similar_rows(tx: Any, words: str, around: Frame) -> list[dict[str, Any]]:
    numbers = await search.similar(tx, clean(words)[:500], limit=4)
    return [views.issue(row, around.names, around.now) for row in await issues.by_number(tx, numbers)]


async def similar(request: Request) -> Response:
    """The issues like the words being typed, as a fragment."""
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request, anonymous=True)
        found = await similar_rows(tx, request.query_params.get("q", ""), around)
    return page(request, around, "parts/similar.html", similar=found)


async def file(request: Request) -> Response:
    """Files an issue and shows the receipt; what was typed comes back where something is wrong."""
    limits.check(request, "file")
    board = request.app.state.board
    typed = await form(request)
    await permit(request, None, "file")
    await mentions.permit(request, typed)
    try:
        typed = await lookover.settled(request, typed, has_box=True)
        filing, doubts = await taken_filing(request, typed)
        async with board.db.writing(session.now()) as tx:
            require(await session.actor(tx, await session.viewer(tx, request)), "file")
            browser = await session.known_browser(tx, request)
            poster = replace(await session.poster(tx, request, browser.viewer), doubts=doubts)
            poster, said = await widget.vouched(tx, request, typed, filing, poster)
            via = await mentions.taken(tx, request, typed)
            filed = await customers.file(tx, filing, via=via, links=board.links, say=board.renderer.say, poster=poster)
            await people.grant(tx, browser.viewer.session.token_hash, filed.number)
            await keep_details(tx, board, filed.number, filing.details)
            await widget.keep(tx, request, filed.number, said)
    except WouldBePublic as would:
        return await lookover.ask(request, would)
    except Invalid as wrong:
        return await new_form(request, typed, wrong.fields, wrong.status)
    except ProofWanted as asked:
        return await new_form(request, typed, {}, asked.status, asked.challenge)
    except TooMany as full:
        return limits.told(await new_form(request, typed, {"body": full.detail}, full.status), full)
    if is_framed(request.url.path):  # where no cookie comes back: the receipt is the answer
        return await receipt_page(request, filed.number)
    response = back(f"/issues/{filed.number}/receipt")
    session.set_cookie(response, board.settings, browser.secret)
    return response


async def taken_filing(request: Request, typed: dict[str, str]) -> tuple[Filing, tuple[Reason, ...]]:
    """The filing with its tokens taken; a mistake in it takes none. Raises Invalid, TooMany and ProofWanted."""
    async with request.app.state.board.db.saving() as tx:
        setup = await company.read(tx)
        filing = customers.read_filing(typed, needs_email=setup.mail == "required" and not mentions.number_in(typed))
        who = await session.viewer(tx, request)
        taken = await limits.take(tx, request, setup, "file", who=who, email=filing.email)
        words = f"{filing.title}\n{filing.body}"
        return filing, await arrival.weigh(tx, request, words, who=who, taken=taken, form=arrival.form_of(typed))


async def keep_details(tx: WriteTx, board: Any, number: int, details: str | None) -> None:
    """What the customer tells the company alone while filing."""
    if details:
        filer, box = Actor(standing="filer"), board.box(privately.PURPOSE)
        await privately.tell(tx, number, by=filer, words=details, box=box, now_ms=session.now_ms())


async def receipt(request: Request) -> Response:
    """The receipt, for the browser that filed: also a colleague's, who files for a customer and hands on the link."""
    number = number_of(request)
    async with request.app.state.board.db.reading() as tx:
        if not await session.has_filed(tx, await session.viewer(tx, request), number):
            raise NotAllowed("The receipt is for the customer who filed the issue. Open your private link first.")
    return await receipt_page(request, number)


async def receipt_page(request: Request, number: int) -> Response:
    board = request.app.state.board
    async with board.db.reading() as tx:
        around = await frame(tx, request)
        found = await case.read(tx, number, around.names, around.now, reader="filer")
        filed = (await record.after(tx, found.issue.filed - 1, limit=1))[0]
        filer = await intake.filer(tx, number)
    target = found.context["side"]["target"]["first_answer_s"]
    return page(
        request,
        around,
        "receipt.html",
        issue=found.context["issue"],
        private_url=board.links.private(number),
        first_answer_due=later(filed.time, target) if target else None,
        mailed=bool(filer and filer.email),
        mail_waits=waits_for_mail(filer),
        held=not found.is_public,
        leaf=filed.leaf,
        leaf_hash=b64url(filed.leaf_hash),
    )
