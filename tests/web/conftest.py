"""A running board for every test of the web: on both databases where they matter (`site`), else on SQLite alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.site import Site, running
from tests.web.wire import Wire, served


@pytest.fixture
async def site(url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A running board on each database."""
    async with running(url, tmp_path) as board:
        yield board


@pytest.fixture
async def quick_site(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A running board on SQLite, where the database does not matter."""
    async with running(sqlite_url, tmp_path) as board:
        yield board


@pytest.fixture
async def wire(url: str, tmp_path: Path) -> AsyncIterator[Wire]:
    """A board behind its server, on each database."""
    async with served(url, tmp_path) as board:
        yield board


@pytest.fixture
async def sqlite_wire(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Wire]:
    """A board on SQLite behind its server, where neither the database nor the kind of socket matters."""
    async with served(sqlite_url, tmp_path) as board:
        yield board


@pytest.fixture(params=[True, False], ids=["hub", "plain"])
async def quick_wire(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Wire]:
    """A board on SQLite behind its server, and behind one whose connections nobody can take over."""
    async with served(sqlite_url, tmp_path, has_hub=request.param) as board:
        yield board
