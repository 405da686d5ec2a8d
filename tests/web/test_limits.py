"""Every limit of what people type: a sentence at the field, the words kept, nothing written; in forms and the API."""

from html import unescape
from typing import Any

import httpx
import pytest

from tests.cast import BO, MO, ROOT
from tests.web.site import FILING, Site, act, file_issue

LONG = {"body": 20_000, "title": 140, "name": 80, "private": 4_000}


def long(field: str) -> dict[str, str]:
    return {field: "x" * (LONG[field] + 1)}


def too_long(field: str) -> str:
    return f"This is {LONG[field] + 1:,} characters long; {LONG[field]:,} fit. Please shorten it."


EMPTY = "Write a few words first."
EMAIL = "This does not look like a mail address. Please write it as name@example.com."
FILINGS: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"body": ""}, {"body": EMPTY}),
    ({"body": " \t\r\n\u200b\u2060"}, {"body": EMPTY}),
    (long("body"), {"body": too_long("body")}),
    ({"title": "ab"}, {"title": "Give a title of at least 3 characters, or leave it empty."}),
    (long("title"), {"title": too_long("title")}),
    (long("name"), {"name": too_long("name")}),
    (long("private"), {"private": too_long("private")}),
    ({"area": "nowhere"}, {"area": "Choose one of the areas in the list."}),
    *[
        ({"email": wrong}, {"email": EMAIL})
        for wrong in ("ada", "@b.example", "a@b", "a b@c.example", f"{'a' * 65}@b.example", f"a@{'b' * 250}.example")
    ],
    (
        {"body": "", "title": "ab", "email": "ada", "name": "x" * 81},
        {
            "body": EMPTY,
            "title": "Give a title of at least 3 characters, or leave it empty.",
            "email": EMAIL,
            "name": too_long("name"),
        },
    ),
]
LARGEST = {"title": "t" * 140, "body": "\U0001f375" * 20_000, "name": "n" * 80, "private": "\U0001f375" * 4_000}


def assert_told(answer: httpx.Response, errors: dict[str, str], typed: dict[str, str], prefix: str = "") -> None:
    """The page says at each field what is wrong with it, and holds what was typed."""
    assert answer.status_code == 422, answer.text
    shown = unescape(answer.text)
    for field, sentence in errors.items():
        place = shown.index(f'id="{prefix}{field}-error"')
        assert sentence in shown[place : place + 300], field
    for value in typed.values():
        assert value in shown


@pytest.mark.parametrize(("changes", "errors"), FILINGS)
async def test_a_filing_beyond_a_limit_is_told_at_its_field(
    quick_site: Site, changes: dict[str, str], errors: dict[str, str]
) -> None:
    typed = {**FILING, "email": "ada@elsewhere.example", "private": "Order 4711", **changes}
    before = await quick_site.head()
    answer = await quick_site.browser().post("/issues", data=typed)
    kept = {key: value for key, value in typed.items() if key not in ("area", "body") or key not in errors}
    assert_told(answer, errors, {key: value for key, value in kept.items() if key != "area"})
    problem = await quick_site.browser().post("/api/v1/issues", json=typed)
    assert problem.status_code == 422
    assert problem.headers["content-type"] == "application/problem+json"
    assert {error["field"]: error["detail"] for error in problem.json()["errors"]} == errors
    assert await quick_site.head() == before


async def test_the_longest_filing_that_fits_is_taken_whole(site: Site) -> None:
    number = await file_issue(site.browser(), **LARGEST)
    said = await site.browser().post("/api/v1/issues", json={**FILING, **LARGEST})
    assert said.status_code == 201
    for filed in (number, said.json()["number"]):
        issue = (await site.browser().get(f"/api/v1/issues/{filed}")).json()
        assert (issue["title"], issue["body"]) == (LARGEST["title"], LARGEST["body"])


async def test_an_address_is_asked_for_where_the_policy_says_so(quick_site: Site) -> None:
    await quick_site.settle_policy(moderation_policy="open", mail_policy="required")
    answer = await quick_site.browser().post("/issues", data=FILING)
    assert_told(answer, {"email": "Please give a mail address"}, {"body": FILING["body"]})
    problem = await quick_site.browser().post("/api/v1/issues", json=FILING)
    assert [error["field"] for error in problem.json()["errors"]] == ["email"]
    await file_issue(quick_site.browser(), email="ada@elsewhere.example")


