"""Mail as it goes out of a running board: asked for on its pages, sent by its loops, through a real mail server."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine

from board.actions import customers
from board.domain.letters import Letter
from board.followers import bundles, line, mail, sending
from board.followers.writing import Post
from board.store import outbox
from board.store.database import Database
from board.web.session import now
from tests.cast import BO, LINKS, NOON, ROOT, do_at, file_issue, later, say
from tests.followers.postbox import Postbox, free_port, postbox, text_of
from tests.web import site as web
from tests.web.site import Site, act, running, words_of

POST = Post(None, "board@board.example", LINKS, say)


async def until(done: Callable[[], Awaitable[bool] | bool]) -> None:
    async with asyncio.timeout(20):
        while True:
            answer = done()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def quick_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(mail, "REMIND_EVERY_S", 0.05)
    monkeypatch.setattr(mail, "BUNDLE_EVERY_S", 0.05)
    monkeypatch.setattr(bundles, "WAIT_MS", 100)


@pytest.fixture
async def posted(sqlite_url: str, tmp_path: Path) -> AsyncIterator[tuple[Site, Postbox]]:
    """A board with a mail server."""
    with postbox() as box:
        async with running(sqlite_url, tmp_path, smtp_url=box.url, mail_from="Tea <tea@board.example>") as board:
            yield board, box


def to(box: Postbox, recipient: str) -> list[EmailMessage]:
    return [message for message in box.mails if message["To"] == recipient]


def link_in(message: EmailMessage, place: str) -> str:
    found = re.search(rf"https://board\.example(/{place}/[\w-]+)", text_of(message))
    assert found, text_of(message)
    return found[1]


async def test_a_story_told_by_mail(posted: tuple[Site, Postbox]) -> None:
    site, box = posted
    number, bo = await web.file_issue(site.browser(), email="Ada@Home.example"), await site.staff(BO)
    await until(lambda: len(box.mails) == 1)
    (receipt,) = to(box, "ada@home.example")
    assert receipt["From"] == "Tea <tea@board.example>"
    ada, yes = site.browser(), link_in(receipt, "mail")
    await act(site.browser(), number, "comments", body="Mine, too.")
    assert "Yes, send me the answers" in words_of((await ada.get(yes)).text)
    assert (await ada.get(f"/issues/{number}/receipt")).status_code == 403  # looking opens nothing
    await asyncio.sleep(0.3)
    assert len(box.mails) == 1
    assert (await ada.post(yes, data={"do": "confirm"})).headers["location"] == f"/issues/{number}?done=mail_wanted"
    assert (await ada.get(f"/issues/{number}/receipt")).status_code == 200
    await until(lambda: len(box.mails) == 2)
    assert "Mine, too." in text_of(box.mails[1])

    await act(site.browser(), number, "follow", email="eve@home.example")
    await until(lambda: len(box.mails) == 3)
    (question,) = to(box, "eve@home.example")
    await act(bo, number, "updates", body="We look.", state="in_progress")
    await until(lambda: len(to(box, "ada@home.example")) == 3)
    assert len(to(box, "eve@home.example")) == 1  # who has not confirmed hears nothing

    eve, link = site.browser(), link_in(question, "follows")
    assert "Yes, follow" in words_of((await eve.get(link)).text)
    assert (await eve.head(link)).status_code == 200
    assert (await eve.post(link, data={"do": "confirm"})).status_code == 303
    await act(bo, number, "updates", body="It is *mended*.", state="settled", resolution="fixed")
    await until(lambda: len(to(box, "eve@home.example")) == 2)
    news = to(box, "eve@home.example")[-1]
    assert "It is mended." in text_of(news)
    assert "says it is resolved: fixed" in text_of(news)
    await until(lambda: len(to(box, "ada@home.example")) == 4)
    asked = to(box, "ada@home.example")[-1]
    assert "Is it solved?" in text_of(asked)
    await act(ada, number, "confirmation")
    await until(lambda: len(to(box, "eve@home.example")) == 3)
    assert {message["References"] for message in box.mails if message["List-Id"]} == {f"<issue.{number}@board.example>"}
    assert len({message["Message-ID"] for message in box.mails}) == len(box.mails)


async def test_one_click_in_a_mail_program_ends_the_mails(posted: tuple[Site, Postbox]) -> None:
    site, box = posted
    number, bo = await web.file_issue(site.browser()), await site.staff(BO)
    await act(site.browser(), number, "follow", email="eve@home.example")
    secret = await site.follow_secret(number, "eve@home.example")
    assert (await site.browser().post(f"/follows/{secret}", data={"do": "confirm"})).status_code == 303
    await act(bo, number, "updates", body="We look.")
    await until(lambda: len(to(box, "eve@home.example")) == 2)
    news = to(box, "eve@home.example")[-1]
    place = news["List-Unsubscribe"].strip("<> ").removeprefix("https://board.example")
    robot = site.browser()
    assert (await robot.get(place)).status_code == 200  # looking ends nothing
    assert "1 follows" in words_of((await robot.get(f"/issues/{number}")).text)
    answer = await robot.post(place, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert "set-cookie" not in answer.headers
    assert (await robot.post(place, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    await act(bo, number, "updates", body="Mended.")
    await asyncio.sleep(0.5)
    assert len(to(box, "eve@home.example")) == 2
    assert "0 follow" in words_of((await robot.get(f"/issues/{number}")).text)


async def test_whose_address_a_stranger_typed_ends_the_mails_without_signing_in(posted: tuple[Site, Postbox]) -> None:
    site, box = posted
    number, bo = await web.file_issue(site.browser(), email="eve@home.example"), await site.staff(BO)
    await until(lambda: len(to(box, "eve@home.example")) == 1)
    receipt, eve = to(box, "eve@home.example")[0], site.browser()
    assert receipt["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    place = receipt["List-Unsubscribe"].strip("<> ").removeprefix("https://board.example")
    assert place in text_of(receipt)
    assert "No answers come by mail yet" in words_of((await eve.get(place)).text)  # looking ends nothing
    await site.want_mail(number)
    await act(bo, number, "updates", body="We look.")
    await until(lambda: len(to(box, "eve@home.example")) == 2)
    assert (await eve.post(place, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    assert (await eve.get(f"/issues/{number}/receipt")).status_code == 403  # the link can do nothing else
    other = await web.file_issue(site.browser(), email="eve@home.example")
    await act(bo, number, "updates", body="Mended.")
    await until(lambda: len(to(box, "eve@home.example")) == 3)
    await asyncio.sleep(0.5)
    assert [f"[#{n}]" in to(box, "eve@home.example")[-1]["Subject"] for n in (number, other)] == [False, True]


async def test_a_receipt_holds_no_word_that_nobody_has_looked_at(posted: tuple[Site, Postbox]) -> None:
    site, box = posted
    await site.settle_policy(moderation_policy="hold", mail_policy="optional")
    number = await web.file_issue(site.browser(), email="eve@home.example", title="Cheap watches at watches.example")
    await until(lambda: len(to(box, "eve@home.example")) == 1)
    receipt = to(box, "eve@home.example")[0]
    assert receipt["Subject"] == f"[#{number}] Your issue"
    assert "watches" not in receipt.as_string()


async def test_a_sign_in_link_comes_by_mail_and_the_page_does_not_tell_who_is_known(
    posted: tuple[Site, Postbox],
) -> None:
    site, box = posted
    number = await web.file_issue(site.browser(), email="ada@home.example")
    await site.want_mail(number)
    asking = [site.browser() for _ in range(4)]
    addresses = ("ada@home.example", "bo@board.example", "nobody@home.example", "eve@home.example")
    answers = [
        await browser.post("/signin", data={"email": address})
        for browser, address in zip(asking, addresses, strict=True)
    ]
    assert len({(answer.status_code, answer.content, str(sorted(answer.headers))) for answer in answers}) == 1
    assert "If we know this address, a mail is on its way." in words_of(answers[0].text)
    await until(lambda: len(box.mails) == 3)
    assert sorted(box.recipients) == ["ada@home.example", "ada@home.example", "bo@board.example"]
    ada, bo = asking[:2]
    used = await ada.post("/signin/link", data={"t": token_in(to(box, "ada@home.example")[-1])})
    assert used.headers["location"] == "/me"
    assert "The kettle leaks" in (await ada.get("/me")).text
    await act(ada, number, "withdrawal")
    code = re.search(r"^([2-9A-Z]{4}-[2-9A-Z]{4})\r?$", text_of(to(box, "bo@board.example")[0]), re.MULTILINE)
    assert code
    assert (await bo.post("/signin/code", data={"code": code[1]})).headers["location"] == "/staff"
    async with site.db.reading() as tx:
        kept = [outbox.letter_of(row) for row in await outbox.newest(tx, limit=9, state="sent")]
    assert [letter.link for letter in kept if letter.subject.startswith("Sign in")] == [None] * 2


def token_in(mail: EmailMessage) -> str:
    found = re.search(r"https://board\.example/signin#t=([\w-]{43})\s", text_of(mail))
    assert found
    return found[1]


async def test_asking_to_follow_answers_the_same_for_every_address(posted: tuple[Site, Postbox]) -> None:
    site, _ = posted
    number = await web.file_issue(site.browser(), email="ada@home.example")
    answers = []
    for address in ("ada@home.example", "bo@board.example", "eve@home.example", "eve@home.example"):
        answer = await site.browser().post(f"/issues/{number}/follow", data={"email": address})
        answers.append((answer.status_code, answer.headers["location"], answer.content))
    assert len(set(answers)) == 1


async def test_one_question_goes_to_an_address_however_often_it_is_typed(db: Database) -> None:
    number = await file_issue(db)
    for days in range(5):
        await do_at(later(days=days), db, customers.follow, number, email="eve@home.example", links=LINKS, say=say)
    assert [row["recipient"] for row in await rows(db)] == ["eve@home.example"]


async def test_reminders_go_out_while_other_things_happen(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ada = site.browser()
        number, other = await web.file_issue(ada, email="ada@home.example"), await web.file_issue(site.browser())
        await site.want_mail(number)
        await act(await site.staff(BO), number, "updates", body="Which one?", state="waiting_on_customer")
        for days in (3, 4, 7, 8):
            with time_machine.travel(now() + timedelta(days=days)):
                for place in range(5):
                    await act(site.browser(), other, "comments", body=f"On day {days}, word {place}.")
                    await act(site.browser(), number, "comments", body=f"On day {days}, word {place}.")
                    await asyncio.sleep(0.05)
        async with site.db.reading() as tx:
            rows = await outbox.newest(tx, limit=100)
        reminded = [row for row in rows if "We still wait for your answer." in str(outbox.letter_of(row))]
        assert [row["recipient"] for row in reminded] == ["ada@home.example"] * 2


async def put(db: Database, number: int, recipient: str = "ada@home.example", **changes: Any) -> None:
    letter = Letter(subject=f"Letter {number}", paragraphs=("Hello.",), **changes)
    async with db.saving() as tx:
        await outbox.put(tx, message_id=f"letter.{number}", recipient=recipient, letter=letter, now_ms=0)


async def rows(db: Database) -> list[dict[str, Any]]:
    async with db.reading() as tx:
        return (await outbox.newest(tx, limit=100))[::-1]


@asynccontextmanager
async def rude(answer: bytes | None) -> AsyncIterator[str]:
    """A server that greets with this, or says nothing at all; its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize("fault", ["absent", "silent", "hangs up", "not SMTP", "421", "451", "550", "554"])
