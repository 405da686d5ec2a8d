"""A clock that jumps an hour or a year, there and back: what people do goes on, and the record stays sound."""

from datetime import timedelta

import httpx
import pytest
import time_machine

from board.web.session import now
from tests.soundness import assert_sound
from tests.web.site import Site, act, file_issue


async def comment(client: httpx.AsyncClient, number: int) -> None:
    await act(client, number, "comments", body="It still leaks.")


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=365)], ids=["an hour", "a year"])
async def test_a_clock_that_jumps_there_and_back_stops_nobody_and_leaves_time_in_order(
    site: Site, jump: timedelta
) -> None:
    start = now()
    number = await file_issue(site.browser())
    for at in (start + jump, start - jump, start + timedelta(minutes=1)):
        with time_machine.travel(at, tick=True):
            await comment(site.browser(), number)
            filed = await file_issue(site.browser())
            assert (await site.browser().get(f"/issues/{filed}")).status_code == 200
            assert (await site.browser().get("/")).status_code == 200
    await assert_sound(site.db)
