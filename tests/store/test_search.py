"""Search over public issues: the same questions find the same issues in both databases."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from board.actions import customers, moderators
from board.domain.excerpts import END, HIT
from board.store import issues, search
from board.store.database import Database
from board.store.issues import Wanted
from tests.cast import ADA, CY, MO, answer, do, file_issue
from tests.soundness import assert_sound


async def found(db: Database, text: str) -> list[int]:
    async with db.reading() as tx:
        rows = await issues.listed(tx, Wanted(state="all", text=text, sort="oldest"), "")
    return [row["number"] for row in rows]


async def library(db: Database) -> None:
    await file_issue(db, title="The kettle leaks", body="Water runs out of the handle.")
    await file_issue(db, title="Parcel never came", body="The carrier says it was delivered to a neighbour.")
    await file_issue(
        db, title="Rückgabe der Teekanne", body="Die Kanne tropft. Ça va? Øl, naïve façade, 日本語 のテスト"
    )
    await file_issue(
        db,
        title="Payment taken twice",
        body="My card was charged 49.90 two times for one kettle, order AB-1200/7, see https://www.example.com/pay.",
    )


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("kettle", [1, 4]),
        ("KETTLES", [1, 4]),
        ("kett", [1, 4]),
        ("kettle handle", [1]),
        ("handle kettle", [1]),
        ("running", [1]),
        ("deliver", [2]),
        ("kettle carrier", []),
        ("teekanne", [3]),
        ("日本語", [3]),
        ("49.90", [4]),
        ("90", [4]),
        ("AB-1200", [4]),
        ("1200", [4]),
        ("example.com", [4]),
        ("nothing like it", []),
        ("", []),
        ("!?*", []),
        ('"', []),
        ("' OR 1=1 --", []),
        ("title:kettle", []),
        ("kettle*", [1, 4]),
        ("(kettle", [1, 4]),
        ("kettle & handle | x:*", []),
    ],
)
async def test_what_is_asked_for_is_found(db: Database, text: str, numbers: list[int]) -> None:
    await library(db)
    assert await found(db, text) == numbers


async def test_every_public_word_of_an_issue_is_found(db: Database) -> None:
    number = await file_issue(db)
    await do(db, customers.comment, number, by=CY, body="Mine whistles.", via="web")
    await answer(db, number, body="A **gasket** is on its way.", resolution="fixed")
    await do(db, customers.confirm, number, by=ADA, body="Marvellous!")
    for word in ("whistles", "gasket", "marvellous", "handle"):
        assert await found(db, word) == [number]
    await assert_sound(db)


async def test_what_is_not_public_is_not_found(db: Database) -> None:
    number = await file_issue(db, email="ada@example.com", details="Order 4711")
    assert await found(db, "4711") == []
    assert await found(db, "ada@example.com") == []
    await do(db, moderators.remove, number, by=MO, reason="test")
    async with db.reading() as tx:
        assert await tx.rows("SELECT title FROM search") == []


async def test_excerpts_mark_what_was_found(db: Database) -> None:
    await library(db)
    async with db.reading() as tx:
        marked = await search.excerpts(tx, "carrier", [1, 2])
        assert await search.excerpts(tx, "!", [1]) == {}
        assert await search.excerpts(tx, "carrier", []) == {}
    assert f"{HIT}carrier{END}" in marked[2]
    assert "neighbour" in marked[2]


async def test_excerpts_leave_markup_for_the_reader_to_escape(db: Database) -> None:
    number = await file_issue(db, title="A <b>bold</b> title", body="Is <script>alert(1)</script> shown as typed?")
    async with db.reading() as tx:
        excerpt = (await search.excerpts(tx, "typed", [number]))[number]
    assert f"{HIT}typed{END}" in excerpt
    assert excerpt.count(HIT) == excerpt.count(END) == 1


async def test_the_similar_ones_come_best_first(db: Database) -> None:
    await library(db)
    async with db.reading() as tx:
        assert (await search.similar(tx, "Water leaks out of my kettle handle", limit=5))[0] == 1
        assert await search.similar(tx, "Water leaks out of my kettle handle", limit=1) == [1]
        assert await search.similar(tx, "My parcel never arrived", limit=5) == [2]
        assert await search.similar(tx, "a an it", limit=5) == []
        assert await search.similar(tx, "", limit=5) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40) | st.text("kettle'\"*():&|!<>-^~_\\ %:", max_size=20))
async def test_any_question_is_answered(db: Database, text: str) -> None:
    if await found(db, "kettle") == []:
        await library(db)
    await found(db, text)
    async with db.reading() as tx:
        await search.similar(tx, text, limit=5)
        await search.excerpts(tx, text, [1, 2])
