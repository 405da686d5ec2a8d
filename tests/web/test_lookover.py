"""Nothing that looks private is published before whoever wrote it has said so; and no typed word is lost."""

import re
from html import unescape

import httpx
import pytest

from board.actions import privately
from board.store import company
from tests.cast import BO, ROOT
from tests.soundness import assert_sound
from tests.web.site import FILING, Site, act, file_issue, words_of

CARD, PHONE = "4111 1111 1111 1111", "+49 170 1234567"
WORDS = f"Charged twice on {CARD}. Call {PHONE}."
TYPED = {**FILING, "body": WORDS, "private": "Order 4711", "email": "ada@home.example"}


def carried(page: httpx.Response) -> dict[str, str]:
    """What the form of the page would send: hidden fields, lines, texts, and the choices that are made in it."""
    inputs = [
        dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) | {"tag": tag} for tag in re.findall(r"<input[^>]*>", page.text)
    ]
    sent = {
        one["name"]: unescape(one.get("value", ""))
        for one in inputs
        if "name" in one and (one.get("type") != "radio" or " checked" in one["tag"])
    }
    texts = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)
    return sent | {name: unescape(words) for name, words in texts}


def choices(page: httpx.Response) -> list[str]:
    """The names of the choices, one for each find."""
    return list(dict.fromkeys(re.findall(r'name="(find-\w+)"', page.text)))


async def asked(client: httpx.AsyncClient, path: str, typed: dict[str, str]) -> httpx.Response:
    page = await client.post(path, data=typed)
    assert page.status_code == 422
    assert "This would be public" in words_of(page.text)
    return page


async def public(site: Site, number: int) -> str:
    return words_of((await site.browser().get(f"/issues/{number}")).text)


async def test_a_filing_with_finds_is_shown_and_not_published(site: Site) -> None:
    before = await site.head()
    page = await asked(site.browser(), "/issues", TYPED)
    assert f"<mark>{CARD}<span" in page.text
    assert "(card number)" in words_of(page.text)
    assert {key: carried(page)[key] for key in TYPED} == TYPED
    assert len(choices(page)) == 2
    assert await site.head() == before


async def told(site: Site) -> str:
    """What the customer told the company alone."""
    async with site.db.reading() as tx:
        (words,) = await privately.opened(tx, 1, site.board.box(privately.PURPOSE))
    return words.text


async def test_what_is_moved_reaches_the_company_alone(site: Site) -> None:
    ada = site.browser()
    page = await asked(ada, "/issues", TYPED)
    filed = await ada.post("/issues", data=carried(page))
    assert filed.headers["location"] == "/issues/1/receipt"
    shown = await public(site, 1)
    assert "Charged twice on [card number removed]. Call [phone number removed]." in shown
    assert "4111" not in shown
    assert await told(site) == f"Order 4711\ncard number: {CARD}\nphone number: {PHONE}"
    await assert_sound(site.db)


async def test_each_find_goes_its_own_way(site: Site) -> None:
    ada = site.browser()
    page = await asked(ada, "/issues", TYPED)
    card, phone = choices(page)
    filed = await ada.post("/issues", data={**carried(page), card: "mask", phone: "publish"})
    assert filed.status_code == 303
    assert f"Charged twice on [card number removed]. Call {PHONE}." in await public(site, 1)
    assert await told(site) == "Order 4711"


async def test_a_find_without_a_choice_is_asked_about_again(quick_site: Site) -> None:
    ada, before = quick_site.browser(), await quick_site.head()
    page = await asked(ada, "/issues", TYPED)
    card, phone = choices(page)
    again = await asked(ada, "/issues", {**carried(page), card: "publish", phone: "nonsense"})
    assert carried(again)[card] == "publish"
    assert await quick_site.head() == before


async def test_words_that_are_changed_there_are_looked_over_again(quick_site: Site) -> None:
    ada = quick_site.browser()
    page = await asked(ada, "/issues", TYPED)
    sent = {**carried(page), **dict.fromkeys(choices(page), "publish")}
    other = await asked(ada, "/issues", {**sent, "body": WORDS.replace("4111 1111 1111 1111", "5555 5555 5555 4444")})
    assert [("5555" in words) for words in re.findall(r"<bdi>([\d +]+)</bdi>", other.text)] == [True, False]
    assert (await ada.post("/issues", data={**sent, "body": "Charged twice."})).status_code == 303
    assert "Charged twice." in await public(quick_site, 1)


