"""Mail goes to those who asked, once, and says what happened; a broken server delays it and loses nothing."""

import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from board.actions import accounts, customers, importing, moderators, objections, privately, staff
from board.domain import conversations
from board.domain.decisions import Then
from board.domain.people import Poster
from board.domain.proof import b64url
from board.domain.words import Filing
from board.followers import line, mail, reminders, sending, writing
from board.followers.writing import Post
from board.sealing import Box
from board.store import company, intake, outbox
from board.store.database import Database
from tests.cast import ADA, BO, CY, LINKS, MO, NOON, ROOT, chain, do, do_at, later, say, want_mail
from tests.followers.postbox import postbox, text_of

POST = Post(None, "board@board.example", LINKS, say)
FILING = Filing(
    title="The kettle leaks", body="It leaks.", area="service", name="Ada", email="ada@home.example", details=None
)


async def file(db: Database, **changes: Any) -> int:
    """Ada files, and says that she wants the answers by mail."""
    filed = await do(db, customers.file, replace(FILING, **changes), via="web", links=LINKS, say=say)
    await want_mail(db, filed.number)
    return filed.number


async def follow(db: Database, number: int, email: str) -> None:
    """The address asks and confirms, by the link that was mailed to it."""
    await do(db, customers.follow, number, email=email, links=LINKS, say=say)
    wish = next(letter for to, letter in await letters(db) if to == email and "follows/" in str(letter.link))
    found = LINKS.opened("follow", str(wish.link).rsplit("/", 1)[1])
    assert found
    async with db.saving() as tx:
        await customers.confirm_follow(tx, found, 1)


async def letters(db: Database) -> list[tuple[str, Any]]:
    """Everything in the outbox, oldest first: to whom, and the letter."""
    async with db.reading() as tx:
        rows = await outbox.newest(tx, limit=1000)
    return [(row["recipient"], outbox.letter_of(row)) for row in reversed(rows)]


async def told(db: Database, post: Post = POST) -> list[str]:
    """Writes what is due an hour after the letters before, so that nothing waits; returns to whom the new ones go."""
    before = len(await letters(db))
    at = later(hours=before)
    await mail.write_letters(db, post, at)
    while await mail.fan_out(db, post, at):
        pass
    return [to for to, _ in (await letters(db))[before:]]


async def states(db: Database) -> list[str]:
    async with db.reading() as tx:
        return [row["state"] for row in reversed(await outbox.newest(tx, limit=1000))]


async def test_filing_with_an_address_asks_it_once(db: Database) -> None:
    number = await file(db)
    ((recipient, letter),) = await letters(db)
    assert (recipient, letter.link, letter.secret) == ("ada@home.example", LINKS.mail(number), True)
    assert await told(db) == []  # the receipt has said that it is public


async def test_an_address_that_has_not_said_yes_hears_nothing_and_then_all_of_it_in_one_letter(db: Database) -> None:
    number = (await do(db, customers.file, FILING, via="web", links=LINKS, say=say)).number
    box = Box(bytes(32))
    await told(db)
    await do(db, staff.update, number, by=BO, body="Which one?", via="web", then=Then(state="waiting_on_customer"))
    await do(db, privately.answer, number, by=BO, words="The order?", box=box, links=LINKS, say=say)
    assert await told(db) == []
    await reminders.remind(db, POST, later(days=3))
    await mail.catch_up(db, POST, NOON)
    assert len(await letters(db)) == 1
    await want_mail(db, number)
    await mail.catch_up(db, POST, later(days=3))
    await mail.catch_up(db, POST, later(days=3))
    await reminders.remind(db, POST, later(days=3))
    _, (recipient, letter) = await letters(db)
    assert (recipient, letter.link) == ("ada@home.example", LINKS.private(number))
    assert any("Which one?" in line for line in letter.paragraphs)
    assert any("wrote to you alone" in line for line in letter.paragraphs)
    await do(db, staff.update, number, by=BO, body="We look.", via="web", then=Then())
    assert await told(db) == ["ada@home.example"]
    assert not any("Which one?" in line for line in (await letters(db))[-1][1].paragraphs)


