"""Every URL of the board, in one list."""

from collections.abc import Mapping

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from board.web import (
    account,
    api,
    api_acts,
    api_desk,
    api_moderation,
    api_staff,
    bodies,
    bundle,
    cards,
    confirming,
    data,
    desk,
    embed,
    feeds,
    files,
    filing,
    health,
    home,
    hooks,
    inbound,
    issues,
    live,
    log,
    lookover,
    mentions,
    metrics,
    mirrors,
    moderation,
    objections,
    oembed,
    office,
    oidc,
    open311,
    openapi,
    outbox,
    own_data,
    privately,
    proving,
    signin,
    transparency,
    viewer,
    ways,
    widget,
    wishes,
)
from board.web.api_acts import act as api_act
from board.web.api_moderation import decision as api_decision
from board.web.desk import Door, shared
from board.web.desk import act as staff_act
from board.web.ending import Ending, ending
from board.web.issues import act
from board.web.moderation import hiding_door
from board.web.operations import OPERATIONS


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
        Route("/moderation", transparency.show),
        Route("/new", filing.new, methods=["GET"]),
        Route("/new", filing.take_over, methods=["POST"]),
        Route("/similar", filing.similar),
        Route("/finds", lookover.look, methods=["POST"]),
        Route("/issues", filing.file, methods=["POST"]),
        Route("/issues/{number:n}", issues.show),
        Route("/issues/{number:n}/log", issues.log),
        Route("/issues/{number:n}/card.png", cards.picture),
        Route("/issues/{number:n}/receipt", filing.receipt),
        Route("/issues/{number:n}/report", objections.report_form),
        Route("/mine/{secret}", issues.open_private_link),
        Route("/signin", signin.signin),
        Route("/signin", signin.ask_for_link, methods=["POST"]),
        Route("/signin/link", signin.use_token, methods=["POST"]),
        Route("/signin/code", signin.use_code, methods=["POST"]),
        Route("/signin/passkey", signin.use_passkey, methods=["POST"]),
        Route("/signin/passkey/question", signin.ask_for_passkey, methods=["POST"]),
        Route("/signin/oidc", oidc.leave, methods=["GET"]),
        Route("/signin/oidc/return", oidc.come_back, methods=["GET"]),
        Route("/signin/{secret}", signin.link),
        Route("/signin/{secret}", signin.use_link, methods=["POST"]),
        Route("/signout", signin.signout, methods=["POST"]),
        Route("/me/data.json", own_data.download),
        Route("/me/address", own_data.ask_to_move, methods=["POST"]),
        Route("/me/address/{secret}", own_data.address_link),
        Route("/me/address/{secret}", own_data.move, methods=["POST"]),
        Route("/me/mail", own_data.set_mail, methods=["POST"]),
        Route("/me/wishes", wishes.save_own, methods=["POST"]),
        Route("/me/erasure", own_data.erase, methods=["POST"]),
        Route("/mail/{secret}", confirming.ask),
        Route("/mail/{secret}", confirming.answer, methods=["POST"]),
        Route("/follows/{secret}", wishes.follow_link),
        Route("/follows/{secret}", wishes.use_follow_link, methods=["POST"]),
    ]


def own_pages() -> list[BaseRoute]:
    """What is one's own: sessions, and the ways in which staff show who they are."""
    return [
        Route("/me", account.me),
        Route("/me/sessions", account.end_other_sessions, methods=["POST"]),
        Route("/me/sessions/{mark}", account.end_session, methods=["POST"]),
        Route("/me/passkeys", ways.add_passkey, methods=["POST"]),
        Route("/me/passkeys/question", ways.ask_for_new_passkey, methods=["POST"]),
        Route("/me/passkeys/{id:n}/removal", ways.remove_passkey, methods=["POST"]),
        Route("/me/codes", ways.begin_codes, methods=["POST"]),
        Route("/me/codes.svg", ways.code_picture),
        Route("/me/codes/confirmation", ways.confirm_codes, methods=["POST"]),
        Route("/me/codes/removal", ways.remove_codes, methods=["POST"]),
        Route("/prove", proving.prove),
        Route("/prove/code", proving.prove_by_code, methods=["POST"]),
        Route("/prove/mail", proving.ask_for_mail, methods=["POST"]),
        Route("/prove/done", proving.done),
    ]


