"""200 of 1,000 sockets stop reading: the others must not notice, memory must not grow, the slow ones must go.

`python -m tests.bench.slow [N] [SLOW]`.
"""

import json
import select
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from board.serving import open_many
from tests.bench.crowd import Crowd
from tests.bench.house import furnished, memory_of

NUMBER, SLOW = 1_000, 200
ROUNDS = 100
GIVE_UP_S = 60.0


def stop_reading(crowd: Crowd, number: int) -> dict[int, socket.socket]:
    """So many of the crowd read no more; of what is sent to them the system keeps little."""
    chosen = dict(list(crowd.sockets.items())[:number])
    for place, one in chosen.items():
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        crowd.poll.unregister(place)
    return chosen


def cut_off(slow: dict[int, socket.socket], seconds: float) -> int:
    """How many of the slow are cut off within the time; a cut is seen without reading."""
    ends, gone, until = select.poll(), 0, time.monotonic() + seconds
    for place in slow:
        ends.register(place, 0)  # errors are told in any case
    while gone < len(slow) and time.monotonic() < until:
        for place, _ in ends.poll(200):
            ends.unregister(place)
            gone += 1
    return gone


def main(number: int = NUMBER, lazy: int = SLOW) -> dict[str, Any]:
    open_many()
    with tempfile.TemporaryDirectory() as folder, furnished(Path(folder)) as house, house.client() as client:

        def post(place: int) -> float:
            start = time.monotonic()
            answer = client.post("/api/v1/issues/1/updates", json={"body": f"Nothing yet, {place}. " * 100})
            assert answer.status_code == 201, answer.text
            return start

        crowd = Crowd(house.port, "/live?topics=issue:1&as=html", number)
        crowd.settle(1.0)
        rounds: list[list[float]] = []
        for place in range(20):
            start = post(place)
            rounds.append([at - start for at in crowd.arrivals(number, 20)])
        before = memory_of(house.process.pid)
        slow, stalled = stop_reading(crowd, lazy), time.monotonic()
        most, late = before, []
        for place in range(ROUNDS):
            start = post(place)
            late += [at - start for at in crowd.arrivals(number - lazy, 20)]
            most = max(most, memory_of(house.process.pid))
        busy = time.monotonic() - stalled
        gone = cut_off(slow, GIVE_UP_S)
        quiet = sorted(at for round_ in rounds for at in round_)
        return {
            "sockets": number,
            "of which stop reading": lazy,
            "ms p99, while all read": round(quiet[len(quiet) * 99 // 100] * 1e3, 1),
            "ms p99 of the others": round(sorted(late)[len(late) * 99 // 100] * 1e3, 1),
            "ms p50 of the others": round(statistics.median(late) * 1e3, 1),
            "frames for each": ROUNDS,
            "seconds of frames": round(busy, 1),
            "MB more": round((most - before) / 1e6, 1),
            "slow ones closed": gone,
            "seconds until the last of them was": round(time.monotonic() - stalled, 1),
        }


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:])), indent=1, ensure_ascii=False))