PUBLIC: list[tuple[str, dict[str, str], dict[str, str], str]] = [
    ("comments", {"body": ""}, {"body": EMPTY}, "comment-"),
    ("comments", long("body"), {"body": too_long("body")}, "comment-"),
    ("follow", {"email": "ada"}, {"email": EMAIL}, "follow-"),
    ("follow", {"email": ""}, {"email": "Please give a mail address"}, "follow-"),
]
OF_THE_FILER: list[tuple[str, dict[str, str], dict[str, str], str]] = [
    ("dispute", {"body": ""}, {"body": EMPTY}, "dispute-"),
    ("dispute", long("body"), {"body": too_long("body")}, "dispute-"),
    ("confirmation", long("body"), {"body": too_long("body")}, "confirm-"),
    ("thanks", {"body": ""}, {"body": EMPTY}, "thanks-"),
    ("thanks", long("body"), {"body": too_long("body")}, "thanks-"),
    ("corrections", {"target": "1", "title": "ab", "body": "x"}, {"title": "Give a title"}, "correct-1-"),
    ("corrections", {"target": "1", **long("title")}, {"title": too_long("title")}, "correct-1-"),
    ("corrections", {"target": "1", "title": "abc", "body": ""}, {"body": EMPTY}, "correct-1-"),
]
OF_STAFF: list[tuple[str, dict[str, str], dict[str, str], str]] = [
    ("updates", {"body": ""}, {"body": EMPTY}, "answer-"),
    ("updates", long("body"), {"body": too_long("body")}, "answer-"),
    ("updates", {"body": "x", "promise_due": "soon"}, {"promise_due": "Give a date and a time"}, "answer-"),
    ("updates", {"body": "x", "promise_due": "2026-01-01T00:00"}, {"promise_due": "still to come"}, "answer-"),
    ("updates", {"body": "x", "promise_due": "9999-12-31T00:00"}, {"promise_due": "within a year"}, "answer-"),
    ("updates", {"body": "x", "state": "settled"}, {"resolution": "Choose how it ends."}, "answer-"),
    ("updates", {"body": "x", "state": "settled", "resolution": "not_ours"}, {"whose": "Say whose it is"}, "answer-"),
    (
        "updates",
        {"body": "x", "state": "settled", "resolution": "duplicate", "duplicate_of": "99"},
        {"duplicate_of": "There is no such issue."},
        "answer-",
    ),
    ("notes", {"body": ""}, {"body": EMPTY}, "note-"),
    ("notes", long("body"), {"body": too_long("body")}, "note-"),
    ("merge", {"into": "99", "body": "x"}, {"into": "There is no such issue."}, "merge-"),
    ("merge", {"into": "", "body": "x"}, {"into": "Give the number"}, "merge-"),
    ("promise", {"promise_due": "2026-01-01T00:00"}, {"promise_due": "still to come"}, "promise-"),
    ("removal", {"reason": ""}, {"reason": "Choose one of:"}, "remove-"),
]


@pytest.mark.parametrize(("door", "typed", "errors", "prefix"), [*PUBLIC, *OF_THE_FILER])
async def test_a_customers_act_beyond_a_limit_is_told_at_its_field(
    quick_site: Site, door: str, typed: dict[str, str], errors: dict[str, str], prefix: str
) -> None:
    ada = quick_site.browser()
    number = await file_issue(ada)
    if door in ("dispute", "confirmation", "thanks"):
        await act(await quick_site.staff(BO), number, "updates", body="So.", state="settled", resolution="fixed")
    before = await quick_site.head()
    client = ada if (door, typed, errors, prefix) in OF_THE_FILER else quick_site.browser()
    answer = await client.post(f"/issues/{number}/{door}", data=typed)
    kept = {key: value for key, value in typed.items() if key != "target"}
    assert_told(answer, errors, kept, prefix)
    assert await quick_site.head() == before


