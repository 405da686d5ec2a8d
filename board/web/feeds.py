"""Feeds of the board, of an area, of a search and of one issue: what is new, as everybody reads it on the pages."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from board.domain import feeds, wording
from board.domain.feeds import ATOM_TYPE, JSON_TYPE, Feed, Item
from board.domain.leaf import format_time, parse_time
from board.domain.phrase import no_issue, phrase
from board.domain.text import clean, in_lines, lines_of
from board.errors import NotFound
from board.store import issues, news, record
from board.store.database import Tx
from board.store.issues import STATES, Wanted
from board.store.news import END, News, Told
from board.web import home, views
from board.web.page import Frame, ends_by, frame

FORMS = {"atom": ATOM_TYPE, "json": JSON_TYPE}
OF_STAFF = ("company", "moderator")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which feed: of one issue, of a list, or of the whole board; `before` is where a later page begins."""

    issue: int | None = None
    text: str = ""
    state: str = "all"
    area: str = ""
    before: int | None = None

    @property
    def is_list(self) -> bool:
        return bool(self.text or self.area or self.state != "all")

    @property
    def place(self) -> str:
        """The path without the ending."""
        if self.issue is not None:
            return f"/issues/{self.issue}/feed"
        return f"/areas/{quote(self.area, safe='')}/feed" if self.is_area else "/feed"

    @property
    def is_area(self) -> bool:
        return bool(self.area) and not self.text and self.state == "all"

    @property
    def query(self) -> dict[str, str]:
        if self.issue is not None or self.is_area:
            return {}
        chosen = {"q": self.text, "area": self.area, "state": self.state if self.state != "all" else ""}
        return {name: value for name, value in chosen.items() if value}


def read_asked(query: QueryParams, *, issue: int | None = None, area: str | None = None) -> Asked:
    """What is not known counts as not said, as on the list."""
    before = query.get("before", "")
    asked = Asked(issue=issue, before=int(before) if home.is_number(before) else None)
    if issue is not None:
        return asked
    state = query.get("state", "all")
    text = clean(query.get("q", ""), lines=False)[: home.QUERY_LENGTH]
    listed = clean(query.get("area", ""), lines=False)[:80]
    chosen = replace(asked, text=text, state=state if state in STATES else "all", area=listed)
    if area is not None:
        chosen = replace(asked, area=area)
    return replace(chosen, before=None) if chosen.is_list else chosen


Door = Callable[[Request], Awaitable[Response]]


def door(form: str) -> Door:
    """The door of all feeds in one form; the path says of which issue or area."""

    async def show(request: Request) -> Response:
        number, area = request.path_params.get("number"), request.path_params.get("slug")
        asked = read_asked(request.query_params, issue=int(number) if number else None, area=area)
        async with request.app.state.board.db.reading() as tx:
            around = await frame(tx, request, anonymous=True)
            read = await read_told(tx, request, asked, around)
            origin, called = await record.origin(tx), await title(tx, asked, around)
        found = await make(request.app.state.board, asked, around, read, origin=origin, title=called)
        content = await asyncio.to_thread(feeds.atom if form == "atom" else feeds.json_feed, found)
        media_type = f"{FORMS[form]}; charset=utf-8"
        return Response(content, headers={"Cache-Control": "no-cache"}, media_type=media_type)

    return show


async def make(board: Any, asked: Asked, around: Frame, told: Told, *, origin: str, title: str) -> Feed:
    """Made entry by entry, so that everybody else has their turn between long words."""
    base, opened = board.settings.base_url, around.opened.time if around.opened else around.now
    tag, items = feeds.tag_uri(origin, opened, around.head.partition(":")[0]), []
    for each in told.news:
        items.append(item(board, tag, each, around))
        await asyncio.sleep(0)
    following = {kind: base + url(asked, form, told.before) for form, kind in FORMS.items()}
    return Feed(
        id=f"{tag}{asked.place}{'?' + urlencode(asked.query) if asked.query else ''}",
        title=title,
        subtitle=around.company.tagline,
        home=base + home_of(asked),
        urls={kind: base + url(asked, form) for form, kind in FORMS.items()},
        next_urls=following if told.before is not None else {},
        updated=max((each.updated for each in items), default=opened),
        items=items,
        author=around.company.name,
        rights=in_lines(around.company.licence),
    )


