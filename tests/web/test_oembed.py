"""oEmbed: what a site is told that shows an issue whose address was pasted there; and what it is refused."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from tests.cast import MO, file_issue
from tests.web.site import HOME, Site, act

NEEDED = {"version", "type", "html", "width", "height"}  # of the type rich
ALLOWED = NEEDED | {
    "title", "author_name", "author_url", "provider_name", "provider_url", "cache_age",
    "thumbnail_url", "thumbnail_width", "thumbnail_height",
}  # fmt: skip


def asked(**query: str) -> dict[str, str]:
    return {"url": f"{HOME}/issues/1", **query}


async def test_an_issue_is_a_frame_with_a_title_in_both_formats(site: Site) -> None:
    await file_issue(site.db, title='Tea & "biscuits" <b>')
    anybody = site.browser()
    told = (await anybody.get("/oembed", params=asked())).json()
    assert told.keys() <= ALLOWED
    assert told.keys() >= NEEDED
    assert (told["version"], told["type"], told["title"]) == ("1.0", "rich", '#1 Tea & "biscuits" <b>')
    assert told["html"].startswith(f'<iframe src="{HOME}/embed/list.html?issue=1" title="#1 Tea &amp; &quot;biscuits')
    assert "<b>" not in told["html"]
    assert (await anybody.get(urlsplit(told["thumbnail_url"]).path)).headers["content-type"] == "image/png"
    got = await anybody.get("/oembed", params=asked(format="xml"))
    assert got.headers["content-type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(got.content)
    assert (root.tag, {child.tag: child.text for child in root}) == (
        "oembed",
        {name: str(value) for name, value in told.items()},
    )


@pytest.mark.parametrize(
    ("room", "size"),
    [
        ({}, (600, 320)),
        ({"maxwidth": "400"}, (400, 320)),
        ({"maxwidth": "4000", "maxheight": "200"}, (600, 200)),
        ({"maxwidth": "1", "maxheight": "x"}, (120, 320)),
    ],
)
async def test_the_frame_keeps_to_the_room_that_there_is(
    quick_site: Site, room: dict[str, str], size: tuple[int, int]
) -> None:
    await file_issue(quick_site.db)
    told: dict[str, Any] = (await quick_site.browser().get("/oembed", params=asked(**room))).json()
    assert (told["width"], told["height"]) == size
    assert f'width="{size[0]}" height="{size[1]}"' in told["html"]
    assert told.get("thumbnail_width", 0) <= int(room.get("maxwidth", "1200"))


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (f"{HOME}/issues/1", 200),
        ("http://board.example/issues/1/?from=mail#e3", 200),
        ("https://BOARD.example/issues/1", 200),
        (f"{HOME}/issues/99", 404),
        (f"{HOME}/", 404),
        (f"{HOME}/issues/1/log", 404),
        ("https://elsewhere.example/issues/1", 404),
        ("javascript:/issues/1", 404),
        ("https://[/issues/1", 404),
        ("", 404),
    ],
)
async def test_only_the_addresses_of_issues_here_are_answered(quick_site: Site, url: str, status: int) -> None:
    await file_issue(quick_site.db)
    assert (await quick_site.browser().get("/oembed", params={"url": url})).status_code == status


async def test_what_is_not_public_is_401_and_another_format_501(site: Site) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    assert (await anybody.get("/oembed", params=asked())).status_code == 200
    assert (await anybody.get("/oembed", params=asked(format="yaml"))).status_code == 501
    await act(await site.staff(MO), number, "removal", reason="threat")
    gone = await anybody.get("/oembed", params=asked())
    assert (gone.status_code, gone.headers["www-authenticate"]) == (401, "Bearer")
    assert "kettle" not in gone.text


async def test_an_issue_page_names_both_addresses(quick_site: Site) -> None:
    number, anybody = await file_issue(quick_site.db), quick_site.browser()
    page = (await anybody.get(f"/issues/{number}")).text
    for kind, form in (("application/json", "json"), ("text/xml", "xml")):
        [found] = re.findall(rf'<link rel="alternate" type="{kind}\+oembed" href="([^"]+)" title="[^"]+">', page)
        address = unescape(found)
        assert parse_qs(urlsplit(address).query) == {"format": [form], "url": [f"{HOME}/issues/{number}"]}
        assert (await anybody.get(address)).status_code == 200
