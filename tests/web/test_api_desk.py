"""What programs of the staff do and read: the acts and lists of the desk, under its rules, and nothing for others."""

import re
from typing import Any

import httpx
import pytest

from tests.cast import BO, MO, ROOT, answer, file_issue, kinds
from tests.cast import head as newest
from tests.soundness import assert_sound
from tests.web.site import Site

LISTS = ("queue", "moderation", "outbox", "colleagues", "issues/1/desk", "issues/1/notes", "issues/1/private-words")


async def send(
    client: httpx.AsyncClient, path: str, given: Any, headers: dict[str, str], status: int = 201
) -> dict[str, Any]:
    done = await client.post(f"/api/v1/{path}", json=given, headers=headers)
    assert done.status_code == status, (path, done.status_code, done.text)
    made: dict[str, Any] = done.json()
    return made


async def read(client: httpx.AsyncClient, path: str, headers: dict[str, str], **query: Any) -> dict[str, Any]:
    got = await client.get(f"/api/v1/{path}", params=query or None, headers=headers)
    assert got.status_code == 200, (path, got.text)
    found: dict[str, Any] = got.json()
    return found


async def comment(site: Site, client: httpx.AsyncClient, number: int, body: str = "Mine, too.") -> int:
    made = await send(client, f"issues/{number}/comments", {"body": body, "name": "Cy"}, {})
    return int(made["index"])


async def test_an_agents_program_gives_moves_joins_and_parts(site: Site) -> None:
    first, second = await file_issue(site.db), await file_issue(site.db)
    client, bo = site.browser(), await site.token("agent", "Bo’s robot", of=BO)
    made = await send(client, f"issues/{first}/owner", {"person": MO.person}, bo)
    assert made["issue"]["owner"] == "Mo"
    assert (await send(client, f"issues/{first}/area", {"area": "returns"}, bo))["issue"]["area"] == "returns"
    joined = await send(client, f"issues/{first}/merge", {"into": second, "body": "The same."}, bo)
    assert joined["issue"]["resolution"] == "duplicate"
    parted = await send(client, f"issues/{first}/split", {"body": "It is another one."}, bo)
    assert parted["issue"]["resolution"] is None
    assert (await kinds(site.db, first))[2:4] == ["issue.assigned", "issue.moved"]
    refused = await client.post(f"/api/v1/issues/{first}/merge", json={"into": 99, "body": "x"}, headers=bo)
    assert [one["field"] for one in refused.json()["errors"]] == ["into"]
    refused = await client.post(f"/api/v1/issues/{first}/split", json={"body": "x"}, headers=bo)
    assert refused.status_code == 409
    assert "merge" in refused.json()["allowed"]
    await assert_sound(site.db)


