"""Every route is tried by everybody: who gets through follows from one table of rights, and no route may be missing."""

from dataclasses import dataclass
from http.cookiejar import Cookie
from typing import Any

import httpx
import pytest

from board.domain.people import MAY, Standing
from board.store import people
from board.web.session import SAFE, now_ms
from tests.cast import BO, MO, ROOT, answer, file_issue
from tests.soundness import assert_sound
from tests.web.doors import BODIES, FORMS, all_routes, filled, plain, takes_json
from tests.web.site import Site
from tests.web.test_bad_input import counted

OPEN, SIGNED_IN, COLLEAGUES, FILER = "open", "signed in", "colleagues", "filer"
# What it takes at each door: a right of the table in domain/people.py, or one of the words above.
PAGES = {
    **dict.fromkeys(("/", "/rules", "/about", "/new", "/similar", "/policies/{sha256}.json", "/mine/{secret}"), OPEN),
    **dict.fromkeys(("/issues/{number}", "/issues/{number}/log", "/issues/{number}/card.png"), OPEN),
    **dict.fromkeys(("/follows/{secret}", "/mail/{secret}"), OPEN),
    **dict.fromkeys(("/embed/list.html", "/embed/badge.svg", "/embed/v1/state.json"), OPEN),
    **dict.fromkeys(("/embed", "/embed/new"), OPEN),
    "/staff/widget": "run_board",
    **dict.fromkeys(("/embed/v1/embed.js", "/embed/v1/embed-{sha256}.js"), OPEN),
    **dict.fromkeys(
        ("/log/checkpoint", "/log/tile/{path}", "/log/receipts/{index}.tlog-proof", "/log/verify.py"), OPEN
    ),
    "/live/sse": OPEN,
    "/metrics": "lapse",  # for none of these visitors: it takes the operator's token
    **dict.fromkeys(("/signin", "/signin/{secret}", "/signin/oidc", "/signin/oidc/return"), OPEN),
    **dict.fromkeys(("/healthz", "/readyz", "/accent.css", "/static/board.css", "/favicon.ico", "/robots.txt"), OPEN),
    **dict.fromkeys(("/api/v1/issues", "/api/v1/issues/{number}", "/api/v1/issues/{number}/events"), OPEN),
    **dict.fromkeys(("/api/v1/events", "/api/v1/areas", "/api/v1/figures", "/api/v1/openapi.json", "/api"), OPEN),
    **dict.fromkeys(("/api/v1/queue", "/api/v1/colleagues", "/api/v1/outbox"), "see_desk"),
    **dict.fromkeys(("/api/v1/issues/{number}/desk", "/api/v1/issues/{number}/notes"), "see_desk"),
    "/api/v1/issues/{number}/private-words": "tell_privately",
    **dict.fromkeys(("/open311/discovery.json", "/open311/v2/services.{form}"), OPEN),
    **dict.fromkeys(("/open311/v2/requests.{form}", "/open311/v2/requests/{id}.{form}"), OPEN),
    "/api/v1/moderation": "see_moderation",
    **dict.fromkeys(("/moderation", "/issues/{number}/report", "/me/address/{secret}"), OPEN),
    **dict.fromkeys(("/feed.atom", "/feed.json", "/areas/{slug}/feed.atom", "/areas/{slug}/feed.json"), OPEN),
    **dict.fromkeys(("/issues/{number}/feed.atom", "/issues/{number}/feed.json", "/oembed", "/data/"), OPEN),
    **dict.fromkeys(("/data/events.jsonl", "/data/issues.csv", "/data/issues.parquet"), OPEN),
    "/issues/{number}/receipt": FILER,
    **dict.fromkeys(("/me", "/me/data.json"), SIGNED_IN),
    **dict.fromkeys(("/prove", "/prove/done", "/me/codes.svg"), COLLEAGUES),
    **dict.fromkeys(("/staff", "/staff/issues/{number}", "/staff/outbox"), "see_desk"),
    "/staff/moderation": "see_moderation",
    "/staff/mentions": "see_private",
    **dict.fromkeys(("/staff/settings", "/staff/hooks", "/staff/hooks/{id}"), "run_board"),
    **dict.fromkeys(("/staff/mirrors", "/staff/mirrors/{id}"), "run_board"),
}
OF_AN_ISSUE = {
    "comments": "comment",
    "confirmation": "confirm",
    "dispute": "dispute",
    "withdrawal": "withdraw",
    "thanks": "thank",
    "corrections": "correct",
    "mine-too": "mine_too",
    "follow": "follow",
    "updates": "update",
    "resolution": "resolve",
    "notes": "note",
    "mirroring": "keep_out",
    "owner": "assign",
    "area": "move",
    "promise": "promise",
    "merge": "merge",
    "split": "split",
    "reopening": "reopen",
    "publication": "publish",
    "rejection": "reject",
    "removal": "remove",
    "hidings": "hide",
    "restoration": "restore",
    "redactions": "redact",
    "reports": OPEN,
    "appeals": FILER,
    "erasures": FILER,
    "private-words": "tell_privately",
}
BOARD = ("/staff/settings", "/staff/hooks", "/staff/mirrors", "/staff/widget")
ACTS = {
    "/issues": "file",
    "/api/v1/issues": "file",
    **{f"/issues/{{number}}/{name}": right for name, right in OF_AN_ISSUE.items()},
    **{f"/api/v1/issues/{{number}}/{name}": right for name, right in OF_AN_ISSUE.items()},
    "/live/tickets": "see_desk",
    "/finds": OPEN,
    "/staff/issues/{number}/private": "see_private",
    "/staff/mentions/{id}": "see_private",
    "/staff/moderation": "publish",
    "/staff/moderation/hidings/{id}": "remove",
    "/staff/moderation/appeals/{id}": "restore",
    "/staff/moderation/reports/{id}": "publish",
    "/api/v1/moderation/hidings/{id}": "remove",
    "/api/v1/moderation/appeals/{id}": "restore",
    "/api/v1/moderation/reports/{id}": "publish",
    "/me/address/{secret}": OPEN,
    **dict.fromkeys(("/new", "/embed/handover"), OPEN),
    "/embed/new": "file",
    "/inbound/mail": "lapse",  # for none of these visitors: it takes the operator's token
    **dict.fromkeys(("/me/address", "/me/mail", "/me/wishes", "/me/erasure"), SIGNED_IN),
    **dict.fromkeys(
        ("/staff/outbox/{id}/try", "/staff/outbox/{id}/end", "/staff/outbox/addresses", "/staff/outbox/again"),
        "try_mail",
    ),
    **{path: "run_board" for path in FORMS if path.startswith(BOARD)},
    **{path: OPEN for path in FORMS if path.startswith(("/signin", "/signout", "/follows", "/mail"))},
    **{path: SIGNED_IN for path in FORMS if path.startswith("/me/sessions")},
    **{path: COLLEAGUES for path in FORMS if path.startswith(("/me/passkeys", "/me/codes", "/prove"))},
}
SESSIONS = ("/me/sessions", "/me/sessions/{mark}")
OF_THEMSELVES = ("/me", "/me/data.json", "/me/address", "/me/mail", "/me/wishes", "/me/erasure", *SESSIONS)
LAST = (*SESSIONS, "/me/erasure", "/signout")  # end what the walk needs


