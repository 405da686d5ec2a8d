"""Files that pages load: the stylesheet, the company's colour, scripts, fonts and marks."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from board.domain.colour import accents
from board.render import static_folder, static_version
from board.store import company

VERSIONED = "public, max-age=31536000, immutable"
PLAIN = "public, max-age=3600"


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
    kept, content = VERSIONED if is_ours else PLAIN, renderer.stylesheet
    return Response(content, media_type="text/css", headers={"Cache-Control": kept})


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
