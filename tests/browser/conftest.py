"""One Chromium for each file of tests, and the boards that it looks at."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, StorageState, expect, sync_playwright

from tests.browser.house import House, living_in
from tests.browser.people import become_owner
from tests.browser.windows import DESK, Window, window

# A machine that does other things as well may take its time. What must be quick is measured, not waited for.
expect.set_options(timeout=15_000)

NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Ended with its file: asyncio tests of other files could not run beside it."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The board of a file of tests; it has just opened its doors."""
    with living_in(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="module")
def root(chromium: Browser, house: House) -> StorageState:
    """The cookies of the owner, for windows in which the desk is open at once."""
    with window(chromium, house.url) as opened:
        become_owner(opened, house.owner_link)
        return opened.page.context.storage_state()


class OpenWindow(Protocol):
    def __call__(self, size: dict[str, int] = DESK, **options: Any) -> Window: ...


@pytest.fixture
def open_window(chromium: Browser, house: House) -> Iterator[OpenWindow]:
    """Opens windows on the board of the test; they are closed at its end."""
    with ExitStack() as windows:
        yield lambda size=DESK, **options: windows.enter_context(window(chromium, house.url, size, **options))
