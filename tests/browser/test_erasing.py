"""What is taken from view leaves the pages that are open, at once."""

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import OpenWindow
from tests.browser.house import House
from tests.browser.people import comment_elsewhere, file_elsewhere, live, mark, was_not_loaded_again

TITLE = "Jane Roe of Elm Street owes me a kettle"
BODY = f"{TITLE}, and I am not amused."
HELD = "The driver spoke ill of my neighbour"
TOLD = "The mechanic who did this comes from Leeds."
COMMENT = "I know Jane Roe, she lives at number 9."


@pytest.fixture
def moderator(open_window: OpenWindow, root: StorageState) -> Page:
    return open_window(storage_state=root).page


def test_erased_words_vanish_from_the_open_case_and_the_open_list_without_a_load(
    house: House, open_window: OpenWindow, moderator: Page
) -> None:
    number = file_elsewhere(house.url, TITLE)
    listed = open_window().open("/")
    case = open_window().open(f"/issues/{number}")
    for page in (listed, case):
        live(page)
        mark(page)
    comment_elsewhere(house.url, number, COMMENT)
    expect(case.locator("#timeline")).to_contain_text("number 9")
    expect(case.locator("[data-live-say]")).to_contain_text("number 9")
    listed.locator(f"#issue-{number} a").focus()
    case.locator("#timeline a").first.focus()
    case.locator("#timeline").get_by_text("number 9").select_text()
    assert "Jane Roe" in case.content()

    moderator.goto(f"{house.url}/staff/issues/{number}")
    redact(moderator, COMMENT[:20], "Text")
    assert "number 9" in case.content()
    house.let_a_day_pass()
    expect(case.locator("#timeline")).not_to_contain_text("number 9")
    expect(case.locator("#timeline")).to_contain_text("text removed: the person asked for privacy")
    redact(moderator, TITLE[:20], "Text", "Title")
    house.let_a_day_pass()
    expect(case.locator("#headline")).to_contain_text("words removed")
    expect(case).to_have_title(f"#{number} words removed · This company")
    expect(listed.locator(f"#issue-{number}")).to_contain_text("words removed")
    for page in (listed, case):
        assert "Jane Roe" not in page.content()
        assert was_not_loaded_again(page)
    assert focused(listed) == f"/issues/{number}"
    assert focused(case).startswith("#e")


def test_a_hidden_comment_turns_into_its_stub_on_the_open_page_and_comes_back(
    house: House, open_window: OpenWindow, moderator: Page
) -> None:
    number = file_elsewhere(house.url, "The lid is loose")
    quiet = open_window().open(f"/issues/{number}")
    live(quiet)
    comment_elsewhere(house.url, number, TOLD)
    expect(quiet.locator("[data-live-say]")).to_contain_text("Leeds")
    case, listed = open_window().open(f"/issues/{number}"), open_window().open("/")
    for page in (case, listed):
        live(page)
        assert "Leeds" in page.content()
    for page in (quiet, case, listed):
        mark(page)
    place = case.locator("#timeline li", has_text="Leeds").get_attribute("id")
    case.get_by_text("Leeds").select_text()

    moderator.goto(f"{house.url}/staff/issues/{number}")
    moderator.get_by_text("Hide a comment").click()
    moderator.locator("#hide-target").select_option(index=1)
    moderator.locator("#hide-reason").select_option("third_party_privacy")
    moderator.get_by_role("button", name="Hide it").click()
    for page in (quiet, case):
        expect(page.locator(f"#{place}")).to_contain_text("by a moderator, because it told private things")
    expect(listed.locator(f"#issue-{number}")).not_to_contain_text("Leeds")
    for page in (quiet, case, listed):
        assert "Leeds" not in page.content()

    expect(moderator.locator(f"#{place}")).to_contain_text("Leeds")
    moderator.get_by_role("button", name="Show this comment again").click()
    for page in (quiet, case):
        expect(page.locator(f"#{place}")).to_contain_text(TOLD)
    expect(listed.locator(f"#issue-{number}")).to_contain_text("Leeds")
    assert all(was_not_loaded_again(page) for page in (quiet, case, listed))


def test_a_removed_issue_turns_into_its_stub_and_leaves_the_list(
    house: House, open_window: OpenWindow, moderator: Page
) -> None:
    beside = file_elsewhere(house.url, "The lid is loose")
    number = file_elsewhere(house.url, TITLE)
    file_elsewhere(house.url, "The spout is bent")
    listed = open_window().open("/")
    case = open_window().open(f"/issues/{number}")
    live(listed)
    live(case)
    mark(listed)
    case.get_by_label("Your comment").fill("I write something while it goes.")
    listed.locator(f"#issue-{number} a").focus()

    moderator.goto(f"{house.url}/staff/issues/{number}")
    moderator.get_by_text("Remove the whole issue").click()
    moderator.locator("#remove-reason").select_option("third_party_privacy")
    moderator.get_by_role("button", name="Remove it").click()
    expect(case.get_by_role("heading", name=f"Issue {number} was removed")).to_be_visible()
    expect(listed.locator(f"#issue-{number}")).to_have_count(0)
    assert "Jane Roe" not in listed.content() + case.content()
    assert was_not_loaded_again(listed)
    assert focused(listed) == f"/issues/{beside}"

    live(case)
    moderator.get_by_role("button", name="Show it again").click()
    expect(case.locator("#headline")).to_contain_text(TITLE)
    expect(case.get_by_label("Your comment")).to_have_value("I write something while it goes.")


def test_a_held_issue_opens_before_the_eyes_of_whoever_waits_for_it(
    house: House, open_window: OpenWindow, moderator: Page
) -> None:
    show(moderator, house, "Looked at first")
    number = file_elsewhere(house.url, HELD)
    show(moderator, house, "Shown at once")
    waiting = open_window().open(f"/issues/{number}")
    listed = open_window().open("/")
    live(waiting)
    live(listed)
    assert HELD not in waiting.content() + listed.content()

    moderator.goto(f"{house.url}/staff/issues/{number}")
    moderator.get_by_role("button", name="Show it to everybody").click()
    expect(waiting.locator("#headline")).to_contain_text(HELD)
    expect(listed.locator("[data-live-new]")).to_have_text("1 new issue")


def show(moderator: Page, house: House, policy: str) -> None:
    moderator.goto(f"{house.url}/staff/settings")
    moderator.get_by_label(policy).check()
    moderator.get_by_role("button", name="Save Policies").click()
    expect(moderator.locator("[data-flash]")).to_have_text("Saved.")


def redact(moderator: Page, place: str, *fields: str) -> None:
    moderator.get_by_text("Take out words").click()
    where = moderator.locator("#redact-target")
    where.select_option(where.locator("option").filter(has_text=place).get_attribute("value"))
    for field in fields:
        moderator.locator("#redact-fields").get_by_label(field).check()
    moderator.locator("#redact-reason").select_option("privacy_request")
    moderator.get_by_role("button", name="Erase these words").click()
    expect(moderator.locator("[data-flash]")).to_contain_text("A second person has to agree")


def focused(page: Page) -> str:
    """Where the link that has the focus leads to."""
    return str(page.evaluate("() => document.activeElement.getAttribute('href')"))
