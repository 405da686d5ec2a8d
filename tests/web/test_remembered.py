"""Pages from memory: for whom, for how long, in which form, and how much of them."""

import asyncio
import gzip
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import brotli
import httpx
import pytest
import time_machine
import zstandard

from board.actions import customers
from board.store import company, issues
from board.store.database import Database
from board.web import coding, memory
from board.web.memory import Page
from board.web.remembered import is_for_all
from board.web.shown import shown
from tests.cast import BO, MO, ROOT
from tests.web.site import COOKIE, Site, act, file_issue
from tests.web.wire import Wire

NOW = datetime(2027, 1, 4, 12, tzinfo=UTC)


def kept(site: Site, path: str) -> Page | None:
    """The page that is remembered for the address."""
    place, _, query = path.partition("?")
    what = shown(place, query.encode())
    found = site.board.memory.places.get(what.key) if what else None
    return found.page if found else None


class Renderings:
    """Counts how often the list was rendered; where it is told to, each rendering waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        original = issues.counts

        async def counted(*args: Any) -> Any:
            self.number += 1
            found = await original(*args)
            self.begun.set()
            await self.gate.wait()
            return found

        monkeypatch.setattr(issues, "counts", counted)


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> Renderings:
    return Renderings(monkeypatch)


async def test_a_page_is_rendered_once_for_each_change(quick_site: Site, renderings: Renderings) -> None:
    reader = quick_site.browser()
    for expected in (1, 2):
        number = await file_issue(quick_site.browser())
        pages = [await reader.get("/") for _ in range(3)]
        assert len({page.content for page in pages}) == 1
        assert f'id="issue-{number}"' in pages[0].text
        assert renderings.number == expected


async def test_who_has_the_page_already_is_told_so(quick_site: Site) -> None:
    await file_issue(quick_site.browser())
    reader = quick_site.browser()
    for path in ("/", "/issues/1", "/api/v1/issues", "/moderation"):
        page = await reader.get(path)
        tag = page.headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            answer = await reader.get(path, headers={"if-none-match": known})
            assert (answer.status_code, answer.content) == (304, b""), (path, known)
            assert answer.headers["cache-control"] == "no-cache"
            assert answer.headers["content-security-policy"] == page.headers["content-security-policy"]
        assert (await reader.get(path, headers={"if-none-match": '"other"'})).status_code == 200
    tag = (await reader.get("/issues/1")).headers["etag"]
    await act(quick_site.browser(), 1, "comments", body="Mine leaks, too.")
    assert (await reader.get("/issues/1", headers={"if-none-match": tag})).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5, br;q=0.1", "gzip"),
        ("br;q=0, *", "zstd"),
        ("br;q=0", None),
        ("identity", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("gzip;q=nonsense", None),
        ("", None),
        ("gzip" + ", x" * 200, None),
    ],
)
async def test_a_page_comes_in_the_coding_that_its_reader_likes_best(
    quick_site: Site, accepted: str, expected: str | None
) -> None:
    reader = quick_site.browser()
    plain = await reader.get("/", headers={"accept-encoding": "identity"})
    async with reader.stream("GET", "/", headers={"accept-encoding": accepted}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == expected
    opened = {"br": brotli.decompress, "gzip": gzip.decompress, "zstd": unpacked, None: bytes}[expected](raw)
    assert opened == plain.content
    assert answer.headers["vary"] == plain.headers["vary"] == "Cookie, Accept-Encoding"
    assert (answer.headers["etag"] == plain.headers["etag"]) is (expected is None)
    assert int(answer.headers["content-length"]) == len(raw)


def unpacked(content: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(content)


async def test_a_form_is_made_once_and_known_by_each_of_its_tags(
    quick_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(content: bytes, name: str) -> bytes:
        made.append(name)
        return coding.encode(content, name)

    monkeypatch.setattr(memory, "encode", counted)
    monkeypatch.setattr(memory, "LARGE", 1_000)  # beside the loop, so that many can ask meanwhile
    reader = quick_site.browser()
    await asyncio.gather(*[reader.get("/", headers={"accept-encoding": "br"}) for _ in range(5)])
    assert made == ["br"]
    tag = (await reader.get("/", headers={"accept-encoding": "br"})).headers["etag"]
    assert tag.endswith('-br"')
    answer = await reader.get("/", headers={"accept-encoding": "gzip", "if-none-match": tag})
    assert (answer.status_code, answer.headers["etag"]) == (304, tag)


async def test_what_is_for_one_visitor_is_never_remembered(quick_site: Site, renderings: Renderings) -> None:
    ada = quick_site.browser()
    number = await file_issue(ada)
    bo, somebody = await quick_site.staff(BO), quick_site.browser({"cookie": f"{COOKIE}=nobody"})
    program = quick_site.browser(await quick_site.token("agent"))
    for browser in (ada, bo, somebody, program):
        for path in ("/", f"/issues/{number}", "/about", "/api/v1/issues"):
            answer = await browser.get(path)
            assert answer.status_code == 200
            assert "etag" not in answer.headers or path.startswith("/api/")
            assert kept(quick_site, path) is None, path
    for path in (
        "/new",
        "/signin",
        "/me",
        f"/issues/{number}/report",
        f"/issues/{number}/receipt",
        "/similar?q=kettle",
    ):
        assert "etag" not in (await quick_site.browser().get(path)).headers, path
    stranger = quick_site.browser()
    assert (await stranger.head("/")).status_code == 200
    assert "etag" not in (await stranger.get("/api/v1/events?wait=0&after=x")).headers
    assert quick_site.board.memory.places == {}
    await stranger.get("/")
    assert "etag" in (await stranger.get("/", headers={"cookie": "another=cookie"})).headers
    assert "My issues" not in (await stranger.get("/")).text
    assert "My issues" in (await ada.get("/")).text


async def test_a_remembered_page_says_nothing_of_who_asked_first(quick_site: Site) -> None:
    await file_issue(quick_site.browser())
    told = {
        "host": "evil.example",
        "user-agent": "Evil/1.0",
        "referer": "https://evil.example",
        "accept-language": "ar",
    }
    for path in ("/", "/issues/1", "/api/v1/issues", "/about?evil=1"):
        first = await quick_site.browser(told).get(path)
        assert "evil" not in str(first.headers).lower()
        assert "evil" not in first.text.lower()
        assert kept(quick_site, path)


async def test_an_address_with_names_that_mean_nothing_is_no_other_page(quick_site: Site) -> None:
    reader = quick_site.browser()
    await reader.get("/")
    before = len(quick_site.board.memory.places)
    for place in range(20):
        await reader.get(f"/?x{place}={place}&state=open")
        await reader.get(f"/about?utm_source={place}")
        await reader.get(f"/?state=nonsense{place}&sort=nonsense{place}")
    assert len(quick_site.board.memory.places) == before + 1


async def test_what_is_not_there_is_not_remembered(quick_site: Site) -> None:
    for path in ("/issues/99", "/issues/99/log", "/api/v1/issues/99", f"/policies/{'0' * 64}.json"):
        answer = await quick_site.browser().get(path)
        assert (answer.status_code, "etag" in answer.headers) == (404, False)
    assert quick_site.board.memory.places == {}


async def test_memory_is_bounded_and_what_was_asked_for_longest_ago_goes_first(quick_site: Site) -> None:
    found, reader = quick_site.board.memory, quick_site.browser()
    await reader.get("/about")
    await reader.get("/rules")
    most = found.most = found.size + 20_000
    for place in range(12):
        await reader.get("/rules")
        await reader.get(f"/?q=word{place}", headers={"accept-encoding": "br"})
        assert found.size <= most
    assert kept(quick_site, "/rules")
    assert kept(quick_site, "/about") is None
    assert kept(quick_site, "/?q=word11")
    assert found.size == sum(place.page.size for place in found.places.values() if place.page)
    found.forget_all()
    assert (found.size, found.by_topic) == (0, {})


async def test_without_memory_every_page_is_rendered_and_sent_all_the_same(quick_site: Site) -> None:
    quick_site.board.memory.most = 0
    for _ in range(2):
        assert (await quick_site.browser().get("/")).status_code == 200
    assert quick_site.board.memory.places == {}


async def test_of_many_who_ask_at_once_one_has_the_page_rendered(quick_site: Site, renderings: Renderings) -> None:
    renderings.gate.clear()
    asking = [asyncio.create_task(quick_site.browser().get("/")) for _ in range(10)]
    await renderings.begun.wait()
    asking[0].cancel()  # who leaves takes the page from nobody
    renderings.gate.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [answer.status_code for answer in answers[1:] if isinstance(answer, httpx.Response)] == [200] * 9
    assert renderings.number == 1


async def test_who_asks_after_a_change_is_not_given_what_was_begun_before_it(
    quick_site: Site, renderings: Renderings
) -> None:
    renderings.gate.clear()
    early = asyncio.create_task(quick_site.browser().get("/"))
    await renderings.begun.wait()
    number = await file_issue(quick_site.browser())
    late = asyncio.create_task(quick_site.browser().get("/"))
    await asyncio.sleep(0.05)
    renderings.gate.set()
    assert f'id="issue-{number}"' in (await late).text
    assert f'id="issue-{number}"' not in (await early).text
    assert f'id="issue-{number}"' in (await quick_site.browser().get("/")).text


async def test_a_page_ends_when_an_issue_falls_due_and_after_a_minute(quick_site: Site) -> None:
    reader = quick_site.browser()
    with time_machine.travel(NOW, tick=False) as clock:
        number = await file_issue(quick_site.browser(), area="service")  # a first answer within four hours
        due = NOW + timedelta(hours=4)
        pages = ("/", f"/issues/{number}", "/api/v1/issues?state=overdue")
        clock.move_to(due - timedelta(seconds=10))
        early = [(await reader.get(path)).text for path in pages]
        clock.move_to(due - timedelta(seconds=1))
        assert [(await reader.get(path)).text for path in pages] == early
        clock.move_to(due + timedelta(seconds=1, microseconds=1))
        late = [(await reader.get(path)).text for path in pages]
        assert ["verdue by" in text or f'"number":{number}' in text for text in early] == [False] * 3
        assert ["verdue by" in text or f'"number":{number}' in text for text in late] == [True] * 3
        clock.shift(59)
        assert [(await reader.get(path)).text for path in pages] == late
        clock.shift(2)
        assert (await reader.get("/")).text != late[0]
        page = kept(quick_site, "/")
        assert page
        clock.shift(-3600)  # a clock that goes back keeps no page for an hour
        await reader.get("/")
        assert kept(quick_site, "/") is not page


async def test_hidden_words_leave_memory_at_once(site: Site) -> None:
    number = await file_issue(site.browser(), title="Xylophone", body="Xylophone words of Ada")
    reader = site.browser({"accept-encoding": "br"})
    paths = ("/", f"/issues/{number}", f"/issues/{number}/log", "/?q=xylophone", f"/api/v1/issues/{number}", "/about")
    for path in paths:
        await reader.get(path)
    assert len(site.board.memory.places) == len(paths)
    mo = await site.staff(MO)
    await act(mo, number, "removal", reason="threat")
    await site.board.stream.read_on()
    assert site.board.memory.places == {}
    for path in paths:
        assert "Xylophone words" not in (await reader.get(path)).text


async def test_who_acts_sees_it_on_the_next_page_without_a_cookie(site: Site) -> None:
    number = await file_issue(site.browser())
    stranger = site.browser()
    for times in range(1, 4):
        assert (await stranger.get(f"/issues/{number}")).status_code == 200
        await act(site.browser({"x-forwarded-for": "1"}), number, "comments", body=f"Word {times}")
        assert f"Word {times}" in (await stranger.get(f"/issues/{number}")).text
    assert "nobody has it" not in (await stranger.get("/")).text
    await act(stranger, number, "mine-too")
    for path in (f"/issues/{number}?done=mine_too", f"/issues/{number}", "/"):
        assert "1 has it too" in (await stranger.get(path)).text, path


async def test_what_another_process_changes_is_seen_with_its_hint(site: Site) -> None:
    number = await file_issue(site.browser())
    reader, other = site.browser(), Database(site.db.url)
    await other.connect()
    pages = ("/", f"/issues/{number}", "/moderation", "/rules")
    for path in pages:
        await reader.get(path)
    try:
        async with other.writing(NOW) as tx:
            await customers.mine_too(tx, number, voter=b"another")
        await seen(site, f"/issues/{number}", "1 has it too")
        assert kept(site, "/rules")
        async with other.saving() as tx:
            await company.save(tx, {"tagline": "in the light"})
        for path in pages:
            await seen(site, path, "in the light")
    finally:
        await other.disconnect()


async def seen(site: Site, path: str, words: str) -> None:
    """The page shows the words within the second that a lost hint may cost."""
    async with asyncio.timeout(5):
        while words not in (await site.browser().get(path)).text:
            await asyncio.sleep(0.02)


async def test_what_the_company_sets_is_on_every_page_at_once(quick_site: Site) -> None:
    reader, root = quick_site.browser(), await quick_site.staff(ROOT)
    await file_issue(quick_site.browser())
    pages = ("/", "/issues/1", "/about", "/rules", "/moderation", "/api")
    for path in pages:
        await reader.get(path)
    await root.post("/staff/settings/company", data={"name": "Kettles", "tagline": "in daylight", "accent": "#112233"})
    for path in pages:
        assert "in daylight" in (await reader.get(path)).text, path
    assert (await reader.get("/moderation")).text.count("<dd>0</dd>") == 7
    await act(reader, 1, "reports", reason="spam", at="1")
    assert (await reader.get("/moderation")).text.count("<dd>1</dd>") == 1


async def test_a_page_that_cannot_be_rendered_is_asked_for_again(
    quick_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*args: Any) -> Any:
        raise RuntimeError("broken")

    reader = quick_site.browser(strict=False)
    with monkeypatch.context() as patched:
        patched.setattr(issues, "counts", broken)
        assert [(await reader.get("/")).status_code for _ in range(2)] == [500, 500]
    assert (await reader.get("/")).status_code == 200


async def test_the_server_sends_pages_whole_one_after_the_other_on_one_connection(quick_wire: Wire) -> None:
    place = urlsplit(quick_wire.base)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    expected = (await quick_wire.browser().get("/rules")).content
    writer.write(asking() * 3)  # all at once: the answers come in turn
    for _ in range(3):
        head, content = await answer_of(reader)
        assert (head["status"], content) == ("HTTP/1.1 200 OK", expected)
        assert {"date", "etag", "content-security-policy", "vary"} <= head.keys()
    writer.write(asking(f"If-None-Match: {head['etag']}"))
    head, content = await answer_of(reader)
    assert (head["status"], content, "content-type" in head) == ("HTTP/1.1 304 Not Modified", b"", False)
    writer.write(asking("Connection: close"))
    head, content = await answer_of(reader)
    assert (head["connection"], content) == ("close", expected)
    assert await reader.read() == b""
    writer.close()


def asking(line: str = "Accept: */*") -> bytes:
    return f"GET /rules HTTP/1.1\r\nHost: board.example\r\n{line}\r\n\r\n".encode()


async def answer_of(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    head = {"status": status, **dict(line.split(": ", 1) for line in lines)}
    return head, await reader.readexactly(int(head.get("content-length", "0")))


async def test_each_request_is_told_once_and_in_order(quick_site: Site, caplog: pytest.LogCaptureFixture) -> None:
    number = await file_issue(quick_site.browser())
    quick_site.board.telling.write()
    caplog.clear()
    with caplog.at_level(logging.INFO, "board.requests"):
        reader = quick_site.browser()
        tag = (await reader.get("/")).headers["etag"]
        await reader.get("/", headers={"if-none-match": tag})
        await reader.get(f"/issues/{number}?q=secret")
        await reader.get("/new")
        await reader.get("/issues/99")
        quick_site.board.telling.write()
    told = [record.getMessage().rsplit(" ", 2)[0] for record in caplog.records if record.name == "board.requests"]
    assert told == [
        "GET / 200",
        "GET / 304",
        "GET /issues/{number} 200",
        "GET /new 200",
        "GET /issues/{number} 404",
    ]


def test_a_page_that_sets_a_cookie_is_for_one() -> None:
    assert is_for_all(200, [(b"cache-control", b"no-cache")])
    assert not is_for_all(200, [(b"cache-control", b"no-cache"), (b"set-cookie", b"a=b")])
    assert not is_for_all(200, [(b"cache-control", b"private, no-store")])
    assert not is_for_all(303, [])


def test_long_addresses_are_not_looked_at() -> None:
    assert shown("/", b"q=kettle")
    assert shown("/", b"q=" + b"k" * 2_000) is None
    assert shown("/issues/" + "1" * 300, b"") is None
