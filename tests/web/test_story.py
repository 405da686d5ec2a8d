"""The main story over plain forms, as browsers without JavaScript send them: what is done is what the page says."""

import re

import httpx

from board.domain.leaf import format_time
from board.domain.people import Actor
from board.web.session import now
from tests.cast import BO, MO, ROOT, later
from tests.soundness import assert_sound
from tests.web.site import Site, act, file_issue, words_of


async def read(client: httpx.AsyncClient, number: int) -> str:
    """The words of an issue's page."""
    answer = await client.get(f"/issues/{number}")
    assert answer.status_code == 200
    return words_of(answer.text)


async def shown_at(client: httpx.AsyncClient, answer: httpx.Response) -> str:
    """The words of the page to which the answer to a form leads."""
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    assert page.status_code == 200
    return words_of(page.text)


def private_link(receipt: str) -> str:
    found = re.search(r'href="(https://board\.example/mine/[^"]+)"', receipt)
    assert found
    return found[1]


async def test_an_issue_is_filed_answered_resolved_disputed_cured_and_confirmed(site: Site) -> None:
    ada_at_home, ada_on_the_phone, cy, bo = site.browser(), site.browser(), site.browser(), await site.staff(BO)
    number = await file_issue(ada_at_home)
    receipt = await ada_at_home.get(f"/issues/{number}/receipt")
    assert "Your issue is filed, and everybody can read it." in words_of(receipt.text)

    opened = await ada_on_the_phone.get(private_link(receipt.text))
    assert "This browser now speaks as the customer" in await shown_at(ada_on_the_phone, opened)

    due = later(days=365).strftime("%Y-%m-%dT%H:%M")
    asked = await act(bo, number, "updates", body="Which kettle?", state="waiting_on_customer", promise_due=due)
    assert "Your answer is public now." in await shown_at(bo, asked)
    page = await read(cy, number)
    assert "Which kettle?" in page
    assert "This company asked the customer a question. The clock waits." in page
    assert "Next word by" in page

    await act(ada_on_the_phone, number, "comments", body="The blue one.")
    page = await read(cy, number)
    assert "The blue one." in page
    assert "The customer answered. The clock goes on." in page

    await act(bo, number, "updates", body="A new handle is on its way.", state="settled", resolution="fixed")
    assert "Resolved, we say: fixed. The customer is asked." in await read(cy, number)
    assert "Is it cured?" in await read(ada_at_home, number)
    assert "Is it cured?" not in await read(cy, number)

    await act(ada_at_home, number, "dispute", body="It still leaks.")
    page = await read(cy, number)
    assert "It still leaks." in page
    assert "opened again once" in page

    await act(bo, number, "updates", body="We sent another kettle.", state="settled", resolution="made_right")
    await act(ada_on_the_phone, number, "confirmation", body="Lovely tea.", grade="5")
    page = await read(cy, number)
    assert "Confirmed by the customer: made right" in page
    assert "Lovely tea." in page
    assert "5 of 5" in page

    await act(ada_on_the_phone, number, "thanks", body="Thank you, Bo.")
    assert "Thank you, Bo." in await read(cy, number)
    await assert_sound(site.db)


async def test_the_filer_corrects_their_words_and_the_log_keeps_the_earlier_ones(site: Site) -> None:
    ada, cy = site.browser(), site.browser()
    number = await file_issue(ada)
    await act(ada, number, "corrections", target="1", title="The kettle drips", body="It drips at the spout.")
    page = await read(cy, number)
    assert "The kettle drips" in page
    assert "It drips at the spout." in page
    assert "The kettle leaks" not in page
    assert "Corrected by the customer, see the earlier words" in page
    log = words_of((await cy.get(f"/issues/{number}/log")).text)
    assert "The kettle leaks" in log
    assert "The kettle drips" in log
    unchanged = await act(ada, number, "corrections", target="1", title="The kettle drips")
    assert unchanged.headers["location"].startswith(f"/issues/{number}?done=")
    refused = await cy.post(f"/issues/{number}/corrections", data={"target": "1", "body": "All is well."})
    assert refused.status_code == 403
    await assert_sound(site.db)


async def test_staff_correct_and_thank_from_the_desk(site: Site) -> None:
    ada, bo, cy = site.browser(), await site.staff(BO), site.browser()
    number = await file_issue(ada)
    await act(bo, number, "updates", body="We sent a new lid on Mnoday.", state="settled", resolution="made_right")
    update = await site.head() - 1
    desk = (await bo.get(f"/staff/issues/{number}")).text
    assert f'name="target" value="{update}"' in desk

    await act(bo, number, "corrections", target=str(update), body="We sent a new lid on Monday.")
    corrected = await act(bo, number, "thanks", body="Thank you for the photographs, Ada.")
    assert corrected.headers["location"].startswith(f"/staff/issues/{number}")
    page = await read(cy, number)
    assert "on Monday" in page
    assert "Mnoday" not in page
    assert "Thank you for the photographs, Ada." in page
    assert "Mnoday" in words_of((await cy.get(f"/issues/{number}/log")).text)

    not_theirs = await bo.post(f"/issues/{number}/corrections", data={"target": "1", "body": "All is well."})
    assert not_theirs.status_code == 403
    nothing = await bo.post(f"/issues/{number}/corrections", data={"target": str(update), "body": " "})
    assert nothing.status_code == 422
    assert f'id="correct-{update}-body"' in nothing.text
    await assert_sound(site.db)


