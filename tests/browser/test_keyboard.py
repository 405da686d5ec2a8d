"""A keyboard is enough, and nothing that happens elsewhere takes the focus or the typed words away."""

import re

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import OpenWindow
from tests.browser.house import House
from tests.browser.people import KETTLE, answer, comment_elsewhere, file_elsewhere, file_issue, live
from tests.browser.windows import PHONE

MOST_TABS = 60
SEEN = """() => {
  const { activeElement: at } = document, { top, bottom, width, height } = at.getBoundingClientRect();
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  return at !== document.body && outlineStyle !== "none" && outlineWidth !== "0px"
    && width > 0 && height > 0 && bottom > 0 && top < innerHeight;
}"""


def test_an_issue_is_filed_with_the_keyboard_alone(open_window: OpenWindow) -> None:
    page = open_window().open("/")
    tab_to(page, ".head [href='/new']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new")
    tab_to(page, "#body")
    page.keyboard.type(KETTLE)
    expect(page.locator("#title")).to_have_value("The kettle leaks")
    tab_to(page, "#name")
    page.keyboard.type("Ada")
    tab_to(page, "[data-submit]")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Your issue is filed, and everybody can read it.")


def test_a_mistake_takes_the_focus_and_leads_to_its_field(open_window: OpenWindow, root: StorageState) -> None:
    window = open_window(PHONE)
    filed = file_issue(window)
    desk = open_window(storage_state=root).open(f"/staff/issues/{filed.number}")
    answer(desk, "A new seal.", "It is resolved", resolution="fixed")
    page = window.open(filed.private_link)
    for opener, field, button in (
        (None, "#comment-body", "Comment in public"),
        ("No, it is not", "#dispute-body", "Dispute and open again"),
        ("Say thank you", "#thanks-body", "Say thank you"),
        ("Follow", "#follow-email", "Follow by mail"),
        ("Correct your words of", "[id^=correct-][id$=-title]", "Correct"),
    ):
        if opener:
            page.locator("summary", has_text=opener).click()
        page.evaluate("() => { for (const form of document.forms) form.noValidate = true; }")
        page.locator(field).fill("")
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator(".problems")).to_be_focused()
        expect(page).to_have_title(re.compile("^Mistake:"))
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(field)).to_be_focused()


def test_a_verdict_that_comes_too_late_is_refused_with_its_words_kept(
    open_window: OpenWindow, root: StorageState
) -> None:
    customer = open_window(PHONE, java_script_enabled=False)
    filed = file_issue(customer)
    desk = open_window(storage_state=root).open(f"/staff/issues/{filed.number}")
    answer(desk, "A new seal.", "It is resolved", resolution="fixed")
    page = customer.open(f"/issues/{filed.number}")
    page.get_by_text("Add a word or a grade").click()
    page.get_by_label("A word to go with it").fill("It holds, thank you.")
    desk.get_by_text("Open it again", exact=True).first.click()
    desk.get_by_label("Why, in public").fill("It drips in our test.")
    desk.get_by_role("button", name="Open it again").click()
    expect(desk.locator("[data-flash]")).to_have_text("It is open again.")
    page.get_by_role("button", name="Yes, it is cured").click()
    refused = page.locator(".problems")
    expect(refused).to_be_focused()
    expect(refused).to_contain_text("It holds, thank you.")


