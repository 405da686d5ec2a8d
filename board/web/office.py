"""The staff pages around the desk: settings, colleagues and tokens."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import company as acts
from board.actions import limits
from board.domain import finds
from board.domain import limits as rules
from board.domain.clocks import Target
from board.errors import Invalid
from board.store import company, people
from board.store.database import Tx
from board.web import session
from board.web.page import back, form, frame, page

SECTIONS = {
    "company": ("name", "tagline", "accent"),
    "texts": ("rules", "about", "licence"),
    "policies": ("mail", "moderation", "held_words", "private_days", "mention_days", "letter_days"),
    "finds": ("order_pattern", "phone_regions"),
}


async def settings(request: Request) -> Response:
    return await settings_page(request)


async def settings_page(
    request: Request,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    invited: dict[str, str] | None = None,
    minted: dict[str, str] | None = None,
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        who = await session.require_staff(tx, request, "run_board")
        around = await frame(tx, request)
        context = await settings_context(tx, who, request)
    return page(
        request,
        around,
        "settings.html",
        nav="staff",
        status=422 if errors else 200,
        form=typed or {},
        errors=errors or {},
        invited=invited,
        minted=minted,
        **context,
    )


async def settings_context(tx: Tx, who: session.Viewer, request: Request) -> dict[str, Any]:
    setup = await company.read(tx)
    areas = await company.areas(tx)
    seen = await people.last_seen(tx)
    colleagues = [
        {
            "id": p.id,
            "name": p.name,
            "email": p.email,
            "role": p.role,
            "is_you": p.id == who.id,
            "seen_at": at(seen.get(p.id)),
        }
        for p in await people.all_staff(tx)
    ]
    return {
        "settings": {**asdict(setup), "mail_policy": setup.mail, "moderation_policy": setup.moderation},
        "limits": limits_context(setup),
        "order_example": finds.example(setup.order_pattern),
        "areas": [{"slug": a.slug, "name": a.name, **hours(a.target)} for a in areas],
        "colleagues": colleagues,
        "tokens": [
            {**token, "created_at": at(token["created_ms"]), "used_at": None}
            for token in await people.tokens(tx)
            if token["revoked_ms"] is None
        ],
        "unset": unset(setup, areas, request),
    }


def limits_context(setup: company.Company) -> list[dict[str, Any]]:
    """Each act with the key and the count of its limits; None where it has no such limit."""
    set_to = rules.counts(setup.limits)
    return [
        {
            "act": act,
            "cells": [(rules.key(act, window), set_to.get(rules.key(act, window))) for window in rules.SECONDS],
        }
        for act in rules.ACTS
    ]


def at(ms: int | None) -> datetime | None:
    return datetime.fromtimestamp(ms // 1000, UTC) if ms is not None else None


def hours(target: Target) -> dict[str, str]:
    return {"first_answer_h": in_hours(target.first_answer_s), "resolve_h": in_hours(target.resolve_s)}


def in_hours(seconds: int | None) -> str:
    return f"{seconds / 3600:g}" if seconds else ""


def unset(setup: company.Company, areas: list[company.Area], request: Request) -> list[dict[str, str]]:
    """What a company still has to do before customers come."""
    board = request.app.state.board
    say = board.renderer.say
    checks = [
        (setup.name == company.Company.name, say("The company has no name yet."), say("Give it under “Company”.")),
        (not areas, say("There are no areas."), say("Add at least one under “Areas”, with target times.")),
        (not setup.rules, say("House rules are the standard ones."), say("Write your own under “Rules and about”.")),
        (
            board.settings.smtp_url is None,
            say("No mail server is set."),
            say("Set BOARD_SMTP_URL and BOARD_MAIL_FROM; until then, messages stay in the outbox."),
        ),
        (
            not board.settings.is_https,
            say("The board has no public address."),
            say("Set BOARD_BASE_URL to its https:// address before customers come."),
        ),
        (
            session.is_passed_on(request),
            say("A proxy passes requests on, and is not trusted."),
            say("Set BOARD_TRUSTED_PROXIES to its address; until then all customers count as one place."),
        ),
    ]
    return [{"text": text, "how": how} for missing, text, how in checks if missing]


def save_section(section: str) -> Callable[[Request], Awaitable[Response]]:
    """The door of one section's form."""

    async def door(request: Request) -> Response:
        typed = await form(request)
        given = {key: typed[name] for key in SECTIONS[section] if (name := field_of(typed, key))}
        async with request.app.state.board.db.writing(session.now()) as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board"))
            wrong = await refusal(acts.set_up(tx, given, by=by))
        if wrong:
            return await settings_page(request, typed={**typed, "act": section}, errors=wrong)
        return back("/staff/settings", "saved", f"#{section}")

    return door