async def test_the_filer_withdraws_and_the_issue_stays_on_the_board(site: Site) -> None:
    ada, cy = site.browser(), site.browser()
    number = await file_issue(ada)
    await act(ada, number, "withdrawal", body="I found the receipt.")
    page = await read(cy, number)
    assert "I found the receipt." in page
    assert "Closed: withdrawn by the customer" in page
    assert "The kettle leaks" in words_of((await cy.get("/?state=all")).text)
    await assert_sound(site.db)


async def test_a_duplicate_is_merged_and_set_apart_again_with_its_followers(site: Site) -> None:
    ada, bo, cy = site.browser(), await site.staff(BO), site.browser()
    first, second = await file_issue(ada), await file_issue(site.browser(), title="My kettle leaks too")
    await act(cy, second, "follow", email="cy@elsewhere.example")
    secret = await site.follow_secret(second, "cy@elsewhere.example")
    assert (await cy.post(f"/follows/{secret}", data={"do": "confirm"})).status_code == 303

    await act(bo, second, "merge", into=f"#{first}", body="The same kettle.")
    assert f"The same as issue {first} , and answered there" in await read(cy, second)
    page = await read(cy, first)
    assert "My kettle leaks too" in page
    assert "1 follows" in page

    await act(bo, second, "split", body="Another kettle after all.")
    assert "Set apart from the other issue again." in await read(cy, second)
    assert "0 follow" in await read(cy, first)
    await assert_sound(site.db)


async def test_one_colleague_owns_an_issue_moves_it_promises_and_opens_it_again(site: Site) -> None:
    number, bo, cy = await file_issue(site.browser()), await site.staff(BO), site.browser()
    await act(bo, number, "owner", person=str(MO.person))
    assert "Mo looks after this issue now." in await read(cy, number)
    await act(bo, number, "area", area="returns")
    assert "Moved to Returns" in await read(cy, number)
    due = format_time(later(days=330))
    await act(bo, number, "promise", promise_due=due)
    assert "Next word by" in await read(cy, number)
    await act(bo, number, "updates", body="Ask the carrier.", state="settled", resolution="not_ours", whose="carrier")
    assert "it is for the carrier to solve" in await read(cy, number)
    await act(bo, number, "reopening", body="The carrier says it is ours.")
    assert "The carrier says it is ours." in await read(cy, number)
    await assert_sound(site.db)


async def test_a_note_is_read_by_staff_alone(quick_site: Site) -> None:
    ada, bo, mo = quick_site.browser(), await quick_site.staff(BO), await quick_site.staff(MO)
    number = await file_issue(ada, private="Order 4711")
    noted = await act(bo, number, "notes", body="A regular of ours.")
    assert "The note is saved. Only staff see it." in await shown_at(bo, noted)
    desk = words_of((await mo.get(f"/staff/issues/{number}")).text)
    assert "A regular of ours." in desk
    assert "Order 4711" not in desk
    assert "Read 1 private word" in desk
    opened = words_of((await bo.post(f"/staff/issues/{number}/private")).text)
    assert "Order 4711" in opened
    assert "Bo read it once" in opened
    await act(bo, number, "private-words", private="Is it 4711 or 4712?")
    assert "Is it 4711 or 4712?" in await read(ada, number)
    await act(ada, number, "private-words", private="It is 4711, see the label.")
    assert str(number) in words_of((await bo.get("/staff?queue=private")).text)
    for client in (quick_site.browser(), mo):
        page = (await client.get(f"/issues/{number}")).text
        assert "A regular of ours." not in page
        assert "4711" not in page
    assert "A regular of ours." not in await read(ada, number)