async def test_what_was_confirmed_once_goes_through_with_the_same_words(quick_site: Site) -> None:
    ada = quick_site.browser()
    page = await asked(ada, "/issues", TYPED)
    sent = {**carried(page), **dict.fromkeys(choices(page), "publish"), "email": "not an address"}
    mistaken = await ada.post("/issues", data=sent)
    assert "This does not look like a mail address." in mistaken.text
    kept = carried(mistaken)
    assert kept["body"] == WORDS
    assert (await ada.post("/issues", data={**kept, "area": "service", "email": ""})).status_code == 303


async def test_a_title_that_was_cut_within_a_find_is_made_again(quick_site: Site) -> None:
    ada = quick_site.browser()
    typed = {**TYPED, "title": "Charged twice on 4111 1111…"}
    page = await asked(ada, "/issues", typed)
    assert (await ada.post("/issues", data=carried(page))).status_code == 303
    shown = (await quick_site.browser().get("/api/v1/issues/1")).json()
    assert shown["title"] == "Charged twice on [card number removed]"


async def test_more_finds_than_anybody_decides_one_by_one_are_taken_out_together(quick_site: Site) -> None:
    ada = quick_site.browser()
    many = {**TYPED, "body": " ".join(f"ada{n}@home.example" for n in range(31))}
    page = await asked(ada, "/issues", many)
    assert choices(page) == ["find-all"]
    assert (await asked(ada, "/issues", {**carried(page), "find-all": "publish"})).status_code == 422
    assert (await ada.post("/issues", data={**carried(page), "find-all": "mask"})).status_code == 303
    assert "home.example" not in await public(quick_site, 1)


@pytest.mark.parametrize("door", ["merge", "split", "reopening"])
async def test_tools_of_the_desk_keep_what_was_confirmed_through_a_mistake(quick_site: Site, door: str) -> None:
    bo = await quick_site.staff(BO)
    first, number = await file_issue(quick_site.browser()), await file_issue(quick_site.browser())
    if door == "split":
        await act(bo, number, "merge", body="The same.", into=str(first))
    if door == "reopening":
        await act(bo, number, "updates", body="A new seal.", state="settled", resolution="fixed")
    path, wrong = f"/issues/{number}/{door}", {"into": "x"} if door == "merge" else {"body": "x" * 20_001}
    page = await asked(bo, path, {"body": f"Call {PHONE}."})
    (choice,) = choices(page)
    decided = {choice: "publish"} if door == "merge" else {"confirmed": choice.removeprefix("find-")}
    mistaken = await bo.post(path, data={**carried(page), **decided, **wrong})
    assert mistaken.status_code == 422
    tool = re.search(rf'<form[^>]*action="{path}.*?</form>', mistaken.text, re.DOTALL)
    assert tool
    assert "Not sent yet" in tool[0]
    kept = carried(httpx.Response(200, text=tool[0]))
    sent = {**kept, "body": f"Call {PHONE}.", "into": str(first)}
    assert (await bo.post(path, data=sent)).status_code == 303
    assert f"Call {PHONE}." in words_of((await quick_site.browser().get(f"/issues/{number}")).text)


@pytest.mark.parametrize("is_staff", [False, True], ids=["customer", "staff"])
async def test_a_correction_asks_only_about_what_does_not_stand_there_yet(quick_site: Site, is_staff: bool) -> None:
    ada, bo = quick_site.browser(), await quick_site.staff(BO)
    number = await file_issue(ada)
    writer, door = (bo, "updates") if is_staff else (ada, "comments")
    page = await asked(writer, f"/issues/{number}/{door}", {"body": f"Call {PHONE}."})
    said = await writer.post(
        f"/issues/{number}/{door}", data={**carried(page), **dict.fromkeys(choices(page), "publish")}
    )
    assert said.status_code == 303
    found = re.search(
        r'<li id="e(\d+)" class="entry entry--(?:comment|update)', (await ada.get(f"/issues/{number}")).text
    )
    assert found
    path, target = f"/issues/{number}/corrections", found[1]
    assert (await writer.post(path, data={"target": target, "body": f"Ring {PHONE}!"})).status_code == 303
    again = await asked(writer, path, {"target": target, "body": f"Ring {PHONE}, or pay by {CARD}."})
    assert re.findall(r"<bdi>([\d ]+)</bdi>", again.text) == [CARD]
    assert len(choices(again)) == 1
    elsewhere = await writer.post(path, data={"target": "1", "body": f"Ring {PHONE}."})
    assert elsewhere.status_code in (403, 422)


