"""What people may do with what the board keeps of them: take it, move it, end the mail, be forgotten."""

import re

import httpx

from board.store import own_data, people
from board.web.session import cookie_name, now_ms
from tests.cast import BO
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


async def test_another_address_takes_over_once_it_has_said_yes(site: Site) -> None:
    number = await file_issue(site.browser(), email=ADA_MAIL)
    ada = await signed_in(site, ADA_MAIL)
    refused = await ada.post("/me/address", data={"email": "nowhere"})
    assert refused.status_code == 422
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


async def test_mail_about_issues_ends_for_good_and_begins_again(site: Site) -> None:
    number = await file_issue(site.browser(), email=ADA_MAIL)
    ada, bo = await signed_in(site, ADA_MAIL), await site.staff(BO)
    await ada.post("/me/mail", data={"do": "stop"})
    assert "You get no mail about issues." in words_of((await ada.get("/me")).text)
    await act(bo, number, "private-words", private="Hello?")
    async with site.db.reading() as tx:
        assert await own_data.is_quiet(tx, ADA_MAIL)
        assert await tx.value("SELECT COUNT(*) FROM outbox WHERE subject LIKE '%private word%'") == 0
    await ada.post("/me/mail", data={"do": "start"})
    await act(bo, number, "private-words", private="Hello?")
    async with site.db.reading() as tx:
        assert await tx.value("SELECT COUNT(*) FROM outbox WHERE subject LIKE '%private word%'") == 1


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
