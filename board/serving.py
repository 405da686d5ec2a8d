"""The HTTP server: uvicorn with the settings that live sockets need."""

import asyncio
import gc
import multiprocessing
import os
import resource
import signal
import socket
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette

from board import app, logs, settings
from board.patience import Patience
from board.settings import Settings
from board.wire import Line

KEPT_S = 75  # idle connections; longer than proxies and clients keep theirs, so that none meets a closing door
WORKER_S = 30  # a worker that begins on a busy machine is not yet a hung one
OPTIONS: dict[str, Any] = {
    "http": Patience,
    "ws": Line,
    "ws_per_message_deflate": False,
    "ws_max_size": Settings.live_message_bytes,
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
    open_many()
    # The server ends by the signal that told it to stop; that is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    options = {**OPTIONS, "ws_max_size": settings.read(os.environ).live_message_bytes}
    uvicorn.run("board.serving:application", factory=True, host=host, port=port, workers=workers, **options)


def open_many() -> None:
    """As many files as the system lets this process open: each socket is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


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
    made = app.create(app.assemble(settings.read(os.environ)))
    look_over_less()
    return made


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


def look_over_less() -> None:
    """What is loaded stays; with thousands of sockets each look over all objects holds up the pages."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