def acts() -> list[BaseRoute]:
    """What is sent to an issue: first by customers, then by staff."""
    doors = {
        "comments": issues.comment,
        "confirmation": act("confirmation", issues.confirm, "confirm"),
        "dispute": act("dispute", issues.dispute, "dispute"),
        "withdrawal": act("withdrawal", issues.withdraw, "withdraw"),
        "thanks": shared(act("thanks", issues.thank, "thank"), staff_act("thanks", issues.thank, "thank")),
        "corrections": shared(
            act("corrections", issues.correct, "correct"), staff_act("corrections", issues.correct, "correct")
        ),
        "mine-too": act("mine-too", issues.mine_too, "mine_too", anchor="", takes="mine_too"),
        "follow": issues.follow,
        "updates": staff_act("updates", desk.update, "update"),
        "notes": staff_act("notes", desk.write_note, "note"),
        "mirroring": staff_act("mirroring", mirrors.keep_out, "keep_out"),
        "owner": staff_act("owner", desk.assign, "assign"),
        "area": staff_act("area", desk.move, "move"),
        "promise": staff_act("promise", desk.promise, "promise"),
        "merge": staff_act("merge", desk.merge, "merge"),
        "split": staff_act("split", desk.split, "split"),
        "reopening": staff_act("reopening", desk.reopen, "reopen"),
        "publication": staff_act("publication", desk.publish, "publish"),
        "rejection": staff_act("rejection", desk.reject, "reject"),
        "removal": hiding_door("removal", moderation.read_removal, "remove"),
        "hidings": hiding_door("hidings", moderation.read_hiding, "hide"),
        "private-words": shared(privately.write, privately.answer),
        "reports": objections.report,
        "appeals": act("appeals", objections.appeal, "appeal", in_public=False),
        "erasures": act("erasures", objections.take_out, "take_out", in_public=False),
        "restoration": staff_act("restoration", desk.restore, "restore"),
        "redactions": hiding_door("redactions", moderation.read_redaction, "redact"),
    }
    return [Route(f"/issues/{{number:n}}/{name}", door, methods=["POST"]) for name, door in doors.items()]


def staff_pages() -> list[BaseRoute]:
    return [
        Route("/staff", desk.queue),
        Route("/staff/issues/{number:n}", desk.show),
        Route("/staff/issues/{number:n}/private", desk.read_private, methods=["POST"]),
        Route("/staff/moderation", moderation.queue),
        Route("/staff/moderation", moderation.decide_many, methods=["POST"]),
        Route("/staff/moderation/hidings/{id:n}", moderation.decide_hiding, methods=["POST"]),
        Route("/staff/moderation/appeals/{id:n}", moderation.decide_appeal, methods=["POST"]),
        Route("/staff/moderation/reports/{id:n}", moderation.settle_reports, methods=["POST"]),
        Route("/staff/settings", office.settings),
        Route("/staff/settings/limits", office.save_limits, methods=["POST"]),
        Route("/staff/settings/areas", office.save_area, methods=["POST"]),
        Route("/staff/settings/areas/{slug}", office.save_area, methods=["POST"]),
        Route("/staff/settings/colleagues", office.invite, methods=["POST"]),
        Route("/staff/settings/colleagues/{id:n}/removal", office.remove_colleague, methods=["POST"]),
        Route("/staff/settings/colleagues/{id:n}/signout", office.sign_colleague_out, methods=["POST"]),
        Route("/staff/settings/tokens", office.create_token, methods=["POST"]),
        Route("/staff/settings/tokens/{id:n}/revocation", office.revoke_token, methods=["POST"]),
        *[
            Route(f"/staff/settings/{section}", office.save_section(section), methods=["POST"])
            for section in office.SECTIONS
        ],
    ]


