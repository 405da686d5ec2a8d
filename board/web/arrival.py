"""How words come in: the tokens they take, what they are doubted for, and the proof of work that ends the doubt."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from board.actions import limits as buckets
from board.domain.doubt import QUICK_S, Reason, Signs, doubt, is_provable, sameness
from board.domain.limits import Limit
from board.domain.people import NEWCOMER
from board.store.database import Tx
from board.web import proof, session
from board.web.session import Viewer

SAME = Limit(4, 3_600)  # the same text, from anybody
ON_SHARED_PAGES_S = 10  # a page that is the same for everybody carries the same stamp for so long


@dataclass(frozen=True)
class Form:
    """What a form of ours carries beside the words; a program has no form."""

    trap: str
    stamp: str
    solution: str
    can_prove: bool


def form_of(typed: Mapping[str, str]) -> Form:
    return Form(
        typed.get("website", ""), typed.get("stamp", ""), typed.get("altcha", ""), typed.get("can_prove") == "yes"
    )


def stamp(request: Request, *, every_s: int = 1) -> str:
    """When the form was made, signed; where its page is shared, in steps of `every_s`, never later than true."""
    made: str = request.app.state.board.links.secret("form", session.now_ms() // 1000 // every_s * every_s)
    return made


def age_s(request: Request, form: Form) -> int | None:
    made = request.app.state.board.links.opened("form", form.stamp)
    return None if made is None else max(0, session.now_ms() // 1000 - made)


async def weigh(
    tx: Tx, request: Request, words: str, *, who: Viewer | None, left: int, form: Form | None
) -> tuple[Reason, ...]:
    """Doubts about the words of whoever is not staff; raises ProofWanted where a proof would end them.

    With that the transaction gives the tokens back: the same words come again in a moment.
    """
    if who and who.kind == "staff" and who.is_proved:
        return ()
    poster = await session.poster(tx, request, who) if who else NEWCOMER
    signs = Signs(
        trap=bool(form and form.trap),
        age_s=age_s(request, form) if form else QUICK_S,  # a program reads no form
        left=left,
        is_repeated=await is_repeated(tx, request, words),
        is_newcomer=not poster.is_known,
    )
    return await unproven(tx, request, doubt(words, signs), form)


async def is_repeated(tx: Tx, request: Request, words: str) -> bool:
    same = sameness(words)
    return same is not None and not await taken_once(tx, request, f"words {same}", SAME)


async def unproven(tx: Tx, request: Request, doubts: tuple[Reason, ...], form: Form | None) -> tuple[Reason, ...]:
    """The doubts that are left after the form's proof of work; raises ProofWanted where it should have one."""
    if not doubts or not is_provable(doubts) or form is None:
        return doubts
    secret = request.app.state.board.keys.secret
    if nonce := proof.proven(secret, form.solution):
        return () if await taken_once(tx, request, f"challenge {nonce}", proof.ONCE) else doubts
    if form.can_prove and not form.solution:
        raise proof.ProofWanted(proof.challenge(secret))
    return doubts


async def taken_once(tx: Tx, request: Request, name: str, limit: Limit) -> bool:
    secret = request.app.state.board.keys.secret
    return await buckets.take_once(tx, name, limit, secret=secret, now_ms=session.now_ms())
