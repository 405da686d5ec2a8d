"""Browser windows that notice what must never happen: dialogs, script errors, foreign requests and the like."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

PHONE = {"width": 360, "height": 740}
TABLET = {"width": 768, "height": 1024}
DESK = {"width": 1440, "height": 900}
TRAP = "BREACH"
# Told through the console, because that outlives the page on which it happened.
WATCH = f"""
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("{TRAP}", event.violatedDirective, event.blockedURI, event.sample));
"""
# What a browser always says: a refusal is a page of its own here, and a board that is away is part of the story.
EXPECTED = re.compile(r"the server responded with a status of 4\d\d|net::ERR_|WebSocket is closed before")


@dataclass
class Window:
    """A context with one page; `wrong` collects what must not happen in it."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)
    friends: tuple[str, ...] = ()  # other sites that may be asked

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path if path.startswith("/") else path)
        return self.page

    def watch(self) -> None:
        context = self.page.context
        context.add_init_script(WATCH)
        context.on("dialog", self.on_dialog)
        context.on("console", self.on_console)
        context.on("weberror", lambda error: self.wrong.append(f"script error: {error.error}"))
        context.on("request", self.on_request)

    def on_dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.wrong.append(f"console: {message.text}")

    def on_request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "ws" + self.url.removeprefix("http"), *self.friends)):
            self.wrong.append(f"foreign request: {request.url}")


@contextmanager
def window(browser: Browser, url: str, size: dict[str, int] = DESK, **options: Any) -> Iterator[Window]:
    """Opens a window on the board; when it is closed, nothing forbidden may have happened in it."""
    context: BrowserContext = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, locale="en-GB", timezone_id="UTC", **options
    )
    opened = Window(context.new_page(), url)
    opened.watch()
    try:
        yield opened
    finally:
        context.close()
    assert not opened.wrong, opened.wrong
