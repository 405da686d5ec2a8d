"""What stands where an issue's link is shared: a picture and words, as new as the issue."""

import io
import json
import re
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.cast import MO, file_issue
from tests.web.site import Site, act

LINKED = re.compile(r'<script type="application/ld\+json" data-linked>(.*?)</script>', re.DOTALL)


async def linked(client: httpx.AsyncClient, number: int) -> dict[str, Any]:
    page = (await client.get(f"/issues/{number}")).text
    [said] = LINKED.findall(page)
    found: dict[str, Any] = json.loads(said)
    return found


async def test_an_issue_has_a_picture_that_changes_with_it(site: Site) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    pictures = [await anybody.get(f"/issues/{number}/card.png")]
    await act(await site.staff(MO), number, "updates", body="Mended.", state="settled", resolution="fixed")
    pictures.append(await anybody.get(f"/issues/{number}/card.png"))
    for one in pictures:
        assert (one.status_code, one.headers["content-type"]) == (200, "image/png")
        assert Image.open(io.BytesIO(one.content)).size == (1200, 630)
    assert pictures[0].content != pictures[1].content
    again = await anybody.get(f"/issues/{number}/card.png", headers={"if-none-match": pictures[1].headers["etag"]})
    assert again.status_code == 304


async def test_the_page_names_its_picture_anew_after_each_event(quick_site: Site) -> None:
    number, anybody = await file_issue(quick_site.db), quick_site.browser()
    found = []
    for body in ("Mine, too.", "And mine."):
        page = (await anybody.get(f"/issues/{number}")).text
        [address] = re.findall(r'<meta property="og:image" content="([^"]+)"', page)
        assert address.startswith(f"{quick_site.base}/issues/{number}/card.png?v=")
        assert (await anybody.get(address)).status_code == 200
        assert '<meta property="og:title" content="#1 The kettle leaks">' in page
        found.append(address)
        await act(quick_site.browser(), number, "comments", body=body)
    assert found[0] != found[1]


async def test_search_engines_are_told_a_post_then_a_question_with_its_answers(quick_site: Site) -> None:
    number, anybody = await file_issue(quick_site.db), quick_site.browser()
    await act(quick_site.browser(), number, "comments", body="Mine </script> *too*.")
    posted = await linked(anybody, number)
    assert (posted["@type"], posted["headline"]) == ("DiscussionForumPosting", "The kettle leaks")
    assert [one["text"] for one in posted["comment"]] == ["Mine </script> too."]
    mo, filer = await quick_site.staff(MO), await quick_site.filer(number)
    await act(mo, number, "updates", body="We look.")
    await act(mo, number, "updates", body="Mended.", state="settled", resolution="fixed")
    await act(filer, number, "confirmation", grade="5")
    await act(mo, number, "updates", body="Thank you.")
    question = (await linked(anybody, number))["mainEntity"]
    assert (question["@type"], question["answerCount"]) == ("Question", 3)
    assert question["acceptedAnswer"]["text"] == "Mended."
    assert [one["text"] for one in question["suggestedAnswer"]] == ["We look.", "Thank you."]


async def test_what_is_not_shown_has_no_picture_and_is_told_to_nobody(quick_site: Site) -> None:
    number, anybody = await file_issue(quick_site.db), quick_site.browser()
    assert (await anybody.get(f"/issues/{number}/card.png")).status_code == 200
    await act(await quick_site.staff(MO), number, "removal", reason="threat")
    assert (await anybody.get(f"/issues/{number}/card.png")).status_code == 404
    page = (await anybody.get(f"/issues/{number}")).text
    assert not LINKED.search(page)
    assert "kettle" not in page


@pytest.mark.parametrize("path", ["/issues/77/card.png", "/issues/0/card.png"])
async def test_no_issue_no_picture(quick_site: Site, path: str) -> None:
    assert (await quick_site.browser().get(path)).status_code == 404