async def test_what_happens_before_the_letter_is_written_comes_in_the_same_one(db: Database) -> None:
    number = (await do(db, customers.file, FILING, via="web", links=LINKS, say=say)).number
    await do(db, staff.update, number, by=BO, body="Which one?", via="web", then=Then())
    await told(db)
    await want_mail(db, number)
    await do(db, staff.update, number, by=BO, body="We look.", via="web", then=Then())
    assert await told(db) == ["ada@home.example"]
    await mail.catch_up(db, POST, NOON)
    _, (_, letter) = await letters(db)
    assert [any(words in line for line in letter.paragraphs) for words in ("Which one?", "We look.")] == [True, True]


async def test_who_is_signed_in_with_the_address_is_not_asked(db: Database) -> None:
    poster = Poster(email="ada@home.example")
    for known in (poster, Poster(email="eve@home.example")):
        await do(db, customers.file, FILING, via="web", links=LINKS, say=say, poster=known)
    links = [letter.link for _, letter in await letters(db)]
    assert links == [LINKS.private(1), LINKS.mail(2)]
    await do(db, customers.follow, 2, email="eve@home.example", links=LINKS, say=say, is_own=True)
    assert len(await letters(db)) == 2
    await told(db)
    for number in (1, 2):
        await do(db, staff.update, number, by=BO, body="We look.", via="web", then=Then())
    assert await told(db) == ["ada@home.example", "eve@home.example"]


async def test_nobody_hears_of_an_issue_who_has_not_confirmed(db: Database) -> None:
    number = await file(db, email=None)
    await do(db, customers.follow, number, email="eve@home.example", links=LINKS, say=say)
    await do(db, staff.update, number, by=BO, body="We look.", via="web", then=Then())
    assert await told(db) == []


async def test_a_follower_hears_all_that_happened_in_one_letter_that_can_stop_them(db: Database) -> None:
    number = await file(db, email=None)
    await told(db)
    await follow(db, number, "eve@home.example")
    await do(db, staff.update, number, by=BO, body="We *look*.", via="web", then=Then(state="in_progress"))
    await do(db, customers.comment, number, by=CY, body="Mine too.", via="web")
    assert await told(db) == ["eve@home.example"]
    _, letter = (await letters(db))[-1]
    news = "\n".join(letter.paragraphs)
    assert "We look." in news
    assert "Mine too." in news
    assert letter.link == LINKS.issue(number)
    assert letter.stop
    assert not letter.secret
    assert await told(db) == []


async def test_who_stopped_hears_nothing_more(db: Database) -> None:
    number = await file(db, email=None)
    await follow(db, number, "eve@home.example")
    await told(db)
    async with db.saving() as tx:
        wish = LINKS.opened("follow", str((await letters(db))[-1][1].link).rsplit("/", 1)[1]) or 1
        await customers.stop_following(tx, wish)
    await do(db, staff.update, number, by=BO, body="News.", via="web", then=Then())
    assert await told(db) == []


async def test_the_filer_is_asked_by_mail_whether_it_is_cured(db: Database) -> None:
    number = await file(db)
    await told(db)
    await do(db, staff.update, number, by=BO, body="Mended.", via="web", then=Then(resolution="fixed"))
    assert await told(db) == ["ada@home.example"]
    _, letter = (await letters(db))[-1]
    assert (letter.label, letter.link) == ("Yes, it is cured", LINKS.private(number) + "#verdict")
    assert (letter.other_label, letter.other_link) == ("No, it still fails", LINKS.private(number) + "#dispute")


async def test_the_filer_is_not_told_what_the_filer_said(db: Database) -> None:
    number = await file(db)
    await do(db, customers.comment, number, by=ADA, body="One more thing.", via="web")
    assert await told(db) == []
    await do(db, staff.update, number, by=BO, body="Which one?", via="web", then=Then(state="waiting_on_customer"))
    assert await told(db) == ["ada@home.example"]
    await do(db, customers.comment, number, by=ADA, body="The red one.", via="web")
    assert (await chain(db, number))[-1].name == "issue.started"
    assert await told(db) == []