@pytest.mark.parametrize("door", ["comments", "thanks", "dispute", "confirmation", "corrections"])
async def test_customers_words_on_an_issue_are_looked_over(quick_site: Site, door: str) -> None:
    ada, bo = quick_site.browser(), await quick_site.staff(BO)
    number = await file_issue(ada)
    if door != "comments":
        await act(bo, number, "updates", body="A new seal.", state="settled", resolution="fixed")
    before = await quick_site.head()
    page = await asked(ada, f"/issues/{number}/{door}", {"body": f"Call {PHONE}.", "target": "1"})
    assert await quick_site.head() == before
    assert "Only the company sees it" not in page.text
    sent = carried(page)
    done = await ada.post(f"/issues/{number}/{door}", data=sent)
    assert done.status_code == 303
    assert "Call [phone number removed]." in await public(quick_site, number)


@pytest.mark.parametrize("door", ["updates", "merge", "thanks"])
async def test_staff_words_are_looked_over_and_notes_are_not(quick_site: Site, door: str) -> None:
    bo = await quick_site.staff(BO)
    number, other = await file_issue(quick_site.browser()), await file_issue(quick_site.browser())
    if door == "thanks":
        await act(bo, number, "updates", body="A new seal.", state="settled", resolution="fixed")
    page = await asked(bo, f"/issues/{number}/{door}?queue=all", {"body": f"We call {PHONE}.", "into": str(other)})
    assert f'action="/issues/{number}/{door}?queue=all"' in page.text
    done = await bo.post(f"/issues/{number}/{door}", data={**carried(page), **dict.fromkeys(choices(page), "publish")})
    assert done.status_code == 303
    assert f"We call {PHONE}." in await public(quick_site, number)
    await act(bo, number, "notes", body=f"Call {PHONE}.")


async def test_a_stranger_is_not_asked_about_words_for_staff(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser())
    refused = await quick_site.browser().post(f"/issues/{number}/updates", data={"body": WORDS})
    assert refused.status_code == 403


async def test_a_program_is_told_the_field_the_kind_and_the_place(site: Site) -> None:
    cy, before = site.browser(), await site.head()
    said = {"title": "Call", "body": f" Call {PHONE}."}
    refused = await cy.post("/api/v1/issues", json=said)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() == {
        "type": "about:blank",
        "title": "This would be public",
        "status": 422,
        "detail": "Looks private: phone number. Take it out, or say that it may be public.",
        "errors": [
            {
                "field": "body",
                "detail": "Looks private: phone number. Take it out, or say that it may be public.",
                "kind": "phone",
                "start": 5,
                "end": 20,
            }
        ],
    }
    assert await site.head() == before
    filed = await cy.post("/api/v1/issues", json={**said, "confirmed_public": True})
    assert filed.status_code == 201
    comments = "/api/v1/issues/1/comments"
    assert (await cy.post(comments, json={"body": PHONE})).status_code == 422
    assert (await cy.post(comments, json={"body": PHONE, "confirmed_public": True})).status_code == 201


async def test_order_numbers_are_found_by_the_pattern_that_the_company_sets(quick_site: Site) -> None:
    root, ada = await quick_site.staff(ROOT), quick_site.browser()
    await file_issue(ada, body="Where is np-40712233 now?")
    typed = {"order_pattern": "NP-########", "phone_regions": "de, gb"}
    assert (await root.post("/staff/settings/finds", data=typed)).status_code == 303
    assert "Found, for example: NP-77777777" in words_of((await root.get("/staff/settings")).text)
    page = await asked(ada, "/issues", {**FILING, "body": "Where is np-40712233 now? It says 202 555 0143."})
    assert re.findall(r"<bdi>(.*?)</bdi>", page.text) == ["np-40712233"]


async def test_words_that_are_being_typed_are_looked_over_and_not_kept(quick_site: Site) -> None:
    ada, before = quick_site.browser(), await quick_site.head()
    answer = await ada.post("/finds", data={"text": f"😀 Call {PHONE}."})
    assert answer.json() == {"finds": [{"kind": "phone", "label": "phone number", "start": 7, "end": 22}]}
    assert answer.headers["cache-control"] == "no-store"
    assert (await ada.post("/finds", data={"text": "a" * 20_001})).status_code == 413
    assert (await ada.post("/finds", data={})).json() == {"finds": []}
    assert await quick_site.head() == before


async def test_a_place_that_asks_on_and_on_is_told_to_wait(site: Site) -> None:
    async with site.board.db.saving() as tx:
        await company.save(tx, {"limits": {"look.burst": 2}})
    ada = site.browser()
    answers = [(await ada.post("/finds", data={"text": f"Call {PHONE}."})).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


async def test_html_in_the_words_stays_text(quick_site: Site) -> None:
    page = await asked(quick_site.browser(), "/issues", {**TYPED, "body": f"<b>x</b> {PHONE}", "private": '"><i>'})
    assert "<b>x" not in page.text
    assert "<i>" not in page.text