async def test_who_has_the_same_is_counted_once_for_each_program_and_household(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    for headers in ({}, {}, await site.token("agent", "One"), site.filer_key(number)):
        made = await send(client, f"issues/{number}/mine-too", {}, headers)
    assert (made["index"], made["issue"]["mine_too"]) == (None, 2)


async def test_an_address_is_asked_before_it_follows(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    asked = await send(client, f"issues/{number}/follow", {"email": "Cy@Elsewhere.example"}, {}, status=202)
    assert asked["issue"]["followers"] == 0
    async with site.db.reading() as tx:
        letters = await tx.rows("SELECT recipient, subject FROM outbox WHERE message_id LIKE 'follow.%'")
    assert [letter["recipient"] for letter in letters] == ["cy@elsewhere.example"]
    wrong = await client.post(f"/api/v1/issues/{number}/follow", json={"email": "cy"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "email")


async def test_the_filer_corrects_and_erases_own_words_and_nobody_elses(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    filed, ada = await newest(site.db) - 1, site.filer_key(number)
    made = await send(client, f"issues/{number}/corrections", {"target": filed, "title": "It leaks"}, ada)
    assert made["issue"]["title"] == "It leaks"
    said = await comment(site, client, number)
    for door in ("corrections", "erasures"):
        given = {"target": said, "body": "Not mine."} if door == "corrections" else {"target": said, "words": ["Mine"]}
        refused = await client.post(f"/api/v1/issues/{number}/{door}", json=given, headers=ada)
        assert refused.status_code == 403, door
    made = await send(client, f"issues/{number}/erasures", {"target": filed, "words": ["tea"]}, ada)
    assert made["issue"]["body"] == "I wanted [words removed]. The kettle leaks at the handle."
    nothing = await client.post(f"/api/v1/issues/{number}/corrections", json={"target": filed}, headers=ada)
    assert nothing.status_code == 422
    await assert_sound(site.db)


async def test_what_stands_already_is_not_asked_about_again(site: Site) -> None:
    number, client = await file_issue(site.db, body="Call +49 170 1234567."), site.browser()
    filed, ada = await newest(site.db) - 1, site.filer_key(number)
    path, words = f"issues/{number}/corrections", "Call +49 170 1234567, please."
    await send(client, path, {"target": filed, "body": words}, ada)
    asked = await client.post(f"/api/v1/{path}", json={"target": filed, "body": "Or 0171 5550100."}, headers=ada)
    assert (asked.status_code, asked.json()["errors"][0]["kind"]) == (422, "phone")


async def test_two_people_hide_words_whatever_they_send_them_with(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    said = await comment(site, client, number)
    mo, root = await site.token("moderator", of=MO), await site.token("admin", of=ROOT)
    given = {"target": said, "reason": "off_topic"}
    asked = await send(client, f"issues/{number}/hidings", given, mo, status=202)
    assert asked["index"] is None
    waits = (await read(client, "moderation", mo))["asked"]
    assert [(one["target"], one["by"], one["is_own"], one["words"]) for one in waits] == [
        (said, "Mo", True, ["Mine, too."])
    ]
    door = f"moderation/hidings/{waits[0]['id']}"
    assert (await client.post(f"/api/v1/{door}", json={"decision": "agree"}, headers=mo)).status_code == 409
    own = await (await site.staff(MO)).post(f"/staff/{door}", data={"do": "agree"})
    assert own.status_code == 409
    done = await send(client, door, {"decision": "agree"}, root)
    assert (done["number"], (await kinds(site.db, number))[-1]) == (number, "comment.rejected")
    again = await client.post(f"/api/v1/{door}", json={"decision": "agree"}, headers=root)
    assert again.status_code == 409
    await assert_sound(site.db)


async def test_a_program_of_nobody_hides_nothing(quick_site: Site) -> None:
    number, client = await file_issue(quick_site.db), quick_site.browser()
    of_nobody = await quick_site.token("admin")
    await send(client, f"issues/{number}/updates", {"body": "We look."}, of_nobody)
    for door in ("removal", "rejection"):
        refused = await client.post(f"/api/v1/issues/{number}/{door}", json={"reason": "threat"}, headers=of_nobody)
        assert (refused.status_code, "a token that belongs to a colleague" in refused.text) == (403, True)
    private = await client.get(f"/api/v1/issues/{number}/private-words", headers=of_nobody)
    assert private.status_code == 403


async def test_a_moderators_program_removes_restores_and_redacts(site: Site) -> None:
    number, client, mo = await file_issue(site.db), site.browser(), await site.token("moderator", of=MO)
    removed = await send(client, f"issues/{number}/removal", {"reason": "threat"}, mo)
    assert (removed["issue"]["visibility"], removed["issue"]["title"]) == ("removed", None)
    appeal = await send(client, f"issues/{number}/appeals", {"body": "It was polite."}, site.filer_key(number))
    assert appeal["index"] is None
    waits = (await read(client, "moderation", mo))["appeals"]
    assert [(one["event"], one["words"]) for one in waits] == [("issue.removed", "It was polite.")]
    door, root = f"moderation/appeals/{waits[0]['id']}", await site.token("admin", of=ROOT)
    assert (await client.post(f"/api/v1/{door}", json={"decision": "uphold"}, headers=mo)).status_code == 409
    await send(client, door, {"decision": "uphold"}, root)
    assert (await read(client, f"issues/{number}", {}))["visibility"] == "public"
    given = {"target": 1, "fields": ["author.name"], "reason": "third_party_privacy"}
    await send(client, f"issues/{number}/redactions", given, mo, status=202)
    wrong = await client.post(f"/api/v1/issues/{number}/redactions", json={**given, "fields": []}, headers=mo)
    assert [one["field"] for one in wrong.json()["errors"]] == ["fields"]
    await assert_sound(site.db)


async def test_what_is_held_is_listed_with_its_words_and_decided(site: Site) -> None:
    await site.settle_policy(moderation_policy="hold", mail_policy="optional")
    number, other, client = await file_issue(site.db), await file_issue(site.db), site.browser()
    mo = await site.token("moderator", of=MO)
    found = await read(client, "moderation", mo)
    assert [(one["number"], one["title"], one["why"]) for one in found["waiting"]] == [
        (number, "The kettle leaks", "policy"),
        (other, "The kettle leaks", "policy"),
    ]
    assert found["counts"]["held"] == 2
    queue = await read(client, "queue", mo, queue="held")
    assert [one["title"] for one in queue["issues"]] == ["The kettle leaks"] * 2
    shown = await send(client, f"issues/{number}/publication", {}, mo)
    assert shown["issue"]["visibility"] == "public"
    gone = await send(client, f"issues/{other}/rejection", {"reason": "spam"}, mo)
    assert gone["issue"]["visibility"] == "removed"
    said = await comment(site, client, number, "A word.")
    await send(client, f"issues/{number}/publication", {"target": said}, mo)
    timeline = (await read(client, f"issues/{number}", {}))["timeline"]
    assert [one["body"] for one in timeline if one["event"] == "comment.posted"] == ["A word."]
    await assert_sound(site.db)


async def test_reports_reach_moderators_and_are_settled_together(site: Site) -> None:
    number, client, mo = await file_issue(site.db), site.browser(), await site.token("moderator", of=MO)
    filed = await newest(site.db) - 1
    for headers in ({}, {}, await site.token("agent", "One")):
        await send(client, f"issues/{number}/reports", {"at": filed, "reason": "abuse", "body": "Rude."}, headers)
    found = (await read(client, "moderation", mo))["reports"]
    assert [(one["index"], one["reason"], one["words"]) for one in found] == [(filed, "abuse", "Rude.")] * 2
    assert await send(client, f"moderation/reports/{filed}", {}, mo) == {"number": number, "index": None}
    assert (await read(client, "moderation", mo))["reports"] == []
    assert (await client.post("/api/v1/moderation/reports/999", json={}, headers=mo)).status_code == 404


async def test_private_words_and_notes_are_read_by_those_who_may_and_each_reading_is_noted(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    bo, ada = await site.token("agent", of=BO), site.filer_key(number)
    await send(client, f"issues/{number}/private-words", {"private": "Order 4711"}, ada)
    await send(client, f"issues/{number}/private-words", {"private": "It is sent."}, bo)
    await send(client, f"issues/{number}/notes", {"body": "She called from ada@home.example."}, bo)
    for headers in (bo, ada):
        told = (await read(client, f"issues/{number}/private-words", headers))["words"]
        assert [(one["by_filer"], one["text"]) for one in told] == [(True, "Order 4711"), (False, "It is sent.")]
    async with site.db.reading() as tx:
        assert await tx.rows("SELECT issue, person FROM readings") == [{"issue": number, "person": BO.person}]
    assert [one["body"] for one in (await read(client, f"issues/{number}/notes", bo))["notes"]] == [
        "She called from ada@home.example."
    ]
    reader = await site.token("reader")
    assert [one["body"] for one in (await read(client, f"issues/{number}/notes", reader))["notes"]] == [
        "She called from •••."
    ]
    assert (await client.get(f"/api/v1/issues/{number}/private-words", headers=reader)).status_code == 403
    assert "4711" not in (await client.get(f"/api/v1/issues/{number}/events")).text


@pytest.mark.parametrize("path", LISTS)
async def test_what_staff_read_is_kept_by_no_memory_and_shown_to_no_stranger(quick_site: Site, path: str) -> None:
    await file_issue(quick_site.db)
    client = quick_site.browser()
    got = await client.get(f"/api/v1/{path}", headers=await quick_site.token("admin", of=ROOT))
    assert (got.status_code, got.headers["cache-control"]) == (200, "no-store")
    assert (await client.get(f"/api/v1/{path}")).status_code == 403
    root = await quick_site.staff(ROOT)
    assert (await root.get(f"/api/v1/{path}")).status_code == 403  # cookies never count


async def test_the_desk_tells_what_is_held_and_what_whoever_asks_can_do(site: Site) -> None:
    await site.settle_policy(moderation_policy="hold", mail_policy="optional")
    number, client = await file_issue(site.db), site.browser()
    bo, mo = await site.token("agent", of=BO), await site.token("moderator", of=MO)
    seen = await read(client, f"issues/{number}/desk", bo)
    assert (seen["issue"]["title"], seen["issue"]["visibility"]) == ("The kettle leaks", "held")
    assert "publish" not in seen["allowed"]
    assert {"publish", "reject"} <= set((await read(client, f"issues/{number}/desk", mo))["allowed"])
    assert (await read(client, f"issues/{number}", mo))["title"] is None


async def test_readers_are_told_nothing_personal_and_all_that_programs_need(site: Site) -> None:
    await site.settle_policy(moderation_policy="hold", mail_policy="optional")
    for _ in range(2):
        number = await file_issue(site.db, title="Of ada@home.example", body="Ring +49 170 1234567, <b>please</b>.")
    client, reader, mo = site.browser(), await site.token("reader"), await site.token("moderator", of=MO)
    for path in ("queue?queue=held&limit=1", f"issues/{number}/desk", "moderation"):
        told, known = await read(client, path, reader), await read(client, path, mo)
        assert "home.example" in str(known)
        assert "home.example" not in str(told)
        assert "1234567" not in str(told)
        assert shape_of(told) == shape_of(known)
        if path.startswith("queue"):
            assert told["next"] == known["next"] is not None
            same = ("url", "filed_at", "area", "last_event")
            assert [told["issues"][0][name] for name in same] == [known["issues"][0][name] for name in same]
            assert told["issues"][0]["title"] == "Of •••"


def shape_of(value: Any) -> Any:
    """The names in it, without what they hold; `allowed` is each reader's own."""
    if isinstance(value, dict):
        return {name: shape_of(inner) for name, inner in value.items() if name != "allowed"}
    return [shape_of(inner) for inner in value] if isinstance(value, list) else None


async def test_queues_are_read_page_by_page_and_by_owner(site: Site) -> None:
    numbers = [await file_issue(site.db) for _ in range(3)]
    client, bo = site.browser(), await site.token("agent", of=BO)
    first = await read(client, "queue", bo, queue="unanswered", limit=2)
    rest = await read(client, "queue", bo, queue="unanswered", limit=2, after=first["next"])
    assert [one["number"] for one in first["issues"] + rest["issues"]] == numbers
    assert (rest["next"], first["counts"]["unanswered"]) == (None, 3)
    await send(client, f"issues/{numbers[1]}/owner", {"person": MO.person}, bo)
    assert (await read(client, "queue", bo, queue="mine"))["issues"] == []
    of_mo = await read(client, "queue", bo, queue="mine", owner=MO.person)
    assert [one["number"] for one in of_mo["issues"]] == [numbers[1]]
    assert (await client.get("/api/v1/queue?queue=x", headers=bo)).status_code == 422
    assert (await client.get("/api/v1/queue?after=x", headers=bo)).status_code == 422
    found = await read(client, "queue", bo, q="kettle")
    assert len(found["issues"]) == 3


async def test_colleagues_and_the_outbox_are_told_without_an_address(site: Site) -> None:
    number, client = await file_issue(site.db, email="ada@home.example"), site.browser()
    await answer(site.db, number)
    reader = await site.token("reader")
    found = (await read(client, "colleagues", reader))["colleagues"]
    assert sorted(found, key=lambda one: str(one["id"])) == [
        {"id": 1, "name": "Bo", "role": "agent"},
        {"id": 2, "name": "Mo", "role": "moderator"},
        {"id": 3, "name": "Root", "role": "admin"},
    ]
    mail = await read(client, "outbox", reader)
    assert sum(mail["letters"].values()) >= 1


async def test_an_issue_is_kept_out_of_mirrors_and_let_in_again(quick_site: Site) -> None:
    number, client, bo = await file_issue(quick_site.db), quick_site.browser(), await quick_site.token("agent", of=BO)
    for is_out in (True, False):
        await send(client, f"issues/{number}/mirroring", {"is_out": is_out}, bo)
        assert (await read(client, f"issues/{number}/desk", bo))["is_kept_out"] is is_out


async def test_a_token_belongs_to_the_admin_who_makes_it(quick_site: Site) -> None:
    number, root = await file_issue(quick_site.db), await quick_site.staff(ROOT)
    page = await root.post("/staff/settings/tokens", data={"label": "Robot", "role": "moderator"})
    found = re.search(r'id="minted">(board_[\w-]+)<', page.text)
    assert found
    client, robot = quick_site.browser(), {"Authorization": f"Bearer {found[1]}"}
    await send(client, f"issues/{number}/removal", {"reason": "off_topic"}, robot, status=202)
    (asked,) = (await read(client, "moderation", robot))["asked"]
    assert (asked["by"], asked["is_own"]) == ("Root", True)
    own = await root.post(f"/staff/moderation/hidings/{asked['id']}", data={"do": "agree"})
    assert own.status_code == 409


async def test_a_removed_colleagues_program_goes_on_but_for_what_takes_a_name(quick_site: Site) -> None:
    number, client, mo = (
        await file_issue(quick_site.db),
        quick_site.browser(),
        await quick_site.token("moderator", of=MO),
    )
    gone = await (await quick_site.staff(ROOT)).post(f"/staff/settings/colleagues/{MO.person}/removal")
    assert gone.status_code == 303
    await send(client, f"issues/{number}/updates", {"body": "We look."}, mo)
    refused = await client.post(f"/api/v1/issues/{number}/removal", json={"reason": "threat"}, headers=mo)
    assert refused.status_code == 403
