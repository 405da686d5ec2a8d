"""The whole story in three windows, with a server that dies in the middle of it."""

import re
from datetime import UTC, datetime, timedelta
from statistics import median
from time import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.house import House
from tests.browser.people import (
    NOTE_ARRIVALS,
    answer,
    become_owner,
    comment_elsewhere,
    entries,
    file_elsewhere,
    file_issue,
    live,
    mark,
    said,
    was_not_loaded_again,
)
from tests.browser.windows import PHONE, TABLET

WITHIN_S = 1.0
BACK_MS = 40_000  # the longest pause between two tries, and some more


def test_an_issue_is_filed_answered_resolved_and_confirmed_before_everybodys_eyes(
    house: House, open_window: OpenWindow
) -> None:
    desk = become_owner(open_window(), house.owner_link)
    passer_by = open_window(TABLET).open("/")
    live(desk)
    live(passer_by)
    mark(passer_by)

    customer = open_window(PHONE, has_touch=True, is_mobile=True)
    filed = file_issue(customer)
    for page in (desk, passer_by):
        expect(page.locator("[data-live-new]")).to_have_text("1 new issue")
    expect(said(passer_by)).to_have_text("1 new issue")
    assert was_not_loaded_again(passer_by)
    desk.locator("[data-live-new]").click()
    expect(desk.locator("#issue-1")).to_contain_text("The kettle leaks")
    passer_by.locator("[data-live-new]").click()
    expect(passer_by.locator("#issue-1")).to_contain_text("With us for")
    live(passer_by)
    mark(passer_by)

    case = customer.page
    case.get_by_role("link", name="See your issue").click()
    live(case)
    mark(case)
    case.evaluate(NOTE_ARRIVALS)
    desk.locator("#issue-1 a").click()
    took = [
        seconds_until_it_stands_in(case, desk, "We look into the handle.", "We work on it", by=tomorrow()),
        seconds_until_it_stands_in(case, desk, "Which kettle is it?", "We asked the customer something"),
        seconds_until_it_stands_in(case, desk, "The steel one, we guess.", "We work on it"),
    ]
    assert median(took) < WITHIN_S, took
    expect(case.locator(".promise")).to_contain_text("Next word by")
    expect(case.locator("#side")).to_contain_text("1 kept")
    expect(said(case)).to_contain_text("The steel one, we guess.", timeout=10_000)
    expect(passer_by.locator("#issue-1 .row__word")).to_contain_text("The steel one, we guess.")
    file_elsewhere(house.url)
    expect(passer_by.locator("[data-live-new]")).to_have_text("1 new issue")
    assert was_not_loaded_again(case)
    assert was_not_loaded_again(passer_by)

    house.kill()
    for page in (case, passer_by):
        expect(page.locator("[data-live-line]")).to_have_text("reconnecting…")
    case.context.set_offline(True)
    expect(case.locator("[data-live-line]")).to_contain_text("offline since")
    house.start()
    comment_elsewhere(house.url, 1, "Mine leaks at the handle, too.")
    missed = case.locator("#timeline").get_by_text("Mine leaks at the handle, too.")
    assert missed.count() == 0
    case.context.set_offline(False)
    expect(missed).to_be_visible(timeout=BACK_MS)
    expect(case.locator("[data-live-line]")).to_have_text("live")
    expect(passer_by.locator("#issue-1 .row__word")).to_contain_text("Mine leaks at the handle, too.", timeout=BACK_MS)

    answer(desk, "A new seal. It holds.", "It is resolved", resolution="fixed")
    yes = case.get_by_role("button", name="Yes, it is cured")
    expect(yes).to_be_visible()
    assert was_not_loaded_again(case)
    assert was_not_loaded_again(passer_by)
    assert entries(case) == entries(open_window().open("/issues/1"))

    yes.tap()
    expect(case.locator("#headline")).to_contain_text(re.compile("Confirmed by the customer: fixed, .* after filing"))
    expect(case.locator("#next [data-flash]")).to_be_in_viewport()
    expect(passer_by.locator("#issue-1 .row__turn")).to_contain_text("Confirmed")
    expect(desk.locator("#headline")).to_contain_text("Confirmed by the customer")

    elsewhere = open_window().open(filed.private_link)
    expect(elsewhere.locator("[data-flash]")).to_contain_text("speaks as the customer who filed")
    expect(elsewhere.get_by_text("You filed this issue")).to_be_visible()
    expect(elsewhere).to_have_url(f"{house.url}/issues/1")


def seconds_until_it_stands_in(case: Page, desk: Page, words: str, then: str, *, by: str | None = None) -> float:
    """Staff answer; how long it took from the press of the button until the customer's page held the words."""
    before = set(entries(case))
    started = time()
    answer(desk, words, then, by=by)
    expect(case.locator("#timeline").get_by_text(words)).to_be_visible()
    first = next(entry for entry in entries(case) if entry not in before)
    arrived: float = case.evaluate("(id) => window.arrivals[id]", first)
    return arrived / 1000 - started


def tomorrow() -> str:
    return f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}"
