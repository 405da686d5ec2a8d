"""The pages of one issue, and what customers and anyone else send to it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from board.actions import customers, privately
from board.domain.doubt import Reason
from board.domain.limits import Act
from board.domain.people import Actor, refuse_staff, require
from board.domain.phrase import no_issue
from board.domain.words import address, optional_text, person_name, text, title_alone
from board.errors import Conflict, Invalid, NotFound, TooMany
from board.store import company, intake, issues, moderation, own_data
from board.store.database import Tx, WriteTx
from board.store.entries import Reader
from board.store.moderation import Hiding
from board.web import arrival, cards, case, limits, lookover, session, views
from board.web.lookover import WouldBePublic
from board.web.page import Frame, back, ends_by, form, frame, page
from board.web.proof import ProofWanted

GRADES = ("1", "2", "3", "4", "5")


def number_of(request: Request) -> int:
    return int(request.path_params["number"])


async def show(request: Request) -> Response:
    """The case; a stub where it is removed, a word of patience where it is held."""
    return await answer(request)


async def answer(
    request: Request,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
    challenge: str | None = None,
) -> Response:
    number = number_of(request)
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        by = await session.actor(tx, around.viewer, number)
        is_filer = by.standing == "filer"
        mark = session.voter(request, around.viewer) if around.viewer else b""
        email = around.viewer.session.email if around.viewer else None
        reader: Reader = "filer" if is_filer else "anyone"
        found = await case.read(tx, number, around.names, around.now, reader=reader, mark=mark, email=email)
        told = await privately.opened(tx, number, request.app.state.board.box(privately.PURPOSE)) if is_filer else []
        posts = await own_words(tx, around, mark)
        decided = await case.decided(tx, replace(by, own=posts), number, around.names)
        asked = await moderation.hidings(tx, "asked", issue=number) if is_filer or posts else []
        filer = await intake.filer(tx, number) if is_filer else None
    ends_by(request, found.context["issue"]["due_at"], around.now)
    if not found.is_public and not is_filer:
        return stub(request, around, found, form=typed or {}, errors=errors or {}, status=status)
    return page(
        request,
        around,
        "issue.html",
        nav="issues",
        status=status,
        is_filer=is_filer,
        may=case.may(found, by, around.now) | ({"appeal"} if decided else set()),
        own=case.own_words(found, "filer") if is_filer else case.posted_words(found, posts),
        marks=views.marks(around.names.say),
        decided=decided,
        hidings=[views.hiding(one, around.names) for one in asked if is_filer or is_own(one, posts)],
        told=told,
        mail_waits=waits_for_mail(filer),
        form=typed or {},
        errors=errors or {},
        stamp=(typed or {}).get("stamp") or arrival.stamp(request, every_s=arrival.ON_SHARED_PAGES_S),
        challenge=challenge,
        linked=None if around.viewer else cards.linked(found.context, around.names, address_of(request)),
        **found.context,
    )


def address_of(request: Request) -> str:
    """The board's own, as others find it."""
    return str(request.app.state.board.settings.base_url)


async def own_words(tx: Tx, around: Frame, mark: bytes) -> frozenset[int]:
    """The indices of the words that came from whoever looks."""
    return await own_data.posted_by(tx, mark, around.viewer.session.email) if around.viewer else frozenset()


def is_own(asked: Hiding, posts: frozenset[int]) -> bool:
    """Whether it is about a comment of whoever looks."""
    return asked.act == "hide" and asked.target in posts


def waits_for_mail(filer: intake.Filer | None) -> bool:
    """Whether the address that was given has not said yet that it wants the answers."""
    return filer is not None and filer.email is not None and filer.mail is None


def stub(request: Request, around: Frame, found: case.Case, *, status: int, **typed: dict[str, str]) -> Response:
    """The place of an issue that is not shown: its number and dates, never a word of it."""
    issue = found.context["issue"]
    facts = {key: issue[key] for key in ("number", "filed_at", "mark", "visibility")}
    removed = next((e for e in reversed(found.context["timeline"]) if e["event"] in HIDING), None)
    return page(
        request,
        around,
        "removed.html" if issue["visibility"] == "removed" else "held.html",
        nav="issues",
        status=status,
        issue=facts,
        reason_text=removed["reason_text"] if removed else None,
        removed_at=removed["at"] if removed else None,
        role=removed["role"] if removed else None,
        **typed,
    )


HIDING = ("issue.removed", "issue.rejected")


async def log(request: Request) -> Response:
    number = number_of(request)
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        events = await case.log(tx, number, around.names)
    return page(request, around, "log.html", nav="issues", issue={"number": number}, events=events)


async def open_private_link(request: Request) -> Response:
    """The filer's private link: this browser speaks as the filer from now on."""
    board = request.app.state.board
    number = board.links.opened("filer", request.path_params["secret"])
    if number is None:
        raise NotFound("This private link is not complete. Please copy the whole of it.")
    async with board.db.saving() as tx:
        if await issues.find(tx, number) is None:
            raise NotFound(no_issue(number))
        secret = await session.grant(tx, request, number)
    response = back(f"/issues/{number}", "welcome")
    session.set_cookie(response, board.settings, secret)
    return response


Perform = Callable[[WriteTx, int, Actor, dict[str, str]], Awaitable[str]]


