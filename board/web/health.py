"""Whether the process lives, and whether it can serve."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from board.store import lag, migrate, record
from board.store.database import LOST
from board.web.session import now_ms

NO_STORE = {"Cache-Control": "no-store"}


async def healthz(request: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers=NO_STORE)


async def readyz(request: Request) -> Response:
    """200 where the database answers, its schema is current and the followers keep up; else, or when the process goes
    away, 503 with what is wrong.

    `leads` says whether this process is the one that sends the mail and keeps the clock for all; `behind` how many
    events the slowest of each kind of follower has still to read: that of a dead webhook makes no process less ready.
    `late_s` says how many seconds ago each of those looked that look at spans of time, and for how long the mailbox
    cannot be read. `signing` says why the record cannot be signed, which keeps nobody from being served.
    """
    board = request.app.state.board
    behind: dict[str, int] = {}
    late: dict[str, int] = {}
    checks = {"process": "going away" if board.stream.is_closed else "ok"}
    try:
        async with board.db.reading():
            pass  # where it is away, this says so at once
        checks["migrations"] = "ok" if await migrate.is_current(board.settings.database_url) else "run `board migrate`"
        async with board.db.reading() as tx:
            _, head = await record.head(tx)
            followers = await lag.of_followers(tx, head)
            late = await lag.in_seconds(tx, now_ms(), has_mailbox=board.settings.imap_url is not None)
        behind = {"mail": head + 1, **{name: one.behind for name, one in followers.items()}}
        checks["database"] = "ok"
        checks["stream"] = "ok" if head - board.stream.head < 1_000 else f"{head - board.stream.head} events behind"
        checks["mail"] = "ok" if behind["mail"] < 1_000 else f"{behind['mail']} events behind"
    except LOST as lost:
        checks["database"] = f"cannot be read: {type(lost).__name__}"
    ready = all(found == "ok" for found in checks.values())
    told = {"ready": ready, "checks": checks, "leads": board.leading.is_leader, "behind": behind, "late_s": late}
    told["signing"] = board.signer.wrong or "ok"
    return JSONResponse(told, 200 if ready else 503, headers=NO_STORE)
