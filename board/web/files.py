"""Files that pages load: the stylesheet, the company's colour, scripts, fonts and marks."""

import hashlib
import os
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from board.domain.colour import accents
from board.render import static_folder, static_version
from board.store import company
from board.web.coding import IDENTITY, WORTH_IT, choose, encode

VERSIONED = "public, max-age=31536000, immutable"
PLAIN = "public, max-age=3600"
TEXTS = (".js", ".css", ".svg")
FILES = 1_000  # that are kept in memory, each coding for itself; a release has a tenth of that


class Static(StaticFiles):
    """static/ as it is; what is asked for with its version may be kept for a year."""

    def __init__(self) -> None:
        super().__init__(directory=static_folder())

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, rest = path.partition("/")
        if not version.startswith("@"):
            version, rest = "", path
        response = await super().get_response(rest, scope)
        if response.status_code < 400:
            response.headers["Cache-Control"] = kept(rest, scope, version.removeprefix("@"))
        return response

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Texts are kept in memory and sent as small as can be; parts of them nobody asks for."""
        path = str(full_path)
        if not path.endswith(TEXTS):
            return super().file_response(full_path, stat_result, scope, status_code)
        content = read(path, stat_result.st_mtime_ns)
        return small(content, scope, media_type=guess_type(path)[0] or "text/plain")


@lru_cache(maxsize=FILES)
def read(path: str, changed_ns: int) -> bytes:
    return Path(path).read_bytes()


def small(content: bytes, scope: Scope, *, media_type: str) -> Response:
    """The content in the coding that is liked best, or word that it has not changed."""
    asked = Headers(scope=scope)
    coding = choose(asked.get("accept-encoding", "").encode("latin-1")) if len(content) >= WORTH_IT else IDENTITY
    pressed, tag = form(content, coding)
    headers = {"ETag": tag, "Vary": "Accept-Encoding"}
    if coding != IDENTITY:
        headers["Content-Encoding"] = coding
    response = Response(pressed, media_type=media_type, headers=headers)
    known = [each.strip().removeprefix("W/") for each in asked.get("if-none-match", "").split(",")]
    return NotModifiedResponse(response.headers) if tag in known else response


@lru_cache(maxsize=FILES)
def form(content: bytes, coding: str) -> tuple[bytes, str]:
    """The content in a coding, with the ETag of that form; it is made once."""
    digest = hashlib.blake2b(content, digest_size=12).hexdigest()
    return encode(content, coding), f'"{digest}"' if coding == IDENTITY else f'"{digest}-{coding}"'


def kept(path: str, scope: Scope, version: str) -> str:
    """Scripts of another version, or of none, are asked for again each time (and mostly answered 304).

    A process of the release before may be asked for a version that it does not have: its answer is not kept for long.
    """
    if version == static_version():
        return VERSIONED
    if version or path.startswith("js/"):
        return "no-cache"
    known = scope["app"].state.board.renderer.versions.get(path)
    return VERSIONED if known and scope["query_string"] == f"v={known}".encode() else PLAIN


async def stylesheet(request: Request) -> Response:
    renderer = request.app.state.board.renderer
    is_ours = renderer.static("board.css").endswith(f"?{request.url.query}") and request.url.query
    response = small(renderer.stylesheet, request.scope, media_type="text/css")
    response.headers["Cache-Control"] = VERSIONED if is_ours else PLAIN
    return response


async def accent(request: Request) -> Response:
    """The company's colour, made light or dark enough to be read on both grounds."""
    async with request.app.state.board.db.reading() as tx:
        colour = (await company.read(tx)).accent
    light, dark = accents(colour)
    css = f":root{{--accent:light-dark({light.ground},{dark.ground});--on-accent:light-dark({light.ink},{dark.ink})}}"
    return Response(css, media_type="text/css", headers={"Cache-Control": "public, max-age=60"})


async def favicon(request: Request) -> Response:
    return Response(status_code=204, headers={"Cache-Control": PLAIN})


async def robots(request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /staff\nDisallow: /mine/\nDisallow: /signin/\nDisallow: /me\n")