def act(
    name: str, perform: Perform, right: str, anchor: str = "#next", *, in_public: bool = True, takes: Act = "comment"
) -> Callable[[Request], Awaitable[Response]]:
    """The door of one act: a form comes in, `perform` does it, and the page says what was done or what to mend.

    Whoever has not the `right` is refused before the words are looked at. `takes` names the token buckets that it
    takes from first.
    """

    async def door(request: Request) -> Response:
        limits.check(request, takes)
        number, typed = number_of(request), await form(request)
        await permit(request, number, right)
        try:
            typed = await lookover.settled(request, typed, corrects=corrected(right, number)) if in_public else typed
            await take(request, takes)
            async with request.app.state.board.db.writing(session.now()) as tx:
                who = await session.viewer(tx, request)
                by = await session.actor(tx, who, number)
                known = {"voter": session.voter(request, who).hex(), "signed_in": (who and who.session.email) or ""}
                done = await perform(tx, number, by, {**typed, **known})
        except WouldBePublic as would:
            return await lookover.ask(request, would)
        except TooMany as full:
            return await limits.wait_page(request, typed, full)
        except (Invalid, Conflict) as wrong:
            return await refused(request, name, typed, wrong)
        return back(f"/issues/{number}", done, anchor)

    return door


def corrected(right: str, number: int) -> int | None:
    """The issue whose words an act with this right puts anew."""
    return number if right == "correct" else None


async def permit(request: Request, number: int | None, right: str) -> Actor:
    """Who acts (on the issue), if they have the right."""
    async with request.app.state.board.db.reading() as tx:
        by = await session.actor(tx, await session.viewer(tx, request), number)
        await session.permit(tx, by, right, number)
    return by


async def take(
    request: Request, act: Act, typed: dict[str, str] | None = None, *, email: str | None = None
) -> tuple[Reason, ...]:
    """Takes the tokens of the act and weighs what was `typed`; raises TooMany and ProofWanted."""
    async with request.app.state.board.db.saving() as tx:
        who = await session.viewer(tx, request)
        taken = await limits.take(tx, request, await company.read(tx), act, who=who, email=email)
        if typed is None:
            return ()
        form = arrival.form_of(typed)
        return await arrival.weigh(tx, request, typed.get("body", ""), who=who, taken=taken, form=form)


async def refused(request: Request, name: str, typed: dict[str, str], wrong: Invalid | Conflict) -> Response:
    """The page again, with what was typed and what to mend."""
    errors = wrong.fields if isinstance(wrong, Invalid) else {"body": wrong.detail}
    return await answer(request, typed={**typed, "act": name}, errors=errors, status=wrong.status)


async def comment(request: Request) -> Response:
    """Takes a comment; the browser is known by its session from then on, so that its words can be found again."""
    limits.check(request, "comment")
    board, number, typed = request.app.state.board, number_of(request), await form(request)
    refuse_staff(await permit(request, number, "comment"))
    try:
        typed = await lookover.settled(request, typed)
        words = text(typed.get("body", ""))
        doubts = await take(request, "comment", typed)
        async with board.db.writing(session.now()) as tx:
            browser = await session.known_browser(tx, request)
            by = await session.actor(tx, browser.viewer, number)
            named = replace(by, name=by.name or person_name(typed.get("name", "")))
            poster = replace(await session.poster(tx, request, browser.viewer), doubts=doubts)
            done = await customers.comment(tx, number, by=named, body=words, via="web", poster=poster)
    except WouldBePublic as would:
        return await lookover.ask(request, would)
    except ProofWanted as asked:
        kept = {**typed, "act": "comments"}
        return await answer(request, typed=kept, status=asked.status, challenge=asked.challenge)
    except TooMany as full:
        return await limits.wait_page(request, typed, full)
    except (Invalid, Conflict) as wrong:
        return await refused(request, "comments", typed, wrong)
    held = any(r.name == "comment.held" for r in done.events)
    response = back(f"/issues/{number}", "held" if held else "commented", "#next")
    session.set_cookie(response, board.settings, browser.secret)
    return response


async def confirm(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    grade = typed.get("grade", "")
    if grade and grade not in GRADES:
        raise Invalid({"grade": "Give a grade from 1 to 5, or none."})
    words = optional_text(typed.get("body", ""))
    await customers.confirm(tx, number, by=by, body=words, grade=int(grade) if grade else None)
    return "confirmed"


async def dispute(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    await customers.dispute(tx, number, by=by, body=text(typed.get("body", "")))
    return "disputed"


async def withdraw(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    await customers.withdraw(tx, number, by=by, body=optional_text(typed.get("body", "")))
    return "withdrawn"


async def thank(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    await customers.thank(tx, number, by=by, body=text(typed.get("body", "")))
    return "thanked"


async def correct(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    target = typed.get("target", "")
    if not (target.isascii() and target.isdigit() and len(target) <= 15):
        raise Invalid({"target": "Choose the words to correct."})
    words = {"body": text(typed["body"])} if "body" in typed else {}
    if "title" in typed:
        words["title"] = title_alone(typed["title"])
    done = await customers.correct(tx, number, by=by, target=int(target), words=words)
    return "corrected" if done.events else "unchanged"


async def mine_too(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    await customers.mine_too(tx, number, voter=bytes.fromhex(typed["voter"]), by=by)
    return "mine_too"


async def follow(request: Request) -> Response:
    """Asks for news by mail; one question goes to the address, whoever typed it."""
    limits.check(request, "follow")
    board, number, typed = request.app.state.board, number_of(request), await form(request)
    try:
        email = address(typed.get("email", ""), needed=True)
        await take(request, "follow", email=email)
        async with board.db.writing(session.now()) as tx:
            who = await session.viewer(tx, request)
            require(await session.actor(tx, who, number), "follow")
            is_own = who is not None and who.session.email == email
            await customers.follow(
                tx, number, email=email or "", links=board.links, say=board.renderer.say, is_own=is_own
            )
    except Invalid as wrong:
        return await answer(request, typed={**typed, "act": "follow"}, errors=wrong.fields, status=wrong.status)
    except TooMany as full:
        return await limits.wait_page(request, typed, full)
    return back(f"/issues/{number}", "following" if is_own else "follow")
