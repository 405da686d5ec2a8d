"""Colleagues hear by mail of what is given to them, of what customers dispute, and of what is late."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from board.actions import customers, moderators, staff
from board.domain.letters import Letter
from board.domain.wishes import Wishes
from board.followers import colleagues, mail
from board.followers.writing import Post, as_html, as_text
from board.store import outbox, wishes
from board.store.database import Database
from tests.cast import ADA, BO, LINKS, MO, NOON, ROOT, answer, do, do_at, file_issue, later, say

POST = Post(None, "board@board.example", LINKS, say)


async def told(
    db: Database, work: Callable[..., Coroutine[Any, Any, object]], at: datetime = NOON
) -> dict[str, Letter]:
    """The letters that came of it, by whom they go to."""
    async with db.reading() as tx:
        before = len(await outbox.newest(tx, limit=1000))
    await work(db, POST, at)
    async with db.reading() as tx:
        rows = await outbox.newest(tx, limit=1000)
    return {row["recipient"]: outbox.letter_of(row) for row in rows[: len(rows) - before]}


async def test_whoever_is_given_an_issue_by_somebody_else_hears_of_it(db: Database) -> None:
    number = await file_issue(db)
    await do(db, staff.assign, number, by=MO, person=BO.person or 0)
    letters = await told(db, mail.write_letters)
    assert list(letters) == ["bo@board.example"]
    assert letters["bo@board.example"].link == f"https://board.example/staff/issues/{number}"
    assert await told(db, mail.write_letters) == {}
    await do(db, staff.assign, number, by=ROOT, person=ROOT.person or 0)
    assert await told(db, mail.write_letters) == {}


async def test_a_dispute_goes_to_the_owner_or_else_to_all_who_answer(db: Database) -> None:
    for owner in (None, BO.person):
        number = await file_issue(db)
        if owner:
            await do(db, staff.assign, number, by=BO, person=owner)
        await answer(db, number, resolution="fixed")
        await told(db, mail.write_letters)
        await do(db, customers.dispute, number, by=ADA, body="It still leaks.")
        letters = await told(db, mail.write_letters)
        everybody = ["bo@board.example", "mo@board.example", "root@board.example"]
        assert sorted(letters) == (["bo@board.example"] if owner else everybody)
        assert all("not solved" in letter.paragraphs[0] for letter in letters.values())


async def test_what_became_late_since_the_last_look_comes_in_one_letter_and_once(db: Database) -> None:
    early = await file_issue(db)
    await told(db, colleagues.remind, later(hours=5))  # the first look: what was late before is no news
    for _ in range(2):
        number = await file_issue(db, at=later(hours=2))
        await do_at(later(hours=2), db, staff.assign, number, by=BO, person=BO.person or 0)
    await do_at(later(hours=2), db, moderators.remove, number, by=MO, reason="spam")
    assert await told(db, colleagues.remind, later(hours=5, minutes=59)) == {}
    letters = await told(db, colleagues.remind, later(hours=6, minutes=1))
    assert [part.issue for part in letters["bo@board.example"].parts] == [early + 1]
    assert "The kettle leaks" in as_text(letters["bo@board.example"], say)
    assert f'href="https://board.example/staff/issues/{early + 1}"' in as_html(letters["bo@board.example"], say)
    assert await told(db, colleagues.remind, later(hours=7)) == {}


async def test_each_letter_to_a_colleague_says_where_to_choose_which_of_them_come(db: Database) -> None:
    await told(db, colleagues.remind)
    number = await file_issue(db)
    await do(db, staff.assign, number, by=MO, person=BO.person or 0)
    found = [
        (await told(db, work, later(hours=5)))["bo@board.example"] for work in (mail.write_letters, colleagues.remind)
    ]
    assert [letter.label for letter in found] == ["Open it at the desk", "Open the queue"]
    for letter in found:
        assert "Choose which mail you get about your work:\nhttps://board.example/me#wishes\n" in as_text(letter, say)
        assert 'href="https://board.example/me#wishes"' in as_html(letter, say)


async def test_words_that_are_taken_out_are_gone_from_letters_about_many_issues(db: Database) -> None:
    await told(db, colleagues.remind)
    numbers = [await file_issue(db, title=title) for title in ("Jane Doe leaks", "The lid sticks")]
    await told(db, colleagues.remind, later(hours=5))
    await do(db, moderators.redact, numbers[0], by=MO, target=1, fields=("title",), reason="privacy_request")
    async with db.reading() as tx:
        kept = [outbox.letter_of(row) for row in await outbox.newest(tx, limit=9)]
    assert len(kept) == 3
    assert not any("Jane Doe" in as_text(letter, say) for letter in kept)
    assert all("The lid sticks" in as_text(letter, say) for letter in kept)


async def test_whoever_does_not_want_such_letters_gets_none(db: Database) -> None:
    async with db.saving() as tx:
        await wishes.save(tx, "bo@board.example", Wishes(unwanted=frozenset({"assigned"})), next_ms=None)
    await do(db, staff.assign, await file_issue(db), by=MO, person=BO.person or 0)
    await do(db, staff.assign, await file_issue(db), by=MO, person=ROOT.person or 0)
    assert list(await told(db, mail.write_letters)) == ["root@board.example"]
