"""Headers of every answer, redirects that stay here, bodies and heads that take too long, and what is written of it."""

import asyncio
import csv
import json
import logging
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from board import logs, patience
from board.domain.sheet import cell
from board.store.export import export
from board.web import guard
from board.web.guard import FOR_ALL, TooSlow, limited, path_only, transport_policy
from tests.cast import ROOT
from tests.web.doors import filled, readable
from tests.web.site import FILING, Site, act, file_issue
from tests.web.wire import Wire

SAME = {
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=31536000",
}

FRAMED = ("/embed/list.html", "/embed/badge.svg")


async def test_every_answer_carries_the_headers_that_keep_others_out(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser())
    root = await quick_site.staff(ROOT)
    paths = [filled(path, number=number) for path in readable() if path != "/live/sse"]
    for path in [*paths, "/nowhere", "/static/js/board.js", "/issues/999"]:
        headers = (await root.get(path)).headers
        is_shared = path.endswith("/card.png") or FOR_ALL.fullmatch(path)
        shared = {"cross-origin-resource-policy": "cross-origin"} if is_shared else {}
        assert {name: headers.get(name) for name in SAME} == SAME | shared, path
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none';"), path
        assert "unsafe" not in policy
        ancestors = "*" if path in FRAMED else "'none'"
        assert f"frame-ancestors {ancestors}" in policy, path


@pytest.mark.parametrize(
    ("url", "policy"),
    [
        ("https://issues.example.com", "max-age=31536000; includeSubDomains"),
        ("https://issues.example.com:8443", "max-age=31536000; includeSubDomains"),
        ("https://board.example", "max-age=31536000"),
        ("https://www.example.com", "max-age=31536000"),
        ("https://192.0.2.7", "max-age=31536000"),
    ],
)
def test_the_policy_of_transport_never_speaks_for_a_whole_company(url: str, policy: str) -> None:
    assert transport_policy(url) == policy


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        ("/issues/1?done=saved#next", "/issues/1?done=saved#next"),
        ("https://board.example/new", "/new"),
        ("https://board.example//evil.example/x", "/evil.example/x"),
        ("//evil.example/x", "//evil.example/x"),
        ("https://idp.example/authorize?x=1", "https://idp.example/authorize?x=1"),
        ("/\\evil.example", "/evil.example"),
        ("/", "/"),
    ],
)
def test_a_redirect_to_the_board_names_a_path_only(location: str, sent: str) -> None:
    assert path_only(location, "board.example") == sent


@pytest.mark.parametrize("path", ["//evil.example/", "/%5Cevil.example/", "/new/", "/issues/1/", "///evil.example//"])
async def test_no_address_makes_the_board_send_somebody_elsewhere(quick_site: Site, path: str) -> None:
    answer = await quick_site.browser().get(f"https://board.example{path}", headers={"host": "board.example"})
    location = answer.headers.get("location", "/")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_S", 0.05)
    sent = 0

    async def drip() -> Message:
        nonlocal sent
        sent += 1
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(TooSlow):
        await limited(drip)
    assert 1 <= sent <= 5