def field_of(typed: dict[str, str], key: str) -> str | None:
    return next((name for name in (key, f"{key}_policy") if name in typed), None)


async def refusal(act: Any) -> dict[str, str] | None:
    """The fields that are wrong, where the act refuses them before anything is written."""
    try:
        await act
    except Invalid as wrong:
        return wrong.fields
    return None


async def save_limits(request: Request) -> Response:
    typed = await form(request)
    async with request.app.state.board.db.writing(session.now()) as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board"))
        wrong = await refusal(limits.settle(tx, typed, by=by))
    if wrong:
        return await settings_page(request, typed={**typed, "act": "limits"}, errors=wrong)
    return back("/staff/settings", "saved", "#limits")


async def save_area(request: Request) -> Response:
    typed, slug = await form(request), request.path_params.get("slug")
    async with request.app.state.board.db.writing(session.now()) as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board"))
        wrong = await refusal(
            acts.save_area(
                tx,
                by=by,
                name=typed.get("name", ""),
                first_answer_h=typed.get("first_answer_h", ""),
                resolve_h=typed.get("resolve_h", ""),
                area=slug,
            )
        )
    if wrong:
        name = f"areas/{slug}" if slug else "areas"
        return await settings_page(request, typed={**typed, "act": name}, errors=wrong)
    return back("/staff/settings", "saved", "#areas")


async def invite(request: Request) -> Response:
    """Adds a colleague; their one-time link is shown this once, to be copied."""
    board, typed = request.app.state.board, await form(request)
    try:
        async with board.db.writing(session.now()) as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
            person, url = await acts.invite(
                tx,
                by=by,
                email=typed.get("email", ""),
                name=typed.get("name", ""),
                role=typed.get("role", ""),
                links=board.links,
                say=board.renderer.say,
            )
    except Invalid as wrong:
        return await settings_page(request, typed={**typed, "act": "colleagues"}, errors=wrong.fields)
    return await settings_page(request, invited={"name": person.name, "link": url})


async def sign_colleague_out(request: Request) -> Response:
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
        await acts.end_sessions(tx, by=by, person=int(request.path_params["id"]))
    return back("/staff/settings", "saved", "#colleagues")


async def remove_colleague(request: Request) -> Response:
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
        wrong = await refusal(
            acts.remove_colleague(tx, by=by, person=int(request.path_params["id"]), now_ms=session.now_ms())
        )
    if wrong:
        return await settings_page(request, typed={"act": "colleagues"}, errors=wrong)
    return back("/staff/settings", "saved", "#colleagues")


async def create_token(request: Request) -> Response:
    typed = await form(request)
    try:
        async with request.app.state.board.db.saving() as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
            token = await acts.create_token(
                tx, by=by, label=typed.get("label", ""), role=typed.get("role", ""), now_ms=session.now_ms()
            )
    except Invalid as wrong:
        return await settings_page(request, typed={**typed, "act": "tokens"}, errors=wrong.fields)
    return await settings_page(request, minted={"label": typed["label"], "token": token})


async def revoke_token(request: Request) -> Response:
    async with request.app.state.board.db.saving() as tx:
        await session.require_staff(tx, request, "run_board", fresh=True)
        await people.revoke_token(tx, int(request.path_params["id"]), session.now_ms())
    return back("/staff/settings", "saved", "#tokens")
