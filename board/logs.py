"""What the server writes of its work: one line an event, for people on a terminal, as JSON for programs elsewhere.

A request is told by method, route, status and time. No path, query, cookie or address is ever written.
"""

import json
import logging
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted

FIELDS = ("method", "route", "status", "ms")


class Lines(logging.Formatter):
    """One line as JSON, whatever is in the words."""

    def format(self, record: logging.LogRecord) -> str:
        time = f"{second(int(record.created))}.{int(record.created % 1 * 1000):03}+00:00"
        if hasattr(record, "route"):
            return request_line(record, time)
        told = {
            "time": time,
            "level": record.levelname.lower(),
            "name": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


@lru_cache(maxsize=2)
def second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").removesuffix("+00:00")


def request_line(record: logging.LogRecord, time: str) -> str:
    """The same as JSON by hand: there are ten thousand of these a second where pages come from memory."""
    method, route, status, ms = (getattr(record, name) for name in FIELDS)
    return (
        f'{{"time":"{time}","level":"info","name":"{record.name}","message":{quoted(record.getMessage())},'
        f'"method":{quoted(method)},"route":{quoted(route)},"status":{status},"ms":{ms}}}'
    )


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
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # nobody reads them
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for loud in ("databases", "alembic", "httpx"):
        logging.getLogger(loud).setLevel(logging.WARNING)
