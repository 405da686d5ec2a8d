"""One Chromium for each file of tests, and the boards that it looks at."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.house import House, living_in
from tests.browser.windows import DESK, Window, window

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


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A board of its own, just opened."""
    with living_in(tmp_path) as opened:
        yield opened


class OpenWindow(Protocol):
    def __call__(self, size: dict[str, int] = DESK, **options: Any) -> Window: ...


@pytest.fixture
def open_window(chromium: Browser, house: House) -> Iterator[OpenWindow]:
    """Opens windows on the board of the test; they are closed at its end."""
    with ExitStack() as windows:
        yield lambda size=DESK, **options: windows.enter_context(window(chromium, house.url, size, **options))