async def test_letters_speak_to_who_filed_and_keep_the_lines_of_words(db: Database) -> None:
    number = await file(db)
    await follow(db, number, "eve@home.example")
    words = "Which one?\n\n- [red](https://kettles.example/red)\n- blue\n\n" + "So much to say. " * 200
    await do(db, staff.update, number, by=BO, body=words, via="web", then=Then(state="waiting_on_customer"))
    await told(db)
    ada, eve = ["\n".join(letter.paragraphs) for _, letter in (await letters(db))[-2:]]
    assert "asked you a question." in ada
    assert "asked the customer a question." in eve
    for text in (ada, eve):
        assert "Which one?\n\n– red (https://kettles.example/red)\n– blue\n\nSo much to say." in text
        assert "So much…\n" in text


async def test_held_and_hidden_words_go_out_to_nobody(db: Database) -> None:
    number = await file(db, email=None)
    await follow(db, number, "eve@home.example")
    await do(db, moderators.remove, number, by=MO, reason="spam")
    assert await told(db) == []


async def test_held_words_are_mailed_once_they_are_shown(db: Database) -> None:
    number = await file(db)
    await follow(db, number, "eve@home.example")
    await told(db)
    async with db.saving() as tx:
        await company.save(tx, {"moderation": "hold"})
    done = await do(db, customers.comment, number, by=CY, body="Mine leaks, too.", via="web")
    assert await told(db) == []
    await do(db, moderators.judge_comment, number, by=MO, target=done.events[0].index, reason=None)
    assert sorted(await told(db)) == ["ada@home.example", "eve@home.example"]
    assert all("Mine leaks, too." in letter.paragraphs[-1] for _, letter in (await letters(db))[-2:])


async def test_who_filed_is_told_what_became_of_own_words_and_nobody_else_is(db: Database) -> None:
    number = await file(db)
    await follow(db, number, "eve@home.example")
    cys = await do(db, customers.comment, number, by=CY, body="Buy watches.", via="web")
    own = await do(db, customers.comment, number, by=ADA, body="My key is 12.", via="web")
    await told(db)
    for target in (cys.events[0].index, own.events[0].index):
        await do(db, moderators.redact, number, by=MO, target=target, fields=("body",), reason="third_party_privacy")
    assert await told(db) == ["ada@home.example"]
    _, letter = (await letters(db))[-1]
    assert letter.paragraphs[1] == "A moderator took words out, because it told private things about somebody else."
    assert "appeal" in letter.paragraphs[-1]
    assert letter.reply == LINKS.tag("filed", number)
    await do(db, moderators.remove, number, by=MO, reason="spam")
    assert await told(db) == ["ada@home.example"]
    assert (await letters(db))[-1][1].reply is None  # “everybody can read it” would not be true


async def test_a_customer_who_was_signed_in_is_told_what_became_of_a_comment(db: Database) -> None:
    number = await file(db, email=None)
    eve = Poster(b"eve", is_known=True, email="eve@home.example")
    done = await do(db, customers.comment, number, by=CY, body="My key is 12.", via="web", poster=eve)
    await told(db)
    await do(
        db, moderators.redact, number, by=MO, target=done.events[0].index, fields=("body",), reason="privacy_request"
    )
    assert await told(db) == ["eve@home.example"]
    _, letter = (await letters(db))[-1]
    assert letter.link == LINKS.issue(number)
    assert "A moderator took words out, because the person asked for privacy." in letter.paragraphs
    assert "appeal" in letter.paragraphs[-1]
    by = replace(CY, own=frozenset({done.events[0].index}))
    (decision,) = await do(db, objections.decisions_against, number, by)
    await do(db, objections.appeal, number, by=by, words="Why?", decision=decision.seq, voter=b"eve")
    await do(db, objections.judge_appeal, 1, by=ROOT, upheld=False, words="It opened your door.", links=LINKS, say=say)
    recipient, letter = (await letters(db))[-1]
    assert (recipient, letter.paragraphs[-1].split("\n\n")[1:]) == ("eve@home.example", ["It opened your door."])


