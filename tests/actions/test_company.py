"""What admins set: settings, areas with targets, colleagues, tokens; what is published is recorded by its hash."""

import asyncio
import hashlib
from typing import Any

import pytest

from board.actions import company as act
from board.domain import events as e
from board.domain.clocks import Target
from board.domain.people import Actor
from board.errors import Invalid, NotAllowed, NotFound
from board.store import company, issues, outbox, people, record
from board.store.company import Area, Company
from board.store.database import Database
from board.store.people import Person
from tests.cast import ADA, BO, CY, LINKS, MO, ROOT, answer, do, file_issue, head, later, say
from tests.soundness import assert_sound


async def newest(db: Database) -> e.Event:
    async with db.reading() as tx:
        return (await record.after(tx, (await record.head(tx))[1] - 1, limit=1))[0].event


async def test_settings_are_kept_and_published_by_their_hash(db: Database) -> None:
    changes = {"name": "Kettles & Co", "tagline": "Tea for all", "accent": "#aa0044", "rules": "Be kind.\n\nAlways."}
    changes["moderation"] = "hold"
    await do(db, act.set_up, changes, by=ROOT)
    async with db.reading() as tx:
        assert await company.read(tx) == Company(**changes)  # type: ignore[arg-type]
        sha256 = await company.current_policy(tx)
        assert sha256
        text = await company.policy(tx, sha256)
    assert text
    assert hashlib.sha256(text.encode()).hexdigest() == sha256
    assert await newest(db) == e.PolicyChanged(sha256=sha256)
    await assert_sound(db)


async def test_only_what_is_published_makes_an_event(db: Database) -> None:
    await do(db, act.set_up, {"name": "Kettles"}, by=ROOT)
    before = await head(db)
    await do(db, act.set_up, {"accent": "#000000", "tagline": "New", "name": "Kettles"}, by=ROOT)
    assert await head(db) == before
    await do(db, act.set_up, {"moderation": "hold"}, by=ROOT)
    assert await head(db) == before + 1


