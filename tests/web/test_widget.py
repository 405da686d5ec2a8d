"""The company's own sites: what admins set for them, and customers who are handed over."""

import asyncio
import html
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import time_machine

from board.actions import handovers
from board.store import intake
from tests.cast import BO, MO, ROOT
from tests.domain.test_handover import token
from tests.soundness import assert_sound
from tests.web.site import FILING, HOME, Site, file_issue, words_of

SHOP = "https://shop.example"
NODE = shutil.which("node")


async def secret_of(site: Site) -> str:
    """Root lists the shop and makes a secret."""
    root = await site.staff(ROOT)
    saved = await root.post("/staff/widget", data={"widget_origins": f"{SHOP}/\nhttps://other.example"})
    assert saved.status_code == 303, saved.text
    shown = (await root.post("/staff/widget/secret")).text
    found = re.search(r'id="secret">(board_[\w-]+)<', shown)
    assert found
    return found[1]


def claims(**changes: Any) -> dict[str, Any]:
    given = {"name": "Ada", "email": "ada@home.example", "email_verified": True, "ref": "C-4711"}
    fixed = {"iss": SHOP, "aud": HOME, "exp": int(time.time()) + 200, "jti": "0123456789abcdef"}
    return {**fixed, **given, **changes}


def filled(page: httpx.Response) -> dict[str, str]:
    """What the form has in its fields."""
    found = {}
    for name in ("name", "email", "handover", "via"):
        value = re.search(rf'<input[^>]* name="{name}"[^>]*?value="([^"]*)"', page.text)
        found[name] = html.unescape(value[1]) if value else ""
    return found


async def hand_over(site: Site, client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    made = token(claims(**changes), secret=await secret_of(site))
    return await client.post("/new?area=service&via=widget", data={"t": made})


async def filer(site: Site, number: int) -> intake.Filer | None:
    async with site.db.reading() as tx:
        return await intake.filer(tx, number)


async def send(client: httpx.AsyncClient, fields: dict[str, str]) -> int:
    words = {key: FILING[key] for key in ("title", "body", "area")}
    answer = await client.post("/issues", data={**words, **fields})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].split("/")[2])


async def test_a_customer_whom_the_site_knows_need_not_say_who_they_are(site: Site) -> None:
    ada = site.browser()
    page = await hand_over(site, ada)
    assert page.status_code == 200
    assert "shop.example has said who you are" in words_of(page.text)
    fields = filled(page)
    assert (fields["name"], fields["email"], fields["via"]) == ("Ada", "ada@home.example", "widget")
    assert "C-4711" not in page.text
    number = await send(ada, fields)
    known = await filer(site, number)
    assert known
    assert known.mail == "ada@home.example"

    events = (await site.browser().get(f"/api/v1/issues/{number}/events")).json()["events"]
    assert '"via":"widget"' in events[0]["leaf"]
    desk = (await (await site.staff(BO)).get(f"/staff/issues/{number}")).text
    assert "Known as C-4711 to https://shop.example" in words_of(desk)
    for reader in (ada, site.browser(), await site.auditor()):
        for path in (f"/issues/{number}", f"/issues/{number}/receipt", f"/staff/issues/{number}", "/me/data.json"):
            assert "4711" not in (await reader.get(path)).text, path
    await assert_sound(site.db)


@pytest.mark.parametrize("changes", [{"email_verified": False}, {"email": "", "email_verified": False}])
async def test_an_address_that_the_site_has_not_checked_is_asked_as_ever(
    quick_site: Site, changes: dict[str, Any]
) -> None:
    ada = quick_site.browser()
    fields = filled(await hand_over(quick_site, ada, **changes))
    number = await send(ada, {**fields, "email": "ada@home.example"})
    known = await filer(quick_site, number)
    assert known
    assert (known.email, known.mail) == ("ada@home.example", None)


