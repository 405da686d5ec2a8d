"""No other site can make a browser act on the board."""

from itertools import product
from typing import Any

import pytest

from tests.cast import ROOT
from tests.web.doors import BODIES, FORMS, filled, readable, takes_json, unsafe
from tests.web.site import HOME, Site, file_issue

SITES = ("cross-site", "same-site", "same-origin", "none", "nonsense", None)
ORIGINS = ("https://evil.example", "https://board.example.evil", "http://evil.example:443", "null", "", HOME, None)
EVERY = [
    {name: value for name, value in {"sec-fetch-site": site, "origin": origin}.items() if value is not None}
    for site, origin in product(SITES, ORIGINS)
]


def is_own(headers: dict[str, str]) -> bool:
    """What a browser says of the site that sends; where it says nothing, the origin that it names."""
    if "sec-fetch-site" in headers:
        return headers["sec-fetch-site"] in ("same-origin", "none")
    return headers.get("origin") in (HOME, None)


@pytest.mark.parametrize("headers", EVERY, ids=str)
async def test_an_unsafe_request_is_heard_only_from_the_board_itself(quick_site: Site, headers: dict[str, str]) -> None:
    number = await file_issue(quick_site.browser())
    root, before = await quick_site.staff(ROOT), await quick_site.head()
    refused = set()
    for path in unsafe():
        sent: dict[str, Any] = {"json": BODIES[path]} if takes_json(path) else {"data": FORMS[path]}
        if is_own(headers):
            sent = {"content": b"["}  # heard, and then refused for what it holds
        answer = await root.post(filled(path, number=number), headers=headers, **sent)
        if answer.status_code == 403 and "another site" in answer.text:
            refused.add(path)
    assert refused == (set() if is_own(headers) else set(unsafe()))
    if not is_own(headers):
        assert await quick_site.head() == before


async def test_a_form_from_another_site_is_refused_with_a_page_and_a_program_with_a_problem(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser())
    evil = {"origin": "https://evil.example"}
    page = await quick_site.browser().post(f"/issues/{number}/comments", data={"body": "x"}, headers=evil)
    assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "This form was sent from another site." in page.text
    problem = await quick_site.browser().post(f"/api/v1/issues/{number}/comments", json={"body": "x"}, headers=evil)
    assert (problem.status_code, problem.headers["content-type"]) == (403, "application/problem+json")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "PROPFIND"])
async def test_no_other_method_slips_past(quick_site: Site, method: str) -> None:
    number = await file_issue(quick_site.browser())
    for path in (f"/issues/{number}", f"/issues/{number}/comments", "/api/v1/issues"):
        answer = await quick_site.browser().request(method, path, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
        assert (await quick_site.browser().request(method, path)).status_code == 405


async def test_reading_is_free_from_anywhere_and_changes_nothing(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser())
    root, before = await quick_site.staff(ROOT), await quick_site.head()
    for path in readable():
        if path != "/live/sse":
            answer = await root.get(filled(path, number=number), headers={"sec-fetch-site": "cross-site"})
            assert "another site" not in answer.text, path
    assert await quick_site.head() == before


async def test_no_answer_lets_another_site_read_it(quick_site: Site) -> None:
    await file_issue(quick_site.browser())
    for path in ("/", "/issues/1", "/api/v1/issues", "/api/v1/events", "/live/tickets"):
        answer = await quick_site.browser().get(path, headers={"origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
