"""The list of issues with its figures, filters and search; the rules; the page about the board."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from board.domain.leaf import format_time, parse_time
from board.domain.proof import vkey
from board.domain.text import clean, to_html
from board.errors import NotFound
from board.render import trusted
from board.store import company, issues, record, search
from board.store.database import Tx
from board.store.issues import SORTS, STATES, Wanted
from board.web import views
from board.web.page import Frame, ends_by, frame, page

PAGE = 50
QUERY_LENGTH = 200
RULES = (
    "Say what happened and what you expected. Leave out names, phone numbers, addresses, card and order numbers:"
    " there is a box for them that only we read. We answer everybody who is fair, and many who are not."
)
ABOUT = "Here we answer our customers in the open. Nothing that is public here is ever changed or dropped in silence."


async def home(request: Request) -> Response:
    wanted = read_wanted(request.query_params)
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        found = await rows(tx, wanted, around)
        counts = await issues.counts(tx, format_time(around.now))
        areas = await company.areas(tx)
        ends_by(request, views.moment(await issues.next_due(tx, format_time(around.now))), around.now)
    filters = {"state": wanted.state, "area": wanted.area or "", "q": wanted.text or "", "sort": wanted.sort}
    return page(
        request,
        around,
        "home.html",
        nav="issues",
        rows=found[:PAGE],
        next=next_url(filters, wanted, found, "/"),
        figures=views.figures(counts),
        counts=counts,
        filters=filters,
        areas=areas,
    )


def read_wanted(query: QueryParams) -> Wanted:
    """The filters in the URL; words that are not known count as not said."""
    text = clean(query.get("q", ""), lines=False)[:QUERY_LENGTH]
    state, sort = query.get("state", "all" if text else "open"), query.get("sort", "active")
    return Wanted(
        state=state if state in STATES else "open",
        area=clean(query.get("area", ""), lines=False)[:80] or None,
        text=text or None,
        sort=sort if sort in SORTS else "active",
        after=read_cursor(query.get("after", ""), sort),
        limit=PAGE,
    )


def read_cursor(cursor: str, sort: str) -> tuple[Any, int] | None:
    """`<value>.<number>` of the last row; None where it is not one."""
    value, _, number = cursor.rpartition(".")
    if not (is_number(number) and value):
        return None
    if sort in ("new", "oldest"):
        return (value, int(number)) if is_time(value) else None
    return (int(value), int(number)) if is_number(value) else None


def is_time(text: str) -> bool:
    try:
        return bool(parse_time(text))
    except ValueError:
        return False


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15


async def rows(tx: Tx, wanted: Wanted, around: Frame) -> list[dict[str, Any]]:
    """The page's rows, one more than fits where there is a next page."""
    found = await issues.listed(tx, wanted, format_time(around.now))
    hits = await search.excerpts(tx, wanted.text, [row["number"] for row in found]) if wanted.text else {}
    return [views.issue(row, around.names, around.now, hits.get(row["number"])) for row in found]


def next_url(filters: dict[str, str], wanted: Wanted, found: list[dict[str, Any]], path: str) -> str | None:
    """The URL of the next page, None on the last one."""
    if len(found) <= wanted.limit:
        return None
    return f"{path}?{urlencode({**{k: v for k, v in filters.items() if v}, 'after': cursor(wanted, found)})}"


def cursor(wanted: Wanted, found: list[dict[str, Any]]) -> str:
    last = found[wanted.limit - 1]
    value = last[SORTS[wanted.sort][0]]
    return f"{format_time(value) if isinstance(value, datetime) else value}.{last['number']}"


async def rules(request: Request) -> Response:
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        areas = await company.areas(tx)
        sha256 = await company.current_policy(tx)
    text = around.company.rules or request.app.state.board.renderer.say(RULES)
    policy = [
        {"name": a.name, "first_answer_s": a.target.first_answer_s, "resolve_s": a.target.resolve_s} for a in areas
    ]
    return page(
        request,
        around,
        "rules.html",
        nav="rules",
        rules=trusted(to_html(text)),
        policy_rows=policy,
        policy_sha256=sha256 or "",
    )


async def policy(request: Request) -> Response:
    """What was published as rules, areas and targets, by its SHA-256: the bytes that the record speaks of."""
    async with request.app.state.board.db.reading() as tx:
        text = await company.policy(tx, clean(request.path_params["sha256"], lines=False))
    if text is None:
        raise NotFound("No such rules were ever published here.")
    return PlainTextResponse(text, media_type="application/json")


async def about(request: Request) -> Response:
    board = request.app.state.board
    async with board.db.reading() as tx:
        around = await frame(tx, request)
        origin = await record.origin(tx)
    text = around.company.about or board.renderer.say(ABOUT)
    return page(
        request,
        around,
        "about.html",
        nav="about",
        about=trusted(to_html(text)),
        origin=origin,
        vkey=vkey(origin, board.keys.log_public),
        base_url=board.settings.base_url,
    )