@pytest.mark.parametrize(("door", "typed", "errors", "prefix"), OF_STAFF)
async def test_an_act_of_staff_beyond_a_limit_is_told_at_its_field(
    quick_site: Site, door: str, typed: dict[str, str], errors: dict[str, str], prefix: str
) -> None:
    mo = await quick_site.staff(MO)
    number = await file_issue(quick_site.browser())
    before = await quick_site.head()
    answer = await mo.post(f"/issues/{number}/{door}", data=typed)
    assert_told(answer, errors, typed, prefix)
    assert await quick_site.head() == before


@pytest.mark.parametrize(
    ("door", "typed", "sentence"),
    [
        ("owner", {"person": ""}, "Choose a colleague from the list."),
        ("owner", {"person": "99"}, "Choose a colleague from the list."),
        ("area", {"area": "nowhere"}, "Choose one of the areas in the list."),
        ("publication", {"target": "x"}, "Give the number of an issue"),
    ],
)
async def test_a_tool_that_has_no_place_for_a_mistake_tells_it_above_the_issue(
    quick_site: Site, door: str, typed: dict[str, str], sentence: str
) -> None:
    number = await file_issue(quick_site.browser())
    answer = await (await quick_site.staff(MO)).post(f"/issues/{number}/{door}", data=typed)
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)


SETTINGS: list[tuple[str, dict[str, str], dict[str, str], str]] = [
    ("company", {"name": "", "tagline": "kept", "accent": "#000000"}, {"name": "Give the company's name."}, "company-"),
    ("company", {"name": "n" * 81, "accent": "#000000"}, {"name": "This is 81 characters long; 80 fit"}, "company-"),
    ("company", {"name": "N", "tagline": "t" * 121}, {"tagline": "This is 121 characters long; 120 fit"}, "company-"),
    ("company", {"name": "N", "accent": "red"}, {"accent": "Give a colour as #rrggbb"}, "company-"),
    ("texts", {"rules": "r" * 20_001, "about": "kept"}, {"rules": "20,001 characters"}, "texts-"),
    ("finds", {"order_pattern": "NP", "phone_regions": "DE"}, {"order_pattern": "four of them places"}, "finds-"),
    ("finds", {"order_pattern": "", "phone_regions": "Mars"}, {"phone_regions": "Not a region: MARS."}, "finds-"),
    ("areas", {"name": ""}, {"name": "Give the area a name of 1–80 characters."}, "area-new-"),
    ("areas", {"name": "a" * 81}, {"name": "Give the area a name"}, "area-new-"),
    ("areas", {"name": "service!"}, {"name": "There is an area of this name already."}, "area-new-"),
    ("areas", {"name": "A", "first_answer_h": "0"}, {"first_answer_h": "Give hours as a number above 0"}, "area-new-"),
    ("areas", {"name": "A", "resolve_h": "1e9"}, {"resolve_h": "Give hours as a number above 0"}, "area-new-"),
    ("areas/service", {"name": ""}, {"name": "Give the area a name"}, "area-service-"),
    (
        "colleagues",
        {"name": "n" * 81, "email": "di@board.example", "role": "agent"},
        {"name": "This is 81 characters long; 80 fit"},
        "colleague-",
    ),
    ("colleagues", {"name": "Di", "email": "di", "role": "agent"}, {"email": EMAIL}, "colleague-"),
    ("colleagues", {"name": "", "email": "di@board.example", "role": "agent"}, {"name": "Give the name"}, "colleague-"),
    (
        "colleagues",
        {"name": "Di", "email": "di@board.example", "role": "king"},
        {"role": "Choose one of: agent, moderator, admin, auditor."},
        "colleague-",
    ),
    ("tokens", {"label": "", "role": "agent"}, {"label": "Say in 1–80 characters"}, "token-"),
    ("tokens", {"label": "l" * 81, "role": "agent"}, {"label": "Say in 1–80 characters"}, "token-"),
    ("tokens", {"label": "L", "role": "king"}, {"role": "Choose one of: agent"}, "token-"),
]


