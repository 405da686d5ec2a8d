"""How programs read: only what they want, page by page, not again what they know; and what holds them back."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from board.web.ending import Ending
from board.web.openapi import operation
from board.web.operations import READS
from board.web.routes import told_to_end
from tests.cast import BO, MO, answer, file_issue
from tests.web.site import Site, act, furnish, opened, settings_for

OPEN_READS = ("issues", "issues/1", "issues/1/events", "events", "areas", "figures", "openapi.json")
STAFFS_READS = ("queue", "issues/1/desk", "issues/1/notes", "colleagues", "outbox", "moderation")
CHOSEN = {"number": 1, "state": "new"}


@pytest.fixture
async def strict_site(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A board on which one place says three things in ten minutes."""
    await furnish(sqlite_url, comment_burst=3)
    async with opened(settings_for(sqlite_url, tmp_path)) as board:
        yield board


async def got(client: httpx.AsyncClient, path: str, **given: Any) -> httpx.Response:
    answered = await client.get(f"/api/v1/{path}", **given)
    assert answered.status_code == 200, answered.text
    return answered


async def test_only_the_fields_that_are_asked_for_are_told(site: Site) -> None:
    await file_issue(site.db)
    client = site.browser()
    for fields in ("state,number", "number&fields=state", " state , number,"):
        listed = (await got(client, f"issues?fields={fields}")).json()
        assert listed == {"issues": [CHOSEN], "next": None}, fields
        assert (await got(client, f"issues/1?fields={fields}")).json() == CHOSEN
    assert (await got(client, "issues/1?fields=timeline")).json().keys() == {"timeline"}
    assert (await got(client, "issues?fields=")).json()["issues"][0].keys() > {"body", "title"}
    assert (await got(client, "issues/1")).json().keys() > {"body", "timeline"}


@pytest.mark.parametrize("path", ["issues?fields=number,colour", "issues?fields=timeline", "issues/1?fields=Number"])
async def test_a_field_that_is_none_is_told_with_those_that_are(quick_site: Site, path: str) -> None:
    await file_issue(quick_site.db)
    refused = await quick_site.browser().get(f"/api/v1/{path}")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "fields")
    assert "number, url, title" in refused.json()["errors"][0]["detail"]


