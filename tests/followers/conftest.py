"""The running board of the web's tests, for mail that is asked for on its pages."""

from collections.abc import AsyncIterator

import pytest

from board.store.database import Database
from tests.cast import move_in
from tests.web.conftest import quick_site, site

__all__ = ["quick_site", "site"]


@pytest.fixture
async def quick_db(sqlite_url: str) -> AsyncIterator[Database]:
    """One database only, for what has nothing to do with the database."""
    made = Database(sqlite_url)
    await made.connect()
    await move_in(made)
    yield made
    await made.disconnect()
