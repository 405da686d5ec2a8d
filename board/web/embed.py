"""The board at a glance for other sites: a page for frames and a badge, both without script, and what the widget reads.

What it shows is fixed, and the same for everybody. A site that shows it may choose the place, not the figures.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from board import drawing
from board.domain.colour import accents
from board.domain.leaf import format_time
from board.domain.medians import median
from board.domain.phrase import no_issue
from board.domain.text import clean
from board.domain.wording import span
from board.errors import NotFound
from board.render import Renderer, known
from board.store import company, issues, tallies
from board.store.database import Tx
from board.store.issues import Wanted
from board.web import json, views
from board.web.home import is_number
from board.web.page import Frame, ends_by, frame

MOST, USUAL = 10, 5  # issues in a list
THEMES = ("auto", "light", "dark")
NO_ISSUE = 0  # what has no number is no issue: the list would be another thing than was asked for
NO_AREA = "There is no such area on this board."
# Whatever may be shown anywhere loads nothing but the board's own style, and says who may frame it.
FRAMED = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " require-trusted-types-for 'script'; frame-ancestors *"
)
PICTURE = "default-src 'none'; frame-ancestors *"
WORDS = {
    "unanswered": "No answer for {span}",
    "company": "With us for {span}",
    "customer": "With the customer for {span}",
    "overdue": "Overdue by {span}",
    "disputed": "Disputed, with us for {span}",
    "resolved": "Resolved, the customer is asked",
    "confirmed": "Confirmed by the customer",
    "closed": "Closed",
    "held": "Being looked at",
    "removed": "Removed",
    "gone": "words removed",
    "oldest": "Waits longest for an answer",
    "newest": "Newest issues",
    "nothing": "No issue yet",
    "nobody": "Nobody waits for a first answer",
    "all": "All issues",
    "file": "File an issue",
    "close": "Close",
    "many": "{n} issues changed",
    "units": "d h min",
    "now": "less than a minute",
}


@dataclass(frozen=True)
class Asked:
    """What a site asks for, as far as it makes sense; `lang` is empty for the board's own language."""

    area: str
    issue: int | None
    limit: int
    lang: str
    theme: str


def read_asked(query: QueryParams) -> Asked:
    number, limit = query.get("issue", ""), query.get("limit", "")
    theme = query.get("theme", "")
    return Asked(
        area=clean(query.get("area", ""), lines=False)[:80],
        issue=(int(number) if is_number(number) else NO_ISSUE) if number else None,
        limit=max(1, min(MOST, int(limit))) if is_number(limit) else USUAL,
        lang=known(query.get("lang", "")),
        theme=theme if theme in THEMES else "auto",
    )


def topic(asked: Asked) -> str:
    """What changes it."""
    if asked.issue is not None:
        return f"issue:{asked.issue}"
    return f"area:{asked.area}" if asked.area else "board"


@dataclass(frozen=True)
class Glance:
    """The figures of the board, or of one area: `first_answer_s` is about the median, None before the first answer."""

    open: int
    unanswered: int
    first_answer_s: int | None
    confirmed_share: int | None


async def glance(tx: Tx, area: str) -> Glance:
    counts = await issues.stage_counts(tx, area or None)
    share = round(100 * counts["confirmed"] / counts["cured"]) if counts["cured"] else None
    waited = median(await tallies.first_answers(tx, area or None))
    return Glance(counts["open"], counts["unanswered"], waited, share)


@dataclass(frozen=True)
class Seen:
    """What is shown: the figures, who waits longest, who came last without an answer, and the newest issues."""

    area: company.Area | None
    glance: Glance
    oldest: dict[str, Any] | None
    latest: dict[str, Any] | None
    newest: list[dict[str, Any]]


