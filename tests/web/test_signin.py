"""Signing in on the pages: the same answer for everybody, in the browser that asked, and sessions that can be ended."""

import re

import httpx
import pytest
import time_machine

from board.domain.letters import Letter
from board.store import outbox, people
from board.web.session import now
from tests.cast import BO, ROOT
from tests.web.site import HOME, Site, file_issue, words_of

KNOWN, UNKNOWN = "bo@board.example", "nobody@home.example"


async def mails(site: Site) -> list[Letter]:
    """The letters that sign somebody in, the newest first."""
    async with site.db.reading() as tx:
        letters = [outbox.letter_of(row) for row in await outbox.newest(tx, limit=99)]
    return [letter for letter in letters if letter.code]


async def asked(site: Site, email: str = KNOWN) -> tuple[httpx.AsyncClient, str, str]:
    """A browser that has asked to sign in, with the token and the code that were mailed."""
    browser = site.browser()
    assert (await browser.post("/signin", data={"email": email})).status_code == 200
    letter = (await mails(site))[0]
    return browser, str(letter.link).removeprefix(f"{HOME}/signin#t="), str(letter.code)


def plain(answer: httpx.Response) -> tuple[int, bytes, str]:
    """An answer without the random secret that it gives to the browser."""
    return answer.status_code, answer.content, re.sub(r"__Host-pre=[\w-]{43}", "__Host-pre=", str(answer.headers))


async def test_known_and_unknown_addresses_get_the_same_answer_however_often(site: Site) -> None:
    known, unknown = site.browser(), site.browser()
    for _ in range(5):
        answers = [
            await browser.post("/signin", data={"email": address})
            for browser, address in ((known, KNOWN), (unknown, UNKNOWN))
        ]
        assert plain(answers[0]) == plain(answers[1])
        wrong = [await browser.post("/signin/code", data={"code": "AAAA-AAAA"}) for browser in (known, unknown)]
        assert plain(wrong[0]) == plain(wrong[1])
        looks = [await browser.get("/signin") for browser in (known, unknown)]
        assert plain(looks[0]) == plain(looks[1])
    assert len(await mails(site)) == 3


async def test_the_cookie_of_a_browser_that_asks_is_strict_and_goes_when_it_has_signed_in(quick_site: Site) -> None:
    asking = await quick_site.browser().post("/signin", data={"email": KNOWN})
    assert asking.headers["set-cookie"].startswith("__Host-pre=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(asking.headers["set-cookie"].split("; "))
    bo, token, _ = await asked(quick_site)
    assert "__Host-pre" in bo.cookies
    await bo.post("/signin/link", data={"t": token})
    assert "__Host-pre" not in bo.cookies
    assert (await bo.get("/staff")).status_code == 200


async def test_the_code_signs_in_without_script(site: Site) -> None:
    bo, _, code = await asked(site)
    assert "The code of the mail" in words_of((await bo.get("/signin")).text)
    used = await bo.post("/signin/code", data={"code": f" {code.lower()} "})
    assert (used.status_code, used.headers["location"]) == (303, "/staff")
    assert (await bo.get("/staff")).status_code == 200


async def test_signing_in_leads_to_the_page_that_was_asked_for_first(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser(), email="ada@home.example")
    await quick_site.want_mail(number)
    for email, asked_for, led_to in (
        (KNOWN, f"/staff/issues/{number}?queue=all&q=%5Ctea", f"/staff/issues/{number}?queue=all&q=%5Ctea"),
        (KNOWN, "/prove", "/staff"),
        ("ada@home.example", "/me/data.json", "/me/data.json"),
        ("ada@home.example", "/staff/outbox", "/me"),
    ):
        browser = quick_site.browser()
        sent_away = await browser.get(asked_for)
        assert (sent_away.status_code, sent_away.headers["location"]) == (303, "/signin")
        assert {"HttpOnly", "SameSite=lax", "Secure"} <= set(sent_away.headers["set-cookie"].split("; "))
        await browser.post("/signin", data={"email": email})
        entered = await browser.post("/signin/code", data={"code": str((await mails(quick_site))[0].code)})
        assert (entered.status_code, entered.headers["location"]) == (303, led_to)
        assert "__Host-place" not in browser.cookies


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example",
        "//evil.example",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "%2F%2Fevil.example",
        "/%09/evil",
    ],
)
async def test_no_cookie_leads_to_another_site(quick_site: Site, place: str) -> None:
    bo, token, _ = await asked(quick_site)
    bo.cookies.set("__Host-place", place, domain="board.example")
    assert (await bo.post("/signin/link", data={"t": token})).headers["location"] == "/staff"


async def test_a_wrong_code_is_told_and_the_fifth_is_the_last(site: Site) -> None:
    bo, _, code = await asked(site)
    for _ in range(5):
        refused = await bo.post("/signin/code", data={"code": "AAAA-AAAA"})
        assert refused.status_code == 422
        assert "This code does not fit" in words_of(refused.text)
    assert (await bo.post("/signin/code", data={"code": code})).status_code == 422
    assert (await bo.get("/staff")).headers["location"] == "/signin"