async def read_told(tx: Tx, request: Request, asked: Asked, around: Frame) -> Told:
    """Raises NotFound where there is no such issue to be read, and no such area."""
    before = END if asked.before is None else asked.before
    if asked.issue is not None:
        told = await news.of_issue(tx, asked.issue, before)
        if not told.news and asked.before is None:
            raise NotFound(no_issue(asked.issue))
        return told
    if asked.area and asked.area not in around.names.areas:
        raise NotFound(phrase("There is no such area."))
    if not asked.is_list:
        return await news.of_board(tx, before)
    now = format_time(around.now)
    # What is new in the issues of a list is new in those in which something happened last.
    wanted = Wanted(state=asked.state, area=asked.area or None, text=asked.text or None, limit=news.MOST)
    listed = (await issues.listed(tx, wanted, now))[: news.MOST]
    if asked.state == "overdue":
        ends_by(request, views.moment(await issues.next_due(tx, now)), around.now)
    told = await news.of_issues(tx, [row["number"] for row in listed])
    return replace(told, before=None)


def url(asked: Asked, form: str, before: int | None = None) -> str:
    """The one address of a feed: without what means nothing."""
    place = asked.before if before is None else before
    query = {**asked.query, **({"before": str(place)} if place is not None else {})}
    return f"{asked.place}.{form}{'?' + urlencode(query) if query else ''}"


def home_of(asked: Asked) -> str:
    """The page that shows the same."""
    if asked.issue is not None:
        return f"/issues/{asked.issue}"
    chosen = {"state": asked.state, "area": asked.area, "q": asked.text}
    return f"/?{urlencode({name: value for name, value in chosen.items() if value})}" if asked.is_list else "/"


async def title(tx: Tx, asked: Asked, around: Frame) -> str:
    say, name = around.names.say, around.company.name
    if asked.issue is not None:
        row = await issues.find(tx, asked.issue)
        return named(asked.issue, row["title"] if row and row["visibility"] == "public" else None, say)
    words = say(phrase("Issues with “{words}”", words=asked.text)) if asked.text else ""
    area = around.names.areas.get(asked.area, "")
    return " · ".join(part for part in (name, area, words, asked.state if asked.state != "all" else "") if part)


def named(number: int, title: str | None, say: wording.Say) -> str:
    return f"#{number} {title or say(phrase('words removed'))}"


def item(board: Any, tag: str, told: News, around: Frame) -> Item:
    names, entry = around.names, views.entry(told.entry, around.names, told.redactions)
    removed, sentence = removal(told, around), views.sentence(told.entry, names).plain()
    issue, is_filing = entry["issue"], entry["event"] == "issue.filed"
    called = named(issue, entry["title"], names.say)
    parts = [sentence, lines_of(entry["body"] or "")]
    address = board.links.issue(issue)
    return Item(
        id=f"{tag}/{entry['seq']}",
        url=address if is_filing else f"{address}#e{entry['seq']}",
        title=called if is_filing else f"{called}: {removed or sentence}",
        html=board.renderer.render("parts/feed_entry.html", {"entry": entry, "removed": removed}).strip(),
        text=removed or "\n\n".join(part for part in parts if part),
        author=author(entry, around),
        published=entry["at"],
        updated=parse_time(told.changed or told.entry["time"]),
        tag=names.areas.get(entry["in_area"], entry["in_area"]),
        facts={"index": entry["seq"], "event": entry["event"], "issue": issue, "role": entry["role"]},
    )


def removal(told: News, around: Frame) -> str | None:
    """What stands at every entry of an issue that was removed."""
    decision = told.entry["removed"]
    if decision is None:
        return None
    words = {**told.entry, **decision, "name": None, "hidden": None}
    return views.sentence(words, around.names).plain()


def author(entry: dict[str, Any], around: Frame) -> str:
    """Who speaks, as the page shows it."""
    say, company = around.names.say, around.company.name
    name: str | None = entry["name"] if entry["event"] != "issue.assigned" else None
    if entry["role"] in OF_STAFF:
        return f"{name}, {company}" if name else company
    if entry["role"] == "system":
        return company
    return name or say(phrase("The customer") if entry["by_filer"] else phrase("Another customer"))
