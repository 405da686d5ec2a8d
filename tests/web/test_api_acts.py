"""Each act through the API: what it answers, what is served of it, and when it counts as the same request."""

import asyncio
import json
from time import monotonic
from typing import Any

import httpx
import pytest

from board.store import people
from board.web.session import now_ms
from tests.cast import BO, MO, answer, file_issue, later
from tests.soundness import assert_sound
from tests.web.doors import BODIES, filled
from tests.web.site import FILING, Site, act

ENTRY = {
    "index", "event", "role", "by_filer", "name", "time", "recorded_at", "body", "body_html", "sentence", "corrected",
    "due", "promise", "into", "reason", "hidden", "resolution", "whose", "grade", "via",
}  # fmt: skip
DUE = later(days=330).strftime("%Y-%m-%dT%H:%M:%SZ")


async def send(
    client: httpx.AsyncClient, number: int, door: str, given: Any, headers: dict[str, str]
) -> dict[str, Any]:
    """Sends one act, which must be done; returns the answer."""
    done = await client.post(f"/api/v1/issues/{number}/{door}", json=given, headers=headers)
    assert done.status_code == 201, (door, done.text)
    made: dict[str, Any] = done.json()
    assert made.keys() == {"index", "issue"}
    return made


async def test_every_act_answers_with_its_event_and_the_issue_as_it_is_then(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    bo, ada = await site.token("agent", "Bo’s robot"), site.filer_key(number)
    story: list[tuple[str, dict[str, Any], dict[str, str], str, dict[str, Any]]] = [
        ("comments", {"body": "Mine too.", "name": "Cy"}, {}, "comment.posted", {"state": "new"}),
        ("updates", {"body": "We look.", "promise_due": DUE}, bo, "update.posted", {"promise_due": DUE}),
        ("promise", {"promise_due": DUE.replace("T12", "T13")}, bo, "promise.moved", {"state": "acknowledged"}),
        ("updates", {"body": "Which?", "state": "waiting_on_customer"}, bo, "update.posted", {"turn": "customer"}),
        ("comments", {"body": "The blue one."}, ada, "comment.posted", {"state": "in_progress", "turn": "company"}),
        ("resolution", {"body": "Mended.", "resolution": "fixed"}, bo, "update.posted", {"confirmation": "asked"}),
        ("dispute", {"body": "It leaks."}, ada, "issue.disputed", {"state": "in_progress", "reopened": 1}),
        ("resolution", {"body": "Ask them.", "resolution": "not_ours", "whose": "The mill"}, bo, "update.posted", {}),
        ("reopening", {"body": "It is ours."}, bo, "issue.reopened", {"resolution": None, "reopened": 2}),
        ("updates", {"body": "New one.", "resolution": "made_right"}, bo, "update.posted", {"state": "resolved"}),
        ("confirmation", {"body": "Lovely.", "grade": 5}, ada, "issue.confirmed", {"confirmation": "confirmed"}),
        ("thanks", {"body": "Thank you."}, ada, "thanks.given", {"state": "closed"}),
    ]
    for door, given, headers, event, changes in story:
        made = await send(client, number, door, given, headers)
        served = (await client.get("/api/v1/events", params={"after": made["index"] - 1, "limit": 1})).json()
        assert json.loads(served["events"][0]["leaf"])["event"] == event, door
        assert made["issue"] == {key: (await shown(client, number))[key] for key in made["issue"]}
        assert {key: made["issue"][key] for key in changes} == changes, door
    timeline = (await shown(client, number))["timeline"]
    assert all(entry.keys() == ENTRY for entry in timeline)
    said = {entry["body"]: (entry["role"], entry["name"], entry["by_filer"], entry["via"]) for entry in timeline}
    assert said["Mine too."] == ("customer", "Cy", False, "api")
    assert said["The blue one."] == ("customer", None, True, "api")
    assert said["We look."] == ("company", "Bo’s robot", False, "api")
    assert said["Lovely."] == ("customer", None, True, None)
    await assert_sound(site.db)


async def shown(client: httpx.AsyncClient, number: int) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/api/v1/issues/{number}")).json()
    return found


async def test_the_filer_withdraws_with_the_secret(quick_site: Site) -> None:
    number, client = await file_issue(quick_site.db), quick_site.browser()
    made = await send(client, number, "withdrawal", {"body": "Found it."}, quick_site.filer_key(number))
    assert (made["issue"]["state"], made["issue"]["resolution"]) == ("closed", "withdrawn")


@pytest.mark.parametrize("door", ["confirmation", "dispute", "withdrawal", "thanks"])
async def test_what_is_the_filers_is_refused_to_all_others(quick_site: Site, door: str) -> None:
    number, other, client = await file_issue(quick_site.db), await file_issue(quick_site.db), quick_site.browser()
    path = f"/api/v1/issues/{number}/{door}"
    statuses = {}
    for who, headers in {
        "nobody": {},
        "reader": await quick_site.token("reader"),
        "another filer": quick_site.filer_key(other),
    }.items():
        statuses[who] = (await client.post(path, json={"body": "x"}, headers=headers)).status_code
    assert statuses == {"nobody": 403, "reader": 403, "another filer": 401}
    if door != "thanks":
        refused = await client.post(path, json={"body": "x"}, headers=await quick_site.token("admin"))
        assert refused.status_code == 403


async def test_staff_are_asked_to_update_instead_of_commenting(quick_site: Site) -> None:
    number = await file_issue(quick_site.db)
    refused = await quick_site.browser().post(
        f"/api/v1/issues/{number}/comments", json={"body": "x"}, headers=await quick_site.token("agent")
    )
    assert refused.status_code == 403
    assert "post an update" in refused.json()["detail"]


async def test_a_revoked_token_opens_nothing_and_is_told_how_to_come_in(quick_site: Site) -> None:
    number, headers = await file_issue(quick_site.db), await quick_site.token("agent")
    async with quick_site.db.saving() as tx:
        await people.revoke_token(tx, 1, now_ms())
    path = f"/api/v1/issues/{number}/updates"
    refused = await quick_site.browser().post(path, json={"body": "x"}, headers=headers)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("path", [path for path in BODIES if "{number}" in path])
async def test_an_unknown_issue_is_not_found_whoever_asks(quick_site: Site, path: str) -> None:
    for headers in ({}, await quick_site.token("admin")):
        answered = await quick_site.browser().post(filled(path, number=99), json=BODIES[path], headers=headers)
        assert answered.status_code in (403, 404), answered.text
        assert answered.status_code == 404 or not headers


async def test_what_is_not_shown_is_served_as_its_place_only(site: Site) -> None:
    await site.settle_policy(moderation_policy="hold", mail_policy="optional")
    held = await file_issue(site.db)
    removed, mo, client = await file_issue(site.db), await site.staff(MO), site.browser()
    await act(mo, removed, "publication")
    await act(mo, removed, "owner", person=str(BO.person))
    await act(mo, removed, "removal", reason="threat")
    for number, visibility in {held: "held", removed: "removed"}.items():
        issue = await shown(client, number)
        assert (issue["visibility"], issue["timeline"]) == (visibility, [])
        assert [issue[key] for key in ("title", "body", "owner")] == [None] * 3
        events = (await client.get(f"/api/v1/issues/{number}/events")).json()["events"]
        assert [event["openings"] for event in events] == [{}] * len(events)
    assert (await client.get("/api/v1/issues?state=all")).json()["issues"] == []


async def test_a_redaction_is_served_with_its_reason_in_the_place_of_the_words(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    filed = await site.head() - 1
    await site.redact(number, target=str(filed), fields="body author.name", reason="privacy_request")
    events = (await client.get(f"/api/v1/issues/{number}/events")).json()["events"]
    by_event = await site.head()
    gone = {"by_event": by_event, "reason": "privacy_request"}
    assert events[0]["redactions"] == {"author.name": gone, "body": gone}
    assert events[0]["openings"].keys() == {"title"}
    assert json.loads(events[0]["leaf"])["commit"].keys() == {"title", "body", "author.name"}


async def test_the_record_is_read_in_pages_behind_an_index(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    await answer(site.db, number)
    head, found, after = await site.head(), [], -1
    while True:
        page = (await client.get("/api/v1/events", params={"after": after, "limit": 2})).json()
        assert (page["head"], page["epoch"]) == (head + 1, site.board.stream.epoch)
        if not page["events"]:
            break
        found += [json.loads(event["leaf"])["index"] for event in page["events"]]
        after = found[-1]
    assert found == list(range(head + 1))
    chain = [json.loads(e["leaf"]) for e in (await client.get(f"/api/v1/issues/{number}/events")).json()["events"]]
    assert [leaf.get("prev") for leaf in chain] == [None, *[leaf["index"] for leaf in chain[:-1]]]


async def test_a_long_poll_waits_no_longer_than_asked_and_not_where_something_is_there(quick_site: Site) -> None:
    client, head = quick_site.browser(), await quick_site.head()
    start = monotonic()
    nothing = (await client.get("/api/v1/events", params={"after": head, "wait": 1})).json()
    assert (nothing["events"], nothing["head"]) == ([], head + 1)
    assert 0.9 < monotonic() - start < 10
    start = monotonic()
    assert (await client.get("/api/v1/events", params={"after": head - 1, "wait": 20})).json()["events"]
    assert monotonic() - start < 5


async def test_a_long_poll_ends_when_the_server_goes_away(quick_site: Site) -> None:
    head = await quick_site.head()
    waiting = asyncio.create_task(quick_site.browser().get("/api/v1/events", params={"after": head, "wait": 20}))
    await asyncio.sleep(0.1)
    quick_site.board.stream.close()
    async with asyncio.timeout(5):
        assert (await waiting).json()["events"] == []


async def test_a_key_counts_for_one_door_one_body_and_one_caller(site: Site) -> None:
    first, second, client = await file_issue(site.db), await file_issue(site.db), site.browser()
    key = {"Idempotency-Key": "one"}
    one, other = await site.token("agent", "One"), await site.token("agent", "Other")
    calls = [
        (f"/api/v1/issues/{first}/comments", {}),
        (f"/api/v1/issues/{second}/comments", {}),
        (f"/api/v1/issues/{first}/updates", one),
        (f"/api/v1/issues/{first}/updates", other),
    ]
    answers = [await client.post(path, json={"body": "x"}, headers={**key, **headers}) for path, headers in calls]
    before = await site.head()
    again = [await client.post(path, json={"body": "x"}, headers={**key, **headers}) for path, headers in calls]
    assert await site.head() == before
    assert len({answered.json()["index"] for answered in answers}) == len(calls)
    assert [answered.json() for answered in again] == [answered.json() for answered in answers]
    assert [answered.headers.get("idempotency-replayed") for answered in again] == ["true"] * len(calls)
    changed = await client.post(calls[0][0], json={"body": "y"}, headers=key)
    assert changed.status_code == 409
    assert await site.head() == before


async def test_a_replayed_filing_names_its_place_again(quick_site: Site) -> None:
    key, client = {"Idempotency-Key": "k" * 255}, quick_site.browser()
    answers = [await client.post("/api/v1/issues", json=FILING, headers=key) for _ in range(2)]
    assert len({(answered.status_code, answered.headers["location"], answered.content) for answered in answers}) == 1


async def test_a_refusal_is_not_remembered(quick_site: Site) -> None:
    number, client = await file_issue(quick_site.db), quick_site.browser()
    headers = {"Idempotency-Key": "one", **quick_site.filer_key(number)}
    path = f"/api/v1/issues/{number}/confirmation"
    assert (await client.post(path, json={}, headers=headers)).status_code == 409
    await answer(quick_site.db, number, resolution="fixed")
    assert (await client.post(path, json={}, headers=headers)).status_code == 201


async def test_a_key_that_is_none_is_told(quick_site: Site) -> None:
    for key in ("", "k" * 256, "a\tb", "\u00e9"):
        headers = [(b"idempotency-key", key.encode("latin-1"))]
        refused = await quick_site.browser().post("/api/v1/issues", json=FILING, headers=headers)
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == ["Idempotency-Key"]


async def test_many_different_requests_at_once_each_act_once(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    path = f"/api/v1/issues/{number}/comments"
    sent = [
        client.post(path, json={"body": f"{n}"}, headers={"Idempotency-Key": f"{n}"}) for n in range(6) for _ in "ab"
    ]
    answers = await asyncio.gather(*sent)
    assert {answered.status_code for answered in answers} == {201}
    assert len({answered.json()["index"] for answered in answers}) == 6
    await assert_sound(site.db)