def test_the_desk_is_worked_with_its_keys(house: House, open_window: OpenWindow, root: StorageState) -> None:
    for title in ("The lid is loose", "The handle is hot"):
        file_elsewhere(house.url, title)
    page = open_window(storage_state=root).open("/staff?queue=all")
    keys_work(page)
    first, second = page.locator("[data-step]").nth(0), page.locator("[data-step]").nth(1)
    for key, row in (("j", first), ("j", second), ("k", first), ("k", first)):
        page.keyboard.press(key)
        expect(row).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/issues/*?queue=all")
    keys_work(page)
    for key, place in (
        ("r", "#answer-body"), ("n", "#note-body"), ("a", "#owner-person"), ("p", "#answer-promise_due"),
        ("e", "#state-settled"), ("/", "#queue-q"),
    ):  # fmt: skip
        press(page, key, place)
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys of the desk")).to_be_visible()
    page.keyboard.press("Escape")
    press(page, "r", "#answer-body")
    page.keyboard.type("We look at the lid, jokes aside.")
    tab_to(page, "#answer [data-submit]")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    tab_to(page, "#answer-resolution", back=True)
    page.keyboard.press("ArrowDown")
    tab_to(page, "#answer [data-submit]")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).to_contain_text("We look at the lid, jokes aside.")
    keys_work(page)
    press(page, "j", "[data-step]")
    page.keyboard.press("?")
    page.get_by_label("These keys work in this browser").press("Space")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator("#answer-body")).not_to_be_focused()


def test_live_changes_take_neither_the_focus_nor_the_typed_words(
    house: House, open_window: OpenWindow, root: StorageState
) -> None:
    customer = open_window(PHONE)
    number = file_issue(customer).number
    page = customer.open(f"/issues/{number}")
    live(page)
    desk = open_window(storage_state=root).open(f"/staff/issues/{number}")
    live(desk)
    page.locator("#own summary", has_text="Correct your words").click()
    page.locator("#comment-body").press_sequentially("I still wait")
    stands_at = top(page, "#comment-body")
    desk.locator("#note-body").fill("He is right.")

    answer(desk, "A new seal. It holds.", "It is resolved", resolution="fixed")
    expect(page.get_by_role("heading", name="Is it cured?")).to_be_visible()
    expect(page.locator("#own details[open]")).to_contain_text("Correct your words")
    assert page.locator("#own details").count() > 1
    page.keyboard.type(", and wait")
    expect(page.locator("#comment-body")).to_be_focused()
    expect(page.locator("#comment-body")).to_have_value("I still wait, and wait")
    assert abs(top(page, "#comment-body") - stands_at) < 1

    desk.locator("#answer-body").fill("One more word")
    page.locator("#verdict").get_by_text("No, it is not").click()
    page.locator("#dispute-body").fill("It drips again.")
    page.get_by_role("button", name="Dispute and open again").click()
    expect(desk.locator("#headline")).to_contain_text("Disputed by the customer")
    expect(desk.locator("#answer-body")).to_have_value("One more word")
    desk.locator("#answer-body").fill("")
    desk.locator("#note-body").focus()
    expect(desk.get_by_label("We go on working on it")).to_be_visible()
    expect(desk.locator("#note-body")).to_be_focused()

    listed = open_window().open("/")
    live(listed)
    row = listed.locator(f"#issue-{number}")
    tab_to(listed, f"#issue-{number} a")
    comment_elsewhere(house.url, number, "Mine drips, too.")
    expect(row).to_contain_text("Mine drips, too.")
    expect(row.locator("a")).to_be_focused()
    assert listed.evaluate(SEEN)


def test_a_note_is_never_sent_by_the_answers_button(house: House, open_window: OpenWindow, root: StorageState) -> None:
    number = file_elsewhere(house.url)
    desk = open_window(storage_state=root).open(f"/staff/issues/{number}")
    desk.locator("#note-body").fill("He calls every week.")
    answer(desk, "We look at it.")
    public = open_window().open(f"/issues/{number}")
    expect(public.locator("#timeline")).to_contain_text("We look at it.")
    assert "He calls every week." not in public.content() + desk.locator("#timeline").inner_text()

    desk.locator("#note-body").fill("He calls every week.")
    desk.locator("#answer-body").fill("Not yet sent")
    desk.get_by_role("button", name="Save note, staff only").click()
    expect(desk.locator("[data-flash]")).to_have_text("The note is saved. Only staff see it.")
    expect(desk.locator("#notes")).to_contain_text("He calls every week.")
    expect(desk.locator("#answer-body")).to_have_value("Not yet sent")
    assert "Not yet sent" not in public.reload().text()  # type: ignore[union-attr]


def tab_to(page: Page, selector: str, *, back: bool = False) -> None:
    """Goes on by Tab until the element has the focus; each stop on the way can be seen."""
    wanted = page.locator(selector).first
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        assert page.evaluate(SEEN), page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)")
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


def keys_work(page: Page) -> None:
    expect(page.locator("html[data-keys-work]")).to_be_attached()


def press(page: Page, key: str, focused: str) -> None:
    page.keyboard.press(key)
    expect(page.locator(focused).first).to_be_focused()


def top(page: Page, selector: str) -> float:
    return float(page.locator(selector).evaluate("(element) => element.getBoundingClientRect().top"))