def outlets() -> list[BaseRoute]:
    """Where staff see who hears of what happens."""
    return [
        Route("/staff/outbox", outbox.show),
        Route("/staff/outbox/addresses", outbox.send_again, methods=["POST"]),
        Route("/staff/outbox/again", outbox.try_all, methods=["POST"]),
        Route("/staff/outbox/{id:n}/try", outbox.try_now, methods=["POST"]),
        Route("/staff/outbox/{id:n}/end", outbox.give_up, methods=["POST"]),
        Route("/staff/hooks", hooks.show_all),
        Route("/staff/hooks", hooks.add, methods=["POST"]),
        Route("/staff/hooks/{id:n}", hooks.show),
        Route("/staff/hooks/{id:n}", hooks.change, methods=["POST"]),
        Route("/staff/hooks/{id:n}/secret", hooks.rotate, methods=["POST"]),
        Route("/staff/hooks/{id:n}/acts", hooks.act, methods=["POST"]),
        Route("/staff/hooks/{id:n}/removal", hooks.remove, methods=["POST"]),
        Route("/staff/mentions", mentions.show),
        Route("/staff/mentions/{id:n}", mentions.set_aside, methods=["POST"]),
        Route("/staff/mirrors", mirrors.show_all),
        Route("/staff/mirrors", mirrors.add, methods=["POST"]),
        Route("/staff/mirrors/{id:n}", mirrors.show),
        Route("/staff/mirrors/{id:n}", mirrors.change, methods=["POST"]),
        Route("/staff/mirrors/{id:n}/secrets", mirrors.change_secrets, methods=["POST"]),
        Route("/staff/mirrors/{id:n}/acts", mirrors.act, methods=["POST"]),
        Route("/staff/mirrors/{id:n}/posts/{post:n}", mirrors.act_on_post, methods=["POST"]),
        Route("/staff/mirrors/{id:n}/removal", mirrors.remove, methods=["POST"]),
    ]


def on_other_sites() -> list[BaseRoute]:
    return [
        Route("/embed/new", filing.new, methods=["GET"]),
        Route("/embed/new", filing.file, methods=["POST"]),
        Route("/embed/handover", filing.take_over, methods=["POST"]),
        Route("/embed", widget.gallery, methods=["GET"]),
        Route("/staff/widget", widget.show, methods=["GET"]),
        Route("/staff/widget", widget.save, methods=["POST"]),
        Route("/staff/widget/secret", widget.rotate, methods=["POST"]),
        Route("/embed/list.html", embed.page, methods=["GET"]),
        Route("/embed/badge.svg", embed.badge, methods=["GET"]),
        Route("/embed/v1/embed.js", bundle.newest, methods=["GET"]),
        Route("/embed/v1/embed-{sha256}.js", bundle.pinned, methods=["GET"]),
        Route("/embed/v1/state.json", embed.state, methods=["GET"]),
    ]


def api_writes() -> dict[str, Door]:
    """What a program sends to an issue: the acts of the pages, by the same names."""
    here = api_acts.act_here
    return {
        "comments": api_acts.comment,
        "confirmation": api_act(bodies.NewConfirmation, api_acts.confirm, "confirm"),
        "dispute": api_act(bodies.NewWords, api_acts.dispute, "dispute"),
        "withdrawal": api_act(bodies.NewConfirmation, api_acts.withdraw, "withdraw"),
        "thanks": api_act(bodies.NewWords, api_acts.thank, "thank"),
        "corrections": api_act(bodies.NewCorrection, api_acts.correct, "correct"),
        "mine-too": here(bodies.Nothing, api_acts.mine_too, "mine_too", "mine_too"),
        "follow": here(bodies.NewFollow, api_acts.follow, "follow", "follow", waits=True),
        "reports": here(bodies.NewReport, api_acts.report, None, "report"),
        "appeals": api_act(bodies.NewAppeal, api_acts.appeal, "appeal"),
        "erasures": api_act(bodies.NewErasure, api_acts.take_out, "take_out"),
        "private-words": here(bodies.NewPrivateWord, api_acts.tell_privately, "tell_privately"),
        "updates": api_act(bodies.NewUpdate, api_staff.update, "update"),
        "resolution": api_act(bodies.NewResolution, api_staff.resolve, "resolve"),
        "reopening": api_act(bodies.NewWords, api_staff.reopen, "reopen"),
        "promise": api_act(bodies.NewPromise, api_staff.promise, "promise"),
        "owner": api_act(bodies.NewOwner, api_staff.assign, "assign"),
        "area": api_act(bodies.NewArea, api_staff.move, "move"),
        "merge": api_act(bodies.NewMerge, api_staff.merge, "merge"),
        "split": api_act(bodies.NewWords, api_staff.split, "split"),
        "notes": api_act(bodies.NewNote, api_staff.note, "note"),
        "mirroring": api_act(bodies.NewMirroring, api_staff.keep_out, "keep_out"),
        "publication": api_act(bodies.Place, api_staff.publish, "publish"),
        "rejection": api_act(bodies.NewRejection, api_staff.reject, "reject"),
        "restoration": api_act(bodies.Place, api_staff.restore, "restore"),
        "removal": here(bodies.NewRemoval, api_staff.remove, "remove", waits=True),
        "hidings": here(bodies.NewHiding, api_staff.hide_comment, "hide", waits=True),
        "redactions": here(bodies.NewRedaction, api_staff.redact, "redact", waits=True),
    }


