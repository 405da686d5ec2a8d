"""Faults under load: prints what was done and found as JSON, and ends with 1 where a figure does not hold.

`python -m tests.soak [WHAT …]`, with counts from the environment: SOAK_KILLS, SOAK_RESTARTS, SOAK_SOCKET_KILLS,
SOAK_FREEZES, SOAK_MIRROR_KILLS.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.postgres import tell, with_name
from tests.soak import cables, crowds, disk, frozen, jumps, kills, mirroring, silence, sockets
from tests.soak.servers import Postgres, postgres

KILLS = int(os.environ.get("SOAK_KILLS", "100"))  # on each database
RESTARTS = int(os.environ.get("SOAK_RESTARTS", "50"))
SOCKET_KILLS = int(os.environ.get("SOAK_SOCKET_KILLS", "25"))  # on each database
FREEZES = int(os.environ.get("SOAK_FREEZES", "5"))
MIRROR_KILLS = int(os.environ.get("SOAK_MIRROR_KILLS", "200"))

Found = dict[str, Any]


async def fresh(server: Postgres, name: str) -> str:
    await tell(server.url, f"CREATE DATABASE {name}")
    return with_name(server.url, name)


def faults(server: Postgres, folder: Path) -> dict[str, Callable[[Path], Coroutine[Any, Any, Found]]]:
    def file(place: Path) -> str:
        return f"sqlite:///{place / 'board.db'}"

    return {
        "kills-sqlite": lambda place: kills.of_the_app(file(place), place, KILLS),
        "kills-postgres": lambda place: on_server(server, "k", lambda url: kills.of_the_app(url, place, KILLS)),
        "restarts": lambda place: on_server(
            server, "r", lambda url: kills.of_the_database(server, url, place, RESTARTS)
        ),
        "sockets-sqlite": lambda place: sockets.dropped(file(place), place, SOCKET_KILLS),
        "sockets-postgres": lambda place: on_server(server, "s", lambda url: sockets.dropped(url, place, SOCKET_KILLS)),
        "disk-sqlite": lambda place: disk.full(file(place), place),
        "disk-postgres": disk.of_the_server,
        "jumps-sqlite": lambda place: jumps.of_the_clock(file(place), place),
        "jumps-postgres": lambda place: on_server(server, "j", lambda url: jumps.of_the_clock(url, place)),
        "frozen-database": lambda place: on_server(server, "f", lambda url: frozen.database(server, url, place)),
        "frozen-host": lambda place: on_server(server, "o", lambda url: frozen.host(url, place, FREEZES)),
        "cables": lambda place: on_server(server, "c", lambda url: cables.pulled(url, place, FREEZES)),
        "mirrors-sqlite": lambda place: mirroring.killed(file(place), MIRROR_KILLS),
        "mirrors-postgres": lambda place: on_server(server, "m", lambda url: mirroring.killed(url, MIRROR_KILLS)),
        "storm": lambda place: crowds.come_back(),
        "slow": lambda place: crowds.stop_reading(),
        "silence": lambda place: on_server(server, "h", lambda url: silence.of_database_and_mail(url, place)),
    }


async def on_server(server: Postgres, name: str, fault: Callable[[str], Coroutine[Any, Any, Found]]) -> Found:
    return await fault(await fresh(server, name))


def main(chosen: list[str]) -> int:
    held = True
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        Path(name).chmod(0o711)
        server_folder = Path(name) / "server"
        server_folder.mkdir()
        with postgres(server_folder) as server:
            for what, fault in faults(server, Path(name)).items():
                if not chosen or what in chosen:
                    place = Path(name) / what
                    place.mkdir()
                    found = asyncio.run(fault(place))
                    held = held and found["held"]
                    print(json.dumps({what: found}, indent=1), flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