async def test_of_a_comment_that_is_hidden_and_shown_again_only_its_author_hears(db: Database) -> None:
    number = await file(db)
    await follow(db, number, "eve@home.example")
    cy = Poster(b"cy", is_known=True, email="cy@home.example")
    done = await do(db, customers.comment, number, by=CY, body="You burn houses down.", via="web", poster=cy)
    own = await do(db, customers.comment, number, by=ADA, body="I burn yours down.", via="web")
    await told(db)
    for target in (done.events[0].index, own.events[0].index):
        await do(db, moderators.hide_comment, number, by=MO, target=target, reason="threat")
    assert sorted(await told(db)) == ["ada@home.example", "cy@home.example"]
    for _, letter in (await letters(db))[-2:]:
        assert "A comment is not shown, because it held a threat." in letter.paragraphs
        assert "appeal" in letter.paragraphs[-1]
    assert not any("down" in paragraph for _, letter in await letters(db) for paragraph in letter.paragraphs)
    for target in (done.events[0].index, own.events[0].index):
        await do(db, moderators.show_comment_again, number, by=MO, target=target)
    assert await told(db) == []


async def test_an_issue_that_is_shown_again_is_told_to_who_filed_it_and_to_who_follows(db: Database) -> None:
    number = await file(db)
    await follow(db, number, "eve@home.example")
    await told(db)
    await do(db, moderators.remove, number, by=MO, reason="spam")
    assert await told(db) == ["ada@home.example"]
    await do(db, moderators.restore, number, by=ROOT)
    assert await told(db) == ["ada@home.example", "eve@home.example"]
    ada, eve = (await letters(db))[-2:]
    assert ada[1].paragraphs[1] == "Your issue is shown again: everybody can read it."
    assert eve[1].paragraphs[1] == "This issue is shown again."


async def test_whose_appeal_was_right_hears_of_it_once(db: Database) -> None:
    number = await file(db)
    await follow(db, number, "eve@home.example")
    await do(db, moderators.remove, number, by=MO, reason="spam")
    await told(db)
    await do(db, objections.appeal, number, by=ADA, words="It is no spam.")
    await do(db, objections.judge_appeal, 1, by=ROOT, upheld=True, links=LINKS, say=say)
    assert "looked at your appeal" in (await letters(db))[-1][1].paragraphs[0]
    assert await told(db) == ["eve@home.example"]


async def test_what_is_hidden_before_the_letters_are_written_goes_out_to_nobody(db: Database) -> None:
    number = await file(db)
    done = await do(db, customers.comment, number, by=CY, body="You burn houses down.", via="web")
    await do(db, moderators.hide_comment, number, by=MO, target=done.events[0].index, reason="threat")
    assert await told(db) == []


async def test_imported_conversations_send_nothing(db: Database) -> None:
    line = (
        '{"source": "x", "source_id": "1", "area": "Service", "messages": ['
        '{"by": "customer", "at": "2020-01-01T10:00:00Z", "text": "It is broken."},'
        '{"by": "staff", "at": "2020-01-01T11:00:00Z", "text": "Mended."}]}'
    )
    said = conversations.read(line)
    assert said
    await do(db, importing.bring_in, said)
    await told(db)
    assert await letters(db) == []


async def test_a_reminder_says_again_what_was_asked(db: Database) -> None:
    number = await file(db)
    await do(db, staff.update, number, by=BO, body="We look.", via="web", then=Then())
    done = await do(db, staff.update, number, by=BO, body="Which?", via="web", then=Then(state="waiting_on_customer"))
    await told(db)
    await reminders.remind(db, POST, later(days=3, minutes=1))
    assert (await letters(db))[-1][1].paragraphs[0] == "We still wait for your answer.\n\nWhich?"
    assert done.index is not None
    await do(db, moderators.redact, number, by=MO, target=done.index, fields=("body",), reason="privacy_request")
    await reminders.remind(db, POST, later(days=7, minutes=1))
    assert (await letters(db))[-1][1].paragraphs[0] == "We still wait for your answer."


async def test_reminders_go_out_once_each(db: Database) -> None:
    number = await file(db)
    await told(db)
    await do(db, staff.update, number, by=BO, body="Which one?", via="web", then=Then(state="waiting_on_customer"))
    await told(db)
    sent = []
    for day in range(9):
        before = len(await letters(db))
        await reminders.remind(db, POST, later(days=day, minutes=1))
        sent.append(len(await letters(db)) - before)
    assert sent == [0, 0, 0, 1, 0, 0, 0, 1, 0]


async def test_a_cure_is_asked_about_again_after_7_and_12_days(db: Database) -> None:
    number = await file(db)
    await do(db, staff.update, number, by=BO, body="Mended.", via="web", then=Then(resolution="fixed"))
    await told(db)
    before = len(await letters(db))
    for day in range(14):
        await reminders.remind(db, POST, later(days=day, minutes=1))
        await reminders.remind(db, POST, later(days=day, minutes=2))
    assert len(await letters(db)) - before == 2


