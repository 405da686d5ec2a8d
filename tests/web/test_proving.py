"""What is grave wants a fresh proof of who does it; afterwards one goes on where one was, and no typed word is lost."""

import re
from collections.abc import Iterator

import httpx
import pyotp
import pytest
import time_machine

from board.store import outbox, people
from board.web.session import now, now_ms
from tests.authenticator import Authenticator
from tests.cast import BO, MO, ROOT
from tests.web.site import HOME, Site, act, file_issue, words_of

FRESH_S = 15 * 60


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as travelled:
        yield travelled


def led_to_prove(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.headers.get("location")) == (303, "/prove")


async def mailed_code(site: Site, browser: httpx.AsyncClient) -> str:
    """Asks for a mail on the page; returns its code."""
    assert "A mail is on its way to you." in words_of((await browser.post("/prove/mail")).text)
    async with site.db.reading() as tx:
        newest = await outbox.newest(tx, limit=1)
    return str(outbox.letter_of(newest[0]).code)


async def waiting_form(browser: httpx.AsyncClient, proved: httpx.Response) -> tuple[str, dict[str, str]]:
    """Where the form of the interrupted act goes, and what stands in it."""
    assert (proved.status_code, proved.headers["location"]) == (303, "/prove/done")
    page = (await browser.get("/prove/done")).text
    target = re.search(r'<form class="form" action="([^"]+)"', page)
    assert target
    return target[1], dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


async def app_of(browser: httpx.AsyncClient) -> tuple[pyotp.TOTP, list[str]]:
    """Sets up an app on one's page; returns it with the recovery codes."""
    assert (await browser.post("/me/codes")).headers["location"] == "/me#codes"
    page = (await browser.get("/me")).text
    found = re.search(r"otpauth://[^<]+", page)
    assert found
    app = pyotp.parse_uri(found[0].replace("&amp;", "&"))
    assert isinstance(app, pyotp.TOTP)
    picture = await browser.get("/me/codes.svg")
    assert (picture.headers["content-type"], picture.headers["cache-control"]) == ("image/svg+xml", "private, no-store")
    assert "<script" not in picture.text
    assert "style=" not in picture.text
    set_up = await browser.post("/me/codes/confirmation", data={"code": app.at(now())})
    recovery = re.search(r'id="recovery"[^>]*>([^<]+)<', set_up.text)
    assert recovery
    assert found[0] not in (await browser.get("/me")).text
    assert (await browser.get("/me/codes.svg")).status_code == 404
    return app, recovery[1].split()


async def test_removing_an_issue_waits_for_a_proof_and_goes_on_with_what_was_typed(
    site: Site, clock: time_machine.Traveller
) -> None:
    number, mo = await file_issue(site.browser()), await site.staff(MO)
    clock.shift(FRESH_S + 1)
    assert led_to_prove(await mo.post(f"/issues/{number}/removal?queue=all", data={"reason": "threat"}))
    assert (await site.browser().get(f"/issues/{number}")).status_code == 200
    assert "The kettle leaks" in (await site.browser().get(f"/issues/{number}")).text
    code = await mailed_code(site, mo)
    before = mo.cookies["__Host-board"]
    target, typed = await waiting_form(mo, await mo.post("/signin/code", data={"code": code}))
    assert (target, typed) == (f"/issues/{number}/removal?queue=all", {"reason": "threat"})
    assert mo.cookies["__Host-board"] != before
    done = await mo.post(target, data=typed)
    assert done.headers["location"] == f"/staff/issues/{number}?queue=all&done=removed"
    assert "The kettle leaks" not in (await site.browser().get(f"/issues/{number}")).text


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/issues/1/redactions", {"target": "1", "fields": "body title", "reason": "abuse"}),
        ("/issues/1/rejection", {"target": "", "reason": "spam"}),
        ("/staff/settings/colleagues", {"name": "Di", "email": "di@board.example", "role": "agent"}),
        ("/staff/settings/colleagues/1/removal", {}),
        ("/staff/settings/colleagues/1/signout", {}),
        ("/me/sessions", {}),
        ("/me/sessions/0123456789abcdef", {}),
        ("/staff/settings/tokens", {"label": "A <b>robot</b>", "role": "reader"}),
        ("/staff/settings/tokens/1/revocation", {}),
        ("/me/codes", {}),
        ("/me/codes/removal", {}),
        ("/me/passkeys/1/removal", {}),
    ],
)
async def test_what_is_grave_wants_a_fresh_proof(
    quick_site: Site, clock: time_machine.Traveller, path: str, typed: dict[str, str]
) -> None:
    await file_issue(quick_site.browser())
    root = await quick_site.staff(ROOT)
    clock.shift(FRESH_S - 1)
    assert not led_to_prove(await root.post(path, data=typed))
    clock.shift(2)
    assert led_to_prove(await root.post(path, data=typed))
    proved = await root.post("/signin/code", data={"code": await mailed_code(quick_site, root)})
    target, kept = await waiting_form(root, proved)
    assert target == path
    assert kept == {name: value.replace("<", "&lt;").replace(">", "&gt;") for name, value in typed.items()}
    assert not led_to_prove(await root.post(path, data=typed))