async def test_the_link_in_another_browser_points_to_the_code_and_uses_nothing_up(site: Site) -> None:
    bo, token, _ = await asked(site)
    scanner = site.browser()
    for _ in range(3):
        refused = await scanner.post("/signin/link", data={"t": token})
        assert "This link was asked for in another browser" in words_of(refused.text)
        assert (await scanner.get("/staff")).headers["location"] == "/signin"
    assert (await bo.post("/signin/link", data={"t": token})).headers["location"] == "/staff"
    again = await bo.post("/signin/link", data={"t": token})
    assert again.status_code == 422
    assert "This link was used already, or is too old." in words_of(again.text)


async def test_reading_uses_nothing_up(quick_site: Site) -> None:
    bo, token, _ = await asked(quick_site)
    for look in (bo.get, bo.head, quick_site.browser().get):
        for path in ("/signin", f"/signin?t={token}", "/signin/link", "/signin/code", f"/signin/{token}"):
            assert (await look(path)).status_code in (200, 404)
    assert (await bo.post("/signin/link", data={"t": token})).headers["location"] == "/staff"


async def test_the_outbox_shows_the_code_of_a_colleague_to_admins_only_and_of_a_customer_to_nobody(
    quick_site: Site,
) -> None:
    await quick_site.want_mail(await file_issue(quick_site.browser(), email="ada@home.example"))
    _, token, code = await asked(quick_site)
    _, customers_token, customers_code = await asked(quick_site, "ada@home.example")
    for actor, sees in ((BO, False), (ROOT, True)):
        shown = (await (await quick_site.staff(actor)).get("/staff/outbox")).text
        assert (token in shown, code in shown) == (sees, sees)
        assert customers_token not in shown
        assert customers_code not in shown


async def test_signing_in_ends_the_session_before_and_keeps_what_it_had_opened(site: Site) -> None:
    ada = site.browser()
    number = await file_issue(ada, email="ada@home.example")
    await site.want_mail(number)
    before = dict(ada.cookies)
    await ada.post("/signin", data={"email": "ada@home.example"})
    await ada.post("/signin/code", data={"code": str((await mails(site))[0].code)})
    old = site.browser()
    old.cookies.update(before)
    assert (await old.get("/me")).headers["location"] == "/signin"
    assert (await ada.get(f"/issues/{number}/receipt")).status_code == 200


async def test_sessions_are_listed_and_ended_one_by_one_and_all_others(site: Site) -> None:
    phone = await signed_in(site, {"User-Agent": "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1"})
    desk, third = await signed_in(site), await signed_in(site)
    page = (await desk.get("/me")).text
    assert "Safari, iPhone" in words_of(page)
    assert "(this browser)" in words_of(page)
    marks = re.findall(r'action="/me/sessions/(\w+)"', page)
    assert len(marks) == 2
    stranger = await site.staff(ROOT)
    for mark in marks:
        await stranger.post(f"/me/sessions/{mark}")
    assert [(await one.get("/staff")).status_code for one in (phone, desk, third)] == [200, 200, 200]
    of_phone = re.search(r'Safari, iPhone.*?action="/me/sessions/(\w+)"', page, re.DOTALL)
    assert of_phone
    await desk.post(f"/me/sessions/{of_phone[1]}")
    assert [(await one.get("/staff")).status_code for one in (phone, desk, third)] == [303, 200, 200]
    await desk.post("/me/sessions")
    assert [(await one.get("/staff")).status_code for one in (phone, desk, third)] == [303, 200, 303]
    assert (await site.browser().post("/me/sessions")).status_code == 403


async def signed_in(site: Site, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    async with site.db.saving() as tx:
        link = await people.new_link(tx, purpose="staff", person=BO.person, now_ms=int(now().timestamp() * 1000))
    bo = site.browser(headers)
    assert (await bo.post(f"/signin/{link}")).status_code == 303
    return bo


async def seen_ms(site: Site) -> int:
    async with site.db.reading() as tx:
        return int(await tx.value("SELECT MAX(seen_ms) FROM sessions"))


async def test_using_a_session_is_noted_some_minutes_apart(site: Site) -> None:
    bo = await site.staff(BO)
    first = await seen_ms(site)
    await bo.get("/staff")
    assert await seen_ms(site) == first
    with time_machine.travel(now(), tick=False) as clock:
        clock.shift(6 * 60)
        await bo.get("/staff")
        noted = await seen_ms(site)
        assert noted >= first + 6 * 60_000 - 1_000
        clock.shift(60)
        await bo.get("/staff")
        assert await seen_ms(site) == noted
        clock.shift(12 * 3600)
        assert (await bo.get("/staff")).headers["location"] == "/signin"
