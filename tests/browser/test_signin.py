"""Signing in as browsers do it: by the link of a mail, by a passkey; and a scanner that presses nothing."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.house import House, living_in
from tests.browser.people import become_owner, file_issue
from tests.browser.windows import Window

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A board under a name: passkeys are for names only."""
    with living_in(tmp_path_factory.mktemp("house"), host="localhost") as opened:
        yield opened


@pytest.fixture(scope="module")
def owned(house: House, chromium: Browser) -> House:
    context = chromium.new_context(locale="en-GB")
    become_owner(Window(context.new_page(), house.url), house.owner_link)
    context.close()
    return house


def mailed(house: House) -> tuple[str, str]:
    """The link and the code of the newest mail."""
    with closing(sqlite3.connect(house.folder / "board.db")) as db:
        (letter,) = db.execute("SELECT letter FROM outbox ORDER BY id DESC LIMIT 1").fetchone()
    kept = json.loads(letter)
    return kept["link"], kept["code"]


def ask(window: Window) -> Page:
    page = window.open("/signin")
    page.get_by_label("Your e-mail address").fill("root@board.example")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_label("The code of the mail")).to_be_visible()
    return page


def sign_in_by_mail(house: House, window: Window) -> Page:
    page = ask(window)
    window.open(mailed(house)[0])
    expect(page.locator("[data-signin-ways]")).to_be_hidden()
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/staff")
    return page


def test_a_scanner_that_runs_scripts_uses_nothing_up(owned: House, open_window: OpenWindow) -> None:
    window, scanner = open_window(), open_window()
    ask(window)
    link, _ = mailed(owned)
    for _ in range(3):
        looked_at = scanner.open(link)
        expect(looked_at.get_by_role("main").get_by_role("button", name="Sign in")).to_be_visible()
        looked_at.goto("about:blank")
    page = window.open(link)
    expect(page.locator("[data-signin-ways]")).to_be_hidden()
    assert page.evaluate("location.hash") == ""
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/staff")


def test_the_link_in_another_browser_leads_to_the_code(owned: House, open_window: OpenWindow) -> None:
    window, telephone = open_window(), open_window()
    page = ask(window)
    link, code = mailed(owned)
    there = telephone.open(link)
    expect(there.locator("[data-signin-ways]")).to_be_hidden()
    there.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(there.get_by_text("Type the code of the same mail where you started.")).to_be_visible()
    page.get_by_label("The code of the mail").fill(code.lower())
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/staff")


def test_a_passkey_is_made_signs_in_and_proves_before_words_are_removed(owned: House, open_window: OpenWindow) -> None:
    filed = file_issue(open_window())
    window = open_window()
    page = window.page
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    sign_in_by_mail(owned, window)
    window.open("/me")
    page.get_by_label("A name for the new passkey").fill("My phone")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator("#passkeys")).to_contain_text("My phone")
    page.get_by_label("A name for the new passkey").fill("My phone again")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator("[data-passkey-known]")).to_be_visible()
    expect(page.locator("[data-passkey-failed]")).to_be_hidden()

    window.open("/me")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.locator("[data-flash]")).to_have_text("You are signed out.")
    window.open("/signin")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/staff")

    make_the_proof_old(owned)
    window.open(f"/staff/issues/{filed.number}")
    page.get_by_text("Remove the whole issue").click()
    page.locator("#remove-reason").select_option("threat")
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url("**/prove")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/prove/done")
    page.get_by_role("button", name="Remove the issue").click()
    expect(page.locator("[data-flash]")).to_contain_text("It is removed from view.")


def test_a_device_that_does_not_verify_its_person_makes_no_passkey(owned: House, open_window: OpenWindow) -> None:
    window = open_window()
    page = window.page
    page.goto(owned.url)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**DEVICE, "isUserVerified": False}})
    window.open("/signin")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-passkey-failed]")).to_be_visible()


def make_the_proof_old(house: House) -> None:
    with closing(sqlite3.connect(house.folder / "board.db")) as db, db:
        db.execute("UPDATE sessions SET proved_ms = 1")
