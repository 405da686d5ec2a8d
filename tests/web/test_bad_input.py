"""Whatever is sent to any door: refused or cleaned, never a failure of the server, and nothing half written."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from board.domain.people import Actor
from board.web.bodies import NewIssue
from tests.cast import ROOT, answer, file_issue
from tests.soundness import assert_sound
from tests.web import nasty
from tests.web.doors import (
    BODIES,
    EVERY_PAGE,
    FORM,
    FORMS,
    JSON,
    QUERIES,
    encoded,
    filled,
    furthest,
    readable,
    takes_json,
    unsafe,
)
from tests.web.site import Site

# The tables in which a refusal may leave nothing behind.
TABLES = (
    "events",
    "openings",
    "entries",
    "issues",
    "filers",
    "follows",
    "mine_too",
    "notes",
    "outbox",
    "people",
    "tokens",
)
COUNT = "SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {table}) AS {table}" for table in TABLES)


def test_every_door_that_changes_something_is_walked_through() -> None:
    assert sorted(unsafe()) == sorted([*FORMS, *BODIES])


async def counted(site: Site) -> dict[str, Any]:
    async with site.db.reading() as tx:
        return await tx.row(COUNT) or {}


async def assert_harmless(site: Site, client: httpx.AsyncClient, request: httpx.Request, what: str) -> int:
    """The answer is no failure, and a refusal leaves nothing behind; returns its status."""
    before = await counted(site)
    status = (await client.send(request)).status_code
    assert status < 500, what
    if status >= 400:
        assert await counted(site) == before, what
    return status


async def visitor(site: Site, path: str, number: int, who: str) -> tuple[httpx.AsyncClient, dict[str, str]]:
    """A browser or a program, with what it shows at this door."""
    if takes_json(path):
        shown = {"anyone": {}, "filer": site.filer_key(number), "admin": await site.token("admin", of=ROOT)}
        return site.browser(strict=False), shown[who]
    if who == "filer":
        return await site.filer(number, strict=False), {}
    return await site.staff(ROOT, strict=False) if who == "admin" else site.browser(strict=False), {}


async def prepared(site: Site) -> int:
    """An issue with an answer, and another one to which it can be joined."""
    number = await file_issue(site.db)
    await file_issue(site.db)
    await answer(site.db, number)
    return number


@pytest.mark.parametrize("path", [*FORMS, *BODIES])
async def test_no_body_breaks_a_door(quick_site: Site, path: str) -> None:
    number = await prepared(quick_site)
    found: Counter[int] = Counter()
    for who in ("anyone", furthest(path)):
        client, headers = await visitor(quick_site, path, number, who)
        for what, (content, kind) in nasty.BODIES.items():
            typed = {"Content-Type": kind} if kind else {}
            request = client.build_request(
                "POST", filled(path, number=number), content=content, headers=headers | typed
            )
            found[await assert_harmless(quick_site, client, request, what)] += 1
    assert found[413] == 4
    assert found.total() == 2 * len(nasty.BODIES)
    await assert_sound(quick_site.db)


@pytest.mark.parametrize("path", FORMS)
async def test_no_value_in_a_form_breaks_its_door(site: Site, path: str) -> None:
    number = await prepared(site)
    client, _ = await visitor(site, path, number, furthest(path))
    for turn, name in enumerate(FORMS[path]):
        others = urlencode({key: value for key, value in FORMS[path].items() if key != name})
        for what, value in nasty.values(on_sqlite=site.db.sqlite, turn=turn).items():
            content = f"{others}&{name}={value}".replace("{name}", name).encode()
            request = client.build_request(
                "POST", filled(path, number=number), content=content, headers={"Content-Type": FORM}
            )
            await assert_harmless(site, client, request, f"{name}: {what}")
    await assert_sound(site.db)


@pytest.mark.parametrize("path", BODIES)
async def test_no_value_in_a_json_body_breaks_its_door(site: Site, path: str) -> None:
    number = await prepared(site)
    client, headers = await visitor(site, path, number, furthest(path))
    for name in BODIES[path]:
        for what, value in nasty.JSON_VALUES.items():
            content = encoded({**BODIES[path], name: "HERE"}).replace(b'"HERE"', value.encode())
            request = client.build_request(
                "POST", filled(path, number=number), content=content, headers={**headers, "Content-Type": JSON}
            )
            await assert_harmless(site, client, request, f"{name}: {what}")
    await assert_sound(site.db)


async def test_no_query_breaks_a_page(site: Site) -> None:
    number = await prepared(site)
    root = await site.staff(ROOT, strict=False)
    for turn, path in enumerate(readable()):
        values = nasty.values(on_sqlite=site.db.sqlite, turn=turn)
        for query in QUERIES.get(path, EVERY_PAGE):
            for what, value in (nasty.VALUES if path == "/" and query == "q={}" else values).items():
                shortened = value if path in QUERIES else value[:3_000]
                asked = f"{filled(path, number=number)}?{query.replace('{}', shortened)}"
                answered = await root.get(httpx.URL(root.base_url, raw_path=asked.encode()))
                assert answered.status_code < 500, (path, query, what)


@pytest.mark.parametrize("who", [None, ROOT])
async def test_no_path_breaks_the_board(site: Site, who: Actor | None) -> None:
    await prepared(site)
    client = await site.staff(who, strict=False) if who else site.browser(strict=False)
    for path in nasty.PATHS:
        for method in ("GET", "POST", "HEAD", "PUT", "OPTIONS", "TRACE"):
            answered = await client.request(method, httpx.URL(client.base_url, raw_path=path.encode()))
            assert answered.status_code < 500, (method, path[:100])
            if path.startswith("/static/") and method == "GET":
                assert answered.status_code == 404, path


@pytest.mark.parametrize(
    "name", ["Idempotency-Key", "Authorization", "Cookie", "Content-Type", "Origin", "Accept", "X-Forwarded-For"]
)
async def test_no_header_breaks_a_write(quick_site: Site, name: str) -> None:
    await prepared(quick_site)
    client = quick_site.browser(strict=False)
    for value in (
        b"",
        b" ",
        b"\xff\xfe",
        b"x" * 8_000,
        b"\xc3\xa9",
        b"Bearer",
        b"Bearer ",
        b"Filer 1-",
        b"Basic eDp5",
        b"board=\x7f;;=;",
    ):
        for path, content in (("/api/v1/issues/1/comments", encoded({"body": "x"})), ("/issues/1/mine-too", b"")):
            headers = [(b"content-type", JSON.encode()), (name.lower().encode(), value)]
            answered = await client.post(path, content=content, headers=headers)
            assert answered.status_code < 500, (path, value)


TYPED: SearchStrategy[str] = st.text(max_size=60) | st.text(
    alphabet=st.characters(categories=["Cc", "Cf", "Mn", "Zs"]), max_size=20
)
JSON_VALUE: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TYPED,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


FUZZED = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@FUZZED
@given(typed=st.fixed_dictionaries({}, optional=dict.fromkeys(FORMS["/issues"], TYPED)))
async def test_a_filing_of_any_words_is_taken_or_told(quick_site: Site, typed: dict[str, str]) -> None:
    content = urlencode(typed, errors="surrogatepass").encode()
    client = quick_site.browser(strict=False)
    request = client.build_request("POST", "/issues", content=content, headers={"Content-Type": FORM})
    assert await assert_harmless(quick_site, client, request, repr(typed)) in (303, 422)


@FUZZED
@given(
    path=st.sampled_from(sorted(BODIES)),
    body=st.dictionaries(st.sampled_from([*NewIssue.__struct_fields__, "state", "resolution", "grade"]), JSON_VALUE),
    role=st.sampled_from(["", "reader", "admin"]),
)
async def test_any_json_to_any_door_is_taken_or_told(
    quick_site: Site, path: str, body: dict[str, Any], role: str
) -> None:
    client = quick_site.browser(strict=False)
    headers = {**(await quick_site.token(role) if role else {}), "Content-Type": JSON}
    request = client.build_request("POST", filled(path), content=encoded(body), headers=headers)
    await assert_harmless(quick_site, client, request, repr(body))
