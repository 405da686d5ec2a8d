"""A hidden comment through the whole board: its stub, who still reads the words, and who decides about it."""

import re
from typing import Any

import httpx
import pytest

from board.actions import clock, customers, hiding
from board.domain.people import Poster
from board.store import moderation, people
from board.web.session import cookie_name, now_ms
from tests import cast
from tests.cast import BO, CY, MO, ROOT, later
from tests.soundness import assert_sound
from tests.web.site import Site, act, file_issue, words_of
from tests.web.wire import Wire, hear

WORDS = "Ask ada@home, Zanzibar spoils the tea."
STUB = re.compile(r"A comment was hidden on [^.]*\d{4}[^.]* by a moderator, because it was off topic\.")


async def commented(site: Site) -> tuple[int, str, httpx.AsyncClient]:
    """An issue, the place of Cy's comment on it, and the browser of Cy."""
    number, cy = await file_issue(site.browser()), site.browser()
    await act(cy, number, "comments", body=WORDS, name="Cy")
    return number, str(await site.head()), cy


async def page(client: httpx.AsyncClient, number: int, at: str = "/issues") -> str:
    return (await client.get(f"{at}/{number}")).text


async def read(site: Site, number: int) -> str:
    return words_of(await page(site.browser(), number))


async def decide(site: Site, what: str, do: str, by: Any = ROOT) -> None:
    """Somebody presses a button of the queue, on the newest of what waits there."""
    async with site.db.reading() as tx:
        newest = await tx.value(f"SELECT MAX(id) FROM {what}")
    done = await (await site.staff(by)).post(f"/staff/moderation/{what}/{newest}", data={"do": do})
    assert done.status_code == 303


async def test_by_a_second_person_it_turns_into_its_stub_for_everybody_but_author_and_staff(site: Site) -> None:
    number, target, cy = await commented(site)
    mo = await site.staff(MO)
    asked = await act(mo, number, "hidings", target=target, reason="off_topic")
    assert "done=asked" in asked.headers["location"]
    assert "Zanzibar" in await read(site, number)
    assert "A moderator asked to hide a comment here, because it was off topic." in words_of(await page(cy, number))
    queue = (await mo.get("/staff/moderation")).text
    assert f'href="/staff/issues/{number}#e{target}"' in queue
    assert "a comment · Mo" in words_of(queue)
    assert "Zanzibar" in queue
    again = await (await site.staff(ROOT)).post(
        f"/issues/{number}/hidings", data={"target": target, "reason": "off_topic"}
    )
    assert again.status_code == 409
    assert "This was asked for already." in words_of(again.text)

    await decide(site, "hidings", "agree")
    hidden = await page(site.browser(), number)
    assert "Zanzibar" not in hidden
    assert f'<li id="e{target}"' in hidden
    assert STUB.search(words_of(hidden))
    own = words_of(await page(cy, number))
    assert STUB.search(own)
    assert WORDS in own
    assert "Your comment is not shown" in own
    desk = words_of(await page(mo, number, "/staff/issues"))
    assert "by a moderator (Root), because it was off topic." in desk
    assert WORDS in desk
    masked = words_of(await page(await site.auditor(), number, "/staff/issues"))
    assert "Ask •••, Zanzibar spoils the tea." in masked
    await assert_sound(site.db)


async def test_what_hurts_goes_at_once_everywhere_and_comes_back_where_that_was_wrong(site: Site) -> None:
    number, target, _ = await commented(site)
    mo, cy = await site.staff(MO), site.browser()
    places = ("/", "/?q=zanzibar", f"/issues/{number}/log", f"/api/v1/issues/{number}", "/api/v1/events")
    assert all(["Zanzibar" in (await cy.get(path)).text for path in places])
    done = await act(mo, number, "hidings", target=target, reason="third_party_privacy")
    assert "done=hidden" in done.headers["location"]
    assert not any(["Zanzibar" in (await cy.get(path)).text for path in places])
    entry = (await cy.get(f"/api/v1/issues/{number}")).json()["timeline"][-1]
    assert (entry["index"], entry["name"], entry["body"], entry["body_html"]) == (int(target), None, None, None)
    assert entry["hidden"].items() >= {"role": "moderator", "reason": "third_party_privacy"}.items()
    assert (
        entry["sentence"] == "A comment was hidden by a moderator, because it told private things about somebody else."
    )
    queue = words_of((await (await site.staff(ROOT)).get("/staff/moderation")).text)
    assert "Hidden at once, to be looked over" in queue
    assert WORDS in queue
    assert "Somebody else looks this over." in words_of((await mo.get("/staff/moderation")).text)
    figures = words_of((await cy.get("/moderation")).text)
    assert "it told private things about somebody else 1 0" in figures
    assert "0 Held for a look" in figures or "Held for a look 0" in figures
    await decide(site, "hidings", "refuse")
    assert all(["Zanzibar" in (await cy.get(path)).text for path in places])
    assert (await cy.get(f"/api/v1/issues/{number}")).json()["timeline"][-1]["hidden"] is None
    await assert_sound(site.db)


async def test_moderators_show_it_again_from_the_desk(quick_site: Site) -> None:
    number, target, _ = await commented(quick_site)
    mo = await quick_site.staff(MO)
    await act(mo, number, "hidings", target=target, reason="threat")
    desk = await page(mo, number, "/staff/issues")
    assert "Show this comment again" in desk
    await act(mo, number, "restoration", target=target)
    assert WORDS in await read(quick_site, number)
    assert "Show this comment again" not in await page(mo, number, "/staff/issues")
    assert "Shown again 1" in words_of((await quick_site.browser().get("/moderation")).text)


