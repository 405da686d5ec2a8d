"""Every page answers everybody as it should; the anonymous one is the same bytes for all."""

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
import time_machine

from board.domain.people import Actor
from board.render import static_folder
from tests.cast import BO, CY, MO, ROOT, later
from tests.web.site import COOKIE, Site, file_issue, words_of

NOW = later(days=100)
STATIC = {"/healthz", "/readyz", "/accent.css", "/static/board.css", "/favicon.ico", "/robots.txt", "/live/sse"}
OPEN = [
    "/",
    "/new",
    "/rules",
    "/about",
    "/signin",
    "/similar?q=kettle",
    "/issues/1",
    "/issues/1/log",
    "/healthz",
    "/readyz",
    "/robots.txt",
    "/accent.css",
    "/static/board.css",
    "/static/marks.svg",
    "/static/js/board.js",
    "/api/v1/issues",
    "/api/v1/issues/1",
    "/api/v1/issues/1/events",
    "/api/v1/events",
    "/api/v1/areas",
]
FOR_STAFF = ["/staff", "/staff/issues/1", "/staff/outbox"]

Visit = Callable[[Site], Awaitable[httpx.AsyncClient]]


async def stranger(site: Site) -> httpx.AsyncClient:
    return site.browser()


async def filer(site: Site) -> httpx.AsyncClient:
    return await site.filer(1)


def colleague(actor: Actor) -> Visit:
    async def visit(site: Site) -> httpx.AsyncClient:
        return await site.staff(actor)

    return visit


VISITORS: dict[str, Visit] = {
    "stranger": stranger,
    "filer": filer,
    "agent": colleague(BO),
    "moderator": colleague(MO),
    "admin": colleague(ROOT),
}


@pytest.mark.parametrize("who", VISITORS)
async def test_each_page_answers_each_visitor_by_their_right(quick_site: Site, who: str) -> None:
    await file_issue(quick_site.browser())
    client = await VISITORS[who](quick_site)
    staff = who in ("agent", "moderator", "admin")
    expected = dict.fromkeys(OPEN, 200)
    expected |= dict.fromkeys(FOR_STAFF, 200 if staff else 303)
    expected |= {"/staff/settings": 200 if who == "admin" else 403 if staff else 303}
    expected |= {"/me": 303 if who == "stranger" else 200}
    expected |= {"/issues/1/receipt": 200 if who == "filer" else 403}
    expected |= dict.fromkeys(("/issues/2", "/issues/2/log", "/nowhere", "/api/v1/issues/2", "/signin/used"), 404)
    expected |= {"/favicon.ico": 204, "/live/sse?topics=queue": 403, "/live/sse": 400, "/policies/none.json": 404}
    found = {path: (await client.get(path)).status_code for path in expected}
    assert found == expected


async def test_whoever_is_not_signed_in_is_led_to_the_sign_in(quick_site: Site) -> None:
    await file_issue(quick_site.browser())
    for path in (*FOR_STAFF, "/staff/settings", "/me"):
        answer = await quick_site.browser().get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/signin"), path


@pytest.mark.parametrize("path", [path for path in OPEN if not path.startswith("/readyz")])
async def test_the_anonymous_page_is_the_same_bytes_for_everybody_and_sets_no_cookie(
    quick_site: Site, path: str
) -> None:
    with time_machine.travel(NOW, tick=False):
        await file_issue(quick_site.browser())
        one, other = quick_site.browser(), quick_site.browser({"User-Agent": "Other/1.0", "Accept-Language": "de"})
        other.cookies.set("another", "cookie", domain="board.example")
        other.cookies.set(COOKIE, "of a session that is over", domain="board.example")
        answers = [await client.get(path) for client in (one, other)]
    assert answers[0].content == answers[1].content
    for answer in answers:
        assert "set-cookie" not in answer.headers