async def test_what_is_known_is_not_sent_again_until_it_changes(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    tags = {path: (await got(client, path)).headers["etag"] for path in OPEN_READS}
    for path, tag in tags.items():
        again = await client.get(f"/api/v1/{path}", headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
    await answer(site.db, number)
    for path, tag in tags.items():
        again = await client.get(f"/api/v1/{path}", headers={"If-None-Match": tag})
        assert again.status_code == (304 if path in ("areas", "openapi.json", "figures") else 200), path


@pytest.mark.parametrize("path", STAFFS_READS)
async def test_what_staff_know_is_not_sent_again(quick_site: Site, path: str) -> None:
    await file_issue(quick_site.db)
    client, mo = quick_site.browser(), await quick_site.token("moderator", of=MO)
    tag = (await got(client, path, headers=mo)).headers["etag"]
    for known in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        again = await client.get(f"/api/v1/{path}", headers={**mo, "If-None-Match": known})
        assert (again.status_code, again.content) == (304, b""), known
    assert (await client.get(f"/api/v1/{path}", headers={**mo, "If-None-Match": '"x"'})).status_code == 200
    assert (await client.get(f"/api/v1/{path}", headers={"If-None-Match": tag})).status_code == 403


async def test_pages_lead_on_by_their_link(site: Site) -> None:
    numbers = [await file_issue(site.db) for _ in range(5)]
    client = site.browser()
    path: str | None = "/api/v1/issues?limit=2&sort=oldest&fields=number&q=kettle"
    found: list[int] = []
    while path:
        page = await client.get(path)
        found += [one["number"] for one in page.json()["issues"]]
        link = re.fullmatch(r'<https://board\.example(/api/v1/[^>]+)>; rel="next"', page.headers.get("link", ""))
        assert (link is None) == (page.json()["next"] is None)
        path = link[1] if link else None
    assert found == numbers
    first = await got(client, "events?limit=3")
    second = await client.get(re.findall(r"<https://board\.example([^>]+)>", first.headers["link"])[0])
    assert first.json()["events"] + second.json()["events"] == (await got(client, "events?limit=6")).json()["events"]
    assert "link" not in (await got(client, "events")).headers


async def test_a_write_is_refused_where_the_issue_has_moved_on(site: Site) -> None:
    number, client, bo = await file_issue(site.db), site.browser(), await site.token("agent", of=BO)
    tag = (await got(client, f"issues/{number}")).headers["etag"]
    path = f"/api/v1/issues/{number}/updates"
    first = await client.post(path, json={"body": "We look."}, headers={**bo, "If-Match": tag})
    assert first.status_code == 201
    head = await site.head()
    for known in (tag, '"1"', '"x"', "x", f"W/{tag}", ""):
        refused = await client.post(path, json={"body": "And again."}, headers={**bo, "If-Match": known})
        assert refused.status_code == 412, known
        assert refused.json()["issue"] == first.json()["issue"]
    assert await site.head() == head
    said = await client.post(f"/api/v1/issues/{number}/comments", json={"body": "x"}, headers={"If-Match": tag})
    assert (said.status_code, await site.head()) == (412, head)
    last = first.json()["issue"]["last_event"]
    for known in (f'"{last}"', f'"1", "{last + 1}"', "*"):
        done = await client.post(path, json={"body": "And again."}, headers={**bo, "If-Match": known})
        assert done.status_code == 201, known


async def test_a_number_that_changes_without_an_event_gives_a_new_tag_and_stops_nobody(site: Site) -> None:
    number, client, bo = await file_issue(site.db), site.browser(), await site.token("agent", of=BO)
    before = (await got(client, f"issues/{number}")).headers["etag"]
    await act(client, number, "mine-too")
    assert (await got(client, f"issues/{number}")).headers["etag"] != before
    done = await client.post(f"/api/v1/issues/{number}/updates", json={"body": "x"}, headers={**bo, "If-Match": before})
    assert done.status_code == 201


async def test_a_repeat_with_its_key_is_answered_though_the_issue_has_moved_on_by_it(quick_site: Site) -> None:
    number, client = await file_issue(quick_site.db), quick_site.browser()
    tag = (await got(client, f"issues/{number}")).headers["etag"]
    headers = {**await quick_site.token("agent", of=BO), "If-Match": tag, "Idempotency-Key": "one"}
    answers = [await client.post(f"/api/v1/issues/{number}/updates", json={"body": "x"}, headers=headers) for _ in "ab"]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


async def test_every_write_tells_what_is_left_of_the_limits_that_hold(strict_site: Site) -> None:
    number, client = await file_issue(strict_site.db), strict_site.browser()
    path, left = f"/api/v1/issues/{number}/comments", []
    for turn in range(4):
        sent = await client.post(path, json={"body": f"Word {turn}."})
        left.append((sent.status_code, sent.headers["ratelimit"].partition(";t=")[0]))
        assert sent.headers["ratelimit-policy"].startswith('"burst";q=3;w=600')
    assert left == [(201, '"burst";r=2'), (201, '"burst";r=1'), (201, '"burst";r=0'), (429, '"burst";r=0')]
    assert re.fullmatch(r'"burst";r=0;t=\d+', sent.headers["ratelimit"])
    assert int(sent.headers["retry-after"]) > 0
    bo = await strict_site.token("agent", of=BO)
    wrong = await client.post(f"/api/v1/issues/{number}/split", json={"body": "x"}, headers=bo)
    assert (wrong.status_code, '"day";q=' in wrong.headers["ratelimit-policy"]) == (409, True)
    assert "ratelimit" not in (await got(client, "areas")).headers
    page = await client.post(f"/issues/{number}/mine-too")
    assert "ratelimit" not in page.headers


async def test_a_flood_is_told_how_long_it_is_refused(strict_site: Site) -> None:
    number, client = await file_issue(strict_site.db), strict_site.browser()
    for turn in range(12):
        sent = await client.post(f"/api/v1/issues/{number}/comments", json={"body": f"Word {turn}."})
    assert (sent.status_code, sent.headers["ratelimit"].partition(";t=")[0]) == (429, '"burst";r=0')


async def test_the_figures_are_those_of_the_pages(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    await file_issue(site.db)
    await answer(site.db, number, resolution="fixed")
    await act(await site.staff(MO), number, "removal", reason="threat")
    told = (await got(client, "figures")).json()
    assert told == {
        "issues": {
            "open": 1,
            "with_company": 1,
            "with_customer": 0,
            "overdue": told["issues"]["overdue"],
            "cured": 0,
            "confirmed_share": None,
            "total": 1,
        },
        "moderation": {
            "held": 0,
            "hidden": 1,
            "erased": 0,
            "restored": 0,
            "reports": 0,
            "appeals": 0,
            "appeals_upheld": 0,
        },
    }


async def test_a_door_that_is_to_end_says_so_in_each_answer_and_in_the_description() -> None:
    async def door(request: Request) -> Response:
        return Response("old")

    ends = Ending(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "Use the new one.")
    routes = [told_to_end(Route(path, door), {("get", "/old"): ends}) for path in ("/old", "/new")]
    app = Starlette(routes=routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://board.example") as client:
        told = (await client.get("/old")).headers
        assert "deprecation" not in (await client.get("/new")).headers
    assert (told["deprecation"], told["sunset"]) == ("@1767225600", "Fri, 01 Jan 2027 00:00:00 GMT")
    assert told["link"] == '</api>; rel="deprecation"'
    described = operation(replace(READS[0], ends=ends), "")
    assert described["deprecated"] is True
    assert described["description"] == "Ends on 2027-01-01. Use the new one."


async def test_each_coding_of_an_answer_has_a_tag_of_its_own(quick_site: Site) -> None:
    number, client = await file_issue(quick_site.db, body="x" * 3_000), quick_site.browser()
    bo = await quick_site.token("agent", of=BO)
    tags = {}
    for coding in ("identity", "gzip", "br", "zstd"):
        answered = await got(client, f"issues/{number}", headers={**bo, "Accept-Encoding": coding})
        assert answered.headers.get("content-encoding", "identity") == coding
        assert answered.json()["body"] == "x" * 3_000
        tags[coding] = answered.headers["etag"]
    assert len(set(tags.values())) == 4
    known = {**bo, "Accept-Encoding": "br", "If-None-Match": tags["br"]}
    assert (await client.get(f"/api/v1/issues/{number}", headers=known)).status_code == 304
    headers = {**bo, "If-Match": tags["br"]}
    done = await client.post(f"/api/v1/issues/{number}/updates", json={"body": "We look."}, headers=headers)
    assert done.status_code == 201