async def test_after_a_day_the_clock_hides_it(quick_site: Site) -> None:
    number = await cast.file_issue(quick_site.db)
    done = await cast.do(quick_site.db, customers.comment, number, by=CY, body=WORDS, via="web")
    given: dict[str, Any] = {"links": quick_site.board.links, "say": cast.say, "target": done.index, "how": "hide"}
    await cast.do(quick_site.db, hiding.hide, number, by=MO, reason="off_topic", **given)
    assert WORDS in await read(quick_site, number)
    assert await clock.tick(quick_site.db, later(hours=24)) == 2
    assert STUB.search(await read(quick_site, number))


@pytest.mark.parametrize("outcome", ["uphold", "refuse"])
async def test_its_author_appeals_and_somebody_else_decides(quick_site: Site, outcome: str) -> None:
    number, target, cy = await commented(quick_site)
    await act(await quick_site.staff(MO), number, "hidings", target=target, reason="threat")
    decision = re.search(r'name="decision" value="(\d+)"', await page(cy, number))
    assert decision
    await act(cy, number, "appeals", decision=decision[1], body="It is about tea.")
    own = await (await quick_site.staff(MO)).post("/staff/moderation/appeals/1", data={"do": outcome})
    assert own.status_code == 409
    await decide(quick_site, "appeals", outcome)
    assert ("Zanzibar" in await read(quick_site, number)) == (outcome == "uphold")
    assert ("Your comment is not shown" in await page(cy, number)) == (outcome == "refuse")


async def test_who_signs_in_elsewhere_with_the_same_address_reads_own_words_and_appeals(quick_site: Site) -> None:
    number = await cast.file_issue(quick_site.db)
    poster = Poster(mark=b"cy", is_known=True, email="cy@home.example")
    said = await cast.do(quick_site.db, customers.comment, number, by=CY, body=WORDS, via="web", poster=poster)
    await act(await quick_site.staff(MO), number, "hidings", target=str(said.index), reason="threat")
    for email, is_theirs in (("cy@home.example", True), ("eve@home.example", False)):
        async with quick_site.db.saving() as tx:
            secret = await people.new_session(tx, person=None, email=email, now_ms=now_ms())
        browser = quick_site.browser()
        browser.cookies.set(cookie_name(quick_site.board.settings), secret, domain=browser.base_url.host)
        told = words_of(await page(browser, number))
        assert ("Zanzibar" in told, "Your comment is not shown" in told) == (is_theirs, is_theirs)


async def test_what_cannot_be_hidden_so_is_told_clearly(quick_site: Site) -> None:
    number, target, _ = await commented(quick_site)
    mo = await quick_site.staff(MO)
    update = await cast.answer(quick_site.db, number)
    for given, status, told in (
        ({"target": "1", "reason": "threat"}, 409, "Only a comment is hidden alone."),
        ({"target": str(update.index), "reason": "spam"}, 409, "Only a comment is hidden alone."),
        ({"target": "", "reason": "threat"}, 422, "Choose the comment to hide."),
        ({"target": target, "reason": ""}, 422, "Choose one of:"),
        ({"target": "99999", "reason": "threat"}, 404, "There are no words at this place."),
    ):
        refused = await mo.post(f"/issues/{number}/hidings", data=given)
        assert refused.status_code == status, given
        assert told in words_of(refused.text), given
    assert (await (await quick_site.staff(BO)).post(f"/issues/{number}/hidings", data={})).status_code == 403
    assert WORDS in await read(quick_site, number)


async def test_hiding_wants_a_fresh_proof(quick_site: Site) -> None:
    number, target, _ = await commented(quick_site)
    mo = await quick_site.staff(MO)
    async with quick_site.db.saving() as tx:
        await tx.run("UPDATE sessions SET proved_ms = 1 WHERE person = :mo", mo=MO.person)
    asked = await mo.post(f"/issues/{number}/hidings", data={"target": target, "reason": "threat"})
    assert asked.headers["location"] == "/prove"
    assert WORDS in await read(quick_site, number)


async def test_a_comment_that_was_never_public_has_no_stub(quick_site: Site) -> None:
    number, cy = await file_issue(quick_site.browser()), quick_site.browser()
    await quick_site.settle_policy(moderation_policy="hold", mail_policy="optional", held_words="")
    await act(cy, number, "comments", body="Zanzibar again.")
    async with quick_site.db.reading() as tx:
        (held,) = await moderation.waiting(tx)
    mo = await quick_site.staff(MO)
    refused = await mo.post(f"/issues/{number}/hidings", data={"target": str(held["seq"]), "reason": "threat"})
    assert refused.status_code == 409
    await act(mo, number, "rejection", target=str(held["seq"]), reason="off_topic")
    stranger = await page(quick_site.browser(), number)
    assert f'id="e{held["seq"]}"' not in stranger
    assert not STUB.search(words_of(stranger))


async def test_an_open_page_gets_the_stub_in_place_of_the_words(wire: Wire) -> None:
    number, target, _ = await commented(wire)
    mo = await wire.staff(MO)
    async with wire.socket(f"issue:{number}", await wire.cursor(), html=True) as socket:
        assert (await hear(socket))["t"] == "hello"
        await act(mo, number, "hidings", target=target, reason="threat")
        frames = [await hear(socket), await hear(socket)]
        await act(mo, number, "restoration", target=target)
        frames.append(await hear(socket))
    assert [frame["event"] for frame in frames] == ["comment.held", "comment.rejected", "comment.published"]
    for frame in frames[:2]:
        assert "Zanzibar" not in frame["html"]
        assert f'<li id="e{target}"' in frame["html"]
        assert "by a moderator, because it held a threat." in words_of(frame["html"])
    assert "Zanzibar" in frames[2]["html"]