@pytest.mark.parametrize(("section", "typed", "errors", "prefix"), SETTINGS)
async def test_a_setting_beyond_a_limit_is_told_at_its_field(
    quick_site: Site, section: str, typed: dict[str, str], errors: dict[str, str], prefix: str
) -> None:
    root, before = await quick_site.staff(ROOT), await quick_site.head()
    answer = await root.post(f"/staff/settings/{section}", data=typed)
    assert_told(answer, errors, {key: value for key, value in typed.items() if key != "role"}, prefix)
    assert await quick_site.head() == before


async def test_an_area_that_is_not_there_cannot_be_saved(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    for slug in ("nowhere", "a%20b", "%C3%A9", "%00"):
        answer = await root.post(f"/staff/settings/areas/{slug}", data={"name": "Anything"})
        assert answer.status_code == 404, slug
    slugs = [area["slug"] for area in (await root.get("/api/v1/areas")).json()["areas"]]
    assert sorted(slugs) == ["returns", "service"]


API: list[tuple[str, dict[str, Any], list[str]]] = [
    ("comments", {"body": ""}, ["body"]),
    ("comments", long("body"), ["body"]),
    ("comments", {"body": "x", "name": "n" * 81}, ["name"]),
    ("updates", {"body": ""}, ["body"]),
    ("updates", {"body": "x", "state": "gone"}, ["state"]),
    ("updates", {"body": "x", "resolution": "magic"}, ["resolution"]),
    ("updates", {"body": "x", "state": "in_progress", "resolution": "fixed"}, ["resolution"]),
    ("updates", {"body": "x", "promise_due": "soon"}, ["promise_due"]),
    ("updates", {"body": "x", "promise_due": "2027-01-01T00:00:00"}, ["promise_due"]),
    ("updates", {"body": "x", "promise_due": "2026-01-01T00:00:00Z"}, ["promise_due"]),
    ("resolution", {"body": "x", "resolution": "not_ours"}, ["whose"]),
    ("resolution", {"body": "x", "resolution": "not_ours", "whose": "w" * 81}, ["whose"]),
    ("resolution", {"body": "x", "resolution": "duplicate"}, ["duplicate_of"]),
    ("resolution", {"body": "x", "resolution": "duplicate", "duplicate_of": 0}, ["duplicate_of"]),
    ("resolution", {"body": "x", "resolution": "duplicate", "duplicate_of": 2**53}, ["duplicate_of"]),
    ("resolution", {"body": "x", "resolution": "duplicate", "duplicate_of": 99}, ["duplicate_of"]),
    ("promise", {"promise_due": "0001-01-01T00:00:00+23:59"}, ["promise_due"]),
    ("promise", {"promise_due": "9999-12-31T23:59:59-23:59"}, ["promise_due"]),
    ("reopening", {"body": ""}, ["body"]),
]


@pytest.mark.parametrize(("door", "given", "fields"), API)
async def test_an_act_through_the_api_beyond_a_limit_names_its_field(
    quick_site: Site, door: str, given: dict[str, Any], fields: list[str]
) -> None:
    number = await file_issue(quick_site.browser())
    before, agent = await quick_site.head(), await quick_site.token("agent")
    headers = {} if door == "comments" else agent
    answer = await quick_site.browser().post(f"/api/v1/issues/{number}/{door}", json=given, headers=headers)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == fields
    assert await quick_site.head() == before


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/issues?limit=0", "limit"),
        ("/api/v1/issues?limit=101", "limit"),
        ("/api/v1/issues?state=gone", "state"),
        ("/api/v1/issues?sort=best", "sort"),
        ("/api/v1/issues?after=x", "after"),
        ("/api/v1/issues?sort=new&after=5.5", "after"),
        ("/api/v1/events?after=-2", "after"),
        ("/api/v1/events?after=9007199254740992", "after"),
        ("/api/v1/events?limit=1000", "limit"),
        ("/api/v1/events?wait=26", "wait"),
        ("/api/v1/events?wait=-1", "wait"),
    ],
)
async def test_a_query_beyond_a_limit_names_its_parameter(quick_site: Site, path: str, field: str) -> None:
    answer = await quick_site.browser().get(path)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
