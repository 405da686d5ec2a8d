"""The HTTP server: uvicorn with the settings that live sockets need."""

import logging
import os

import uvicorn
from starlette.applications import Starlette

from board import app, settings
from board.settings import Settings

SOCKET_MESSAGE = 16_384  # bytes that a socket may send us
PING_S = 25.0


def serve(given: Settings, *, host: str, port: int, workers: int) -> None:
    """Serves until it is told to stop; more workers are processes that share the database only."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("databases").setLevel(logging.WARNING)
    uvicorn.run(
        "board.serving:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=SOCKET_MESSAGE,
        ws_ping_interval=PING_S,
        server_header=False,
        proxy_headers=False,
        access_log=False,  # paths may hold private links
        log_level="warning",
        timeout_graceful_shutdown=3,
    )


def application() -> Starlette:
    """One process's application, from the environment."""
    return app.create(app.assemble(settings.read(os.environ)))
