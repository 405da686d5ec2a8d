"""The figures for Prometheus: for whoever shows the token, true, and without a word of anybody's."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from board.store import lag, positions
from board.store.positions import IDLE, Position
from board.web.session import now_ms
from tests.cast import file_issue
from tests.web.site import Site, act, running

TOKEN = "a-token-of-the-operator-0123456789abcdef"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


def figures(answer: httpx.Response) -> dict[str, dict[tuple[str, ...], float]]:
    """By name and the values of the labels, but for the process."""
    assert answer.status_code == 200
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in parsed(answer.text):
        for sample in family.samples:
            labels = tuple(value for name, value in sorted(sample.labels.items()) if name != "process")
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


async def test_the_figures_are_those_of_the_board(url: str, tmp_path: Path) -> None:
    async with running(url, tmp_path, metrics_token=TOKEN) as site:
        number = await file_issue(site.db)
        anybody = site.browser()
        for _ in range(3):
            await anybody.get(f"/issues/{number}")
        await act(site.browser(), number, "comments", body="Mine, too.")
        head = await site.head()
        async with site.db.saving() as tx:
            await positions.save(tx, "hook", "1", Position(head - 2, failures=3, retry_ms=now_ms() + 60_000))
            await positions.save(tx, "hook", "2", Position(0, retry_ms=IDLE))
        found = figures(await anybody.get("/metrics", headers=SHOWN))
        assert found["board_events_total"] == {(): head + 1}
        assert found["board_follower_behind_events"][("hook",)] == 2
        assert found["board_follower_failing"][("hook",)] == 1
        assert found["board_requests_total"][("GET", "/issues/{number}", "200")] == 3
        assert found["board_request_seconds_count"][("/issues/{number}",)] == 3
        assert found["board_requests_total"][("POST", "/issues/{number}/comments", "303")] == 1
        ready: dict[str, Any] = (await anybody.get("/readyz")).json()
        assert ready["behind"]["hook"] == 2


async def test_who_looks_at_a_span_of_time_is_late_by_seconds_and_behind_by_no_event(url: str, tmp_path: Path) -> None:
    async with running(url, tmp_path, metrics_token=TOKEN) as site:
        await file_issue(site.db)
        async with site.db.saving() as tx:
            await positions.save(tx, "reminders", "", Position(now_ms() // 1000 + 3_600))
            await positions.save(tx, "overdue", "", Position(now_ms() // 1000 - 90))
            told = await lag.of_followers(tx, 7), await lag.in_seconds(tx, now_ms(), has_mailbox=False)
        assert "overdue" not in told[0]
        assert (told[1]["reminders"], 90 <= told[1]["overdue"] < 100) == (0, True)
        found = figures(await site.browser().get("/metrics", headers=SHOWN))
        assert {("overdue",), ("reminders",)} & set(found.get("board_follower_behind_events", ())) == set()
        assert set(found["board_follower_late_seconds"]) >= {("overdue",), ("reminders",)}
        ready: dict[str, Any] = (await site.browser().get("/readyz")).json()
        assert {"overdue", "reminders"} & set(ready["behind"]) == set()
        assert {"overdue", "reminders"} <= set(ready["late_s"])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}])
async def test_nobody_reads_them_without_the_token(sqlite_url: str, tmp_path: Path, headers: dict[str, str]) -> None:
    async with running(sqlite_url, tmp_path, metrics_token=TOKEN) as site:
        assert (await site.browser().get("/metrics", headers=headers)).status_code == 403


async def test_without_a_token_there_are_none(quick_site: Site) -> None:
    assert (await quick_site.browser().get("/metrics", headers=SHOWN)).status_code == 403
