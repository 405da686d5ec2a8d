"""People choose their mail on their own page, and without an account behind the links in their letters."""

import pytest

from board.domain.wishes import Wishes
from board.store import bounces, intake, own_data, wishes
from tests.cast import BO, MO
from tests.web.site import Site, act, file_issue, words_of
from tests.web.test_own_data import signed_in

EVE = "eve@home.example"


async def said(site: Site, email: str) -> Wishes:
    async with site.db.reading() as tx:
        return await wishes.read(tx, email)


async def test_whoever_is_signed_in_chooses_news_areas_and_how_often(site: Site) -> None:
    eve = await signed_in(site, EVE)
    typed = {"kinds": ["answers", "states"], "areas": "service", "pace": "daily", "zone": "Europe/Vienna"}
    assert (await eve.post("/me/wishes", data=typed)).headers["location"] == "/me?done=saved#wishes"
    chosen = Wishes("daily", "Europe/Vienna", frozenset({"promises", "comments"}), frozenset({"returns"}))
    assert await said(site, EVE) == chosen
    html = (await eve.get("/me")).text
    assert '<option value="daily" selected>' in html
    assert "<option selected>Europe/Vienna" in html
    assert 'value="comments">' in html
    assert 'value="answers" checked>' in html
    assert "Mail about my work" not in html
    kept = (await eve.get("/me/data.json")).json()["mail_wishes"]
    assert kept["unwanted"] == ["comments", "promises"]
    wrong = await eve.post("/me/wishes", data={**typed, "do": "wishes", "zone": "Moon/Crater"})
    assert (wrong.status_code, "Choose one of the time zones" in wrong.text) == (422, True)
    assert await said(site, EVE) == chosen
    assert (await site.browser().post("/me/wishes", data=typed)).status_code == 403


async def test_colleagues_choose_what_they_hear_of_their_work(site: Site) -> None:
    bo = await site.staff(BO)
    assert "Mail about my work" in words_of((await bo.get("/me")).text)
    await bo.post("/me/wishes", data={"kinds": "disputed", "pace": "each", "zone": "UTC"})
    assert (await said(site, "bo@board.example")).unwanted >= {"assigned", "overdue"}
    assert (await said(site, "bo@board.example")).wants_work("disputed")
    async with site.db.reading() as tx:
        link = f"/follows/{site.board.links.secret('wishes', await wishes.number(tx, 'bo@board.example'))}"
    await site.browser().post(link, data={"do": "wishes", "kinds": "answers", "pace": "daily", "zone": "UTC"})
    chosen = await said(site, "bo@board.example")
    unwanted = frozenset({"assigned", "overdue", "states", "promises", "comments"})
    assert (chosen.pace, chosen.unwanted) == ("daily", unwanted)


async def followed(site: Site) -> str:
    """The path of the link in Eve's letters about an issue that she follows."""
    number = await file_issue(site.browser())
    await act(site.browser(), number, "follow", email=EVE)
    place = f"/follows/{await site.follow_secret(number, EVE)}"
    assert "Or choose what comes" not in (await site.browser().get(place)).text
    assert (await site.browser().post(place, data={"do": "confirm"})).status_code == 303
    return place