@dataclass(frozen=True)
class Visitor:
    """Who walks: in which standing on the pages of the issue, and in which towards the API."""

    standing: Standing
    to_api: Standing | None  # None where the credentials shown there are for something else
    is_signed_in: bool = False


VISITORS = {
    "anyone": Visitor("anyone", "anyone"),
    "filer of another issue": Visitor("anyone", None, is_signed_in=True),
    "filer": Visitor("filer", "filer", is_signed_in=True),
    "customer": Visitor("anyone", "anyone", is_signed_in=True),
    "agent": Visitor("agent", "agent", is_signed_in=True),
    "moderator": Visitor("moderator", "moderator", is_signed_in=True),
    "admin": Visitor("admin", "admin", is_signed_in=True),
    "auditor": Visitor("auditor", "anyone", is_signed_in=True),
    "half an agent": Visitor("anyone", "anyone", is_signed_in=True),
    "reader": Visitor("anyone", "reader"),
}
STAFF = {"agent": BO, "moderator": MO, "admin": ROOT}


def is_let_in(name: str, method: str, path: str) -> bool:
    """What the tables say."""
    who, right = VISITORS[name], (PAGES if method == "GET" else ACTS)[path]
    if right == "comment" and name in STAFF:
        return False  # who speaks for the company posts an update
    if takes_json(path) and right != OPEN and method == "GET":
        return who.to_api is not None and who.to_api in MAY[right]
    if takes_json(path) and right in (OPEN, FILER) and method != "GET":
        return who.to_api is not None and (right == OPEN or who.to_api == "filer")
    if takes_json(path) and method != "GET":
        # The secret of an issue speaks for that issue, and for no filing.
        return (
            who.to_api is not None
            and who.to_api in MAY[right]
            and not (who.to_api == "filer" and "{number}" not in path)
        )
    if right == OPEN:
        return True
    if right == SIGNED_IN:
        return who.is_signed_in and not (name == "half an agent" and path in OF_THEMSELVES)
    if right == COLLEAGUES:
        return name in (*STAFF, "auditor") or (
            name == "half an agent" and path.startswith("/prove") and "done" not in path
        )
    if right == FILER:
        return who.standing == "filer"
    if name == "half an agent" and right in ("thank", "correct"):
        return False
    return who.standing in MAY[right]