async def read(tx: Tx, asked: Asked, around: Frame) -> Seen:
    """Raises NotFound for an area that the board has not."""
    areas = {area.slug: area for area in await company.areas(tx)}
    if asked.area and asked.area not in areas:
        raise NotFound(NO_AREA)
    wanted = Wanted(state="all", sort="new", area=asked.area or None, limit=asked.limit)
    newest = await issues.listed(tx, wanted, format_time(around.now))
    chosen = [asked.area] if asked.area else list(areas)
    ends = [await issues.unanswered(tx, chosen, sort) for sort in ("oldest", "new")]
    oldest, latest = (told(row, around) if row else None for row in ends)
    listed = [told(row, around) for row in newest[: asked.limit]]
    return Seen(areas.get(asked.area), await glance(tx, asked.area), oldest, latest, listed)


async def read_one(tx: Tx, number: int, around: Frame) -> dict[str, Any]:
    row = await issues.find(tx, number)
    if row is None:
        raise NotFound(no_issue(number))
    return told(row, around)


def told(row: dict[str, Any], around: Frame) -> dict[str, Any]:
    """An issue as other sites show it: of one that is not public, only that it is not."""
    facts = views.issue(row, around.names, around.now)
    is_public = row["visibility"] == "public"
    key = "unanswered" if facts["mark"] == "company" and facts["first_answer_at"] is None else facts["mark"]
    since = {"overdue": facts["overdue_since"], "unanswered": facts["filed_at"]}.get(key, facts["turn_since"])
    by_company = row["last_word_role"] == "company"
    return {
        "number": row["number"],
        "path": facts["url"],
        "title": row["title"] if is_public else None,
        "area": facts["area_name"],
        "mark": facts["mark"],
        "key": key,
        "since": since,
        "filed_at": facts["filed_at"],
        "word": row["last_word"] if is_public else None,
        "who": (row["last_word_name"] or (around.company.name if by_company else None)) if is_public else None,
    }


def figures(renderer: Renderer, seen: Glance) -> list[tuple[str, str]]:
    """Each figure with what it is about, in words."""
    say = renderer.say
    waited = say("about {span}").format(span=span(seen.first_answer_s)) if seen.first_answer_s is not None else "–"
    share = f"{seen.confirmed_share} %" if seen.confirmed_share is not None else "–"
    return [
        (say("Open"), f"{seen.open:,}"),
        (say("Without an answer"), f"{seen.unanswered:,}"),
        (say("First answer, median"), waited),
        (say("Cures confirmed by customers"), share),
    ]


Draw = Callable[[Request, Tx, Asked, Renderer], Awaitable[Response]]


async def answered(request: Request, draw: Draw) -> Response:
    board = request.app.state.board
    asked = read_asked(request.query_params)
    async with board.db.reading() as tx:
        return await draw(request, tx, asked, board.renderer.speaking(asked.lang))


async def around_of(tx: Tx, request: Request) -> Frame:
    """What is around it, for nobody in particular; time makes another of it when the next issue falls due."""
    around = await frame(tx, request, anonymous=True)
    ends_by(request, views.moment(await issues.next_due(tx, format_time(around.now))), around.now)
    return around


async def state(request: Request) -> Response:
    """What the widget shows, with where the live stream goes on from it."""
    return await answered(request, tell_state)


async def tell_state(request: Request, tx: Tx, asked: Asked, renderer: Renderer) -> Response:
    around, url = await around_of(tx, request), request.app.state.board.settings.base_url
    shared = {
        "v": 1,
        "after": around.head,
        "topics": [topic(asked)],
        "lang": renderer.language,
        "dir": renderer.direction,
        "name": around.company.name,
        "accent": accent(around.company.accent),
        **addresses(url, asked),
        "dialogs": around.company.widget_origins.split(),
        "words": {key: renderer.say(text) for key, text in WORDS.items()},
    }
    if asked.issue is not None:
        issue = await read_one(tx, asked.issue, around)
        return json.answer({**shared, "issue": plain(issue, url)})
    seen = await read(tx, asked, around)
    content = {
        "area": {"slug": seen.area.slug, "name": seen.area.name} if seen.area else None,
        "figures": asdict(seen.glance),
        "says": figures(renderer, seen.glance),
        "badge": badge_words(renderer, seen.glance),
        "oldest_unanswered": plain(seen.oldest, url) if seen.oldest else None,
        "newest_unanswered": plain(seen.latest, url) if seen.latest else None,
        "issues": [plain(issue, url) for issue in seen.newest],
    }
    return json.answer({**shared, **content})


