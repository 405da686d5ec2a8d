"""The HTTP server: uvicorn with the settings that live sockets need."""

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette

from board import app, logs, settings
from board.patience import Patience

SOCKET_MESSAGE = 16_384  # bytes that a socket may send us
KEPT_S = 75  # idle connections; longer than proxies and clients keep theirs, so that none meets a closing door
WORKER_S = 30  # a worker that begins on a busy machine is not yet a hung one
OPTIONS: dict[str, Any] = {
    "http": Patience,
    "ws": "websockets-sansio",
    "ws_per_message_deflate": False,
    "ws_max_size": SOCKET_MESSAGE,
    "ws_ping_interval": 25.0,
    "server_header": False,
    "proxy_headers": False,
    "access_log": False,  # paths may hold private links
    "log_level": "warning",
    "log_config": None,
    "timeout_keep_alive": KEPT_S,
    "timeout_graceful_shutdown": 3,
    "timeout_worker_healthcheck": WORKER_S,
}


def serve(*, host: str, port: int, workers: int) -> None:
    """Serves until it is told to stop; more workers are processes that share the database only."""
    logs.begin(on_terminal=sys.stderr.isatty())
    # The server ends by the signal that told it to stop; that is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run("board.serving:application", factory=True, host=host, port=port, workers=workers, **OPTIONS)


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds the board."""
    if host in ("0.0.0.0", "::"):  # noqa: S104
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def check_address(host: str, port: int) -> None:
    """Raises OSError where nobody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself does
        probe.bind((host, port))


def application() -> Starlette:
    """One process's application, from the environment."""
    logs.begin(on_terminal=sys.stderr.isatty())
    end_with_parent()
    return app.create(app.assemble(settings.read(os.environ)))


def end_with_parent() -> None:
    """Ends a worker whose parent was killed: it would keep the address, and nobody would look after it."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    loop, sentinel = asyncio.get_running_loop(), parent.sentinel

    def end() -> None:
        loop.remove_reader(sentinel)
        signal.raise_signal(signal.SIGTERM)

    loop.add_reader(sentinel, end)
