"""Moderation through its pages: newcomers held, queues, reports, hiding by two, appeals, and the public figures."""

import re

from board.actions import moderators
from board.store import moderation
from tests import cast
from tests.cast import BO, MO, ROOT
from tests.soundness import assert_sound
from tests.web.site import Site, act, file_issue, words_of


async def read(site: Site, number: int) -> str:
    return words_of((await site.browser().get(f"/issues/{number}")).text)


async def first_id(site: Site, table: str) -> int:
    async with site.db.reading() as tx:
        return int(await tx.value(f"SELECT MIN(id) FROM {table} WHERE settled_ms IS NULL"))


async def first_hiding(site: Site) -> int:
    async with site.db.reading() as tx:
        return int(await tx.value("SELECT MIN(id) FROM hidings WHERE state IN ('asked', 'review')"))


async def test_a_newcomers_first_words_wait_and_the_next_are_shown_at_once(site: Site) -> None:
    await site.settle_policy(moderation_policy="first", mail_policy="optional", held_words="")
    ada, cy, mo = site.browser(), site.browser(), await site.staff(MO)
    number = await file_issue(ada)
    assert "kettle" not in await read(site, number)
    assert "Moderation 1" in words_of((await mo.get("/staff")).text)
    queue = await mo.get("/staff/moderation")
    assert "The first words of a newcomer." in words_of(queue.text)
    done = await mo.post("/staff/moderation", data={"chosen": str(number), "do": "publish", "reason": ""})
    assert done.status_code == 303
    assert "The kettle leaks" in await read(site, number)
    await act(ada, number, "comments", body="It is at the handle.")
    assert "It is at the handle." in await read(site, number)

    second = await file_issue(ada, title="The lid is loose", body="It falls off.")
    assert "The lid is loose" in await read(site, second)

    await act(cy, number, "comments", body="Mine too, at the spout.")
    assert "at the spout" not in await read(site, number)
    key = re.search(r'name="chosen" value="(\d+:\d+)"', (await mo.get("/staff/moderation")).text)
    assert key
    await mo.post("/staff/moderation", data={"chosen": key[1], "do": "reject", "reason": "off_topic"})
    assert "at the spout" not in await read(site, number)
    told = words_of((await cy.get(f"/issues/{number}")).text)
    assert "Not shown, because it was off topic" in told
    assert "at the spout" in told
    await act(cy, number, "comments", body="And the lid.")
    assert "And the lid." not in await read(site, number)
    await assert_sound(site.db)


async def test_as_much_is_decided_at_once_as_the_queue_shows(quick_site: Site) -> None:
    mo, keys = await quick_site.staff(MO), [str(9000 + more) for more in range(moderation.AT_ONCE)]
    done = await mo.post("/staff/moderation", data={"chosen": keys, "do": "publish", "reason": ""})
    assert done.status_code == 303


async def test_a_customer_without_an_address_reads_on_the_page_what_may_be_hidden(quick_site: Site) -> None:
    ada, mo = quick_site.browser(), await quick_site.staff(MO)
    number = await file_issue(ada)
    await quick_site.settle_policy(moderation_policy="open", mail_policy="optional", held_words="")
    if "being looked at" in await read(quick_site, number):
        await act(mo, number, "publication", target="")
    await act(mo, number, "removal", reason="off_topic")
    told = "A moderator asked to remove this issue from view, because it was off topic."
    assert told in words_of((await ada.get(f"/issues/{number}")).text)
    assert told not in await read(quick_site, number)


async def test_words_of_the_list_wait_whoever_writes_them(quick_site: Site) -> None:
    await quick_site.settle_policy(moderation_policy="open", mail_policy="optional", held_words="Casino\nfree money")
    ada = quick_site.browser()
    number = await file_issue(ada)
    await act(ada, number, "comments", body="Win at the CASINO!")
    assert "CASINO" not in await read(quick_site, number)
    assert "It holds a word of the list." in words_of(
        (await (await quick_site.staff(MO)).get("/staff/moderation")).text
    )


async def test_many_are_decided_at_once_and_a_choice_that_cannot_be_is_told(quick_site: Site) -> None:
    await quick_site.settle_policy(moderation_policy="hold", mail_policy="optional", held_words="")
    mo = await quick_site.staff(MO)
    numbers = [await file_issue(quick_site.browser(), title=f"Kettle {place}") for place in range(3)]
    nothing = await mo.post("/staff/moderation", data={"do": "publish"})
    assert nothing.status_code == 422
    for given in ({"do": "reject", "reason": ""}, {"do": "burn"}, {}):
        unsaid = await mo.post("/staff/moderation", data={"chosen": str(numbers[0]), **given})
        assert unsaid.status_code == 422
    await mo.post("/staff/moderation", data={"chosen": [str(number) for number in numbers[:2]], "do": "publish"})
    await mo.post(
        "/staff/moderation", data={"chosen": [str(number) for number in numbers], "do": "reject", "reason": "spam"}
    )
    shown = [await read(quick_site, number) for number in numbers]
    assert "Kettle 0" in shown[0]
    assert "Kettle 1" in shown[1]
    assert "because: it was spam" in shown[2]


