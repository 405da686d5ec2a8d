"""Every URL of the board, in one list."""

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from board.web import account, api, api_acts, desk, files, health, home, issues, live, office
from board.web.api_acts import act as api_act
from board.web.desk import act as staff_act
from board.web.desk import shared
from board.web.issues import act


class NumberConvertor(Convertor[str]):
    """The number of an issue or a row: at most 15 digits, so that it always fits."""

    regex = "[1-9][0-9]{0,14}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return str(value)


register_url_convertor("n", NumberConvertor())


def pages() -> list[BaseRoute]:
    return [
        Route("/", home.home),
        Route("/rules", home.rules),
        Route("/policies/{sha256}.json", home.policy),
        Route("/about", home.about),
        Route("/new", issues.new),
        Route("/similar", issues.similar),
        Route("/issues", issues.file, methods=["POST"]),
        Route("/issues/{number:n}", issues.show),
        Route("/issues/{number:n}/log", issues.log),
        Route("/issues/{number:n}/receipt", issues.receipt),
        Route("/mine/{secret}", issues.open_private_link),
        Route("/signin", account.signin),
        Route("/signin", account.ask_for_link, methods=["POST"]),
        Route("/signin/{secret}", account.link),
        Route("/signin/{secret}", account.use_link, methods=["POST"]),
        Route("/signout", account.signout, methods=["POST"]),
        Route("/me", account.me),
        Route("/follows/{secret}", account.follow_link),
        Route("/follows/{secret}", account.use_follow_link, methods=["POST"]),
    ]


def acts() -> list[BaseRoute]:
    """What is sent to an issue: first by customers, then by staff."""
    doors = {
        "comments": act("comments", issues.comment, weighs=True),
        "confirmation": act("confirmation", issues.confirm),
        "dispute": act("dispute", issues.dispute),
        "withdrawal": act("withdrawal", issues.withdraw),
        "thanks": shared(act("thanks", issues.thank), staff_act("thanks", issues.thank, "thank")),
        "corrections": shared(act("corrections", issues.correct), staff_act("corrections", issues.correct, "correct")),
        "mine-too": act("mine-too", issues.mine_too, anchor="", takes="mine_too"),
        "follow": issues.follow,
        "updates": staff_act("updates", desk.update, "update"),
        "notes": staff_act("notes", desk.write_note, "note"),
        "owner": staff_act("owner", desk.assign, "assign"),
        "area": staff_act("area", desk.move, "move"),
        "promise": staff_act("promise", desk.promise, "promise"),
        "merge": staff_act("merge", desk.merge, "merge"),
        "split": staff_act("split", desk.split, "split"),
        "reopening": staff_act("reopening", desk.reopen, "reopen"),
        "publication": staff_act("publication", desk.publish, "publish"),
        "rejection": staff_act("rejection", desk.reject, "reject"),
        "removal": staff_act("removal", desk.remove, "remove"),
        "restoration": staff_act("restoration", desk.restore, "restore"),
        "redactions": staff_act("redactions", desk.redact, "redact"),
    }
    return [Route(f"/issues/{{number:n}}/{name}", door, methods=["POST"]) for name, door in doors.items()]


def staff_pages() -> list[BaseRoute]:
    return [
        Route("/staff", desk.queue),
        Route("/staff/issues/{number:n}", desk.show),
        Route("/staff/outbox", office.show_outbox),
        Route("/staff/outbox/{id:n}/try", office.try_now, methods=["POST"]),
        Route("/staff/settings", office.settings),
        Route("/staff/settings/limits", office.save_limits, methods=["POST"]),
        Route("/staff/settings/areas", office.save_area, methods=["POST"]),
        Route("/staff/settings/areas/{slug}", office.save_area, methods=["POST"]),
        Route("/staff/settings/colleagues", office.invite, methods=["POST"]),
        Route("/staff/settings/colleagues/{id:n}/removal", office.remove_colleague, methods=["POST"]),
        Route("/staff/settings/tokens", office.create_token, methods=["POST"]),
        Route("/staff/settings/tokens/{id:n}/revocation", office.revoke_token, methods=["POST"]),
        *[
            Route(f"/staff/settings/{section}", office.save_section(section), methods=["POST"])
            for section in office.SECTIONS
        ],
    ]


def api_routes() -> list[BaseRoute]:
    writes = {
        "comments": api_acts.comment,
        "updates": api_act(api_acts.NewUpdate, api_acts.update),
        "resolution": api_act(api_acts.NewResolution, api_acts.resolve),
        "confirmation": api_act(api_acts.NewConfirmation, api_acts.confirm),
        "dispute": api_act(api_acts.NewWords, api_acts.dispute),
        "withdrawal": api_act(api_acts.NewConfirmation, api_acts.withdraw),
        "thanks": api_act(api_acts.NewWords, api_acts.thank),
        "reopening": api_act(api_acts.NewWords, api_acts.reopen),
        "promise": api_act(api_acts.NewPromise, api_acts.promise),
    }
    return [
        Route("/api/v1/issues", api.list_issues, methods=["GET"]),
        Route("/api/v1/issues", api_acts.file_issue, methods=["POST"]),
        Route("/api/v1/issues/{number}", api.show_issue),
        Route("/api/v1/issues/{number}/events", api.issue_events),
        Route("/api/v1/events", api.list_events),
        Route("/api/v1/areas", api.list_areas),
        *[Route(f"/api/v1/issues/{{number}}/{name}", door, methods=["POST"]) for name, door in writes.items()],
    ]


def routes() -> list[BaseRoute]:
    return [
        *pages(),
        *acts(),
        *staff_pages(),
        *api_routes(),
        WebSocketRoute("/live", live.live),
        Route("/live/sse", live.events),
        Route("/live/tickets", live.ticket, methods=["POST"]),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/accent.css", files.accent),
        Route("/static/board.css", files.stylesheet),
        Mount("/static", files.Static()),
        Route("/favicon.ico", files.favicon),
        Route("/robots.txt", files.robots),
    ]