async def test_a_link_is_sent_to_known_addresses_only(db: Database) -> None:
    await file(db)
    async with db.saving() as tx:
        await accounts.send_link(tx, "ada@home.example", browser="x", links=LINKS, now_ms=0, say=say)
        await accounts.send_link(tx, "bo@board.example", browser="x", links=LINKS, now_ms=0, say=say)
        await accounts.send_link(tx, "nobody@home.example", browser="x", links=LINKS, now_ms=0, say=say)
    assert [to for to, _ in await letters(db)] == ["ada@home.example", "ada@home.example", "bo@board.example"]


async def test_without_a_mail_server_every_message_is_kept(db: Database) -> None:
    await file(db)
    await sending.send_due(db, POST, NOON)
    assert await states(db) == ["kept"]
    assert await sending.send_due(db, POST, NOON) == 0


async def test_a_mail_arrives_as_one_thread_with_a_way_to_stop_it(db: Database) -> None:
    number = await file(db)
    await follow(db, number, "eve@home.example")
    await do(db, staff.update, number, by=BO, body="We look.", via="web", then=Then())
    await told(db)
    with postbox() as box:
        await sending.send_due(db, replace(POST, url=box.url), later(days=1))
    assert await states(db) == ["sent"] * 4
    news = next(m for m in box.mails if m["To"] == "eve@home.example" and m["List-Unsubscribe"])
    assert news["Subject"] == f"[#{number}] The kettle leaks"
    assert news["Auto-Submitted"] == "auto-generated"
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<https://board\.example/follows/\d+-[\w-]{43}>", news["List-Unsubscribe"].strip())
    assert news["References"] == f"<issue.{number}@board.example>"
    assert "We look." in text_of(news)
    html = news.get_body(("html",))
    assert html is not None
    assert f'<a href="{LINKS.issue(number)}" style="' in html.get_content()
    assert re.search(
        r'<p>This company wrote an update.</p>\s*<div style="[^"]+"><p>We look.</p></div>', html.get_content()
    )


async def test_all_letters_about_an_issue_are_one_thread_in_mail_programs(db: Database) -> None:
    async with db.saving() as tx:
        await company.save(tx, {"moderation": "hold"})
    number = await file(db)
    await follow_by_hand(db, number)
    await do(db, moderators.publish, number, by=MO)
    await told(db)
    for body in ("We look.", "Mended."):
        await do(db, staff.update, number, by=BO, body=body, via="web", then=Then())
        await told(db)
    await do(db, staff.update, number, by=BO, body="Which?", via="web", then=Then(state="waiting_on_customer"))
    await told(db)
    await reminders.remind(db, POST, later(days=3, minutes=1))
    kept = await letters(db)
    adas = [letter.subject for to, letter in kept if to == "ada@home.example"]
    eves = [letter.subject for to, letter in kept if to == "eve@home.example"]
    assert adas == [f"[#{number}] Your issue", *[f"Re: [#{number}] Your issue"] * (len(adas) - 1)]
    assert eves == [f"[#{number}] The kettle leaks", *[f"Re: [#{number}] The kettle leaks"] * (len(eves) - 1)]
    assert min(len(adas), len(eves)) >= 4
    assert all("The kettle leaks" in str(letter.paragraphs) for _, letter in kept[1:])  # nobody had looked at the first


async def test_words_that_were_taken_out_are_in_no_later_subject(db: Database) -> None:
    number = await file(db, title="Jane Doe leaks")
    await do(db, moderators.redact, number, by=MO, target=1, fields=("title",), reason="privacy_request")
    await do(db, staff.update, number, by=BO, body="We look.", via="web", then=Then())
    await told(db)
    assert [letter.subject for _, letter in await letters(db)] == [f"[#{number}]", f"Re: [#{number}] words removed"]


async def follow_by_hand(db: Database, number: int) -> None:
    async with db.saving() as tx:
        wish = await intake.follow(tx, issue=number, email="eve@home.example", now_ms=0)
        await intake.confirm_follow(tx, wish.id, 1)


