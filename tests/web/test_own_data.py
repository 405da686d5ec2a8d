"""What people may do with what the board keeps of them: take it, move it, end the mail, be forgotten."""

import json
import re

import httpx
import time_machine

from board.store import company, own_data, people
from board.web.session import cookie_name, now_ms
from tests.cast import BO, MO
from tests.soundness import assert_sound
from tests.web.site import Site, act, file_issue, words_of

ADA_MAIL = "ada@elsewhere.example"


async def signed_in(site: Site, email: str) -> httpx.AsyncClient:
    """A browser that has signed in by mail."""
    async with site.db.saving() as tx:
        secret = await people.new_session(tx, person=None, email=email, now_ms=now_ms())
    client = site.browser()
    client.cookies.set(cookie_name(site.board.settings), secret)
    return client


async def everything_kept(site: Site) -> str:
    """Every row of every table, as text."""
    async with site.db.reading() as tx:
        names = await tx.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%'"
            if tx.sqlite
            else "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        )
        rows = [await tx.rows(f"SELECT * FROM {table['name']}") for table in names]
        rows.append(await tx.rows("SELECT title, body FROM search"))
    return str(rows)


async def test_everything_that_is_kept_can_be_taken(site: Site) -> None:
    ada, bo = site.browser(), await site.staff(BO)
    number = await file_issue(ada, email=ADA_MAIL, private="Order 4711")
    other = await file_issue(site.browser(), title="The lid is loose")
    await act(ada, other, "comments", body="Mine is loose, too.", name="Ada")
    await act(bo, number, "private-words", private="We look at 4711.")
    answer = await ada.get("/me/data.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    kept = answer.json()
    (issue,) = kept["issues"]
    assert issue["url"].endswith(f"/issues/{number}")
    assert issue["address"] == ADA_MAIL
    assert [told["text"] for told in issue["private"]] == ["Order 4711", "We look at 4711."]
    assert {"title": "The kettle leaks", "author.name": "Ada"}.items() <= {
        text["field"]: text["value"] for text in issue["texts"]
    }.items()
    assert "Mine is loose, too." in {text["value"] for text in kept["comments"][0]}
    assert "The lid is loose" not in answer.text
    assert (await site.browser().get("/me/data.json")).status_code == 303


async def test_an_appeal_and_a_report_are_handed_out_and_forgotten(site: Site) -> None:
    ada, mo = site.browser(), await site.staff(MO)
    number, other = await file_issue(ada), await file_issue(site.browser(), title="The lid is loose")
    await act(mo, number, "removal", reason="threat")
    await act(ada, number, "appeals", body="Nobody was threatened.")
    async with site.db.reading() as tx:
        seq = await tx.value("SELECT filed_seq FROM issues WHERE number = :n", n=other)
    await act(ada, other, "reports", at=str(seq), reason="abuse", body="It calls me a fool.")
    await act(ada, other, "mine-too")
    kept = (await ada.get("/me/data.json")).json()
    assert [appeal["words"] for appeal in kept["issues"][0]["appeals"]] == ["Nobody was threatened."]
    assert [report["words"] for report in kept["reports"]] == ["It calls me a fool."]
    assert [url.rsplit("/", 1)[1] for url in kept["mine_too"]] == [str(other)]
    await act_on_me(ada)
    everything = await everything_kept(site)
    assert "Nobody was threatened." not in everything
    assert "It calls me a fool." not in everything


async def act_on_me(client: httpx.AsyncClient) -> None:
    done = await client.post("/me/erasure", data={"texts": "keep", "sure": "yes"})
    assert done.headers["location"] == "/?done=forgotten"


async def test_another_address_takes_over_once_it_has_said_yes(site: Site) -> None:
    number = await file_issue(site.browser(), email=ADA_MAIL)
    ada = await signed_in(site, ADA_MAIL)
    refused = await ada.post("/me/address", data={"email": "nowhere"})
    assert refused.status_code == 422
    with time_machine.travel(now_ms() / 1000 + 15 * 60 + 1):
        stale = await ada.post("/me/address", data={"email": "lovelace@new.example"})
        assert "Sign out and in again first" in words_of(stale.text)
    await ada.post("/me/address", data={"email": "lovelace@new.example"})
    async with site.db.reading() as tx:
        letter = await tx.value("SELECT letter FROM outbox WHERE recipient = 'lovelace@new.example'")
    found = re.search(r"/me/address/[\w-]+", letter)
    assert found
    cy = site.browser()
    for _ in range(2):
        assert "lovelace@new.example" in words_of((await cy.get(found[0])).text)
    assert ADA_MAIL in await everything_kept(site)
    await cy.post(found[0])
    assert (await cy.post(found[0])).status_code == 404
    async with site.db.reading() as tx:
        assert await tx.value("SELECT email FROM filers WHERE issue = :n", n=number) == "lovelace@new.example"
    mine = await (await signed_in(site, "lovelace@new.example")).get("/me")
    assert "The kettle leaks" in words_of(mine.text)


async def link_to_move(site: Site, asks: httpx.AsyncClient, new: str) -> str:
    """Asks for another address, and finds the link in the mail that it got."""
    await asks.post("/me/address", data={"email": new})
    async with site.db.reading() as tx:
        letter = await tx.value("SELECT letter FROM outbox WHERE recipient = :new ORDER BY id DESC LIMIT 1", new=new)
    found = re.search(r"/me/address/[\w-]+", letter)
    assert found
    return found[0]


async def test_whoever_lures_an_address_to_say_yes_reads_nothing_of_it(site: Site) -> None:
    number = await file_issue(site.browser(), email=ADA_MAIL, private="Order 4711")
    cy = await signed_in(site, "cy@elsewhere.example")
    own = await file_issue(site.browser(), email="cy@elsewhere.example", title="The lid is loose")
    assert "The lid is loose" in (await cy.get("/me/data.json")).text
    moved = await site.browser().post(await link_to_move(site, cy, ADA_MAIL))
    assert moved.headers["location"] == "/signin?done=address_moved"
    assert (await cy.get("/me/data.json")).status_code == 303
    page = await cy.get(f"/issues/{number}")
    assert "4711" not in page.text
    assert "Take out words of yours" not in page.text
    async with site.db.reading() as tx:
        assert await tx.value("SELECT email FROM filers WHERE issue = :n", n=own) == ADA_MAIL


async def test_the_old_address_is_told_that_it_was_changed_and_not_to_which(site: Site) -> None:
    ada = await signed_in(site, ADA_MAIL)
    await ada.post("/me/mail", data={"do": "stop"})
    await site.browser().post(await link_to_move(site, ada, "lovelace@new.example"))
    async with site.db.reading() as tx:
        letter = await tx.value(
            "SELECT letter FROM outbox WHERE recipient = :old ORDER BY id DESC LIMIT 1", old=ADA_MAIL
        )
        assert await own_data.is_quiet(tx, "lovelace@new.example")
    assert "Another address has taken the place of this one" in letter
    assert "lovelace" not in letter


async def test_an_address_is_not_asked_again_and_again(site: Site) -> None:
    async with site.db.saving() as tx:
        await company.save(tx, {"limits": {"sign_in.mail": 2}})
    ada = await signed_in(site, ADA_MAIL)
    answers = [await ada.post("/me/address", data={"email": "cy@elsewhere.example"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]


async def test_what_was_written_before_the_sign_in_is_erased_with_the_rest(site: Site) -> None:
    ada, other = site.browser(), await file_issue(site.browser(), title="The lid is loose", name="Cy")
    await act(ada, other, "comments", body="Mine is loose, too.", name="Ada Lovelace")
    await act(ada, other, "mine-too")
    await sign_in_by_mail(site, ada)
    assert "Mine is loose, too." in (await ada.get("/me/data.json")).text
    await act(ada, other, "mine-too")
    await ada.post("/me/erasure", data={"texts": "keep", "sure": "yes"})
    assert "Lovelace" not in await everything_kept(site)
    async with site.db.reading() as tx:
        assert await tx.value("SELECT COUNT(*) FROM mine_too WHERE issue = :n", n=other) == 1
    await assert_sound(site.db)


async def test_who_signs_in_where_somebody_else_was_gets_nothing_of_theirs(site: Site) -> None:
    shared, number = site.browser(), await file_issue(site.browser(), email=ADA_MAIL, private="Order 4711")
    await sign_in_by_mail(site, shared)
    assert "4711" in (await shared.get("/me/data.json")).text
    await sign_in_by_mail(site, shared, "cy@elsewhere.example")
    assert "4711" not in (await shared.get("/me/data.json")).text
    assert "4711" not in (await shared.get(f"/issues/{number}")).text


async def sign_in_by_mail(site: Site, client: httpx.AsyncClient, email: str = ADA_MAIL) -> None:
    """Through the pages, so that the browser's session is exchanged for another."""
    await site.want_mail(await file_issue(client, email=email))
    await client.post("/signin", data={"email": email})
    async with site.db.reading() as tx:
        letter = await tx.value("SELECT letter FROM outbox WHERE subject LIKE 'Sign in%' ORDER BY id DESC LIMIT 1")
    answer = await client.post("/signin/code", data={"code": json.loads(letter)["code"]})
    assert answer.headers["location"] == "/me"


async def test_mail_about_issues_ends_for_good_and_begins_again(site: Site) -> None:
    number = await file_issue(site.browser(), email=ADA_MAIL)
    await site.want_mail(number)
    ada, bo = await signed_in(site, ADA_MAIL), await site.staff(BO)
    await ada.post("/me/mail", data={"do": "stop"})
    assert "You get no mail about issues." in words_of((await ada.get("/me")).text)
    await act(bo, number, "private-words", private="Hello?")
    async with site.db.reading() as tx:
        assert await own_data.is_quiet(tx, ADA_MAIL)
        assert await tx.value("SELECT COUNT(*) FROM outbox WHERE letter LIKE '%wrote to you alone%'") == 0
    await ada.post("/me/mail", data={"do": "start"})
    await act(bo, number, "private-words", private="Hello?")
    async with site.db.reading() as tx:
        assert await tx.value("SELECT COUNT(*) FROM outbox WHERE letter LIKE '%wrote to you alone%'") == 1


async def test_whoever_wants_it_is_forgotten_with_or_without_the_texts(site: Site) -> None:
    for texts in ("keep", "erase"):
        ada = site.browser()
        number = await file_issue(ada, email=ADA_MAIL, name="Ada Lovelace", private="Order 4711", body=f"Old {texts}.")
        other = await file_issue(site.browser(), title="The lid is loose", name="Cy")
        await act(ada, other, "comments", body=f"Mine {texts}.", name="Ada Lovelace")
        unsure = await ada.post("/me/erasure", data={"texts": texts})
        assert unsure.status_code == 422
        assert (await everything_kept(site)).count("Lovelace")
        done = await ada.post("/me/erasure", data={"texts": texts, "sure": "yes"})
        assert done.headers["location"] == "/?done=forgotten"
        kept = await everything_kept(site)
        for word in ("Lovelace", ADA_MAIL, "4711"):
            assert word not in kept, word
        assert (f"Old {texts}." in kept, f"Mine {texts}." in kept) == ((texts == "keep",) * 2)
        assert "Cy" in kept
        page = words_of((await site.browser().get(f"/issues/{number}")).text)
        assert "its author asked for it" in page
        assert (await ada.get("/me")).status_code == 303
    await assert_sound(site.db)


async def test_who_comments_takes_own_words_out_of_somebody_elses_issue(site: Site) -> None:
    ada, cy = site.browser(), site.browser()
    number = await file_issue(ada)
    page = f"/issues/{number}"
    await act(cy, number, "comments", body="Ask my neighbour Otto Otter.", name="Cy Coyote")
    target = str(await site.head())
    form = (await cy.get(page)).text
    assert "Take out words of yours" in words_of(form)
    assert f'<option value="{target}">Ask my neighbour Otto Otter.' in form
    assert 'value="title"' not in form
    for other in (ada, site.browser()):
        assert "Otto Otter.</option>" not in (await other.get(page)).text
        refused = await other.post(f"{page}/erasures", data={"target": target, "fields": "body"})
        assert refused.status_code == 403
    mistaken = await cy.post(f"{page}/erasures", data={"target": target, "words": "Odo", "mark": "name"})
    assert mistaken.status_code == 422
    assert "Odo" in mistaken.text
    await act(cy, number, "erasures", target=target, words="Otto Otter", mark="name")
    assert "Ask my neighbour [name removed]." in words_of((await ada.get(page)).text)
    await act(cy, number, "erasures", target=target, fields="body")
    assert f'<option value="{target}">Cy Coyote' in (await cy.get(page)).text
    await act(cy, number, "erasures", target=target, fields="author.name")
    assert "Take out words of yours" not in words_of((await cy.get(page)).text)
    kept = await everything_kept(site)
    assert "Otto" not in kept
    assert "Coyote" not in kept
    await assert_sound(site.db)


async def test_what_was_written_before_signing_in_by_mail_stays_ones_own(site: Site) -> None:
    number = await file_issue(site.browser())
    cy = site.browser()
    await act(cy, number, "comments", body="Mine is loose, too.")
    for email, is_own in (
        ("cy@elsewhere.example", True),
        ("cy@elsewhere.example", True),
        ("di@elsewhere.example", False),
    ):
        async with site.db.saving() as tx:
            secret = await people.new_link(tx, purpose="customer", email=email, now_ms=now_ms())
        signed_in = await cy.post(f"/signin/{secret}")
        assert signed_in.headers["location"] == "/me"
        assert ("Mine is loose, too." in (await cy.get("/me/data.json")).text) == is_own
        assert ("Take out words of yours" in (await cy.get(f"/issues/{number}")).text) == is_own
