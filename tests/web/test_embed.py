"""The board on other sites: a frame, a badge, and what the widget reads. The same for all, and nothing private."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from board.domain.medians import middle, step
from board.store import company, widget_scripts
from board.web.bundle import Bundle, bundle
from board.web.guard import HEADERS_FOR_ALL
from tests.cast import MO, ROOT, answer, file_issue, later
from tests.soundness import assert_sound
from tests.web.site import HOME, Site, act, words_of
from tests.web.test_remembered import kept

FRAME, BADGE, STATE = "/embed/list.html", "/embed/badge.svg", "/embed/v1/state.json"
COPIES = (
    "/feed.atom", "/feed.json", "/areas/service/feed.json", "/issues/1/feed.atom", "/oembed", "/data/events.jsonl",
    "/log/checkpoint", "/log/verify.py", "/log/receipts/999.tlog-proof", "/open311/discovery.json",
    "/open311/v2/requests.json", "/open311/v2/requests/999.xml",
)  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


async def cure(site: Site, number: int, *, confirmed: bool = False) -> None:
    await act(await site.staff(MO), number, "updates", body="Mended.", state="settled", resolution="fixed")
    if confirmed:
        await act(await site.filer(number), number, "confirmation")


async def state(site: Site, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = (await site.browser().get(STATE + query)).raise_for_status().json()
    return found


async def test_the_board_at_a_glance_says_what_the_record_says(site: Site) -> None:
    first, second, third = [await file_issue(site.db, title=f"Kettle {n}") for n in "123"]
    other = await file_issue(site.db, area="returns")
    await answer(site.db, first, at=later(hours=1))
    await cure(site, first, confirmed=True)
    await cure(site, second)
    board = await state(site)
    assert board["figures"] == {
        "open": 2,
        "unanswered": 2,
        "first_answer_s": middle(step(3600)),
        "confirmed_share": 50,
    }
    assert board["oldest_unanswered"]["number"] == third
    assert board["newest_unanswered"]["number"] == other
    assert [issue["number"] for issue in board["issues"]] == [other, third, second, first]
    assert [issue["key"] for issue in board["issues"]] == ["unanswered", "overdue", "resolved", "confirmed"]
    assert board["topics"] == ["board"]
    assert board["accent"] == {"--own": "light-dark(#0b4f6c, #5e8b9e)", "--on-own": "light-dark(#ffffff, #0d0d0c)"}

    returns = await state(site, "?area=returns&limit=1")
    assert returns["area"] == {"slug": "returns", "name": "Returns"}
    assert returns["figures"] == {"open": 1, "unanswered": 1, "first_answer_s": None, "confirmed_share": None}
    assert [issue["number"] for issue in returns["issues"]] == [other]
    assert returns["topics"] == ["area:returns"]
    await assert_sound(site.db)


async def test_figures_follow_an_issue_into_another_area_and_are_no_better_for_a_removal(site: Site) -> None:
    first, second = await file_issue(site.db), await file_issue(site.db)
    await cure(site, first)
    before = (await state(site))["figures"]["first_answer_s"]
    await act(await site.staff(MO), first, "area", area="returns")
    assert (await state(site, "?area=service"))["figures"]["first_answer_s"] is None
    assert (await state(site, "?area=returns"))["figures"]["first_answer_s"] == before
    await act(await site.staff(ROOT), second, "removal", reason="threat")
    assert (await state(site))["figures"]["first_answer_s"] == before
    await assert_sound(site.db)


async def test_of_an_issue_that_is_not_public_other_sites_learn_only_that(quick_site: Site) -> None:
    number = await file_issue(quick_site.db, title="A secret", body="Very secret.")
    shown = (await state(quick_site, f"?issue={number}"))["issue"]
    assert (shown["title"], shown["url"]) == ("A secret", f"{HOME}/issues/{number}")
    await act(await quick_site.staff(ROOT), number, "removal", reason="threat")
    for path in (f"{STATE}?issue={number}", f"{FRAME}?issue={number}", STATE, FRAME):
        shown_there = await quick_site.browser().get(path)
        assert shown_there.status_code == 200
        assert "ecret" not in shown_there.text, path
    hidden = (await state(quick_site, f"?issue={number}"))["issue"]
    assert {hidden[key] for key in ("title", "word", "who")} == {None}
    assert hidden["key"] == "removed"


@pytest.mark.parametrize("path", [FRAME, BADGE, STATE, f"{STATE}?issue=1", f"{FRAME}?issue=1", f"{STATE}?area=service"])
async def test_it_comes_from_memory_without_a_cookie_and_changes_with_the_record(site: Site, path: str) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    first = await anybody.get(path)
    assert first.status_code == 200
    assert "set-cookie" not in first.headers
    assert kept(site, path) is not None
    again = await anybody.get(path, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert {name: again.headers[name] for name in HEADERS_FOR_ALL} == HEADERS_FOR_ALL
    for_staff = await (await site.staff(ROOT)).get(path)
    assert for_staff.content == first.content
    await cure(site, number, confirmed=True)
    assert (await anybody.get(path)).content != first.content


async def test_only_what_is_meant_for_it_may_be_framed(quick_site: Site) -> None:
    await file_issue(quick_site.db)
    anybody = quick_site.browser()
    for path, ancestors in ((FRAME, "*"), (f"{FRAME}?area=nowhere", "*"), ("/", "'none'"), ("/issues/1", "'none'")):
        policy = (await anybody.get(path)).headers["content-security-policy"]
        assert f"frame-ancestors {ancestors}" in policy, path
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    framed = (await anybody.get(FRAME)).text
    assert "<script" not in framed
    assert "<form" not in framed


async def test_other_sites_read_it_and_nothing_else(quick_site: Site) -> None:
    await file_issue(quick_site.db)
    anybody = quick_site.browser({"Origin": "https://shop.example"})
    for path in (STATE, FRAME, BADGE, f"{STATE}?area=nowhere", *COPIES):
        headers = (await anybody.get(path)).headers
        assert {name: headers[name] for name in HEADERS_FOR_ALL} == HEADERS_FOR_ALL, path
        assert "access-control-allow-credentials" not in headers
    for path in ("/", "/issues/1", "/new", "/api/v1/issues", "/signin", "/embed", "/embed/new", "/data/", "/log"):
        assert "access-control-allow-origin" not in (await anybody.get(path)).headers, path


async def test_what_a_site_gets_wrong_is_said(quick_site: Site) -> None:
    anybody = quick_site.browser()
    wrong = await anybody.get(f"{STATE}?area=nowhere")
    assert (wrong.status_code, wrong.json()["detail"]) == (404, "There is no such area on this board.")
    framed = await anybody.get(f"{FRAME}?area=nowhere")
    assert framed.status_code == 404
    assert "There is no such area on this board." in words_of(framed.text)
    for number in ("9", "0", "no"):
        assert (await anybody.get(f"{STATE}?issue={number}")).status_code == 404
    assert (await anybody.get(f"{STATE}?limit=999&lang=xx&theme=pink&issue=")).status_code == 200


@pytest.mark.parametrize("name", ["Ada & Sons <b>", "Łódź Öl", "株式会社ボード", "W" * 80, "i" * 80])
async def test_a_badge_says_its_words_in_a_title_and_they_fit(quick_site: Site, name: str) -> None:
    async with quick_site.db.saving() as tx:
        await company.save(tx, {"name": name})
    number = await file_issue(quick_site.db)
    await cure(quick_site, number, confirmed=True)
    badge = await quick_site.browser().get(BADGE)
    assert badge.headers["content-type"] == "image/svg+xml"
    svg = ElementTree.fromstring(badge.text)
    assert svg.get("role") == "img"
    assert svg.findtext(f"{SVG}title") == f"{name}: 0 open · 100 % confirmed"
    texts = list(svg.iter(f"{SVG}text"))
    edges = [float(text.get("x", "")) + float(text.get("textLength", "")) for text in texts]
    assert edges[0] < float(texts[1].get("x", "")) - 9
    assert edges[1] <= float(svg.get("width", "")) - 9


async def test_the_frame_is_a_page_that_needs_no_script(quick_site: Site) -> None:
    number = await file_issue(quick_site.db)
    html = (await quick_site.browser().get(f"{FRAME}?theme=dark&lang=en-GB")).text
    assert re.search(r'<html lang="en" dir="ltr" class="page dark">', html)
    words = words_of(html)
    assert "Open 1" in words
    assert "The kettle leaks" in words
    assert f'href="{HOME}/issues/{number}" target="_blank" rel="noopener"' in html
    one = words_of((await quick_site.browser().get(f"{FRAME}?issue={number}")).text)
    assert "The kettle leaks" in one
    assert "Issue 1" in one


async def test_the_stream_can_be_read_from_other_sites_without_credentials(quick_site: Site) -> None:
    stream = await quick_site.browser({"Origin": "https://shop.example"}).get("/live/sse?topics=no")
    assert stream.status_code == 400
    assert stream.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in stream.headers


async def test_the_module_is_one_small_file_that_sites_may_pin(site: Site) -> None:
    anybody = site.browser({"Origin": "https://shop.example", "Accept-Encoding": "gzip"})
    newest = await anybody.get("/embed/v1/embed.js")
    assert newest.headers["cache-control"] == "public, max-age=300"
    assert newest.headers["access-control-allow-origin"] == "*"
    assert int(newest.headers["content-length"]) <= 10 * 1024
    assert re.search(r"^(import|export)\b", newest.text, re.MULTILINE) is None
    made = bundle()
    pinned = await anybody.get(f"/embed/v1/{made.name}")
    assert pinned.content == newest.content == made.content
    assert "immutable" in pinned.headers["cache-control"]
    assert (await anybody.get("/embed/v1/embed-0123456789abcdef.js")).status_code == 404


async def test_a_version_that_was_given_out_stays_when_the_board_has_a_newer_one(site: Site) -> None:
    older, newer = Bundle(b"// an older board's\n"), bundle()
    assert (await site.browser().get("/embed/v1/embed.js")).content == newer.content
    async with site.db.saving() as tx:
        assert await widget_scripts.one(tx, newer.hash) == newer.content  # as the older board did
        await widget_scripts.keep(tx, older.hash, older.content)
    pinned = await site.browser().get(f"/embed/v1/{older.name}")
    assert pinned.content == older.content
    assert "immutable" in pinned.headers["cache-control"]


def test_the_module_says_what_its_scripts_say_and_names_nothing_twice() -> None:
    text = bundle().content.decode()
    assert "class CustomerBoard extends HTMLElement" in text
    assert "innerHTML" not in text
    assert "localStorage" not in text
    assert "eval(" not in text
    assert text.count("function delay(") == 1