def api_decisions() -> dict[str, Door]:
    """What a program of a moderator decides."""
    return {
        "hidings": api_decision(bodies.Agreement, api_moderation.decide_hiding, "remove"),
        "appeals": api_decision(bodies.Judgement, api_moderation.judge_appeal, "restore"),
        "reports": api_decision(bodies.Nothing, api_moderation.settle_reports, "publish"),
    }


def api_routes() -> list[BaseRoute]:
    """Every door of the API; those that are to end say so."""
    ends = {(one.method, one.path): one.ends for one in OPERATIONS if one.ends}
    return [told_to_end(route, ends) for route in api_doors()]


def told_to_end(route: Route, ends: Mapping[tuple[str, str], Ending]) -> Route:
    method = "post" if "POST" in (route.methods or ()) else "get"
    found = ends.get((method, route.path))
    return Route(route.path, ending(route.endpoint, found), methods=[method]) if found else route


def api_doors() -> list[Route]:
    return [
        Route("/api/v1/issues", api.list_issues, methods=["GET"]),
        Route("/api/v1/issues", api_acts.file_issue, methods=["POST"]),
        Route("/api/v1/issues/{number}", api.show_issue),
        Route("/api/v1/issues/{number}/events", api.issue_events),
        Route("/api/v1/events", api.list_events),
        Route("/api/v1/areas", api.list_areas),
        Route("/api/v1/figures", api.figures),
        Route("/api/v1/queue", api_desk.queue),
        Route("/api/v1/colleagues", api_desk.colleagues),
        Route("/api/v1/outbox", api_desk.outbox),
        Route("/api/v1/moderation", api_moderation.queue),
        Route("/api/v1/issues/{number}/desk", api_desk.desk),
        Route("/api/v1/issues/{number}/notes", api_desk.notes, methods=["GET"]),
        Route("/api/v1/issues/{number}/private-words", api_desk.private_words, methods=["GET"]),
        Route("/api/v1/openapi.json", openapi.serve),
        Route("/api", viewer.show),
        *[Route(f"/api/v1/issues/{{number}}/{name}", door, methods=["POST"]) for name, door in api_writes().items()],
        *[Route(f"/api/v1/moderation/{name}/{{id}}", door, methods=["POST"]) for name, door in api_decisions().items()],
    ]


def open311_routes() -> list[BaseRoute]:
    """The same issues as civic tools read them."""
    services = open311.door(open311.services, root="services", each="service")
    requests, one = (
        open311.door(read, root="service_requests", each="request") for read in (open311.requests, open311.one_request)
    )
    return [
        Route("/open311/discovery.json", open311.discovery),
        Route("/open311/v2/services.{form}", services),
        Route("/open311/v2/requests.{form}", requests),
        Route("/open311/v2/requests/{id}.{form}", one),
    ]


def copies() -> list[BaseRoute]:
    """What is public here as other programs take it along."""
    places = ("", "/areas/{slug}", "/issues/{number:n}")
    return [
        *[Route(f"{place}/feed.{form}", feeds.door(form)) for place in places for form in feeds.FORMS],
        Route("/oembed", oembed.answer),
        Route("/data/", data.show),
        Route("/data/events.jsonl", data.events),
        Route("/data/issues.csv", data.table),
        Route("/data/issues.parquet", data.columns),
    ]


def routes() -> list[BaseRoute]:
    return [
        *pages(),
        *own_pages(),
        *acts(),
        *staff_pages(),
        *outlets(),
        *copies(),
        *on_other_sites(),
        *api_routes(),
        *open311_routes(),
        WebSocketRoute("/live", live.live),
        Route("/live/sse", live.events),
        Route("/live/tickets", live.ticket, methods=["POST"]),
        Route("/log/checkpoint", log.checkpoint),
        Route("/log/tile/{path:path}", log.tile),
        Route("/log/verify.py", log.checker),
        Route("/log/receipts/{index}.tlog-proof", log.receipt),
        Route(inbound.PATH, inbound.receive, methods=["POST"]),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", metrics.show),
        Route("/accent.css", files.accent),
        Route("/static/board.css", files.stylesheet),
        Mount("/static", files.Static()),
        Route("/favicon.ico", files.favicon),
        Route("/robots.txt", files.robots),
    ]
