"""The staff page of mentions: what was said elsewhere is filed for its author or set aside; only staff see it."""

from ipaddress import ip_network
from pathlib import Path

import httpx

from board.domain.events import IssueFiled
from board.domain.leaf import format_time
from board.domain.mentions import Mention
from board.store import mentions
from board.store import mirrors as mirror_rows
from board.web.session import now, now_ms
from tests.cast import BO, ROOT, chain
from tests.networks.serving import serving
from tests.networks.x import SECRETS, Said, X
from tests.soundness import assert_sound
from tests.web.site import Site, running, words_of
from tests.web.test_mirrors import until

PAGE = "/staff/mentions"
WORDS = "@teaboard My kettle <b>leaks</b>.\nSince Monday."


async def drafted(site: Site, *, text: str = WORDS, url: str = "https://x.com/eve/status/7") -> int:
    """A draft as the follower leaves it; returns its number."""
    async with site.db.saving() as tx:
        mirror = await mirror_rows.add(tx, network="x", address="https://192.0.2.1", budget=1, now_ms=0)
        told = Mention(remote="7", author="@eve", text=text, url=url, said_ms=now_ms(), came_ms=now_ms())
        await mentions.put(tx, mirror, told, now_ms())
        (draft,) = await mentions.newest(tx, limit=2)
    return draft.id


def typed_of(html: str) -> dict[str, str]:
    """The hidden fields that a draft's form brings along."""
    return {"mention": html.split('name="mention" value="')[1].split('"')[0]}


async def test_a_mention_is_heard_read_and_filed_for_its_author(sqlite_url: str, tmp_path: Path) -> None:
    near = (ip_network("127.0.0.0/8"),)
    async with serving(X()) as network, running(sqlite_url, tmp_path, outbound_near=near) as site:
        root, bo = await site.staff(ROOT), await site.staff(BO)
        await root.post("/staff/mirrors", data={"network": "x", "address": network.url, **SECRETS})
        await until(lambda: root.get("/staff/mirrors/1"), "it answers, and knows us")
        assert "The board does not listen" in words_of((await bo.get(PAGE)).text)
        await root.post("/staff/mirrors/1/acts", data={"act": "on"})
        network.said = [
            Said(id=9, text="@board My kettle leaks.", author="eve", at=format_time(now().replace(year=2090)))
        ]
        await root.post("/staff/mirrors/1", data={"budget": "100", "is_dry": "yes", "hears": "yes"})
        assert 'id="hears" name="hears" value="yes" checked' in (await root.get("/staff/mirrors/1")).text
        assert "@board My kettle leaks." in await until(lambda: bo.get(PAGE), "@eve")
        assert "1 mention waits for you" in words_of((await bo.get("/staff/outbox")).text)
        form = (await bo.get("/new?mention=1")).text
        assert "@board My kettle leaks." in form
        assert "@eve\nhttps://x.com/eve/status/9" in form
        filed = await bo.post("/issues", data={**typed_of(form), "title": "It leaks", "body": "My kettle leaks."})
        assert filed.headers["location"] == "/issues/1/receipt"
        assert words_of((await bo.get(PAGE)).text).count("@eve") == 0
        filing = (await chain(site.db, 1))[0].event
        assert isinstance(filing, IssueFiled)
        assert filing.via == "x"
        await assert_sound(site.db)


async def test_words_of_a_mention_are_shown_as_text(quick_site: Site) -> None:
    await drafted(quick_site)
    page = (await (await quick_site.staff(BO)).get(PAGE)).text
    assert "@teaboard My kettle &lt;b&gt;leaks&lt;/b&gt;.\nSince Monday." in page
    assert 'href="https://x.com/eve/status/7" rel="noopener noreferrer"' in page


async def test_what_looks_private_in_a_mention_is_asked_about_and_the_draft_waits_meanwhile(quick_site: Site) -> None:
    number = await drafted(quick_site, text="Call me at +49 170 1234567, it leaks.")
    bo = await quick_site.staff(BO)
    typed = {"mention": str(number), "title": "It leaks", "body": "Call me at +49 170 1234567, it leaks."}
    asked = await bo.post("/issues", data=typed)
    assert asked.status_code == 422
    assert "This would be public" in words_of(asked.text)
    assert f'name="mention" value="{number}"' in asked.text
    again = await bo.post("/issues", data={**typed, "find-all": "mask"})
    assert again.status_code == 303
    assert (await bo.get(f"/new?mention={number}")).status_code == 404


async def test_of_two_colleagues_one_files_it(quick_site: Site) -> None:
    number, bo = await drafted(quick_site), await quick_site.staff(BO)
    typed = {"mention": str(number), "title": "It leaks", "body": "My kettle leaks."}
    answers = [await bo.post("/issues", data=typed), await bo.post("/issues", data=typed)]
    assert [answer.status_code for answer in answers] == [303, 404]


async def test_no_address_is_asked_of_who_files_for_somebody_else(quick_site: Site) -> None:
    await quick_site.settle_policy(mail_policy="required", moderation_policy="open")
    number, bo = await drafted(quick_site), await quick_site.staff(BO)
    typed = {"title": "It leaks", "body": "My kettle leaks."}
    assert (await bo.post("/issues", data=typed)).status_code == 422
    assert (await bo.post("/issues", data={**typed, "mention": str(number)})).status_code == 303


async def test_a_mention_is_set_aside_and_forgotten(quick_site: Site) -> None:
    number, bo = await drafted(quick_site), await quick_site.staff(BO)
    assert (await bo.post(f"{PAGE}/{number}")).headers["location"].startswith(PAGE)
    assert (await bo.post(f"{PAGE}/{number}")).status_code == 409
    assert "No mentions wait" in words_of((await bo.get(PAGE)).text)


async def test_nobody_else_sees_or_uses_a_mention(quick_site: Site) -> None:
    number = await drafted(quick_site)
    cy, au = quick_site.browser(), await quick_site.auditor()
    for browser in (cy, au):
        seen: list[httpx.Response] = [await browser.get(path) for path in (PAGE, f"/new?mention={number}", "/new")]
        seen.append(await browser.post("/issues", data={"mention": str(number), "title": "Mine", "body": "All mine."}))
        seen.append(await browser.post(f"{PAGE}/{number}"))
        assert [answer.status_code for answer in seen if "kettle" in answer.text or "@eve" in answer.text] == []
        assert seen[-1].status_code == 403
    async with quick_site.db.reading() as tx:
        assert len(await mentions.newest(tx, limit=2)) == 1
        assert int(await tx.value("SELECT COUNT(*) FROM issues")) == 0


async def test_opening_the_list_asks_once_an_hour_whether_the_posts_are_still_there(quick_site: Site) -> None:
    await drafted(quick_site)
    async with quick_site.db.saving() as tx:
        await mentions.begin(tx, 1, 0)
    bo, asked = await quick_site.staff(BO), []
    for _ in range(2):
        await bo.get(PAGE)
        async with quick_site.db.reading() as tx:
            (found,) = await mentions.hearings(tx)
        asked.append(found.look_below_ms)
    assert asked[0] == asked[1] > now_ms() - 3_700_000


async def test_the_days_are_a_setting(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    for days, status in (("0", 422), ("366", 422), ("7", 303)):
        assert (await root.post("/staff/settings/policies", data={"mention_days": days})).status_code == status
    assert "dealt with after 7 days" in words_of((await root.get(PAGE)).text)
