"""The widget's module for other sites: put together from the scripts under static/js, so that a site loads one file."""

import base64
import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from posixpath import dirname, join, normpath
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import Response

from board.errors import NotFound
from board.render import static_folder
from board.store import widget_scripts
from board.store.database import LOST
from board.web.files import VERSIONED, small

ENTRY = "embed/widget.js"
IMPORT = re.compile(r'^import \{[^}]+\} from "([^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
NAMED = re.compile(r"^(?:(?:async )?function|class|const|let) (\w+)", re.MULTILINE)
REMARK = re.compile(r"^[ ]*(?://[^\n]*|/\*\*(?:[^*]|\*(?!/))*\*/)\n", re.MULTILINE)
STYLE_REMARK = re.compile(r"/\*.*?\*/", re.DOTALL)
RECENT = "public, max-age=300"
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Bundle:
    """`name` changes with the content; `integrity` is for the attribute of that name."""

    content: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:16]

    @property
    def name(self) -> str:
        return f"embed-{self.hash}.js"

    @property
    def integrity(self) -> str:
        return f"sha384-{base64.b64encode(hashlib.sha384(self.content).digest()).decode()}"


@cache
def bundle() -> Bundle:
    """All modules that the entry imports, each before whoever imports it, in one scope, without remarks."""
    texts: dict[str, str] = {}
    collect(ENTRY, texts)
    given = [f"const STYLE = {json.dumps(style())};", f"const MARKS = {json.dumps(marks(), separators=(',', ':'))};"]
    parts = [EXPORT.sub("", IMPORT.sub("", REMARK.sub("", text))) for text in texts.values()]
    whole = "\n".join(line.strip() for part in (*given, *parts) for line in part.splitlines() if line.strip())
    names = NAMED.findall("\n".join((*given, *parts)))
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"the widget's scripts share one scope, and have these names twice: {sorted(twice)}")
    return Bundle(f"{whole}\n".encode())


def collect(name: str, texts: dict[str, str]) -> None:
    text = (static_folder() / "js" / name).read_text(encoding="utf-8")
    for path in IMPORT.findall(text):
        if (found := normpath(join(dirname(name), path))) not in texts:
            collect(found, texts)
    texts[name] = text


def style() -> str:
    """The style of the frame's page, without what a browser does not need."""
    text = STYLE_REMARK.sub("", (static_folder() / "embed.css").read_text(encoding="utf-8"))
    short = re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()
    return re.sub(r"(?<=[\w-]): ", ":", short).replace(";}", "}")


def marks() -> dict[str, list[tuple[str, dict[str, str]]]]:
    """The shapes of each state's sign."""
    drawn = ElementTree.parse(static_folder() / "marks.svg").getroot()  # noqa: S314  (our own file)
    return {
        symbol.get("id", ""): [(shape.tag.removeprefix(SVG), dict(shape.attrib)) for shape in symbol]
        for symbol in drawn
    }


async def newest(request: Request) -> Response:
    """The module as it is now, to be asked for again after five minutes."""
    made = bundle()
    await keep(request, made)
    response = small(made.content, request.scope, media_type="text/javascript")
    response.headers["Cache-Control"] = RECENT
    return response


async def pinned(request: Request) -> Response:
    """The module of one version for ever, also where the board has a newer one: a site may have pinned its hash."""
    made, wanted = bundle(), request.path_params["sha256"]
    content: bytes | None = made.content
    if wanted != made.hash:
        async with request.app.state.board.db.reading() as tx:
            content = await widget_scripts.one(tx, wanted)
    if content is None:
        raise NotFound("This board never had such a version of the widget.")
    response = small(content, request.scope, media_type="text/javascript")
    response.headers["Cache-Control"] = VERSIONED
    return response


async def keep(request: Request, made: Bundle) -> None:
    """Notes once for each version that this board has given it out."""
    board = request.app.state.board
    if made.hash in board.given_out:
        return
    with suppress(*LOST):  # the module is there without the database, too
        async with board.db.saving() as tx:
            await widget_scripts.keep(tx, made.hash, made.content)
        board.given_out.add(made.hash)