@pytest.mark.parametrize(
    ("path", "typed", "told"),
    [
        ("/issues/1/removal", {"reason": "spam"}, "About #1 Reason, in public it was spam"),
        ("/staff/settings/colleagues/1/removal", {}, "About {name}"),
        (
            "/staff/moderation",
            {"chosen": [str(number) for number in range(1, 101)], "do": "reject", "reason": "threat"},
            "Reason, in public it held a threat The chosen #1, #2, #3,",
        ),
    ],
)
async def test_whoever_has_proved_is_told_what_one_press_does(
    quick_site: Site, clock: time_machine.Traveller, path: str, typed: dict[str, str | list[str]], told: str
) -> None:
    await quick_site.settle_policy(moderation_policy="hold" if "moderation" in path else "open", mail_policy="optional")
    await file_issue(quick_site.browser())
    root = await quick_site.staff(ROOT)
    clock.shift(FRESH_S + 1)
    assert led_to_prove(await root.post(path, data=typed))
    await root.post("/signin/code", data={"code": await mailed_code(quick_site, root)})
    async with quick_site.db.reading() as tx:
        first = await people.by_id(tx, 1)
    assert first
    assert told.format(name=first.name) in words_of((await root.get("/prove/done")).text)


async def test_daily_work_wants_no_fresh_proof(quick_site: Site, clock: time_machine.Traveller) -> None:
    number, root = await file_issue(quick_site.browser()), await quick_site.staff(ROOT)
    clock.shift(3 * 3600)
    await act(root, number, "updates", body="We look.")
    await act(root, number, "notes", body="A note.")
    saved = await root.post("/staff/settings/company", data={"name": "Tea", "tagline": "", "accent": "#123456"})
    assert saved.headers["location"].startswith("/staff/settings")


async def test_with_an_app_only_its_code_proves_and_a_mail_alone_signs_nobody_in(
    site: Site, clock: time_machine.Traveller
) -> None:
    mo = await site.staff(MO)
    app, recovery = await app_of(mo)
    clock.shift(FRESH_S + 1)
    assert led_to_prove(await mo.post("/me/codes/removal"))
    assert "Send me a link" not in (await mo.get("/prove")).text
    assert (await mo.post("/prove/code", data={"code": "000000"})).status_code == 422
    proved = await mo.post("/prove/code", data={"code": app.at(now())})
    assert (await waiting_form(mo, proved))[0] == "/me/codes/removal"

    elsewhere = site.browser()
    await elsewhere.post("/signin", data={"email": "mo@board.example"})
    async with site.db.reading() as tx:
        code = outbox.letter_of((await outbox.newest(tx, limit=1))[0]).code
    assert (await elsewhere.post("/signin/code", data={"code": str(code)})).headers["location"] == "/prove"
    number = await file_issue(site.browser())
    for path in ("/staff", "/me", f"/staff/issues/{number}", "/staff/outbox"):
        assert led_to_prove(await elsewhere.get(path)), path
    assert led_to_prove(await elsewhere.post(f"/issues/{number}/updates", data={"body": "We look."}))
    assert (await elsewhere.post("/live/tickets")).status_code == 403
    assert await outsiders_name(elsewhere, site, number) is None
    entered = await elsewhere.post("/prove/code", data={"code": recovery[0]})
    assert entered.status_code == 303
    assert (await elsewhere.get("/staff")).status_code == 200


async def outsiders_name(browser: httpx.AsyncClient, site: Site, number: int) -> str | None:
    """The name under which a public comment from this browser stands, if it does."""
    await browser.post(f"/issues/{number}/mine-too")
    async with site.db.reading() as tx:
        row = await tx.row("SELECT name FROM entries WHERE issue = :n AND role = 'company'", n=number)
    return row["name"] if row else None


