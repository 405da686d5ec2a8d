"""Auditors read what is hidden, with addresses and private details masked, and do nothing."""

import json
import re

import pytest

from board.actions import privately
from board.domain.auditing import mask, mask_html
from board.store import people
from board.web.session import now
from tests import cast
from tests.cast import ADA, BO, ROOT
from tests.web.site import Site, act, file_issue, words_of
from tests.web.wire import Frame, Wire, hear

WORDS = "Write to ada@home.example, please; order 4711."


async def held_issue(site: Site) -> int:
    await site.settle_policy(mail_policy="optional", moderation_policy="hold")
    number = await cast.file_issue(site.db, title="Of ada@home.example", body=WORDS, email="ada@home.example")
    box = site.board.box(privately.PURPOSE)
    await cast.do(site.db, privately.tell, number, by=ADA, words="Call 555 0100", box=box, now_ms=0)
    await act(await site.staff(BO), number, "notes", body="She wrote from ada@home.example before.")
    return number


async def test_a_held_issue_is_read_with_addresses_and_private_details_masked(site: Site) -> None:
    number, au = await held_issue(site), await site.auditor()
    for path in (f"/staff/issues/{number}?queue=held", "/staff?queue=held", "/staff/outbox", "/staff/moderation"):
        page = (await au.get(path)).text
        assert "home.example" not in page, path
        assert "•••" in page, path
    page = words_of((await au.get(f"/staff/issues/{number}")).text)
    assert "Write to •••, please; order 4711." in page
    assert "She wrote from ••• before." in page
    assert "Between the customer and us •••" in page
    bo = await site.staff(BO)
    page = words_of((await bo.get(f"/staff/issues/{number}")).text)
    assert WORDS in page
    assert "Call 555 0100" in words_of((await bo.post(f"/staff/issues/{number}/private")).text)


async def test_no_form_that_changes_an_issue_is_offered_to_an_auditor(site: Site) -> None:
    number, au = await held_issue(site), await site.auditor()
    shown = [await au.get(f"/staff/issues/{number}"), await au.get("/staff/outbox")]
    shown += [await au.get("/staff/moderation")]
    await act(await site.staff(ROOT), number, "publication", target="")
    shown += [await au.get(f"/issues/{number}"), await au.get(f"/issues/{number}?as=customer")]
    for answer in shown:
        assert re.findall(r'action="/(?:issues|staff)[^"]*" method="post"', answer.text) == [], answer.url
    assert (await au.get("/me")).status_code == 200


async def test_an_issue_is_given_to_no_auditor(site: Site) -> None:
    number = await file_issue(site.browser())
    await site.auditor()
    async with site.db.reading() as tx:
        au = await people.by_email(tx, "au@board.example")
    assert au
    refused = await (await site.staff(BO)).post(f"/issues/{number}/owner", data={"person": str(au.id)})
    assert refused.status_code == 422


async def test_an_auditor_follows_the_queue_live_and_hears_no_address(wire: Wire) -> None:
    """Staff on the same topics hear the words as they are, at the same time."""
    number, au, bo = await held_issue(wire), await wire.auditor(), await wire.staff(BO)
    open_issue = await cast.file_issue(wire.db, title="Ask otto@home.example", body=WORDS)
    await act(await wire.staff(ROOT), open_issue, "publication")
    topics = f"queue,board,issue:{number},issue:{open_issue}"
    for html in (True, False):
        after = await wire.cursor()
        async with wire.socket(topics, after, html=html) as staffs, wire.socket(topics, after, html=html) as auditors:
            for socket, client in ((staffs, bo), (auditors, au)):
                ticket = (await client.post("/live/tickets")).json()["ticket"]
                await socket.send(json.dumps({"t": "ticket", "ticket": ticket}))
                assert (await hear(socket))["t"] == "hello"
            await act(bo, number, "notes", body="Unheard of.")
            for place in (number, open_issue):
                await cast.answer(wire.db, place, body="We wrote to ada@home.example.", at=now())
            heard = [[await hear(socket) for _ in range(6)] for socket in (staffs, auditors)]
        assert [shape(frame) for frame in heard[0]] == [shape(frame) for frame in heard[1]]
        assert "home.example" in json.dumps(heard[0])
        assert "home.example" not in json.dumps(heard[1])
        assert "otto" not in json.dumps(heard[1])


def shape(frame: Frame) -> tuple[object, ...]:
    return frame["topic"], frame["event"], frame["seq"], bool(frame.get("html"))


async def test_the_public_gets_no_frame_that_was_masked_for_an_auditor(wire: Wire) -> None:
    number = await cast.file_issue(wire.db, title="Ask otto@home.example")
    au, after = await wire.auditor(), await wire.cursor()
    async with wire.socket("queue,board", after, html=True) as auditors, wire.socket("board", after, html=True) as all_:
        await auditors.send(json.dumps({"t": "ticket", "ticket": (await au.post("/live/tickets")).json()["ticket"]}))
        assert [(await hear(socket))["t"] for socket in (auditors, all_)] == ["hello", "hello"]
        await cast.answer(wire.db, number, at=now())
        masked = [await hear(auditors), await hear(auditors)]
        plain = await hear(all_)
    assert "otto@home.example" in plain["html"]
    assert "otto@home.example" not in json.dumps(masked)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a@b.example", "•••"),
        ("<a@b.example>, (c@d.example)", "<•••>, (•••)"),
        ("an @ alone, @name, name@, and a@@b", "an @ alone, @name, name@, and •••"),
        ("no address\n here ", "no address\n here "),
        ("Ring +49 170 1234567, card 4111 1111 1111 1111!", "Ring •••, card •••!"),
        ("IBAN DE89 3704 0044 0532 0130 00 of a@b.example", "IBAN ••• of •••"),
        ("a@b.example: c@d.example", "•••: •••"),
        ("x" * 100_000 + "@" * 100_000, "x" * 100_000 + "@" * 100_000),
    ],
)
def test_addresses_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_html_keeps_its_tags_but_those_with_an_address() -> None:
    html = '<p>By <a href="mailto:a@b.example">a@b.example</a> <em>c</em></p>'
    assert mask_html(html) == "<p>By •••</a> <em>c</em></p>"
    assert mask_html("<p>a@<mark>b</mark>.example</p><p>c</p>") == "<p>•••<mark></mark></p><p>c</p>"
    assert mask_html("<p><em>a</em>@b.example<br>c@d.example</p>") == "<p><em>•••</em><br>•••</p>"
    assert mask_html("x" * 1_000 + "<em>" * 10_000) == "x" * 1_000 + "<em>" * 10_000