async def test_a_fault_is_kept_with_the_message_which_is_tried_again_later_and_later(
    db: Database, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "silent":
        monkeypatch.setattr(line, "PATIENCE_S", 0.3)
    await put(db, 1)
    rudeness = {
        "silent": None,
        "hangs up": b"",
        "not SMTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
        "421": b"421 away\r\n",
    }
    at, waited = NOON, []
    with postbox() as box:
        box.refusal = f"{fault} refused here"
        async with rude(rudeness.get(fault, b"")) as url:
            url = {"absent": f"smtp://127.0.0.1:{free_port()}", "451": box.url, "550": box.url, "554": box.url}.get(
                fault, url
            )
            for _ in range(3):
                assert await sending.send_due(db, replace(POST, url=url), at) == 1
                (row,) = await rows(db)
                assert (row["state"], bool(row["error"])) == ("queued", True)
                waited.append(row["retry_ms"] - int(at.timestamp() * 1000))
                assert (
                    await sending.send_due(db, replace(POST, url=url), at + timedelta(milliseconds=waited[-1] - 1)) == 0
                )
                at += timedelta(milliseconds=waited[-1])
        monkeypatch.undo()
        box.refusal = None
        await sending.send_due(db, replace(POST, url=box.url), at)
    assert waited == [5_000, 300_000, 1_800_000]
    (row,) = await rows(db)
    assert (row["state"], row["error"]) == ("sent", None)
    assert len(box.mails) == 1


async def test_a_message_that_cannot_be_written_or_taken_holds_up_no_other(db: Database) -> None:
    await put(db, 1, "adä@bücher.example")
    await put(db, 2, link="https://board.example/\ud7ff", label="x")
    await put(db, 3, stop="https://board.example/follows/1\r\nBcc: everybody@home.example")
    await put(db, 4, "eve@home.example")
    with postbox() as box:
        await sending.send_due(db, replace(POST, url=box.url), NOON)
    assert {row["message_id"]: row["state"] for row in await rows(db)}["letter.4"] == "sent"
    assert "everybody@home.example" not in str(box.recipients)
    assert not any(message["Bcc"] for message in box.mails)


async def test_the_outbox_shows_a_fault_and_tries_again_when_told(sqlite_url: str, tmp_path: Path) -> None:
    with postbox() as box:
        box.refusal = "451 come back later"
        async with running(sqlite_url, tmp_path, smtp_url=box.url) as site:
            await web.file_issue(site.browser(), email="ada@home.example")
            bo = await site.staff(BO)

            async def shows(words: str) -> bool:
                return words in words_of((await bo.get("/staff/outbox")).text)

            await until(lambda: shows("takes the message later. 451 come back later"))
            assert "next try in" in words_of((await bo.get("/staff/outbox?state=queued")).text)
            assert "No messages here." in words_of((await bo.get("/staff/outbox?state=sent")).text)
            box.refusal = None
            (row,) = await rows(site.db)
            refused = await site.browser().post(f"/staff/outbox/{row['id']}/try")
            assert refused.status_code == 403
            tried = await bo.post(f"/staff/outbox/{row['id']}/try")
            assert tried.headers["location"] == "/staff/outbox?done=trying"
            await until(lambda: len(box.mails) == 1)
            await until(lambda: shows("sent · to ada@home.example"))


async def test_without_a_mail_server_the_outbox_keeps_and_shows_everything(quick_site: Site) -> None:
    await web.file_issue(quick_site.browser(), email="ada@home.example")
    root = await quick_site.staff(ROOT)

    async def kept() -> bool:
        return "kept, not sent" in words_of((await root.get("/staff/outbox")).text)

    await until(kept)
    page = words_of((await root.get("/staff/outbox?state=kept")).text)
    assert "No mail server is set, so nothing is sent." in page
    assert "[#1] The kettle leaks" in page
    assert "You filed issue 1 with This company" in page


async def test_many_messages_are_shown_in_pages(quick_site: Site) -> None:
    for number in range(120):
        await put(quick_site.db, number)
    root, found, url = await quick_site.staff(ROOT), [], "/staff/outbox"
    while url:
        html = (await root.get(url)).text
        found += re.findall(r"Letter (\d+)</h2>", html)
        more = re.search(r'rel="next" href="([^"]+)"', html)
        url = more[1].replace("&amp;", "&") if more else ""
    assert found == [str(number) for number in reversed(range(120))]