async def test_a_policy_that_comes_back_is_published_again(db: Database) -> None:
    for mail in ("required", "optional", "required"):
        await do(db, act.set_up, {"mail": mail}, by=ROOT)
    async with db.reading() as tx:
        published = [r.event for r in await record.after(tx, 0, limit=9)]
    assert len(published) == 3
    assert published[0] == published[2] != published[1]
    await assert_sound(db)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": " "}, ["name"]),
        ({"name": "x" * 81}, ["name"]),
        ({"accent": "red"}, ["accent"]),
        ({"accent": "#00000g"}, ["accent"]),
        ({"mail": "never"}, ["mail"]),
        ({"tagline": "x" * 121, "rules": "x" * 20_001, "moderation": ""}, ["tagline", "rules", "moderation"]),
    ],
)
async def test_wrong_settings_are_refused_by_field(db: Database, changes: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        await do(db, act.set_up, {"about": "Kept?", **changes}, by=ROOT)
    assert list(refused.value.fields) == fields
    async with db.reading() as tx:
        assert await company.read(tx) == Company(moderation="open")


async def test_an_area_is_added_with_its_targets_and_changed(db: Database) -> None:
    slug = await do(db, act.save_area, by=ROOT, name=" Crème & Tea ", first_answer_h="4", resolve_h="1,5")
    assert slug == "creme-tea"
    await do(db, act.save_area, by=ROOT, name="Tea", resolve_h="24", area="creme-tea")
    async with db.reading() as tx:
        areas = await company.areas(tx)
    assert areas[-1] == Area("creme-tea", "Tea", Target(None, 86_400))
    assert [area.slug for area in areas] == ["service", "returns", "creme-tea"]
    await assert_sound(db)


async def test_new_targets_move_the_due_times_of_open_issues(db: Database) -> None:
    waiting, asked, closed = [await file_issue(db) for _ in range(3)]
    await answer(db, asked, state="waiting_on_customer")
    await answer(db, closed, resolution="declined")
    await do(db, act.save_area, by=ROOT, name="Service", first_answer_h="1", area="service")
    async with db.reading() as tx:
        due = [(row["number"], row["due_at"]) for row in await issues.behind(tx, 0, limit=9)]
    assert due == [(waiting, "2026-03-02T13:00:00Z"), (asked, None), (closed, None)]
    await assert_sound(db)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "Service"}, "name"),
        ({"name": "Tea", "first_answer_h": "soon"}, "first_answer_h"),
        ({"name": "Tea", "first_answer_h": "-1"}, "first_answer_h"),
        ({"name": "Tea", "first_answer_h": "1e9"}, "first_answer_h"),
        ({"name": "Tea", "resolve_h": "0"}, "resolve_h"),
        ({"name": "Tea", "resolve_h": "99999"}, "resolve_h"),
    ],
)
async def test_wrong_areas_are_refused(db: Database, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await do(db, act.save_area, by=ROOT, **given)
    assert list(refused.value.fields) == [field]


async def test_only_areas_that_are_there_are_changed(db: Database) -> None:
    with pytest.raises(NotFound):
        await do(db, act.save_area, by=ROOT, name="Tea", area="nowhere")


async def test_an_area_is_made_once_for_an_import(db: Database) -> None:
    assert await do(db, act.make_area, "Tea & Co") == "tea-co"
    before = await head(db)
    assert await do(db, act.make_area, "Tea & Co") == "tea-co"
    assert await head(db) == before
    await assert_sound(db)


async def invite(db: Database, email: str, role: str, name: str = "Eve") -> tuple[Person, str]:
    return await do(db, act.invite, by=ROOT, email=email, name=name, role=role, links=LINKS, say=say)


async def test_a_colleague_is_invited_with_a_one_time_link(db: Database) -> None:
    person, url = await invite(db, " Eve@Board.example ", "agent")
    assert person == Person(person.id, "eve@board.example", "Eve", "agent")
    secret = url.removeprefix(LINKS.sign_in(""))
    async with db.saving() as tx:
        assert [message["recipient"] for message in await outbox.newest(tx, limit=9)] == ["eve@board.example"]
        used = await people.use_link(tx, secret, 0)
        assert used
        assert (used.purpose, used.person) == ("staff", person.id)
        assert await people.use_link(tx, secret, 0) is None
        assert secret not in str(await tx.rows("SELECT * FROM sign_ins"))
    await invite(db, "au@board.example", "auditor")
    async with db.reading() as tx:
        said = [outbox.letter_of(row).paragraphs[0] for row in await outbox.newest(tx, limit=9)]
    assert ["you can read what staff see" in said[0], "you can answer customers" in said[1]] == [True, True]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"email": ""}, "email"),
        ({"email": "eve"}, "email"),
    ],
)
async def test_wrong_invitations_are_refused(db: Database, given: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await invite(db, **{"email": "eve@board.example", "role": "agent", **given})
    assert list(refused.value.fields) == [field]


async def test_a_colleague_who_is_removed_is_out_at_once_and_may_come_back(db: Database) -> None:
    assert BO.person
    async with db.saving() as tx:
        session = await people.new_session(tx, person=BO.person, email=None, now_ms=0)
        link = await people.new_link(tx, purpose="staff", person=BO.person, now_ms=0)
        await act.remove_colleague(tx, by=ROOT, person=BO.person, now_ms=1)
        assert await people.session(tx, session, 1) is None
        assert await people.use_link(tx, link, 1) is None
        assert await people.by_email(tx, "bo@board.example") is None
    person, _ = await invite(db, "bo@board.example", "moderator", "Bo")
    assert person == Person(BO.person, "bo@board.example", "Bo", "moderator")


async def test_the_last_admin_stays(db: Database) -> None:
    assert ROOT.person
    assert MO.person

    async def remove(person: int) -> None:
        async with db.saving() as tx:
            await act.remove_colleague(tx, by=ROOT, person=person, now_ms=1)

    with pytest.raises(Invalid, match="last admin"):
        await remove(ROOT.person)
    with pytest.raises(Invalid, match="last admin"):
        await invite(db, "root@board.example", "agent", "Root")
    await invite(db, "mo@board.example", "admin", "Mo")
    await invite(db, "root@board.example", "agent", "Root")
    with pytest.raises(Invalid, match="last admin"):
        await remove(MO.person)


async def test_of_two_admins_who_remove_each_other_at_once_one_stays(db: Database) -> None:
    await invite(db, "mo@board.example", "admin", "Mo")
    assert ROOT.person
    assert MO.person

    async def remove(person: int) -> None:
        async with db.saving() as tx:
            await people.all_staff(tx)
            await act.remove_colleague(tx, by=ROOT, person=person, now_ms=1)

    await asyncio.gather(*[remove(99) for _ in range(4)])  # opens connections, so that both set off together
    outcomes = await asyncio.gather(remove(ROOT.person), remove(MO.person), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Invalid", "NoneType"]
    async with db.reading() as tx:
        assert [person.role for person in await people.all_staff(tx)].count("admin") == 1


async def test_a_token_is_known_by_its_secret_until_it_is_revoked(db: Database) -> None:
    async with db.saving() as tx:
        secret = await act.create_token(tx, by=ROOT, label=" CRM ", role="reader", now_ms=5)
        found = await people.token(tx, secret)
        assert found
        assert (found["label"], found["role"]) == ("CRM", "reader")
        assert secret not in str(await tx.rows("SELECT * FROM tokens"))
        assert await people.revoke_token(tx, found["id"], 6)
        assert not await people.revoke_token(tx, found["id"], 7)
        assert await people.token(tx, secret) is None
        for label, role in (("", "agent"), ("x" * 81, "agent"), ("CRM", "owner")):
            with pytest.raises(Invalid):
                await act.create_token(tx, by=ROOT, label=label, role=role, now_ms=5)


@pytest.mark.parametrize("by", [CY, ADA, BO, MO])
async def test_only_admins_run_the_board(db: Database, by: Actor) -> None:
    invitation = {"email": "eve@board.example", "name": "Eve", "role": "admin", "links": LINKS, "say": say}
    doors: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
        (act.set_up, ({"name": "Mine"},), {}),
        (act.save_area, (), {"name": "Mine"}),
        (act.invite, (), invitation),
        (act.remove_colleague, (), {"person": 1, "now_ms": 0}),
        (act.create_token, (), {"label": "x", "role": "admin", "now_ms": 0}),
    ]
    before = await head(db)
    for door, args, given in doors:
        with pytest.raises(NotAllowed, match="Only admins can do this"):
            await do(db, door, *args, by=by, **given)
    assert await head(db) == before


async def test_of_two_who_use_one_link_at_once_one_gets_in(db: Database) -> None:
    async with db.saving() as tx:
        secret = await people.new_link(tx, purpose="customer", email="ada@example.com", now_ms=0)

    async def use() -> bool:
        async with db.saving() as tx:
            return await people.use_link(tx, secret, 1) is not None

    assert sorted(await asyncio.gather(*[use() for _ in range(4)])) == [False, False, False, True]


async def test_links_end_in_time(db: Database) -> None:
    async with db.saving() as tx:
        secret = await people.new_link(tx, purpose="customer", email="ada@example.com", now_ms=0, lasts_ms=1_000)
        assert await people.find_link(tx, secret, 999)
        assert await people.find_link(tx, secret, 1_000) is None
        assert await people.use_link(tx, secret, 1_000) is None


async def test_a_browser_speaks_as_the_filer_of_what_it_was_given(db: Database) -> None:
    first, second, third = [await file_issue(db, at=later(hours=1)) for _ in range(3)]
    mailed = await file_issue(db, email="ada@example.com")
    async with db.saving() as tx:
        token = await people.new_session(tx, person=None, email="ada@example.com", now_ms=0)
        session = await people.session(tx, token, 0)
        assert session
        await people.grant(tx, session.token_hash, second)
        await people.grant(tx, session.token_hash, second)
        assert await people.granted(tx, session) == [mailed, second]
        assert [await people.is_granted(tx, session, n) for n in (first, second, third, mailed)] == [
            False,
            True,
            False,
            True,
        ]
        await people.end_session(tx, session.token_hash)
        assert await people.session(tx, token, 0) is None
        assert await tx.rows("SELECT * FROM grants") == []