async def test_another_address_than_the_vouched_one_is_asked_as_ever(quick_site: Site) -> None:
    ada = quick_site.browser()
    fields = filled(await hand_over(quick_site, ada))
    number = await send(ada, {**fields, "email": "bea@home.example"})
    known = await filer(quick_site, number)
    assert known
    assert (known.email, known.mail) == ("bea@home.example", None)


async def test_a_token_and_the_form_made_of_it_count_once(site: Site) -> None:
    secret, ada = await secret_of(site), site.browser()
    made = token(claims(), secret=secret)
    first = await ada.post("/new", data={"t": made})
    again = await ada.post("/new", data={"t": made})
    assert (first.status_code, again.status_code) == (200, 422)
    assert "This token was used before." in words_of(again.text)
    assert filled(again)["name"] == ""
    fields = filled(first)
    numbers = [await send(ada, {**fields, "title": f"Kettle {n}"}) for n in "12"]
    mails = [known.mail for number in numbers if (known := await filer(site, number))]
    assert mails == ["ada@home.example", None]
    later = time_machine.travel(time.time() + handovers.FORM_S + 60, tick=True)
    fresh = filled(await ada.post("/new", data={"t": token(claims(jti="another-one-0123"), secret=secret)}))
    with later:
        late = await send(ada, {**fresh, "title": "Kettle 3"})
    known = await filer(site, late)
    assert known
    assert known.mail is None


@pytest.mark.parametrize("wrong", ["", "x", "a.b.c", "€.€.€"])
async def test_what_is_no_token_leaves_the_form_as_it_was(quick_site: Site, wrong: str) -> None:
    page = await quick_site.browser().post("/new?area=service", data={"t": wrong})
    assert page.status_code == 422
    assert "Your details could not be taken over. Please fill them in yourself." in words_of(page.text)


@pytest.mark.parametrize("forged", ["", "x", "AAAA", "€", "A" * 2_000])
async def test_a_forged_voucher_vouches_for_nobody(quick_site: Site, forged: str) -> None:
    number = await send(quick_site.browser(), {"email": "ada@home.example", "handover": forged})
    known = await filer(quick_site, number)
    assert known
    assert known.mail is None


async def test_the_secret_is_shown_once_and_the_one_before_holds_for_a_day(quick_site: Site) -> None:
    first, second = await secret_of(quick_site), await secret_of(quick_site)
    assert first != second
    assert "board_" not in (await (await quick_site.staff(ROOT)).get("/staff/widget")).text
    for jti, secret, status in (("first-0123456789", first, 200), ("second-0123456789", second, 200)):
        made = token(claims(jti=jti), secret=secret)
        assert (await quick_site.browser().post("/new", data={"t": made})).status_code == status
    with time_machine.travel(time.time() + handovers.ROTATION_MS / 1000 + 60, tick=True):
        made = token(claims(jti="third-0123456789"), secret=first)
        assert "not signed" in (await quick_site.browser().post("/new", data={"t": made})).text


@pytest.mark.parametrize("wrong", ["shop.example", "http://shop.example", "https://shop.example/path", "https://*"])
async def test_a_site_is_named_by_its_origin(quick_site: Site, wrong: str) -> None:
    answer = await (await quick_site.staff(ROOT)).post("/staff/widget", data={"widget_origins": wrong})
    assert answer.status_code == 422
    assert "is no origin: write https:// and the name alone." in words_of(answer.text)


async def test_only_admins_see_the_page_of_it(quick_site: Site) -> None:
    assert (await (await quick_site.staff(MO)).get("/staff/widget")).status_code == 403
    assert (await (await quick_site.staff(ROOT)).get("/staff/widget")).status_code == 200


async def test_the_gallery_shows_each_mode_with_what_to_copy_exact_to_this_board(quick_site: Site) -> None:
    assert '<customer-board mode="issue"' not in (await quick_site.browser().get("/embed")).text
    number = await file_issue(quick_site.browser())
    page = html.unescape((await quick_site.browser().get("/embed")).text)
    for mode in ('limit="3"', f'mode="issue" issue="{number}"', 'mode="badge"', 'mode="button"'):
        assert f"<customer-board {mode}" in page
    assert f"script-src {HOME}; connect-src {HOME}; frame-src {HOME}; img-src {HOME}" in page
    assert "wss://board.example" in page
    pinned = re.search(rf'{HOME}(/embed/v1/embed-\w+\.js)" integrity="(sha384-[\w+/=]+)"', page)
    assert pinned
    assert (await quick_site.browser().get(pinned[1])).status_code == 200


