"""Anybody may type anybody's address: nothing but one question goes there until whoever reads the mailbox says yes."""

from typing import Any

from board.domain.letters import Letter
from board.store import intake, outbox, people
from board.web.session import now_ms
from tests.cast import BO
from tests.soundness import assert_sound
from tests.web.site import COOKIE, HOME, Site, act, file_issue, words_of

ADA_MAIL = "ada@home.example"
WAITS = "Answers by mail wait for your word"


async def letters(site: Site) -> list[Letter]:
    async with site.db.reading() as tx:
        return [outbox.letter_of(row) for row in reversed(await outbox.newest(tx, limit=99))]


async def signed_in(site: Site) -> Any:
    async with site.db.saving() as tx:
        secret = await people.new_session(tx, person=None, email=ADA_MAIL, now_ms=now_ms())
    browser = site.browser()
    browser.cookies.set(COOKIE, secret, domain="board.example")
    return browser


async def mail_of(site: Site, number: int) -> str | None:
    async with site.db.reading() as tx:
        filer = await intake.filer(tx, number)
    assert filer
    return filer.mail


async def test_the_button_is_behind_the_mail_and_nowhere_else(site: Site) -> None:
    cy = site.browser()
    number = await file_issue(cy, email=ADA_MAIL)
    (question,) = await letters(site)
    path = str(question.link).removeprefix(HOME)
    receipt, page = await cy.get(f"/issues/{number}/receipt"), await cy.get(f"/issues/{number}")
    assert "One mail went to the address you gave." in words_of(receipt.text)
    assert WAITS in words_of(page.text)
    assert path not in receipt.text + page.text
    assert WAITS not in words_of((await site.browser().get(f"/issues/{number}")).text)
    for secret in (path[:-1] + "x", f"/mail/{site.board.links.filer_secret(number)}", "/mail/1"):
        assert (await cy.post(secret, data={"do": "confirm"})).status_code == 404
    assert await mail_of(site, number) is None
    ada = site.browser()
    for look in (ada.get, ada.head, ada.options):
        await look(path)
    assert await mail_of(site, number) is None
    assert (await ada.get(f"/issues/{number}/receipt")).status_code == 403
    for _ in range(2):
        pressed = await ada.post(path, data={"do": "confirm"})
        assert pressed.headers["location"] == f"/issues/{number}?done=mail_wanted"
    assert await mail_of(site, number) == ADA_MAIL
    assert WAITS not in words_of((await ada.get(f"/issues/{number}")).text)
    await assert_sound(site.db)


async def test_whoever_says_no_gets_nothing_and_may_say_yes_later(site: Site) -> None:
    number, bo = await file_issue(site.browser(), email=ADA_MAIL), await site.staff(BO)
    path = site.board.links.mail(number).removeprefix(HOME)
    ada = site.browser()
    assert (await ada.post(path, data={"do": "stop"})).headers["location"] == "/?done=mail_stopped"
    assert (await ada.get(f"/issues/{number}/receipt")).status_code == 403
    await act(bo, number, "private-words", private="Hello?")
    assert len(await letters(site)) == 1
    await site.want_mail(number)
    await act(bo, number, "private-words", private="Hello?")
    assert "wrote to you alone" in (await letters(site))[-1].paragraphs[0]


async def test_an_address_that_once_said_yes_is_asked_again_where_a_stranger_types_it(site: Site) -> None:
    known = await file_issue(site.browser(), email=ADA_MAIL)
    await site.want_mail(known)
    number = await file_issue(site.browser(), email=ADA_MAIL)
    unknown = await file_issue(site.browser(), email="eve@home.example")
    assert [await mail_of(site, one) for one in (known, number, unknown)] == [ADA_MAIL, None, None]
    asked = [letter.link for letter in await letters(site)]
    assert asked == [site.board.links.mail(one) for one in (known, number, unknown)]


async def test_who_is_signed_in_with_the_address_is_not_asked(site: Site) -> None:
    ada = await signed_in(site)
    number, other = await file_issue(ada, email=ADA_MAIL), await file_issue(site.browser())
    assert await mail_of(site, number) == ADA_MAIL
    assert "We have also sent it to your e-mail address." in words_of((await ada.get(f"/issues/{number}/receipt")).text)
    followed = await ada.post(f"/issues/{other}/follow", data={"email": ADA_MAIL.upper()})
    assert followed.headers["location"] == f"/issues/{other}?done=following"
    assert "1 follows" in words_of((await site.browser().get(f"/issues/{other}")).text)
    elsewhere = await file_issue(ada, email="eve@home.example")
    assert await mail_of(site, elsewhere) is None
    assert [letter.link for letter in await letters(site)] == [
        site.board.links.private(number),
        site.board.links.mail(elsewhere),
    ]


async def test_an_address_is_asked_once_about_an_issue_that_it_does_not_want_to_follow(site: Site) -> None:
    number = await file_issue(site.browser())
    for _ in range(2):
        await act(site.browser(), number, "follow", email=ADA_MAIL)
    secret = await site.follow_secret(number, ADA_MAIL)
    assert (await site.browser().post(f"/follows/{secret}", data={"do": "stop"})).status_code == 303
    await act(site.browser(), number, "follow", email=ADA_MAIL)
    assert len(await letters(site)) == 1
    ada = await signed_in(site)
    await act(ada, number, "follow", email=ADA_MAIL)
    await act(await site.staff(BO), number, "updates", body="We look.")
    assert "1 follows" in words_of((await ada.get(f"/issues/{number}")).text)


async def test_the_desk_says_whether_the_customer_gets_the_answer_by_mail(quick_site: Site) -> None:
    number, bo = await file_issue(quick_site.browser(), email=ADA_MAIL), await quick_site.staff(BO)
    assert "has not said yes to mail yet" in words_of((await bo.get(f"/staff/issues/{number}")).text)
    await quick_site.want_mail(number)
    assert "The customer gets it by mail." in words_of((await bo.get(f"/staff/issues/{number}")).text)
