"""The outbox shows what goes out; a link that speaks for a customer is shown to nobody."""

import re
from pathlib import Path

from board.actions import outbox as acts
from board.domain.letters import Letter
from board.store import bounces, hooks, mirrors, outbox, positions
from board.store.positions import IDLE, Position
from board.web import session
from board.web.session import now_ms
from tests.cast import BO, ROOT
from tests.followers.postbox import free_port
from tests.web.site import Site, file_issue, running, words_of
from tests.web.test_own_data import signed_in


async def test_a_customers_private_link_is_in_no_outbox(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser(), email="ada@home.example")
    await quick_site.want_mail(number)
    bo = await quick_site.staff(BO)
    await bo.post(f"/issues/{number}/updates", data={"body": "Mended.", "state": "settled", "resolution": "fixed"})
    await quick_site.browser().post("/signin", data={"email": "ada@home.example"})
    for actor in (BO, ROOT):
        shown = (await (await quick_site.staff(actor)).get("/staff/outbox")).text
        assert "ada@home.example" in shown
        assert "/mine/" not in shown
        assert "/mail/" not in shown
        assert "/signin/" not in shown


async def test_an_invitation_can_be_copied_by_admins_only(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    await root.post("/staff/settings/colleagues", data={"name": "Sam", "email": "sam@board.example", "role": "agent"})
    assert "/signin/" in (await root.get("/staff/outbox")).text
    assert "/signin/" not in (await (await quick_site.staff(BO)).get("/staff/outbox")).text


async def test_an_address_that_sends_mail_back_is_shown_and_used_again_when_told(site: Site) -> None:
    eve = "eve@home.example"

    async def send_back() -> None:
        async with site.db.saving() as tx:
            await bounces.note_hard(tx, eve, why="550 no such user", now_ms=now_ms())

    await send_back()
    bo, customer, au = await site.staff(BO), await signed_in(site, eve), await site.auditor()
    assert "550 no such user" in (await bo.get("/staff/outbox")).text
    assert eve not in (await au.get("/staff/outbox")).text
    assert (await bo.post("/staff/outbox/addresses", data={"email": eve})).status_code == 303
    assert eve not in (await bo.get("/staff/outbox")).text
    assert "came back" not in (await customer.get("/me")).text
    await send_back()
    assert "Mail to your address came back" in (await customer.get("/me")).text
    assert (await customer.post("/me/mail", data={"do": "again"})).status_code == 303
    assert "came back" not in (await customer.get("/me")).text


async def test_a_letter_that_waits_is_given_up_and_tried_again(site: Site) -> None:
    number = await file_issue(site.browser(), email="ada@home.example")
    await site.want_mail(number)
    bo = await site.staff(BO)
    async with site.db.saving() as tx:
        await tx.run("UPDATE outbox SET state = 'queued', retry_ms = :later", later=now_ms() + 3_600_000)
        [message, *_] = [row["id"] for row in await tx.rows("SELECT id FROM outbox ORDER BY id")]
    assert "The oldest letter waits for" in (await bo.get("/staff/outbox")).text
    assert (await bo.post(f"/staff/outbox/{message}/end")).status_code == 303
    assert "Somebody here gave it up." in (await bo.get("/staff/outbox?state=failed")).text
    assert (await bo.post(f"/staff/outbox/{message}/try")).status_code == 303
    assert "Somebody here gave it up." not in (await bo.get("/staff/outbox?state=failed")).text


async def test_admins_see_how_all_outlets_fare(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    async with quick_site.db.saving() as tx:
        hook = await hooks.add(tx, url="https://hook.example/in", shape="standard", events=(), now_ms=1)
        await hooks.switch(tx, hook, "failing")
        mirror = await mirrors.add(tx, network="mastodon", address="https://social.example", budget=9, now_ms=1)
        await mirrors.change(tx, mirror, is_on=True, why_paused="login", said="401 Unauthorized")
    shown = (await root.get("/staff/outbox")).text
    assert f'href="/staff/hooks/{hook}"' in shown
    assert "it took nothing for three days" in shown
    assert f'href="/staff/mirrors/{mirror}"' in shown
    assert "the network does not accept the secrets" in shown
    assert "hook.example" not in (await (await quick_site.staff(BO)).get("/staff/outbox")).text


async def test_what_was_sent_has_no_button_and_is_not_tried_again(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser(), email="ada@home.example")
    await quick_site.want_mail(number)
    bo = await quick_site.staff(BO)
    async with quick_site.db.saving() as tx:
        await tx.run("UPDATE outbox SET state = 'sent'")
        [message, *_] = [row["id"] for row in await tx.rows("SELECT id FROM outbox ORDER BY id")]
    assert "Try now" not in (await bo.get("/staff/outbox")).text
    for door, said in (("try", "It is not sent a second time."), ("end", "This letter does not wait any more.")):
        refused = await bo.post(f"/staff/outbox/{message}/{door}")
        assert (refused.status_code, said in words_of(refused.text)) == (409, True)
    assert (await bo.post("/staff/outbox/999/try")).status_code == 404


async def test_a_letter_whose_words_are_deleted_says_so(quick_site: Site) -> None:
    await file_issue(quick_site.browser(), email="ada@home.example")
    root = await quick_site.staff(ROOT)
    for days, status in (("0", 422), ("3651", 422), ("2", 303)):
        assert (await root.post("/staff/settings/policies", data={"letter_days": days})).status_code == status
    async with quick_site.db.saving() as tx:
        await tx.run("UPDATE outbox SET state = 'failed', created_ms = 1")
    await acts.forget_old(quick_site.db, session.now())
    shown = words_of((await root.get("/staff/outbox")).text)
    assert "Words deleted failed · to ada@home.example" in shown
    assert "Try now" not in shown
    assert "kettle" not in shown


async def test_after_a_fault_of_the_mail_server_one_button_tries_all_again(url: str, tmp_path: Path) -> None:
    async with running(url, tmp_path, smtp_url=f"smtp://127.0.0.1:{free_port()}") as site:
        soon = now_ms() + 3_600_000
        async with site.db.saving() as tx:
            for number in range(3):
                letter = Letter(subject="Hello", paragraphs=("Hello.",))
                await outbox.put(tx, message_id=f"l.{number}", recipient="a@b.example", letter=letter, now_ms=soon)
            await tx.run("UPDATE outbox SET state = 'failed', by_line = 1, retry_ms = :now WHERE id < 3", now=now_ms())
            await tx.run("UPDATE outbox SET retry_ms = :later WHERE id = 3", later=now_ms() + 3_600_000)
        bo = await site.staff(BO)
        shown = words_of((await bo.get("/staff/outbox")).text)
        assert "1 letter waits for a later try." in shown
        assert "2 letters of the last 7 days ended because the mail server could not be reached" in shown
        done = await bo.post("/staff/outbox/again")
        assert (done.status_code, done.headers["location"]) == (303, "/staff/outbox?done=trying_all")
        shown = words_of((await bo.get(done.headers["location"])).text)
        assert "They are tried again now" in shown
        assert "Try all again" not in shown
        async with site.db.reading() as tx:
            assert await outbox.counts(tx) == {"queued": 3}


async def test_of_many_webhooks_those_stand_first_that_need_somebody(site: Site) -> None:
    root = await site.staff(ROOT)
    async with site.db.saving() as tx:
        for number in range(1, 26):
            hook = await hooks.add(tx, url=f"https://hook{number}.example/", shape="standard", events=(), now_ms=1)
            await positions.save(tx, "hook", str(hook), Position(0, 3 if number == 24 else 0, IDLE))
        await hooks.switch(tx, 25, "gone")
        await hooks.switch(tx, 1, "by_hand")
    shown = (await root.get("/staff/outbox")).text
    assert re.findall(r"https://hook(\d+)\.example", shown) == ["25", "24", *map(str, range(1, 9))]
    assert '<a href="/staff/hooks">All webhooks</a>' in shown
    assert "All webhooks" not in (await (await site.staff(BO)).get("/staff/outbox")).text
