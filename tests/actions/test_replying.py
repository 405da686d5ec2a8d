"""An answer by mail becomes a comment under the same rules as one on the page; what is doubtful waits, and is told."""

from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

from board.actions import customers, mailbox, moderators
from board.actions.replying import Mailbox
from board.followers import mail, sending
from board.followers.writing import Post
from board.store import company, entries, intake, outbox
from board.store.database import Database
from tests.cast import LINKS, MO, NOON, answer, chain, do, file_issue, kinds, later, say, want_mail
from tests.followers.postbox import postbox, text_of
from tests.soundness import assert_sound

MX = "mx.board.example"
BOX = Mailbox("in@board.example", LINKS, say, b"a key for the tests", MX)
POST = Post(None, "Tea <tea@board.example>", LINKS, say, inbox=BOX.inbox)
ADA, EVE = "ada@home.example", "eve@home.example"


async def filed(db: Database) -> int:
    number = await file_issue(db, email=ADA)
    await want_mail(db, number)
    return number


async def followed(db: Database, number: int) -> int:
    async with db.saving() as tx:
        wish = await intake.follow(tx, issue=number, email=EVE, now_ms=0)
        await customers.confirm_follow(tx, wish.id, 1)
    return wish.id


def reply(
    tag: str, words: str = "The red one.", *, sender: str = ADA, dmarc: str | None = "pass", **more: str
) -> bytes:
    made = EmailMessage()
    if dmarc:
        made["Authentication-Results"] = f"{MX}; dmarc={dmarc} header.from={sender.rpartition('@')[2]}"
    made["From"], made["To"], made["Subject"] = f"Ada <{sender}>", f"in+{tag}@board.example", "Re: [#1] The kettle"
    for name, value in more.items():
        made[name.replace("_", "-")] = value
    made.set_content(f"{words}\n\nOn Mon, 2 Mar 2026, Tea <in+{tag}@board.example> wrote:\n> ##- Answer above -##\n> x")
    return made.as_bytes()


async def told(db: Database) -> list[tuple[str, str]]:
    """The letters about answers by mail: to whom, and what they say."""
    async with db.reading() as tx:
        rows = (await outbox.newest(tx, limit=99))[::-1]
    letters = [(row["recipient"], outbox.letter_of(row)) for row in rows if row["message_id"].startswith("reply.")]
    return [(to, " ".join(letter.paragraphs)) for to, letter in letters]


async def last_words(db: Database, number: int) -> dict[str, Any]:
    async with db.reading() as tx:
        rows = await entries.of_issue(tx, number, reader="staff")
    return rows[-1]


async def receive(db: Database, raw: bytes, box: Mailbox = BOX) -> str:
    return await mailbox.receive(db, raw, box, later(minutes=5))


async def test_the_filer_answers_a_question_by_mail_and_the_clock_goes_on(db: Database) -> None:
    number = await filed(db)
    await answer(db, number, body="Which one?", state="waiting_on_customer")
    await mail.write_letters(db, POST, NOON)
    with postbox() as box:
        await sending.send_due(db, replace(POST, url=box.url), NOON)
    asked = next(m for m in box.mails if m["Reply-To"])
    assert text_of(asked).startswith("##- Answer above this line, and everybody can read it")
    assert await receive(db, reply(asked["Reply-To"].partition("+")[2].partition("@")[0])) == "published"
    assert (await kinds(db, number))[-2:] == ["comment.posted", "issue.started"]
    async with db.reading() as tx:
        words = next(
            row for row in await entries.of_issue(tx, number, reader="anyone") if row["kind"] == "comment.posted"
        )
    assert (words["body"], words["by_filer"]) == ("The red one.", 1)
    assert await told(db) == []
    await assert_sound(db)


async def test_a_follower_comments_by_mail_as_anybody(db: Database) -> None:
    number = await filed(db)
    tag = LINKS.tag("follow", await followed(db, number))
    raw = reply(tag, "Mine, too.", sender=EVE)
    assert await receive(db, raw) == "published"
    assert (await last_words(db, number))["by_filer"] == 0
    assert [await receive(db, raw), (await kinds(db, number)).count("comment.posted")] == ["known", 1]
    async with db.saving() as tx:
        await company.save(tx, {"moderation": "first"})
        await customers.stop_following(tx, 1)
    assert await receive(db, reply(tag, "Once more.", sender=EVE)) == "ignored"


