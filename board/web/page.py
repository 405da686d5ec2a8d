"""How a page is answered: what every template is given, strict forms, and the words after an act."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from board.domain.leaf import Recorded
from board.domain.phrase import phrase
from board.errors import Invalid, Refused
from board.store import company, record
from board.store.company import Company
from board.store.database import Tx
from board.web import session
from board.web.session import Viewer
from board.web.views import Names

FORM = "application/x-www-form-urlencoded"
FIELDS = 60
DONE = {
    "commented": "Your words are public now.",
    "held": "Thank you. Your words are looked at before everybody can read them.",
    "confirmed": "Thank you. The cure is confirmed.",
    "disputed": "The issue is open again. We have been told.",
    "withdrawn": "The issue is withdrawn.",
    "thanked": "Your thanks are public now.",
    "corrected": "The new words are shown. What stood before is in the record.",
    "follow": "Please look into your mail: one message asks you to confirm.",
    "following": "You get a mail when there is a new word. Each mail holds a link that stops them.",
    "mail_wanted": "Thank you. Answers come by mail from now on.",
    "mail_again": "It is noted: mail comes again.",
    "mail_stopped": "It is noted: no more of this mail comes.",
    "mine_too": "Counted: it is yours too.",
    "welcome": "This browser now speaks as the customer who filed this issue.",
    "answered": "Your answer is public now.",
    "noted": "The note is saved. Only staff see it.",
    "assigned": "It has its owner now.",
    "moved": "It is in the other area now.",
    "promised": "The promise is public now.",
    "merged": "It is joined with the other issue.",
    "split": "It stands on its own again.",
    "reopened": "It is open again.",
    "published": "Everybody can read it now.",
    "rejected": "It is not shown. The reason is in the record.",
    "removed": "It is removed from view. A stub with the reason stays.",
    "hidden": "It is hidden. A line with the reason stays in its place.",
    "restored": "Everybody can read it again.",
    "redacted": "The words are erased.",
    "told": "Sent, for their eyes only.",
    "address_moved": "The address is changed. Sign in with the new one.",
    "forgotten": "You are forgotten here. What was written stays in the record without your name.",
    "asked": "Asked for. A second person has to agree, or a day has to pass; the customer is told.",
    "decided": "Decided.",
    "reported": "Thank you. A moderator looks at it; nobody else is told.",
    "appealed": "Your appeal is with the moderators.",
    "unchanged": "Nothing had to change.",
    "saved": "Saved.",
    "trying": "It is tried again now.",
    "trying_all": "They are tried again now, those that somebody waits for first.",
    "given_up": "It is given up, and not sent.",
    "set_aside": "It is set aside, and forgotten here.",
    "hook_asked": "It is on its way. Load this page again to see what came of it.",
    "signed_out": "You are signed out.",
}


@dataclass(frozen=True)
class Frame:
    """What every page shows around its content."""

    company: Company
    names: Names
    head: str
    count: int
    opened: Recorded | None
    viewer: Viewer | None
    now: datetime


async def frame(tx: Tx, request: Request, *, anonymous: bool = False) -> Frame:
    """Read before the content, so that the cursor in the page is never newer than what it shows."""
    board = request.app.state.board
    epoch, head = await record.head(tx)
    setup = await company.read(tx)
    areas = {area.slug: area.name for area in await company.areas(tx)}
    who = None if anonymous else await session.viewer(tx, request)
    return Frame(
        setup,
        Names(setup.name, areas, board.renderer.say),
        f"{epoch}:{head}",
        head + 1,
        await record.first(tx),
        who,
        session.now(),
    )


def page(
    request: Request, around: Frame, template: str, *, nav: str = "", status: int = 200, **context: Any
) -> HTMLResponse:
    """The rendered template; answers to people who are signed in are nobody else's."""
    board = request.app.state.board
    query = f"?{request.url.query}" if request.url.query else ""
    html = board.renderer.render(
        template,
        {
            "board": {
                "name": around.company.name,
                "tagline": around.company.tagline,
                "demo": around.company.demo,
                "url": board.settings.base_url,
            },
            "viewer": around.viewer,
            "path": request.url.path + query,
            "nav": nav,
            "head": around.head,
            "record": {"count": around.count, "since": around.opened.time if around.opened else None},
            "now": around.now,
            "flash": flash(request),
            "status": status,
            **context,
            "errors": {field: board.renderer.say(text) for field, text in context.get("errors", {}).items()},
        },
    )
    kept = "no-cache" if around.viewer is None else "private, no-store"
    return HTMLResponse(html, status, headers={"Cache-Control": kept, "Vary": "Cookie"})


def ends_by(request: Request, due: datetime | None, now: datetime) -> None:
    """Notes when time alone makes what is shown another: at the moment when an issue falls due.

    In lists it is overdue from the next whole second on.
    """
    ends = due and next((at for at in (due, due + timedelta(seconds=1)) if at >= now), None)
    if ends:
        request.state.ends_at = ends


def flash(request: Request) -> dict[str, str] | None:
    act = request.query_params.get("done", "")
    return {"act": act, "text": request.app.state.board.renderer.say(DONE[act])} if act in DONE else None


def back(url: str, done: str | None = None, anchor: str = "") -> RedirectResponse:
    """Back to the page after an act; 303, so that loading it again sends nothing twice."""
    joined = f"{url}{'&' if '?' in url else '?'}done={done}" if done else url
    return RedirectResponse(joined + anchor, 303)


def time_of(ms: int) -> datetime:
    """A moment that is kept in milliseconds."""
    return datetime.fromtimestamp(ms // 1000, UTC)


async def form(request: Request, *, most: int = FIELDS) -> dict[str, str]:
    """A form's fields; a field that comes twice keeps all values, one a line. Raises Refused for anything else."""
    kind = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if kind != FORM:
        raise WrongType("Send this as an ordinary form (application/x-www-form-urlencoded).")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most
        )
    except UnicodeDecodeError:
        raise Invalid({"body": "Some characters arrived broken. Please type them again."}) from None
    except ValueError:
        raise Invalid({"body": phrase("A form has at most {most} fields.", most=most)}) from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields[name] = f"{fields[name]}\n{value}" if name in fields else value
    return fields


class WrongType(Refused):
    """A body of a type that this address does not read."""

    status = 415
    title = "Wrong type"


class TooLarge(Refused):
    """A body that is longer than anything that fits."""

    status = 413
    title = "Too large"