async def test_the_mail_about_a_filing_carries_a_receipt_that_anybody_can_check(db: Database) -> None:
    await file(db)
    with postbox() as box:
        await sending.send_due(db, replace(POST, url=box.url), NOON)
    (attached,) = box.mails[0].iter_attachments()
    lines = attached.get_content().splitlines()
    leaf, fingerprint = (lines[lines.index(name) + 1] for name in ("The entry:", "Its fingerprint:"))
    filed = (await chain(db, 1))[0]
    assert (attached.get_filename(), leaf) == ("receipt-1.txt", filed.leaf)
    assert fingerprint == b64url(hashlib.sha256(b"\0" + leaf.encode()).digest())
    assert "kettle" not in attached.get_content()


async def test_the_message_id_is_the_same_for_every_try_and_shows_no_address(db: Database) -> None:
    await file(db)
    async with db.reading() as tx:
        (row,) = await outbox.newest(tx, limit=1)
    first = writing.compose(row, outbox.letter_of(row), POST, NOON)
    again = writing.compose(row, outbox.letter_of(row), POST, later(hours=1))
    assert first["Message-ID"] == again["Message-ID"]
    assert "ada" not in str(first["Message-ID"])


async def test_a_letter_says_where_to_answer_where_answers_by_mail_are_not_taken(db: Database) -> None:
    number = await file(db)
    await follow(db, number, "eve@home.example")
    await do(db, staff.update, number, by=BO, body="We look.", via="web", then=Then())
    await told(db)
    async with db.reading() as tx:
        rows = await outbox.newest(tx, limit=9)
    told_where = {}
    for inbox in (None, "in@board.example"):
        post = replace(POST, inbox=inbox)
        texts = [text_of(writing.compose(row, outbox.letter_of(row), post, NOON)) for row in reversed(rows)]
        told_where[inbox] = ["an answer to this mail does not get there" in text for text in texts]
    # The receipt, which has no address for answers, the question whether to follow, and the news for both.
    assert told_where == {None: [True, False, True, True], "in@board.example": [True, False, False, False]}


async def test_a_server_that_refuses_is_tried_again_and_loses_nothing(db: Database) -> None:
    await file(db)
    with postbox() as box:
        post = replace(POST, url=box.url)
        box.refusal = "451 later, please"
        await sending.send_due(db, post, NOON)
        assert await states(db) == ["queued"]
        assert await sending.send_due(db, post, NOON) == 0  # not before its time
        box.refusal = None
        await sending.send_due(db, post, later(minutes=1))
    assert await states(db) == ["sent"]
    assert box.recipients == ["ada@home.example"]


async def test_a_server_that_is_not_there_is_given_up_after_many_tries(db: Database) -> None:
    await file(db)
    post, at = replace(POST, url="smtp://127.0.0.1:9"), NOON
    for _ in range(len(sending.RETRIES_S) + 1):
        await sending.send_due(db, post, at)
        at += timedelta(days=2)
    assert await states(db) == ["failed"]
    async with db.saving() as tx:
        (row,) = await outbox.newest(tx, limit=1)
        assert row["error"]
        await outbox.try_now(tx, row["id"], int(at.timestamp() * 1000))
    with postbox() as box:
        await sending.send_due(db, replace(POST, url=box.url), at)
    assert await states(db) == ["sent"]


async def test_two_processes_send_a_message_once(db: Database) -> None:
    await file(db)
    async with db.reading() as tx:
        (row,) = await outbox.due(tx, int(NOON.timestamp() * 1000), limit=5)
    with postbox() as box:
        post = replace(POST, url=box.url)
        await sending.try_one(db, row, post, NOON, line.Line(post))
        await sending.try_one(db, row, post, NOON, line.Line(post))
    assert len(box.mails) == 1


async def test_a_redacted_word_is_not_mailed_afterwards(db: Database) -> None:
    number = await file(db, email=None)
    await told(db)
    await follow(db, number, "eve@home.example")
    done = await do_at(later(minutes=1), db, customers.comment, number, by=CY, body="Call 555-0100.", via="web")
    assert done.index is not None
    await do(db, moderators.redact, number, by=MO, target=done.index, fields=("body",), reason="third_party_privacy")
    await told(db)
    assert not any("555-0100" in paragraph for _, letter in await letters(db) for paragraph in letter.paragraphs)