@pytest.mark.parametrize(
    "doubtful",
    [{"dmarc": None}, {"dmarc": "none"}, {"sender": "ada@other.example"}, {"words": "See https://spam.example"}],
)
async def test_what_nobody_vouches_for_waits_for_a_look_and_the_writer_is_told(
    db: Database, doubtful: dict[str, Any]
) -> None:
    number = await filed(db)
    is_link = "words" in doubtful
    tag = LINKS.tag("follow", await followed(db, number)) if is_link else LINKS.tag("filed", number)
    raw = reply(tag, **{**({"sender": EVE} if is_link else {}), **doubtful})
    assert await receive(db, raw) == "held"
    assert (await kinds(db, number))[-2:] == ["comment.posted", "comment.held"]
    ((to, words),) = await told(db)
    assert (to, "waits: somebody looks at it" in words) == (EVE if is_link else ADA, True)
    target = next(r.index for r in await chain(db, number) if r.name == "comment.posted")
    await do(db, moderators.judge_comment, number, by=MO, target=target, reason=None)
    await assert_sound(db)


async def test_without_the_name_of_our_server_nobody_is_vouched_for(db: Database) -> None:
    number = await filed(db)
    assert await receive(db, reply(LINKS.tag("filed", number)), replace(BOX, authserv=None)) == "held"


@pytest.mark.parametrize(
    "forged",
    [
        {"dmarc": "fail"},
        {"Auto_Submitted": "auto-replied"},
        {"List_Id": "<issue-1.board.example>"},
        {"sender": "in@board.example"},
    ],
)
async def test_forged_and_automatic_answers_do_nothing_at_all(db: Database, forged: dict[str, Any]) -> None:
    number = await filed(db)
    before = await kinds(db, number)
    assert await receive(db, reply(LINKS.tag("filed", number), **forged)) == "ignored"
    assert await receive(db, reply(f"filed-{number}-aaaaaaaaaaaaaaaaaaaa")) == "ignored"
    assert await receive(db, reply(LINKS.tag("mail", number))) == "ignored"
    assert (await kinds(db, number), await told(db)) == (before, [])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Call me: +43 660 1234567", "phone"),
        ("Write to jane@home.example", "address"),
        ("", "Write a few words"),
        ("x" * 20_001, "20,000 fit"),
    ],
)
async def test_what_cannot_be_published_is_not_and_the_writer_hears_why(db: Database, words: str, why: str) -> None:
    number = await filed(db)
    before = await kinds(db, number)
    raw = reply(LINKS.tag("filed", number), words)
    assert [await receive(db, raw) for _ in range(2)] == ["refused", "known"]
    ((to, said),) = await told(db)
    assert (to, "was not published" in said) == (ADA, True)
    assert why in said
    assert "660" not in said
    assert await kinds(db, number) == before


async def test_a_closed_issue_takes_no_answer_and_says_so(db: Database) -> None:
    number = await filed(db)
    await do(db, moderators.remove, number, by=MO, reason="spam")
    tag = LINKS.tag("follow", await followed(db, number))
    assert await receive(db, reply(tag, "Mine.", sender=EVE)) == "refused"
    assert "was not published" in (await told(db))[0][1]


async def test_files_are_dropped_with_a_word(db: Database) -> None:
    number = await filed(db)
    made = EmailMessage()
    made["From"], made["To"] = ADA, f"in+{LINKS.tag('filed', number)}@board.example"
    made["Authentication-Results"] = f"{MX}; dmarc=pass header.from=home.example"
    made.set_content("See the picture.")
    made.add_attachment(b"x", maintype="image", subtype="png", filename="leak.png")
    assert await receive(db, made.as_bytes()) == "published"
    assert await told(db) == [(ADA, "The files that came with it were not kept.")]


async def test_many_answers_are_more_than_one_address_may_send(db: Database) -> None:
    number = await filed(db)
    tag = LINKS.tag("filed", number)
    outcomes = [await receive(db, reply(tag, f"Word {place}, and nothing else.")) for place in range(40)]
    assert set(outcomes) == {"published", "refused"}
    assert outcomes[-1] == "refused"