async def raw(wire: Wire, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """What the server answers to these bytes until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(wire.base.rsplit(":", 1)[1]))
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_a_slow_body_is_told_so_and_the_connection_ends(
    quick_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_S", 0.2)
    head = (
        b"POST /issues HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n"
    )
    said = await raw(quick_wire, head + b"\r\nbody=")
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive in time" in said


async def test_a_head_that_does_not_end_ends_the_connection(quick_wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.3)
    assert await raw(quick_wire) == b""
    assert await raw(quick_wire, b"GET /healthz HTTP/1.1\r\n", *[b"X: y\r\n"] * 4, pause_s=0.1) == b""
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    said = await raw(quick_wire, whole, b"GET /healthz HTTP/1.1\r\n", pause_s=0.1)
    assert said.count(b"HTTP/1.1 200") == 1


async def test_a_head_beyond_all_measure_ends_the_connection(quick_wire: Wire) -> None:
    line = b"X-Long: " + b"y" * 8_000 + b"\r\n"
    assert await raw(quick_wire, b"GET /healthz HTTP/1.1\r\n", *[line] * 12, b"\r\n") in (b"",)


async def test_a_socket_and_a_slow_reader_outlive_the_patience_for_heads(
    quick_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.2)
    number = await file_issue(quick_wire.browser())
    async with quick_wire.socket(f"issue:{number}") as socket, quick_wire.events(f"issue:{number}") as events:
        assert json.loads(await socket.recv())["t"] == "hello"
        assert json.loads(await events.recv())["t"] == "hello"
        await asyncio.sleep(0.5)
        await act(quick_wire.browser(), number, "comments", body="Still here.")
        assert json.loads(await socket.recv())["t"] == "event"
        assert json.loads(await events.recv())["t"] == "event"


async def test_what_is_written_of_a_request_names_its_route_and_none_of_its_secrets(
    quick_site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    number = await file_issue(quick_site.browser(), email="ada@elsewhere.example")
    caplog.clear()
    with caplog.at_level(logging.INFO, "board.requests"):
        browser = quick_site.browser()
        await browser.get(quick_site.board.links.private(number))
        await browser.get("/?q=a+secret+search")
        await browser.get("/nowhere/secret")
        await browser.get("/static/js/board.js")
        await browser.request("BREW", "/new")
        await browser.post("/api/v1/issues", json=FILING, headers={"authorization": "Bearer secret"})
        await browser.post("/signin/code", data={"code": "secret"})
    lines = [json.loads(logs.Lines().format(record)) for record in caplog.records if record.name == "board.requests"]
    told = [(line["method"], line["route"], line["status"]) for line in lines]
    assert told == [
        ("GET", "/mine/{secret}", 303),
        ("GET", "/", 200),
        ("GET", "-", 404),
        ("GET", "/static", 200),
        ("-", "/new", 405),
        ("POST", "/api/v1/issues", 401),
        ("POST", "/signin/code", 422),
    ]
    assert all(line["time"].endswith("+00:00") for line in lines)
    assert {tuple(line) for line in lines} == {("time", "level", "name", "message", "method", "route", "status", "ms")}
    assert "secret" not in json.dumps(lines).replace("{secret}", "")


def record_of(words: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("board", logging.WARNING, __file__, 1, words, args, None)


def test_nothing_that_is_logged_makes_a_second_line() -> None:
    evil = "one\ntwo\r\x1b[2Jthree\u2028four"
    assert json.loads(logs.Lines().format(record_of("%s", evil)))["message"] == evil
    for lines in (logs.Lines().format(record_of("%s", evil)), logs.Plain("%(message)s").format(record_of("%s", evil))):
        assert len(lines.splitlines()) == 1
        assert "\x1b" not in lines


def test_an_error_is_logged_with_its_trace() -> None:
    record = record_of("it failed")
    try:
        raise ValueError("why")
    except ValueError as wrong:
        record.exc_info = (ValueError, wrong, wrong.__traceback__)
    assert "ValueError: why" in json.loads(logs.Lines().format(record))["error"]
    assert "ValueError: why" in logs.Plain("%(message)s").format(record)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＠"])
def test_no_cell_of_an_export_is_a_formula(start: str) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"
    assert cell(f"a;{start}1+1; {start}2;b") == f"a;'{start}1+1;' {start}2;b"  # parted so where people write 1,5
    assert (cell("1=1"), cell(-1), cell(None), cell("")) == ("1=1", -1, None, "")


async def test_a_title_that_is_a_formula_is_words_in_the_exported_table(quick_site: Site, tmp_path: Path) -> None:
    await file_issue(quick_site.browser(), title='=HYPERLINK("evil")')
    await export(quick_site.db, tmp_path / "out", private=False)
    with (tmp_path / "out" / "issues.csv").open(encoding="utf-8", newline="") as file:
        assert [row["title"] for row in csv.DictReader(file)] == ['\'=HYPERLINK("evil")']


async def test_a_length_that_is_a_lie_is_refused_before_it_is_read(quick_site: Site) -> None:
    async def much() -> object:
        for _ in range(100):
            yield b"x" * 100_000

    answer = await quick_site.browser().post("/issues", content=much())  # type: ignore[arg-type]
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert answer.headers["connection"] == "close"


async def test_nothing_is_traced(quick_site: Site) -> None:
    assert (await quick_site.browser().request("TRACE", "/", headers={"x-secret": "x"})).status_code == 405
