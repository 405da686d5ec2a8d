"""Crowds of sockets: all of them come back after a restart, and some of them stop reading."""

import asyncio
from typing import Any

from tests.bench import restart, slow

BACK_S = 60.0
P99_MS, MORE_MB, CLOSED_S = 250.0, 20.0, 40.0


async def come_back() -> dict[str, Any]:
    found = await asyncio.to_thread(restart.main)
    held = found["back"] == found["sockets"] and found["seconds until all were back"] <= BACK_S
    return {**found, "held": held}


async def stop_reading() -> dict[str, Any]:
    found = await asyncio.to_thread(slow.main)
    return {
        **found,
        # On a machine that is busy with other things it is they who are waited for, and everybody alike.
        "held": found["ms p99 of the others"] < max(P99_MS, found["ms p99, while all read"])
        and found["MB more"] < MORE_MB
        and found["slow ones closed"] == found["of which stop reading"]
        and found["seconds until the last of them was"] - found["seconds of frames"] <= CLOSED_S,
    }