def was_let_in(got: httpx.Response) -> bool:
    away = got.headers.get("location", "") in ("/signin", "/prove")
    return got.status_code not in (401, 403) and not (got.status_code == 303 and away)


def place_of(path: str) -> int:
    """What ends the walk comes last, in its order."""
    return LAST.index(path) + 1 if path in LAST else 0


def walk() -> list[tuple[str, str]]:
    """Every method of every route, reading first."""
    found = [(method, plain(route)) for route in all_routes() for method in route.methods or () if method != "HEAD"]
    return sorted(found, key=lambda one: (one[0] not in SAFE, place_of(one[1]), one[1]))


async def visit(site: Site, name: str, number: int, other: int) -> tuple[httpx.AsyncClient, dict[str, str]]:
    """The browser of the visitor, and the headers with which they speak to the API."""
    if name in STAFF:
        return await site.staff(STAFF[name]), await site.token(name, of=STAFF[name])
    if name.startswith("filer"):
        own = number if name == "filer" else other
        return await site.filer(own), site.filer_key(own)
    browser = site.browser()
    if name == "reader":
        browser.headers.update(await site.token("reader"))
        return browser, dict(browser.headers)
    person: int | None = BO.person if name == "half an agent" else None
    async with site.db.saving() as tx:
        if name == "auditor":
            made = await people.add(tx, email="au@board.example", name="Au", role="auditor", now_ms=0)
            person = made.id
        email = "eve@home.example" if name == "customer" else None
        given: dict[str, Any] = {"person": person, "email": email, "is_proved": name != "half an agent"}
        if name != "anyone":
            secret = await people.new_session(tx, now_ms=now_ms(), **given)
            browser.cookies.set("__Host-board", secret, domain="board.example")
    return browser, {}


@pytest.mark.parametrize("name", VISITORS)
async def test_every_route_lets_in_those_who_have_the_right_and_nobody_else(quick_site: Site, name: str) -> None:
    number, other = await file_issue(quick_site.db), await file_issue(quick_site.db)
    said = await answer(quick_site.db, number)
    own = str(said.index) if name in STAFF else FORMS["/issues/{number}/corrections"]["target"]
    browser, shown = await visit(quick_site, name, number, other)
    wrong, cookies = [], list(browser.cookies.jar)
    for method, path in walk():
        before = await counted(quick_site)
        show_only(browser, cookies)
        got = await ask(browser, method, path, number, shown, own)
        assert got.status_code < 500, (method, path)
        if was_let_in(got) != is_let_in(name, method, path):
            wrong.append((method, path, got.status_code, got.headers.get("location")))
        if not was_let_in(got):
            assert await counted(quick_site) == before, (method, path)
    assert wrong == []
    await assert_sound(quick_site.db)


@pytest.mark.parametrize("name", VISITORS)
async def test_who_may_not_act_hears_that_before_anything_about_the_words(quick_site: Site, name: str) -> None:
    number, other = await file_issue(quick_site.db), await file_issue(quick_site.db)
    browser, shown = await visit(quick_site, name, number, other)
    private, cookies, tried = {"body": "Call +49 170 1234567."}, list(browser.cookies.jar), []
    for method, path in walk():
        if method != "POST" or is_let_in(name, method, path):
            continue
        show_only(browser, cookies)
        target = filled(path, number=number)
        if takes_json(path):
            answers = [await browser.post(target, json=body, headers=shown) for body in (private, {}, {"no": "such"})]
        else:
            answers = [await browser.post(target, data={**FORMS[path], **private})]
        tried.append(path)
        assert [was_let_in(answer) for answer in answers] == [False] * len(answers), path
    assert tried


def show_only(browser: httpx.AsyncClient, cookies: list[Cookie]) -> None:
    """Forgets what the doors before have given, such as the session of a filer."""
    browser.cookies.clear()
    for cookie in cookies:
        browser.cookies.jar.set_cookie(cookie)


async def ask(
    browser: httpx.AsyncClient, method: str, path: str, number: int, shown: dict[str, str], own: str
) -> httpx.Response:
    """The answer at a door to what it takes; `own` are words of one's own, for correcting them."""
    target = filled(path, number=number)
    if path == "/live/sse":
        target += "?topics=nothing"
    if method == "GET":
        return await browser.get(target, headers=shown if takes_json(path) else None)
    if takes_json(path):
        own_place = {"target": int(own)} if path.endswith("/corrections") else {}
        return await browser.post(target, json={**BODIES[path], **own_place}, headers=shown)
    own_words = {"target": own} if path.endswith("/corrections") else {}
    return await browser.post(target, data={**FORMS[path], **own_words})


def test_every_route_is_in_the_tables() -> None:
    known = {*(("GET", path) for path in PAGES), *(("POST", path) for path in ACTS)}
    assert {one for one in walk() if one not in known} == set()