async def test_two_people_remove_an_issue_and_a_third_hears_the_appeal(site: Site) -> None:
    ada, mo, root = site.browser(), await site.staff(MO), await site.staff(ROOT)
    number = await file_issue(ada, email="ada@elsewhere.example")
    asked = await act(mo, number, "removal", reason="off_topic")
    assert "done=asked" in asked.headers["location"]
    assert "The kettle leaks" in await read(site, number)
    refused = await mo.post(f"/staff/moderation/hidings/{await first_hiding(site)}", data={"do": "agree"})
    assert refused.status_code == 409
    await root.post(f"/staff/moderation/hidings/{await first_hiding(site)}", data={"do": "agree"})
    assert "A moderator removed it" in await read(site, number)

    page = words_of((await ada.get(f"/issues/{number}")).text)
    assert "Your issue is hidden" in page
    empty = await ada.post(f"/issues/{number}/appeals", data={"body": " "})
    assert empty.status_code == 422
    assert "Your issue is hidden" in words_of(empty.text)
    await act(ada, number, "appeals", body="It is about your kettle.")
    assert "Your appeal is with the moderators." in words_of((await ada.get(f"/issues/{number}")).text)
    assert "It is about your kettle." not in await read(site, number)
    assert "It is about your kettle." in words_of((await mo.get("/staff/moderation")).text)
    await mo.post(f"/staff/moderation/appeals/{await first_id(site, 'appeals')}", data={"do": "uphold"})
    assert "The kettle leaks" in await read(site, number)
    await assert_sound(site.db)


async def test_anyone_reports_and_only_moderators_hear_of_it(site: Site) -> None:
    number, cy, mo = await file_issue(site.browser()), site.browser(), await site.staff(MO)
    before = await site.head()
    assert f"/issues/{number}/report" in (await cy.get(f"/issues/{number}")).text
    form = await cy.get(f"/issues/{number}/report")
    assert "The kettle leaks at the handle." in words_of(form.text)
    unsaid = await cy.post(f"/issues/{number}/reports", data={"at": "1", "reason": "", "body": "Look here"})
    assert unsaid.status_code == 422
    assert "Look here" in unsaid.text
    trapped = await cy.post(f"/issues/{number}/reports", data={"at": "1", "reason": "spam", "website": "x"})
    assert trapped.status_code == 422
    sent = await cy.post(f"/issues/{number}/reports", data={"at": "1", "reason": "spam", "body": "Look here"})
    assert "done=reported" in sent.headers["location"]
    assert await site.head() == before
    assert "Look here" not in await read(site, number)
    queue = words_of((await mo.get("/staff/moderation")).text)
    assert "Look here" in queue
    assert "because it was spam" in queue
    await mo.post("/staff/moderation/reports/1")
    assert "Nothing waits." in words_of((await mo.get("/staff/moderation")).text)
    assert (await cy.get("/staff/moderation")).status_code == 303
    assert (await (await site.staff(BO)).get("/staff/moderation")).status_code == 403


async def test_the_customer_takes_words_out_and_the_public_sees_the_mark(site: Site) -> None:
    ada, cy = site.browser(), site.browser()
    number = await file_issue(ada, body="Ask my neighbour Otto Otter.", name="Ada Lovelace")
    wrong = await ada.post(f"/issues/{number}/erasures", data={"target": "1", "words": "Odo", "mark": "name"})
    assert wrong.status_code == 422
    assert "Odo" in wrong.text
    await act(ada, number, "erasures", target="1", words="otto otter", mark="name")
    await act(ada, number, "erasures", target="1", fields="author.name")
    for page in (await read(site, number), words_of((await cy.get(f"/issues/{number}/log")).text)):
        assert "Otto" not in page
        assert "Lovelace" not in page
    assert "Ask my neighbour [name removed]." in await read(site, number)
    assert (await cy.post(f"/issues/{number}/erasures", data={"target": "1", "fields": "body"})).status_code == 403
    await assert_sound(site.db)


async def test_the_public_figures_count_what_the_record_holds(quick_site: Site) -> None:
    nothing = words_of((await quick_site.browser().get("/moderation")).text)
    assert "Nothing yet: every word that was written here is shown." in nothing
    mo, root = await quick_site.staff(MO), await quick_site.staff(ROOT)
    for _ in range(3):
        await file_issue(quick_site.browser())
    await act(mo, 1, "removal", reason="threat")
    await act(root, 1, "restoration")
    await act(mo, 2, "redactions", target="3", fields="body", reason="third_party_privacy")
    await act(mo, 3, "removal", reason="spam")
    page = (await quick_site.browser().get("/moderation")).text
    assert page.count("<rect") == 3
    told = words_of(page)
    assert "Not shown, or removed 1" in told or "1 Not shown, or removed" in told
    assert "it held a threat 1 0" in told
    assert "it told private things about somebody else 0 1" in told
    assert "it was spam" not in told


async def test_the_public_figures_tell_each_month_with_its_reasons(site: Site) -> None:
    april = cast.later(days=40)
    numbers = [await cast.file_issue(site.db) for _ in range(4)]
    for number, reason, at in zip(
        numbers, ("spam", "spam", "spam", "threat"), (cast.NOON, cast.NOON, april, april), strict=True
    ):
        await cast.do_at(at, site.db, moderators.remove, number, by=MO, reason=reason)
    told = words_of((await site.browser().get("/moderation")).text)
    assert "Month Not shown, or removed Words erased Held for a look Shown again Apr 2026 2 0 0 0 Mar 2026 2 0" in told
    assert (
        "All months it was spam 3 0 it held a threat 1 0"
        " Apr 2026 it was spam 1 0 it held a threat 1 0 Mar 2026 it was spam 2 0"
    ) in told
