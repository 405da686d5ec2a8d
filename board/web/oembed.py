"""oEmbed 1.0: how another site shows an issue whose address was pasted there."""

import json
import re
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from board.domain.feeds import fit
from board.domain.phrase import phrase
from board.store import issues
from board.web.feeds import named
from board.web.fragments import read_names
from board.web.home import is_number

WIDTH, HEIGHT, LEAST = 600, 320, 120  # pixels
PICTURE = (1200, 630)
AGE_S = 300
XML = b'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n'
ISSUE = re.compile(r"/issues/([1-9][0-9]{0,14})/?")


@dataclass(frozen=True)
class Asked:
    """An address to be shown, and the room for it."""

    url: str
    form: str
    width: int | None
    height: int | None


def read_asked(query: QueryParams) -> Asked:
    width, height = (
        int(text) if is_number(text := query.get(f"max{side}", "")) else None for side in ("width", "height")
    )
    return Asked(query.get("url", ""), query.get("format", "json"), width, height)


def number_in(url: str, base: str) -> int | None:
    """The issue at an address of this board; by http or https, for people paste both."""
    try:
        given, ours = urlsplit(url.strip()), urlsplit(base)
    except ValueError:
        return None
    is_here = given.scheme in ("http", "https") and given.netloc.lower() == ours.netloc.lower()
    found = ISSUE.fullmatch(given.path.removeprefix(ours.path)) if is_here else None
    return int(found[1]) if found else None


async def answer(request: Request) -> Response:
    """404 for what is no issue here, 401 for one that is not public, 501 for another format, as is specified."""
    board, asked = request.app.state.board, read_asked(request.query_params)
    say = board.renderer.say
    if asked.form not in ("json", "xml"):
        return told(501, say(phrase("Only the formats json and xml are spoken here.")))
    number = number_in(asked.url, board.settings.base_url)
    async with board.db.reading() as tx:
        row = await issues.find(tx, number) if number else None
        names = await read_names(tx, board)
    if row is None:
        return told(404, say(phrase("Give the address of an issue on this board.")))
    if row["visibility"] != "public":
        return told(401, say(phrase("This issue is not public.")), {"WWW-Authenticate": "Bearer"})
    made = embedded(board, row, named(row["number"], row["title"], say), names.company, asked)
    headers = {"Cache-Control": "no-cache"}
    if asked.form == "json":
        return Response(json.dumps(made, ensure_ascii=False), headers=headers, media_type="application/json")
    return Response(as_xml(made), headers=headers, media_type="text/xml; charset=utf-8")


def told(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(words, status, {"Cache-Control": "no-store", **(headers or {})})


def embedded(board: Any, row: dict[str, Any], title: str, company: str, asked: Asked) -> dict[str, Any]:
    base = board.settings.base_url
    width = max(LEAST, min(WIDTH, asked.width or WIDTH))
    height = max(LEAST, min(HEIGHT, asked.height or HEIGHT))
    source = f"{base}/embed/list.html?issue={row['number']}"
    picture = {
        "thumbnail_url": f"{board.links.issue(row['number'])}/card.png?v={row['last_event']}",
        "thumbnail_width": PICTURE[0],
        "thumbnail_height": PICTURE[1],
    }
    has_room = (asked.width or PICTURE[0]) >= PICTURE[0] and (asked.height or PICTURE[1]) >= PICTURE[1]
    return {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": company,
        "provider_url": f"{base}/",
        "cache_age": AGE_S,
        "html": f'<iframe src="{escape(source)}" title="{escape(title)}" width="{width}" height="{height}"'
        ' loading="lazy" referrerpolicy="no-referrer"></iframe>',
        "width": width,
        "height": height,
        **(picture if has_room else {}),
    }


def as_xml(made: dict[str, Any]) -> bytes:
    root = Element("oembed")
    for name, value in made.items():
        SubElement(root, name).text = fit(str(value))
    return XML + bytes(tostring(root, encoding="utf-8"))
