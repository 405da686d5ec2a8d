"""What somebody says about the mail that they want: which news, of which areas, and how often."""

from collections.abc import Mapping

from board.actions.own_data import set_quiet
from board.domain import wishes as rules
from board.domain.leaf import milliseconds
from board.domain.phrase import choose, phrase
from board.domain.wishes import KINDS, PACES, WORK, Wishes
from board.errors import Invalid
from board.store import company, wishes
from board.store.database import WriteTx
from board.store.own_data import hear_of

ZONE = phrase("Choose one of the time zones in the list.")


async def save(tx: WriteTx, email: str, typed: Mapping[str, str], *, is_staff: bool) -> None:
    """What waits for a digest goes out with the next one, or soon where none is wanted any more."""
    said = await read(tx, typed, before=await wishes.read(tx, email), is_staff=is_staff)
    next_ms = None
    if await wishes.has_waiting(tx, email):
        at = tx.at if said.pace == "each" else rules.next_digest(said, tx.at)
        next_ms = milliseconds(at)
    await wishes.save(tx, email, said, next_ms=next_ms)


async def read(tx: WriteTx, typed: Mapping[str, str], *, before: Wishes, is_staff: bool) -> Wishes:
    """The boxes of what is wanted, so that whatever comes later is wanted until somebody says otherwise.

    What the form did not ask about, the work of a colleague behind a link, stays as it was before.
    """
    pace, zone = typed.get("pace", "each"), typed.get("zone") or "UTC"
    wrong: dict[str, str] = {}
    if pace not in PACES:
        wrong["pace"] = choose(PACES)
    if not rules.is_zone(zone):
        wrong["zone"] = ZONE
    if wrong:
        raise Invalid(wrong)
    wanted, areas = set(typed.get("kinds", "").split()), set(typed.get("areas", "").split())
    if not is_staff:
        wanted = wanted.difference(WORK) | {kind for kind in WORK if before.wants_work(kind)}
    unwanted = frozenset(kind for kind in (*KINDS, *WORK) if kind not in wanted)
    known = {area.slug for area in await company.areas(tx)}
    return Wishes(pace, zone, unwanted, frozenset(known - areas))


async def send_again(tx: WriteTx, email: str, issue: int | None) -> None:
    """Mail comes again, about this issue or any, to an address that wanted none; ended follows stay ended."""
    await hear_of(tx, email, None)
    if issue is not None:
        await hear_of(tx, email, issue)


async def stop_all(tx: WriteTx, email: str) -> None:
    """No mail about issues any more, and no digest."""
    await set_quiet(tx, email)