async def test_a_follower_without_an_account_chooses_behind_the_link_of_a_letter(site: Site) -> None:
    place, eve = await followed(site), site.browser()
    assert "Or choose what comes" in (await eve.get(place)).text
    done = await eve.post(place, data={"do": "wishes", "kinds": "answers", "pace": "weekly", "zone": "UTC"})
    assert (done.status_code, (await said(site, EVE)).pace) == (303, "weekly")
    wrong = await eve.post(place, data={"do": "wishes", "pace": "hourly"})
    assert (wrong.status_code, "Choose one of" in wrong.text) == (422, True)
    async with site.db.reading() as tx:
        number = await wishes.number(tx, EVE)
    digest = f"/follows/{site.board.links.secret('wishes', number)}"
    assert "Mail about your issues" in (await eve.get(digest)).text
    assert (await eve.post(digest, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    async with site.db.reading() as tx:
        assert await intake.follows_of(tx, EVE) == []
        assert await own_data.is_quiet(tx, EVE)
    assert "You do not follow this issue any more" in (await eve.get(place)).text
    assert "No mail comes about any issue" in (await eve.get(digest)).text
    again = await eve.post(digest, data={"do": "again"})
    assert again.headers["location"] == "/?done=mail_again"
    assert "Mail about your issues" in (await eve.get(digest)).text
    async with site.db.reading() as tx:
        assert not await own_data.is_quiet(tx, EVE)


async def test_a_follower_of_a_hidden_issue_can_stop_the_mails(site: Site) -> None:
    place, mo = await followed(site), await site.staff(MO)
    await act(mo, 1, "removal", reason="privacy_request")
    shown = (await site.browser().get(place)).text
    assert ["Stop the mails" in shown, "The kettle leaks" in shown] == [True, False]
    done = await site.browser().post(place, data={"do": "stop"})
    assert done.headers["location"] == "/issues/1?done=mail_stopped"
    assert "no more of this mail comes" in (await site.browser().get("/?done=mail_stopped")).text
    gone = await site.browser().get(place)
    assert (gone.status_code, "You do not follow this issue any more" in gone.text) == (200, True)
    assert ["The kettle leaks" in gone.text, "follow it again" in gone.text] == [False, False]


async def test_a_used_link_says_what_is_so_now_and_offers_the_way_back(site: Site) -> None:
    place, eve = await followed(site), site.browser()
    assert "<h1>You follow this issue</h1>" in (await eve.get(place)).text
    await eve.post(place, data={"do": "stop"})
    ended = (await eve.get(place)).text
    assert "<h1>You do not follow this issue any more</h1>" in ended
    assert '<a class="button" href="/issues/1">Open the issue</a>' in ended
    assert "follow it again" in ended
    assert (await eve.post(place, data={"do": "stop"})).status_code == 303
    async with site.db.reading() as tx:
        assert await tx.value("SELECT COUNT(*) FROM follows") == 0


async def test_who_filed_stops_the_mails_and_has_them_again_behind_the_link_of_a_letter(site: Site) -> None:
    number = await file_issue(site.browser(), email=EVE)
    place, eve = f"/follows/{site.board.links.secret('no-mail', number)}", site.browser()
    asked = f"/mail/{site.board.links.secret('mail', number)}"
    assert "<h1>No answers come by mail yet</h1>" in (await eve.get(place)).text
    assert "<h1>Shall the answers come by mail?</h1>" in (await eve.get(asked)).text
    await site.want_mail(number)
    for path, heading in ((place, "Mail about your issue"), (asked, "The answers come by mail")):
        assert f"<h1>{heading}</h1>" in (await eve.get(path)).text
    await eve.post(place, data={"do": "stop"})
    for path in (place, asked):
        assert "<h1>No mail comes about this issue</h1>" in (await eve.get(path)).text
    assert (await eve.post(place, data={"do": "again"})).headers["location"] == f"/issues/{number}?done=mail_again"
    assert "<h1>Mail about your issue</h1>" in (await eve.get(place)).text
    async with site.db.reading() as tx:
        assert not await own_data.is_quiet(tx, EVE, number)


async def test_one_click_counts_as_mail_programs_send_it(site: Site) -> None:
    place = await followed(site)
    robot = site.browser()
    other = await robot.post(place, files={"List-Unsubscribe": (None, "Two-Clicks")})
    assert other.status_code in (303, 422)
    async with site.db.reading() as tx:
        assert len(await intake.follows_of(tx, EVE)) == 1
    done = await robot.post(place, files={"List-Unsubscribe": (None, "One-Click")})
    assert (done.status_code, done.content, "set-cookie" in done.headers) == (200, b"", False)
    async with site.db.reading() as tx:
        assert await intake.follows_of(tx, EVE) == []


@pytest.mark.parametrize("email", [EVE, None])
async def test_choices_are_forgotten_with_the_person_and_move_with_the_address(site: Site, email: str | None) -> None:
    eve = await signed_in(site, EVE)
    await eve.post("/me/wishes", data={"kinds": "answers", "pace": "daily", "zone": "UTC"})
    async with site.db.saving() as tx:
        await bounces.note_hard(tx, EVE, why="gone", now_ms=1)
        if email:
            await own_data.forget_address(tx, email)
        else:
            await own_data.move_address(tx, old=EVE, new="new@home.example")
        assert await bounces.stopped(tx, EVE) is None
    assert (await said(site, EVE)).pace == "each"
    assert (await said(site, "new@home.example")).pace == ("each" if email else "daily")