def accent(colour: str) -> dict[str, str]:
    """The company's colour as it can be read on both grounds, and what is written on it."""
    light, dark = accents(colour)
    return {
        "--own": f"light-dark({light.ground}, {dark.ground})",
        "--on-own": f"light-dark({light.ink}, {dark.ink})",
    }


def addresses(url: str, asked: Asked) -> dict[str, str]:
    """Where the issues are, where one is filed, and the form for a dialog on another site."""
    area = {"area": asked.area} if asked.area else {}
    lang = {"lang": asked.lang} if asked.lang else {}
    return {
        "url": f"{url}/?{urlencode(area)}".rstrip("?"),
        "file_url": f"{url}/new?{urlencode({**area, 'via': 'widget'})}",
        "form_url": f"{url}/embed/new?{urlencode({**area, **lang})}".rstrip("?"),
    }


def plain(issue: dict[str, Any], url: str) -> dict[str, Any]:
    """The issue with whole addresses and times as text."""
    others = {key: value for key, value in issue.items() if key != "path"}
    times = {key: format_time(value) for key, value in issue.items() if isinstance(value, datetime)}
    return {**others, **times, "url": url + issue["path"]}


async def page(request: Request) -> Response:
    """For a frame: a list, or one issue. What the site got wrong is said in its place."""
    return await answered(request, draw_page)


async def draw_page(request: Request, tx: Tx, asked: Asked, renderer: Renderer) -> Response:
    around, status = await around_of(tx, request), 200
    context: dict[str, Any] = {"seen": None, "issue": None, "figures": (), "wrong": None}
    try:
        if asked.issue is not None:
            context["issue"] = await read_one(tx, asked.issue, around)
        else:
            context["seen"] = await read(tx, asked, around)
            context["figures"] = figures(renderer, context["seen"].glance)
    except NotFound as refused:
        context["wrong"], status = renderer.say(refused.detail), refused.status
    html = renderer.render(
        "embed/list.html",
        {
            **context,
            "asked": asked,
            "board": {"name": around.company.name, "url": request.app.state.board.settings.base_url},
            "lang": renderer.language,
            "dir": renderer.direction,
            "sentences": {key: renderer.say(text) for key, text in WORDS.items()},
        },
    )
    return HTMLResponse(html, status, {"Content-Security-Policy": FRAMED, "Cache-Control": "no-cache"})


async def badge(request: Request) -> Response:
    """A picture with the two figures that say most; wide enough for its words, which are measured."""
    return await answered(request, draw_badge)


async def draw_badge(request: Request, tx: Tx, asked: Asked, renderer: Renderer) -> Response:
    around = await around_of(tx, request)
    areas = {area.slug: area.name for area in await company.areas(tx)}
    if asked.area and asked.area not in areas:
        raise NotFound(NO_AREA)
    label = areas.get(asked.area, around.company.name)
    words = badge_words(renderer, await glance(tx, asked.area))
    theme = "dark" if asked.theme == "dark" else "light"
    sizes = {"left": drawing.length_of(label, BADGE_SIZE), "right": drawing.length_of(words, BADGE_SIZE)}
    svg = renderer.render("embed/badge.svg", {"label": label, "words": words, "theme": theme, **sizes})
    headers = {"Content-Security-Policy": PICTURE, "Cache-Control": "no-cache"}
    return Response(svg, media_type="image/svg+xml", headers=headers)


BADGE_SIZE = 13


def badge_words(renderer: Renderer, seen: Glance) -> str:
    """“14 open · 91 % confirmed”."""
    found = [renderer.say("{n} open").format(n=f"{seen.open:,}")]
    if seen.confirmed_share is not None:
        found.append(renderer.say("{n} % confirmed").format(n=seen.confirmed_share))
    return " · ".join(found)
