"""What the board tells Prometheus: the record, how far its outlets lag, and what this process answers and holds."""

import hmac
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from board.errors import NotAllowed
from board.store import lag, record
from board.web.session import now_ms

STEPS_S = (0.005, 0.025, 0.1, 0.5, 2.5, float("inf"))
PROCESS = ("process",)  # many may share one address: each tells of itself, under its number


class Requests:
    """How many requests this process has answered by route and status, and in which time by route."""

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, str, int]] = Counter()
        self.took: dict[str, list[int]] = {}
        self.seconds: dict[str, float] = {}

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        self.answered[method, route, status] += 1
        if route not in self.took:
            self.took[route], self.seconds[route] = [0] * len(STEPS_S), 0.0
        self.took[route][bisect_left(STEPS_S, seconds)] += 1
        self.seconds[route] += seconds


async def show(request: Request) -> Response:
    """In the text format of Prometheus, for whoever shows the token."""
    board = request.app.state.board
    token, shown = board.settings.metrics_token, request.headers.get("authorization", "").encode("utf-8", "replace")
    if token is None or not hmac.compare_digest(shown, f"Bearer {token}".encode()):
        raise NotAllowed("Show BOARD_METRICS_TOKEN as a bearer token. Where it is not set there are no figures.")
    registry = CollectorRegistry()
    registry.register(Told([*await of_the_board(board), *of_the_process(board)]))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class Told(Collector):
    """What was read before: a registry asks for it without waiting."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self.metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        yield from self.metrics


async def of_the_board(board: Any) -> list[Metric]:
    """The same in every process."""
    async with board.db.reading() as tx:
        _, head = await record.head(tx)
        followers, mail = await lag.of_followers(tx, head), await lag.of_mail(tx)
        late = await lag.in_seconds(tx, now_ms(), has_mailbox=board.settings.imap_url is not None)
    found = {
        "behind_events": ("Events that the slowest target of a follower has not read", "behind"),
        "waiting": ("Targets of a follower that have a turn to come", "waiting"),
        "failing": ("Targets of a follower whose last try failed", "failing"),
    }
    metrics: list[Metric] = [CounterMetricFamily("board_events", "Events in the record", value=head + 1)]
    for name, (about, key) in found.items():
        values = {follower: getattr(one, key) for follower, one in followers.items()}
        metrics.append(labelled(f"board_follower_{name}", about, "follower", values))
    metrics.append(
        labelled(
            "board_follower_late_seconds",
            "Since the last look at a span of time, or since the mailbox cannot be read",
            "follower",
            late,
        )
    )
    metrics.append(labelled("board_letters", "Letters in the outbox, by state", "state", mail.letters))
    oldest_s = (now_ms() - mail.oldest_ms) / 1000 if mail.oldest_ms is not None else 0
    about = "How long the oldest letter waits"
    return [*metrics, GaugeMetricFamily("board_letters_oldest_seconds", about, value=max(0, oldest_s))]


def labelled(name: str, about: str, label: str, values: Mapping[str, int]) -> Metric:
    gauge = GaugeMetricFamily(name, about, labels=[label])
    for value, number in values.items():
        gauge.add_metric([value], number)
    return gauge


def of_the_process(board: Any) -> Iterator[Metric]:
    here = [str(os.getpid())]
    gauges = {
        "board_live_sockets": ("Live connections that are open", board.sockets.total()),
        "board_page_memory_bytes": ("What is kept of rendered pages", board.memory.size),
        "board_pages_remembered": ("Pages that are kept", len(board.memory.places)),
        "board_leads": ("Whether this process does what is done once", int(board.leading.is_leader)),
    }
    for name, (about, value) in gauges.items():
        gauge = GaugeMetricFamily(name, about, labels=PROCESS)
        gauge.add_metric(here, value)
        yield gauge
    board.telling.write()
    requests: Requests = board.telling.requests
    answered = CounterMetricFamily("board_requests", "Answers", labels=("process", "method", "route", "status"))
    for (method, route, status), number in requests.answered.items():
        answered.add_metric([*here, method, route, str(status)], number)
    yield answered
    yield durations(requests, here)


def durations(requests: Requests, here: list[str]) -> Metric:
    took = HistogramMetricFamily("board_request_seconds", "How long answers took", labels=("process", "route"))
    for route, counts in requests.took.items():
        upto = zip(STEPS_S, accumulate(counts), strict=True)
        buckets = [("+Inf" if step == float("inf") else str(step), number) for step, number in upto]
        took.add_metric([*here, route], buckets, requests.seconds[route])
    return took
