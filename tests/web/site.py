"""The whole board for a test: the real application on a real database, and the browsers and programs that visit it."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from board.app import Board, assemble, create
from board.domain import limits as rules
from board.domain.people import Actor
from board.render import Renderer
from board.settings import Settings
from board.store import company, intake, people, record
from board.store.database import Database
from board.web.session import cookie_name, now_ms
from tests.cast import LOG_KEY, MO, ORIGIN, ROOT, move_in

HOME = "https://board.example"
SECRET = "a secret of the tests that is long enough"
COOKIE = "__Host-board"
RENDERER = Renderer()
FORM_OF_WORDS = re.compile(r"^/issues(/\d+/comments)?$")


def settings_for(url: str, folder: Path, **changes: Any) -> Settings:
    kept = {"data_dir": folder, "secret_key": SECRET, "log_key_file": LOG_KEY, "log_origin": ORIGIN}
    return Settings(**{"database_url": url, "base_url": HOME, **kept, **changes})


class Forms(httpx.AsyncBaseTransport):
    """What is sent without a stamp gets one that is a minute old, as if the form had been read and filled."""

    def __init__(self, board: Board, inner: httpx.AsyncBaseTransport) -> None:
        self.links, self.inner = board.links, inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        given = await request.aread()
        if FORM_OF_WORDS.search(request.url.path) and b"stamp=" not in given and b"=" in given:
            made = self.links.secret("form", now_ms() // 1000 - 60)
            kept = {name: value for name, value in request.headers.items() if name != "content-length"}
            content = given + b"&stamp=" + made.encode()
            request = httpx.Request(
                request.method, request.url, headers=kept, content=content, extensions=request.extensions
            )
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass
class Site:
    """`browser()` is a stranger's fresh browser; `staff(ROOT)` is one in which Root has signed in."""

    app: Starlette
    base: str = HOME
    opened: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def board(self) -> Board:
        found: Board = self.app.state.board
        return found

    @property
    def db(self) -> Database:
        return self.board.db

    def browser(self, headers: Mapping[str, str] | None = None, *, strict: bool = True) -> httpx.AsyncClient:
        """A browser without cookies; unless `strict`, a failure of the server is an answer with the status 500."""
        transport = Forms(self.board, httpx.ASGITransport(self.app, raise_app_exceptions=strict))
        client = httpx.AsyncClient(transport=transport, base_url=self.base, headers=headers, timeout=60)
        self.opened.append(client)
        return client

    async def staff(self, actor: Actor, **given: Any) -> httpx.AsyncClient:
        """A browser in which one of the cast's staff has signed in."""
        async with self.db.saving() as tx:
            secret = await people.new_session(tx, person=actor.person, email=None, now_ms=now_ms())
        client = self.browser(**given)
        client.cookies.set(cookie_name(self.board.settings), secret, domain=client.base_url.host)
        return client

    async def auditor(self) -> httpx.AsyncClient:
        """A browser in which somebody has signed in who reads what is hidden, without personal data."""
        async with self.db.saving() as tx:
            au = await people.add(tx, email="au@board.example", name="Au", role="auditor", now_ms=0)
        return await self.staff(Actor(standing="auditor", person=au.id))

    async def filer(self, number: int, **given: Any) -> httpx.AsyncClient:
        """A browser that has opened the private link of the issue."""
        client = self.browser(**given)
        opened = await client.get(self.board.links.private(number))
        assert opened.status_code == 303
        return client

    async def token(self, role: str, label: str = "Robot", *, of: Actor | None = None) -> dict[str, str]:
        """The headers of a program with a new API token of this role, of one of the cast's staff or of nobody."""
        person = of.person if of else None
        async with self.db.saving() as tx:
            secret = await people.new_token(tx, label=label, role=role, now_ms=now_ms(), person=person)
        return {"Authorization": f"Bearer {secret}"}

    async def redact(self, number: int, **typed: str) -> None:
        """Mo asks for words to be taken out, and Root agrees."""
        await act(await self.staff(MO), number, "redactions", **typed)
        async with self.db.reading() as tx:
            newest = await tx.value("SELECT MAX(id) FROM hidings WHERE state = 'asked'")
        done = await (await self.staff(ROOT)).post(f"/staff/moderation/hidings/{newest}", data={"do": "agree"})
        assert done.status_code == 303

    async def want_mail(self, number: int) -> None:
        """Whoever reads the mailbox of the address that was given presses the button."""
        path = self.board.links.mail(number).removeprefix(self.board.settings.base_url)
        assert (await self.browser().post(path, data={"do": "confirm"})).status_code == 303

    def filer_key(self, number: int) -> dict[str, str]:
        """The headers of a program that holds the secret of the issue's private link."""
        return {"Authorization": f"Filer {self.board.links.filer_secret(number)}"}

    async def head(self) -> int:
        """The index of the newest event."""
        async with self.db.reading() as tx:
            return (await record.head(tx))[1]

    async def settle_policy(self, **changes: str) -> None:
        """Root sets the company's policies on the settings page."""
        done = await (await self.staff(ROOT)).post("/staff/settings/policies", data=changes)
        assert done.status_code == 303

    async def follow_secret(self, number: int, email: str) -> str:
        """The secret in the follow link that was mailed to the address."""
        async with self.db.reading() as tx:
            found = await tx.value("SELECT id FROM follows WHERE issue = :n AND email = :e", n=number, e=email)
            wish = await intake.follow_by_id(tx, int(found))
        assert wish
        return self.board.links.secret("follow", wish.id)


@asynccontextmanager
async def running(url: str, folder: Path, **changes: Any) -> AsyncIterator[Site]:
    """A board with the cast's staff and areas, its lifespan begun."""
    await furnish(url)
    async with opened(settings_for(url, folder, **changes)) as site:
        yield site


async def furnish(url: str, **limits: int) -> None:
    """The cast moves in, under limits that no test reaches but for those that are given: `file_burst=5`."""
    db = Database(url)
    await db.connect()
    await move_in(db)
    given = {".".join(name.rsplit("_", 1)): count for name, count in limits.items()}
    async with db.saving() as tx:
        await company.save(tx, {"limits": {**dict.fromkeys(rules.counts({}), rules.MOST), **given}})
    await db.disconnect()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Site]:
    made = create(assemble(settings, RENDERER))
    async with made.router.lifespan_context(made):
        site = Site(made, settings.base_url)
        try:
            yield site
        finally:
            for client in site.opened:
                await client.aclose()


FILING: dict[str, str] = {
    "title": "The kettle leaks",
    "body": "I wanted tea. The kettle leaks at the handle.",
    "area": "service",
    "name": "Ada",
}


async def file_issue(client: httpx.AsyncClient, **changes: str) -> int:
    """Files by the form; returns the number of the issue."""
    answer = await client.post("/issues", data={**FILING, **changes})
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"/issues/(\d+)/receipt", answer.headers["location"])
    assert found
    return int(found[1])


async def act(client: httpx.AsyncClient, number: int, door: str, /, **typed: str) -> httpx.Response:
    """Sends one act's form, which must be done; returns the answer."""
    answer = await client.post(f"/issues/{number}/{door}", data=typed)
    assert answer.status_code == 303, f"{door}: {answer.status_code} {answer.text}"
    return answer


def words_of(html: str) -> str:
    """What a reader sees of a page, on one line."""
    shown = re.sub(r"<(script|style|head)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())
