"""Whatever people do: the remembered page is, byte for byte, what would be rendered now; and frames show the same."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import brotli
import httpx
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from board.actions import company, customers, objections
from board.app import assemble, create
from board.errors import Refused
from board.store import issues
from board.store.database import Database
from board.web import case, fragments
from board.web.shown import shown
from tests import test_life_cycle
from tests.cast import ROOT, do_at, file_issue, move_in
from tests.postgres import tell, with_name
from tests.web.site import COOKIE, HOME, RENDERER, settings_for

PAGES = (
    "/",
    "/?state=overdue",
    "/?q=word&state=all",
    "/?area=service&sort=too&state=all",
    "/issues/1",
    "/issues/2",
    "/issues/3",
    "/issues/1/log",
    "/moderation",
    "/rules",
    "/about",
    "/api/v1/issues",
    "/api/v1/issues?state=overdue",
    "/api/v1/issues/1",
    "/api/v1/issues/2",
    "/api/v1/issues/2/events",
    "/api/v1/events?after=3",
    "/api/v1/areas",
    "/accent.css",
    "/feed.atom",
    "/feed.json?state=overdue",
    "/feed.json?q=word",
    "/areas/service/feed.atom",
    "/issues/1/feed.atom",
    "/issues/2/feed.json",
    "/oembed?url=https://board.example/issues/1",
    "/data/",
)
AT_ONCE = 5  # pages that are looked at after each act
# A remembered page may carry an older cursor, and an older length of the whole record in its foot. Nothing else.
MAY_DIFFER = re.compile(r'data-after="[^"]*"|(?<=href="/about#check">)[\d,]+ entr(y|ies), check (it|them) yourself')


class Reader(test_life_cycle.Board):
    """Looks at pages after each act; of three acts, one is done by another process."""

    def __init__(self) -> None:
        self.looks = 0
        super().__init__()

    async def begin(self) -> Database:
        url = await self.make()
        self.folder = Path(tempfile.mkdtemp())
        self.board = assemble(settings_for(url, self.folder), RENDERER)
        self.other = Database(url)
        for db in (self.board.db, self.other):
            await db.connect()
        await move_in(self.board.db)
        await self.board.stream.start()
        transport = httpx.ASGITransport(create(self.board))
        self.browser = httpx.AsyncClient(transport=transport, base_url=HOME)
        for _ in range(test_life_cycle.ISSUES - 1):
            await file_issue(self.board.db)
        return self.board.db

    def teardown(self) -> None:
        self.run(self.end())
        self.runner.close()
        shutil.rmtree(self.folder)

    async def end(self) -> None:
        await self.browser.aclose()
        for db in (self.board.db, self.other):
            await db.disconnect()

    def do(self, act: Any, *args: Any, **given: Any) -> None:
        self.steps += 1
        db = self.board.db if self.steps % 3 else self.other
        try:
            self.run(do_at(self.now, db, act, *args, **given))
        except Refused:
            return
        if db is self.other:
            self.run(self.board.stream.read_on())  # as the hint makes it do
        self.run(self.look())

    async def look(self) -> None:
        for _ in range(AT_ONCE):
            self.looks += 1
            path = PAGES[self.looks % len(PAGES)]
            await self.compare(path)
        await self.compare_forms(path)
        await self.compare_parts(self.looks % (test_life_cycle.ISSUES - 1) + 1)

    async def compare_parts(self, number: int) -> None:
        """Frames, which read no more than what has changed, are made of the same as pages."""
        async with self.board.db.reading() as tx:
            names = await fragments.read_names(tx, self.board)
            whole = (await case.read(tx, number, names, self.now)).context
            row = await issues.find(tx, number)
            assert row
            seqs = [entry["seq"] for entry in whole["timeline"]]
            assert await case.read_changed(tx, row, seqs, names, self.now, self.board.timed) == whole

    async def compare(self, path: str) -> None:
        with time_machine.travel(self.now, tick=False):
            remembered = await self.browser.get(path)
        place, _, query = path.partition("?")
        what = shown(place, query.encode())
        if remembered.status_code != 200:  # what is not shown is not remembered
            assert what
            assert what.key not in self.board.memory.places
            return
        kept = self.board.memory.places[what.key].page if what else None
        assert kept, path
        with time_machine.travel(kept.made, tick=False):
            fresh = await self.browser.get(path, headers={"cookie": f"{COOKIE}=nobody"})
        assert MAY_DIFFER.sub("", remembered.text) == MAY_DIFFER.sub("", fresh.text), path

    async def compare_forms(self, path: str) -> None:
        with time_machine.travel(self.now, tick=False):
            remembered = await self.browser.get(path)
            if remembered.status_code != 200:
                return
            known = await self.browser.get(path, headers={"if-none-match": remembered.headers["etag"]})
            async with self.browser.stream("GET", path, headers={"accept-encoding": "br"}) as small:
                raw = b"".join([part async for part in small.aiter_raw()])
        assert (known.status_code, known.content) == (304, b"")
        is_small = small.headers.get("content-encoding") == "br"
        assert (brotli.decompress(raw) if is_small else raw) == remembered.content

    @rule(span=st.sampled_from([timedelta(seconds=s) for s in (1, 20, 45, 70)]))
    def moments_pass(self, span: timedelta) -> None:
        self.now += span
        self.run(self.look())

    @rule(key=st.sampled_from(["name", "tagline", "about", "accent"]), value=st.sampled_from(["#0b4f6c", "#112233"]))
    def somebody_paints_the_house(self, key: str, value: str) -> None:
        self.do(company.set_up, {key: value}, by=ROOT)

    @rule(number=test_life_cycle.numbers, voter=st.sampled_from([b"one", b"two"]))
    def somebody_reports(self, number: int, voter: bytes) -> None:
        target, _ = self.spoken(number, 0)
        self.do(objections.report, number, seq=target, reason="spam", words=None, voter=voter)

    @rule(number=test_life_cycle.numbers, voter=st.binary(min_size=2, max_size=2))
    def one_more_has_it_too(self, number: int, voter: bytes) -> None:
        self.do(customers.mine_too, number, voter=voter)


def play(url: Callable[[], Coroutine[Any, Any, str]], *, examples: int, steps: int) -> None:
    class NewReader(Reader):
        make = staticmethod(url)

    run_state_machine_as_test(
        NewReader,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_remembered_page_is_what_would_be_rendered_now_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    names = count()

    async def make() -> str:
        return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{next(names)}.db')}"

    play(make, examples=4, steps=15)


def test_a_remembered_page_is_what_would_be_rendered_now_on_postgresql(
    postgres_server: str, postgres_template: str
) -> None:
    names: list[str] = []

    async def make() -> str:
        names.append(f"board_{uuid4().hex}")
        await tell(postgres_server, f"CREATE DATABASE {names[-1]} TEMPLATE {postgres_template} STRATEGY file_copy")
        return with_name(postgres_server, names[-1])

    play(make, examples=1, steps=12)
    for name in names:
        asyncio.run(tell(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))
