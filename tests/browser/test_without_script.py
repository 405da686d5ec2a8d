"""Everything works without JavaScript: real links, real forms, real pages after them."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.house import House
from tests.browser.people import UNHURRIED_S, become_owner, file_issue
from tests.browser.windows import PHONE


def test_an_issue_lives_and_a_board_is_run_without_a_script(house: House, open_window: OpenWindow) -> None:
    desk = become_owner(open_window(java_script_enabled=False), house.owner_link)
    set_up(desk)
    customer = open_window(PHONE, java_script_enabled=False)
    filed = file_issue(customer, unhurried=True)
    expect(customer.page.locator("h1")).to_have_text("Your issue is filed, and everybody can read it.")

    stranger = open_window(java_script_enabled=False).open("/?state=closed&area=kitchen")
    expect(stranger.locator("article")).to_have_count(0)
    search(stranger, "kettle leaks")
    stranger.get_by_role("link", name="The kettle leaks").click()
    stranger.get_by_label("Your comment").fill("Mine leaks, too.")
    stranger.wait_for_timeout(UNHURRIED_S * 1000)
    stranger.get_by_role("button", name="Comment in public").click()
    expect(stranger.locator("#next")).to_contain_text("Your words are public now.")
    expect(stranger.locator("#timeline")).to_contain_text("Mine leaks, too.")
    stranger.get_by_role("button", name="Mine too").click()
    expect(stranger.locator("#side")).to_contain_text("1 has it too")
    stranger.get_by_text("Follow", exact=True).click()
    stranger.get_by_label("Your e-mail address").fill("cy@mail.example")
    stranger.get_by_role("button", name="Follow by mail").click()
    expect(stranger.get_by_text("one message asks you to confirm")).to_be_visible()

    desk.goto(f"{house.url}/staff")
    desk.get_by_role("link", name="The kettle leaks").click()
    desk.get_by_label("Your words").fill("A new seal. It holds.")
    desk.get_by_label("It is resolved").check()
    desk.get_by_label("How it ends").select_option("fixed")
    desk.get_by_role("button", name="Answer and settle in public").click()
    expect(desk.locator("#timeline")).to_contain_text("Resolved: fixed")

    elsewhere = open_window(PHONE, java_script_enabled=False).open(filed.private_link)
    elsewhere.get_by_role("button", name="Yes, it is cured").click()
    expect(elsewhere.locator("#headline")).to_contain_text(
        re.compile("Confirmed by the customer: fixed, .* after filing")
    )

    confirm_following(desk, house)
    expect(desk.locator("#side")).to_contain_text("1 follows")


def test_haste_without_a_script_is_heard_and_looked_at_first(open_window: OpenWindow) -> None:
    customer = open_window(PHONE, java_script_enabled=False)
    file_issue(customer)
    expect(customer.page.locator("h1")).to_have_text("Your issue is filed. It is looked at before it is shown.")


def set_up(desk: Page) -> None:
    desk.get_by_role("link", name="Settings").click()
    desk.locator("#company-name").fill("Kettle & Co")
    desk.get_by_role("button", name="Save Company").click()
    expect(desk.locator(".flash")).to_have_text("Saved.")
    expect(desk.locator(".head__name")).to_contain_text("Kettle & Co")
    new = desk.get_by_role("form", name="New area")
    new.get_by_label("Name").fill("Kitchen")
    new.get_by_label("First answer, hours").fill("4")
    new.get_by_role("button", name="Add").click()
    expect(desk.get_by_role("form", name="Kitchen")).to_be_visible()


def search(page: Page, words: str) -> None:
    page.get_by_role("link", name=re.compile("^All")).click()
    page.get_by_label("Search the issues").fill(words)
    page.get_by_role("button", name="Show").click()
    expect(page.locator("article mark").first).to_be_visible()


def confirm_following(desk: Page, house: House) -> None:
    """The mail that asks lies in the outbox, because no mail server is set."""
    desk.goto(f"{house.url}/staff/outbox")
    link = desk.locator("code", has_text="/follows/").first.inner_text()
    desk.goto(link)
    desk.get_by_role("button", name="Yes, follow").click()
    expect(desk.locator("#side")).to_be_visible()