async def test_a_page_for_somebody_is_kept_by_nobody_else(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser())
    for client in (await quick_site.filer(number), await quick_site.staff(BO)):
        assert (await client.get(f"/issues/{number}")).headers["cache-control"] == "private, no-store"
    anonymous = await quick_site.browser().get(f"/issues/{number}")
    assert (anonymous.headers["cache-control"], anonymous.headers["vary"]) == ("no-cache", "Cookie, Accept-Encoding")


async def test_every_answer_carries_the_headers_of_a_safe_page(quick_site: Site) -> None:
    await file_issue(quick_site.browser())
    for path in [*OPEN, "/nowhere", "/api/v1/nowhere"]:
        headers = (await quick_site.browser().get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';"), path
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["strict-transport-security"] == "max-age=31536000"


async def test_a_browser_keeps_the_scripts_of_this_version_and_asks_again_for_others(quick_site: Site) -> None:
    browser = quick_site.browser()
    scripts = set(re.findall(r'"(/static/\S+\.js)"', (await browser.get("/")).text))
    assert len(scripts) > 5
    for script in scripts:
        version = script.split("/")[2]
        kept = {
            path: (answer.headers["cache-control"], answer.content)
            for path in (script, script.replace(version, "@older"), script.replace(f"{version}/", ""))
            if (answer := await browser.get(path)).status_code == 200
        }
        content = kept[script][1]
        assert list(kept.values()) == [
            ("public, max-age=31536000, immutable", content),
            ("no-cache", content),
            ("no-cache", content),
        ]
    for path in (
        "/static/@older",
        "/static/@older/",
        "/static/@older/js",
        "/static/@older/%2e%2e/%2e%2e/pyproject.toml",
    ):
        assert (await browser.get(path)).status_code == 404, path


@pytest.mark.parametrize("path", ["/static/js/board.js", "/static/board.css", "/static/marks.svg"])
async def test_a_file_comes_as_small_as_the_browser_takes_it_and_only_when_it_has_changed(
    quick_site: Site, path: str
) -> None:
    tags, browser = set(), quick_site.browser()
    plain = (await browser.get(path, headers={"accept-encoding": "identity"})).content
    for coding in ("br", "zstd", "gzip"):
        accepted = {"accept-encoding": coding}
        answer = await browser.get(path, headers=accepted)
        assert answer.content == plain
        assert (answer.headers["content-encoding"], answer.headers["vary"]) == (coding, "Accept-Encoding")
        assert int(answer.headers["content-length"]) < len(plain)
        again = await browser.get(path, headers=accepted | {"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content, again.headers["vary"]) == (304, b"", "Accept-Encoding")
        tags.add(answer.headers["etag"])
    assert len(tags) == 3


async def test_a_font_comes_as_it_is(quick_site: Site) -> None:
    font = next(static_folder().rglob("*.woff2"))
    answer = await quick_site.browser().get(f"/static/{font.relative_to(static_folder()).as_posix()}")
    assert answer.content == font.read_bytes()
    assert "content-encoding" not in answer.headers


async def test_no_page_holds_script_or_style_of_its_own(quick_site: Site) -> None:
    await file_issue(quick_site.browser())
    root = await quick_site.staff(ROOT)
    for path in ["/", "/new", "/issues/1", "/issues/1/log", "/staff", "/staff/issues/1", "/staff/settings", "/nowhere"]:
        html = (await root.get(path)).text
        assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", html) == [], path


async def test_an_unknown_issue_has_a_page_with_a_search(quick_site: Site) -> None:
    for path in (
        "/issues/7",
        "/issues/7/log",
        "/issues/0",
        "/issues/-1",
        f"/issues/{'9' * 20}",
        "/issues/x",
        "/nowhere",
    ):
        answer = await quick_site.browser().get(path)
        assert answer.status_code == 404, path
        assert "Not found" in words_of(answer.text)
        assert 'role="search"' in answer.text
    answer = await quick_site.browser().get("/issues/7")
    assert "There is no issue 7 on this board." in words_of(answer.text)


async def test_a_wrong_method_is_refused_with_the_right_ones(quick_site: Site) -> None:
    answer = await quick_site.browser().post("/rules")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    problem = await quick_site.browser().delete("/api/v1/areas")
    assert (problem.status_code, problem.json()["status"]) == (405, 405)


async def test_staff_see_an_issue_as_a_customer_does(quick_site: Site) -> None:
    number, bo = await file_issue(quick_site.browser(), private="Order 4711"), await quick_site.staff(BO)
    desk = await bo.get(f"/staff/issues/{number}")
    link = re.search(r'href="([^"]+)">See as a customer', desk.text)
    assert link
    page = await bo.get(link[1])
    assert page.status_code == 200
    assert "You read this as a customer does." in words_of(page.text)
    assert "Order 4711" not in page.text
    assert 'name="body"' not in page.text


async def test_the_sign_in_link_works_once_and_looking_at_it_uses_nothing_up(quick_site: Site) -> None:
    root, mo = await quick_site.staff(ROOT), quick_site.browser()
    invited = await root.post(
        "/staff/settings/colleagues", data={"email": "di@board.example", "name": "Di", "role": "agent"}
    )
    found = re.search(r"https://board\.example(/signin/[\w-]+)", invited.text)
    assert found
    for look in (mo.get, mo.head, mo.get):
        assert (await look(found[1])).status_code == 200
    used = await mo.post(found[1])
    assert (used.status_code, used.headers["location"]) == (303, "/staff")
    cookie = used.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
    assert (await mo.get("/staff")).status_code == 200
    assert (await quick_site.browser().post(found[1])).status_code == 404
    for path in ("/", "/staff", "/staff/outbox", "/me", "/prove"):
        assert 'action="/signout"' in (await mo.get(path)).text, path
    kept = dict(mo.cookies)
    left = await mo.post("/signout")
    assert (left.headers["location"], left.headers["clear-site-data"]) == ("/?done=signed_out", '"storage"')
    mo.cookies.update(kept)
    assert (await mo.get("/staff")).headers["location"] == "/signin"


async def test_a_colleague_who_is_removed_or_signed_out_is_out_at_once(quick_site: Site) -> None:
    bo, root = await quick_site.staff(BO), await quick_site.staff(ROOT)
    assert (await bo.get("/staff")).status_code == 200
    assert (await root.post(f"/staff/settings/colleagues/{BO.person}/signout")).status_code == 303
    assert (await bo.get("/staff")).headers["location"] == "/signin"
    bo = await quick_site.staff(BO)
    assert (await bo.get("/staff")).status_code == 200
    assert (await root.post(f"/staff/settings/colleagues/{BO.person}/removal")).status_code == 303
    assert (await bo.get("/staff")).headers["location"] == "/signin"
    last = await root.post(f"/staff/settings/colleagues/{ROOT.person}/removal")
    assert last.status_code == 422
    assert (await root.get("/staff")).status_code == 200


async def test_a_private_link_of_one_issue_opens_no_other(quick_site: Site) -> None:
    first, second = await file_issue(quick_site.browser()), await file_issue(quick_site.browser())
    ada = await quick_site.filer(first)
    assert (await ada.post(f"/issues/{second}/withdrawal")).status_code == 403
    assert (await ada.get(f"/issues/{second}/receipt")).status_code == 403
    secret = quick_site.board.links.filer_secret(first)
    for broken in (secret[:-1], secret.replace(f"{first}-", f"{second}-"), secret + "x", f"{first}-", "", "x"):
        assert (await quick_site.browser().get(f"/mine/{broken}")).status_code == 404


async def test_my_issues_are_those_of_the_links_this_browser_has_opened(quick_site: Site) -> None:
    ada = quick_site.browser()
    numbers = [await file_issue(ada, title=f"Kettle number {place}") for place in range(3)]
    other = await file_issue(quick_site.browser(), title="A teapot")
    page = words_of((await ada.get("/me")).text)
    assert all(f"Kettle number {place}" in page for place in range(len(numbers)))
    assert "A teapot" not in page
    assert other not in numbers
    assert CY.name
    assert CY.name not in page
