"""No other site can make a browser act on the board."""

import pytest

from tests.web.doors import filled, unsafe
from tests.web.site import HOME, Site, file_issue

CROSS = ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"})
OWN: tuple[dict[str, str], ...] = ({"sec-fetch-site": "same-origin"}, {"origin": HOME}, {})


@pytest.mark.parametrize("headers", [*CROSS, {"origin": "null"}], ids=str)
async def test_every_unsafe_request_from_another_site_is_refused(quick_site: Site, headers: dict[str, str]) -> None:
    await file_issue(quick_site.browser())
    filer, before = await quick_site.filer(1), await quick_site.head()
    for path in unsafe():
        answer = await filer.post(filled(path), headers=headers, content=b"")
        assert (path, answer.status_code) == (path, 403)
    assert await quick_site.head() == before


@pytest.mark.parametrize("headers", OWN, ids=str)
async def test_the_boards_own_forms_and_programs_are_heard(quick_site: Site, headers: dict[str, str]) -> None:
    await file_issue(quick_site.browser())
    answer = await quick_site.browser().post("/issues/1/comments", data={"body": "Mine too."}, headers=headers)
    assert answer.status_code == 303


async def test_reading_is_free_from_anywhere(quick_site: Site) -> None:
    answer = await quick_site.browser().get("/", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