async def test_under_the_policy_hold_an_issue_and_a_comment_wait_for_a_moderator(site: Site) -> None:
    ada, cy, mo = site.browser(), site.browser(), await site.staff(MO)
    await site.settle_policy(moderation_policy="hold", mail_policy="optional")
    number = await file_issue(ada)
    assert "It is looked at before it is shown." in words_of((await ada.get(f"/issues/{number}/receipt")).text)
    assert "The kettle leaks" in await read(ada, number)
    stub = await read(cy, number)
    assert "is being looked at before it is shown" in stub
    assert "kettle" not in stub
    assert "kettle" in words_of((await mo.get("/staff?queue=held")).text)

    await act(mo, number, "publication")
    assert "The kettle leaks" in await read(cy, number)
    held = await act(cy, number, "comments", body="Mine is worse.", name="Cy")
    assert "Your words are looked at before everybody can read them." in await shown_at(cy, held)
    assert "Mine is worse." in await read(cy, number)
    assert "Mine is worse." not in await read(ada, number)
    assert "Mine is worse." not in await read(site.browser(), number)
    assert "Mine is worse." in words_of((await mo.get(f"/staff/issues/{number}")).text)
    await act(ada, number, "comments", body="Mine is the worst.")
    assert "Mine is the worst." in await read(ada, number)
    assert "Mine is the worst." not in await read(cy, number)
    await act(mo, number, "publication", target=str(await site.head() - 3))
    assert "Mine is worse." in await read(cy, number)
    await assert_sound(site.db)


async def test_a_held_issue_can_be_rejected_with_a_public_reason(quick_site: Site) -> None:
    cy, mo = quick_site.browser(), await quick_site.staff(MO)
    await quick_site.settle_policy(moderation_policy="hold", mail_policy="optional")
    number = await file_issue(quick_site.browser())
    await act(mo, number, "rejection", reason="spam")
    page = await read(cy, number)
    assert f"Issue {number} was removed" in page
    assert "because: it was spam" in page
    assert "kettle" not in page
    assert "because it was spam" in words_of((await cy.get(f"/issues/{number}/log")).text)


async def test_a_removed_issue_leaves_a_stub_and_comes_back_when_restored(site: Site) -> None:
    cy, mo = site.browser(), await site.staff(MO)
    number = await file_issue(site.browser())
    await act(mo, number, "removal", reason="third_party_privacy")
    page = await read(cy, number)
    assert f"Issue {number} was removed" in page
    assert "kettle" not in page
    assert "kettle" not in words_of((await cy.get(f"/issues/{number}/log")).text)
    assert "kettle" not in words_of((await cy.get("/?state=all&q=kettle")).text.replace("“kettle”", ""))
    await act(mo, number, "restoration")
    assert "The kettle leaks" in await read(cy, number)
    await assert_sound(site.db)


async def test_redacted_words_are_gone_from_every_page_and_their_place_is_marked(site: Site) -> None:
    ada, cy, mo = site.browser(), site.browser(), await site.staff(MO)
    number = await file_issue(ada, body="I am Hilda Quill, and the kettle leaks.")
    await act(ada, number, "corrections", target="1", body="I am Hilda Quill. The kettle leaks still.")
    await site.redact(number, target="1", fields="body", reason="privacy_request")
    page = await read(cy, number)
    assert "text removed: the person asked for privacy" in page
    for client in (ada, cy, mo):
        for path in (f"/issues/{number}", f"/issues/{number}/log", "/?state=all&q=hilda"):
            assert "Quill" not in words_of((await client.get(path)).text)
    assert "Quill" not in words_of((await mo.get(f"/staff/issues/{number}")).text)
    await assert_sound(site.db)


async def test_staff_act_by_their_right_alone(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser())
    doors: tuple[tuple[str, dict[str, str], tuple[Actor, ...]], ...] = (
        ("updates", {"body": "We look."}, (BO, MO, ROOT)),
        ("notes", {"body": "Ours."}, (BO, MO, ROOT)),
        ("owner", {"person": "1"}, (BO, MO, ROOT)),
        ("redactions", {"target": "1", "fields": "author.name", "reason": "privacy_request"}, (MO,)),
        ("removal", {"reason": "threat"}, (MO,)),
        ("restoration", {}, (ROOT,)),
    )
    strangers = [quick_site.browser(), await quick_site.filer(number)]
    for name, typed, allowed in doors:
        for client in strangers:
            assert (await client.post(f"/issues/{number}/{name}", data=typed)).status_code == 403, name
        if BO not in allowed:
            refused = await (await quick_site.staff(BO)).post(f"/issues/{number}/{name}", data=typed)
            assert refused.status_code == 403, name
        for actor in allowed:
            await act(await quick_site.staff(actor), number, name, **typed)


async def test_mine_too_counts_one_browser_or_household_once(quick_site: Site) -> None:
    number, cy = await file_issue(quick_site.browser()), quick_site.browser()
    await act(cy, number, "mine-too")
    await act(cy, number, "mine-too")
    assert "1 has it too" in await read(cy, number)
    assert now() > later()


async def test_a_colleague_who_files_for_a_customer_gets_the_link_to_hand_on(quick_site: Site) -> None:
    bo = await quick_site.staff(BO)
    number = await file_issue(bo)
    receipt = await bo.get(f"/issues/{number}/receipt")
    assert receipt.status_code == 200
    assert "/mine/" in receipt.text
    other = await quick_site.staff(MO)
    assert (await other.get(f"/issues/{number}/receipt")).status_code == 403
