"""What the company wants to look at first stays unread by whichever door it comes, and the act itself is done."""

import pytest

from board.actions import customers, moderators
from board.errors import Invalid
from board.store import company, entries
from board.store.database import Database
from tests.cast import ADA, MO, answer, do, file_issue, kinds
from tests.soundness import assert_sound

SPAM = "Win at our casino."


@pytest.fixture(params=[{"moderation": "hold"}, {"moderation": "open", "held_words": "casino"}], ids=["all", "a word"])
async def number(db: Database, request: pytest.FixtureRequest) -> int:
    """A public issue of Ada, filed before the policy was chosen, and resolved."""
    filed = await file_issue(db)
    await answer(db, filed, resolution="fixed")
    async with db.saving() as tx:
        await company.save(tx, request.param)
    return filed


async def public_words(db: Database, number: int) -> str:
    async with db.reading() as tx:
        return str(await entries.public_texts(tx, number))


async def test_a_cure_is_confirmed_or_disputed_and_the_words_wait(db: Database, number: int) -> None:
    await do(db, customers.dispute, number, by=ADA, body=SPAM)
    disputed = ["issue.disputed", "issue.reopened", "comment.posted", "comment.held"]
    assert (await kinds(db, number))[-4:] == disputed
    await answer(db, number, resolution="fixed")
    done = await do(db, customers.confirm, number, by=ADA, body=SPAM, grade=4)
    assert "casino" not in await public_words(db, number)
    await do(db, moderators.judge_comment, number, by=MO, target=done.events[1].index, reason=None)
    assert "casino" in await public_words(db, number)
    await assert_sound(db)


async def test_nothing_harmless_becomes_something_else_by_a_correction(db: Database, number: int) -> None:
    with pytest.raises(Invalid, match="looked at"):
        await do(db, customers.correct, number, by=ADA, target=1, words={"body": SPAM})
    with pytest.raises(Invalid, match="looked at"):
        await do(db, customers.thank, number, by=ADA, body=SPAM)
    assert "casino" not in await public_words(db, number)
    await assert_sound(db)