def by_python(example: str) -> str:
    names: dict[str, Any] = {}
    exec(example, names)
    made: str = names["board_token"]("Ada", "ada@home.example", True, "C-4711")
    return made


def by_node(example: str) -> str:
    if NODE is None:
        pytest.skip("there is no Node here")
    given = '{ name: "Ada", email: "ada@home.example", emailVerified: true, ref: "C-4711" }'
    script = f"{example}\nconsole.log(boardToken({given}));"
    done = subprocess.run([NODE, "--input-type=module"], input=script, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(("language", "run"), [("python", by_python), ("node", by_node)])
async def test_the_examples_of_the_gallery_make_tokens_that_hold(
    quick_site: Site, monkeypatch: pytest.MonkeyPatch, language: str, run: Callable[[str], str]
) -> None:
    monkeypatch.setenv("BOARD_WIDGET_SECRET", await secret_of(quick_site))
    page = (await quick_site.browser().get("/embed")).text
    found = re.search(rf'<code id="copy-{language}">(.*?)</code>', page, re.DOTALL)
    assert found
    made = await asyncio.to_thread(run, html.unescape(found[1]).replace("https://www.example.com", SHOP))
    answer = await quick_site.browser().post(f"/new?{urlencode({'via': 'widget'})}", data={"t": made})
    assert filled(answer)["email"] == "ada@home.example"


async def test_only_listed_sites_may_frame_the_form_and_what_comes_after_it(quick_site: Site) -> None:
    anybody, paths = quick_site.browser(), ("/embed/new", "/embed/handover")
    for path in paths:
        answers = [await anybody.post(path, data={"t": "x", "body": ""})]
        assert all("frame-ancestors 'none'" in one.headers["content-security-policy"] for one in answers), path
    await secret_of(quick_site)
    for made in (
        await anybody.get("/embed/new?area=service"),
        await anybody.post("/embed/new", data={"body": ""}),
        await anybody.post("/embed/new", data={"body": "Call me: +49 170 1234567."}),
        await anybody.post("/embed/handover", data={"t": "x"}),
        await anybody.post("/embed/new", data=FILING),
    ):
        policy = made.headers["content-security-policy"]
        assert policy.endswith(f"frame-ancestors {SHOP} https://other.example"), made.text
        assert "x-frame-options" not in made.headers
    for path in ("/new", "/issues/1", "/staff/widget"):
        assert "frame-ancestors 'none'" in (await anybody.get(path)).headers["content-security-policy"]


async def test_in_a_frame_the_receipt_is_the_answer_and_no_cookie_is_set(quick_site: Site) -> None:
    anybody = quick_site.browser()
    receipt = await anybody.post("/embed/new", data={**FILING, "via": "widget"})
    assert receipt.status_code == 200
    assert "set-cookie" not in receipt.headers
    found = re.search(r'id="private-link"[^>]*>(https://[^<]+)<', receipt.text)
    assert found
    opened = await quick_site.browser().get(found[1])
    assert opened.headers["location"].startswith("/issues/1")
    events = (await anybody.get("/api/v1/issues/1/events")).json()["events"]
    assert '"via":"widget"' in events[0]["leaf"]
    assert "nav" not in receipt.text.partition("<main")[0]


async def test_another_site_cannot_send_the_form_in_a_customers_name(quick_site: Site) -> None:
    for path in ("/embed/new", "/embed/handover", "/new"):
        for headers in ({"Origin": SHOP}, {"Sec-Fetch-Site": "cross-site"}):
            assert (await quick_site.browser(headers).post(path, data=FILING)).status_code == 403, path