async def test_whoever_asked_for_a_page_before_the_proof_gets_it_afterwards(
    quick_site: Site, clock: time_machine.Traveller
) -> None:
    mo, other = await quick_site.staff(MO), quick_site.browser()
    app, _ = await app_of(mo)
    clock.shift(60)
    async with quick_site.db.saving() as tx:
        secret = await people.new_session(tx, person=MO.person, email=None, now_ms=now_ms(), is_proved=False)
    other.cookies.set("__Host-board", secret, domain="board.example")
    assert led_to_prove(await other.get("/staff/outbox?state=kept"))
    proved = await other.post("/prove/code", data={"code": app.at(now())})
    assert (await other.get(proved.headers["location"])).headers["location"] == "/staff/outbox?state=kept"


async def test_a_half_sign_in_keeps_the_page_that_was_asked_for_until_the_whole(
    quick_site: Site, clock: time_machine.Traveller
) -> None:
    app, _ = await app_of(await quick_site.staff(MO))
    clock.shift(60)
    other = quick_site.browser()
    assert (await other.get("/staff/outbox?state=kept")).headers["location"] == "/signin"
    await other.post("/signin", data={"email": "mo@board.example"})
    async with quick_site.db.reading() as tx:
        code = outbox.letter_of((await outbox.newest(tx, limit=1))[0]).code
    assert (await other.post("/signin/code", data={"code": str(code)})).headers["location"] == "/prove"
    proved = await other.post("/prove/code", data={"code": app.at(now())})
    assert proved.headers["location"] == "/staff/outbox?state=kept"


async def test_a_passkey_is_made_and_then_proves_and_signs_in(site: Site, clock: time_machine.Traveller) -> None:
    bo, key = await site.staff(BO), Authenticator(HOME, "board.example")
    question = await bo.post("/me/passkeys/question")
    assert question.headers["cache-control"] == "no-store"
    made = await bo.post("/me/passkeys", data={"credential": key.make(question.text), "name": "My <key>"})
    assert made.headers["location"] == "/me?done=saved#passkeys"
    page = (await bo.get("/me")).text
    assert "My &lt;key&gt;" in page

    clock.shift(FRESH_S + 1)
    assert led_to_prove(await bo.post("/me/codes"))
    shown = key.show((await bo.post("/signin/passkey/question")).text)
    assert (await bo.post("/signin/passkey", data={"credential": shown})).headers["location"] == "/prove/done"
    assert (await bo.post("/signin/passkey", data={"credential": shown})).status_code == 422

    anew = site.browser()
    shown = key.show((await anew.post("/signin/passkey/question")).text)
    assert (await site.browser().post("/signin/passkey", data={"credential": shown})).status_code == 422
    assert (await anew.post("/signin/passkey", data={"credential": shown})).headers["location"] == "/staff"
    assert (await anew.get("/staff")).status_code == 200

    found = re.search(r'action="(/me/passkeys/\d+/removal)"', page)
    assert found
    mo = await site.staff(MO)
    await mo.post(found[1])
    assert "My &lt;key&gt;" in (await bo.get("/me")).text
    await bo.post(found[1])
    assert "My &lt;key&gt;" not in (await bo.get("/me")).text


async def test_the_proof_of_another_colleague_does_not_go_on_with_what_was_begun(
    quick_site: Site, clock: time_machine.Traveller
) -> None:
    number, mo = await file_issue(quick_site.browser()), await quick_site.staff(MO)
    clock.shift(FRESH_S + 1)
    assert led_to_prove(await mo.post(f"/issues/{number}/removal", data={"reason": "threat"}))
    await mo.post("/signin", data={"email": "bo@board.example"})
    async with quick_site.db.reading() as tx:
        code = outbox.letter_of((await outbox.newest(tx, limit=1))[0]).code
    assert (await mo.post("/signin/code", data={"code": str(code)})).headers["location"] == "/staff"
    assert (await mo.get("/prove/done")).headers["location"] == "/staff"


async def test_the_pages_of_a_proof_are_for_staff(quick_site: Site) -> None:
    ada = quick_site.browser()
    await file_issue(ada)
    for stranger in (quick_site.browser(), ada):
        for path in ("/prove", "/prove/done", "/me/codes.svg"):
            assert (await stranger.get(path)).headers["location"] == "/signin"
        for path in ("/prove/code", "/prove/mail", "/me/codes", "/me/passkeys", "/me/passkeys/question"):
            assert (await stranger.post(path)).status_code == 403, path


async def test_the_words_of_an_interrupted_act_wait_a_quarter_of_an_hour(
    quick_site: Site, clock: time_machine.Traveller
) -> None:
    number, mo = await file_issue(quick_site.browser()), await quick_site.staff(MO)
    clock.shift(FRESH_S + 1)
    await mo.post(f"/issues/{number}/removal", data={"reason": "threat"})
    clock.shift(FRESH_S)
    proved = await mo.post("/signin/code", data={"code": await mailed_code(quick_site, mo)})
    assert proved.headers["location"] == "/staff"
