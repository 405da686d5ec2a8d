"""What the server writes of its work: one line an event, for people on a terminal, as JSON for programs elsewhere.

A request is told by method, route, status and time. No path, query, cookie or address is ever written.
"""

import json
import logging
from datetime import UTC, datetime

FIELDS = ("method", "route", "status", "ms")


class Lines(logging.Formatter):
    """One line as JSON, whatever is in the words."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "name": record.name,
            "message": record.getMessage(),
        }
        told |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


class Plain(logging.Formatter):
    """One line for people; breaks and controls in it are shown, not obeyed."""

    def format(self, record: logging.LogRecord) -> str:
        head, *trace = super().format(record).split("\n") if record.exc_info else [super().format(record)]
        shown = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in head)
        return "\n".join([shown, *trace])


def begin(*, on_terminal: bool) -> None:
    """Sends all logs to standard error from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Plain("%(asctime)s %(levelname)s %(name)s: %(message)s") if on_terminal else Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for loud in ("databases", "alembic", "httpx"):
        logging.getLogger(loud).setLevel(logging.WARNING)
