"""Every word on a screen comes from the catalogue or from a person."""

import gettext
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx

from board import app
from board.render import Renderer
from board.settings import Settings
from board.store import people
from board.store.migrate import migrate

MADE_UP = "§"  # stands in every word that people typed
TRANSLATED = "⟦"
QUIET = ("script", "style", "time", "code", "pre", "kbd")
NO_END = ("meta", "link", "input", "br", "use", "rect", "path", "hr", "img")
NAMES_OF_THINGS = re.compile(
    r"[#\d\s.,:%·?×-]*|#?\d+ .{0,3}|/log/\S+|\S+@\S+|https?://\S+|[\w-]{43}|[0-9a-f]{64}|board\.example.*|Atom|JSON\s+Feed"
)


class Pseudo(gettext.NullTranslations):
    """A language in which every sentence stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        return f"⟦{one if count == 1 else many}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)


class Texts(HTMLParser):
    """The texts of a page, each with whatever its element begins with."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in NO_END:
            self.inside.append(tag)
        given = dict(attributes)
        self.found += [text for name in ("aria-label", "placeholder", "alt") if (text := given.get(name))]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            while self.inside.pop() != tag:
                continue

    def handle_data(self, text: str) -> None:
        if text.strip() and not any(tag in QUIET for tag in self.inside):
            self.found.append(" ".join(text.split()))


def untranslated(html: str) -> list[str]:
    """The texts of a page that neither the catalogue nor a person has given; a sentence may hold marked-up places."""
    parser = Texts()
    parser.feed(html)
    depth, wrong = 0, []
    for text in parser.found:
        is_known = depth > 0 or TRANSLATED in text or MADE_UP in text or NAMES_OF_THINGS.fullmatch(text)
        depth = max(0, depth + text.count("⟦") - text.count("⟧"))
        if not is_known:
            wrong.append(text)
    return wrong


def test_a_word_that_is_not_in_the_catalogue_is_found() -> None:
    assert untranslated("<p>⟦Fine⟧ <b>Hard-coded</b></p>") == ["Hard-coded"]


async def test_every_word_on_a_screen_comes_from_the_catalogue_or_a_person(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/board.db"
    await migrate(url)
    settings = Settings(database_url=url, data_dir=tmp_path, base_url="http://board.example")
    board = app.assemble(settings, Renderer(translations=Pseudo()))
    application = app.create(board)
    async with app.lifespan(application), browser(application) as ada, browser(application) as root:
        await fill(board, ada, root)
        for path in PUBLIC:
            assert (path, untranslated((await ada.get(path)).text)) == (path, [])
        for path in STAFF:
            assert (path, untranslated((await root.get(path)).text)) == (path, [])
        for path, fields in REFUSED:
            assert (path, untranslated((await root.post(path, data=fields)).text)) == (path, [])


def browser(application: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://board.example", follow_redirects=True)


PUBLIC = (
    "/", "/?state=all&q=nothing", "/?state=confirmed", "/new", "/issues/1", "/issues/1/log", "/issues/1/receipt",
    "/issues/2", "/issues/3", "/rules", "/about", "/signin", "/me", "/nowhere", "/issues/99",
    "/similar?q=§first", "/issues/1?done=commented", "/api", "/moderation", "/issues/1/report",
)  # fmt: skip
STAFF = ("/staff", "/staff?queue=all", "/staff?queue=held", "/staff/issues/1", "/staff/issues/2", "/staff/settings",
         "/staff/outbox", "/staff/moderation")  # fmt: skip
REFUSED = (
    ("/issues", {"body": "", "title": "x", "email": "§"}),
    ("/issues", {"body": "§ada@example.org", "title": "§bo@example.org"}),
    ("/issues", {"body": "§" + " ".join(f"a{n}@example.org" for n in range(31))}),
    ("/issues/1/updates", {"body": ""}),
    ("/issues/1/updates", {"body": "§", "state": "settled", "resolution": "fixed"}),
    ("/issues/1/merge", {"into": "§", "body": "§"}),
    ("/staff/settings/finds", {"order_pattern": "§", "phone_regions": "§"}),
    ("/staff/settings/areas", {"name": "", "first_answer_h": "§"}),
    ("/signin", {"email": "§"}),
)


async def fill(board: app.Board, ada: httpx.AsyncClient, root: httpx.AsyncClient) -> None:
    """A board on which everything that people can type has been typed."""
    async with board.db.saving() as tx:
        secret = await people.new_link(tx, purpose="owner", now_ms=0, lasts_ms=2**50)
    await root.post(f"/signin/{secret}", data={"name": "§Root", "email": "§root@example.com".replace("§", "")})
    await root.post("/staff/settings/company", data={"name": "§Acme", "tagline": "§open", "accent": "#0b4f6c"})
    await root.post("/staff/settings/areas", data={"name": "§Area", "first_answer_h": "4", "resolve_h": "48"})
    await ada.post("/issues", data={"body": "§first words", "title": "§first", "name": "§Ada", "private": "§1"})
    await root.post("/issues/1/updates", data={"body": "§ask", "state": "waiting_on_customer"})
    await root.post("/issues/1/promise", data={"promise_due": "2027-01-01T10:00"})
    await ada.post("/issues/1/comments", data={"body": "§answer"})
    await root.post("/issues/1/notes", data={"body": "§note"})
    await root.post("/issues/1/owner", data={"person": "1"})
    await root.post("/issues/1/updates", data={"body": "§cure", "state": "settled", "resolution": "fixed"})
    await ada.post("/issues/1/dispute", data={"body": "§no"})
    await root.post("/issues/1/updates", data={"body": "§cure", "state": "settled", "resolution": "made_right"})
    await ada.post("/issues/1/confirmation", data={"body": "§thanks", "grade": "5"})
    await ada.post("/issues/1/thanks", data={"body": "§thanks"})
    await root.post("/staff/settings/policies", data={"mail_policy": "optional", "moderation_policy": "hold"})
    await ada.post("/issues", data={"body": "§held"})
    await root.post("/staff/settings/policies", data={"mail_policy": "optional", "moderation_policy": "open"})
    await root.post("/issues", data={"body": "§removed"})
    await root.post("/issues/3/removal", data={"reason": "spam"})
