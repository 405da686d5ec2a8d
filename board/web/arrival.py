"""How words come in: the tokens they take, what they are doubted for, and the proof of work that ends the doubt."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from board.actions import limits as buckets
from board.actions.limits import Taken
from board.domain.doubt import QUICK_S, Reason, Signs, doubt, is_provable, sameness
from board.domain.limits import Limit
from board.domain.people import NEWCOMER
from board.errors import TooMany
from board.store.database import Tx
from board.web import proof, session
from board.web.session import Viewer

CROWD = Limit(300, 3_600)  # what may wait for a look without a proof, once everybody's bucket is empty
SAME = Limit(4, 3_600)  # the same text, from anybody
CAN = "can"
ON_SHARED_PAGES_S = 10  # a page that is the same for everybody carries the same stamp for so long


@dataclass(frozen=True)
class Form:
    """What a form of ours carries beside the words. A program reads no form, but it may prove, too."""

    trap: str
    stamp: str
    solution: str
    can_prove: bool
    is_program: bool = False


def form_of(typed: Mapping[str, str]) -> Form:
    return Form(
        typed.get("website", ""), typed.get("stamp", ""), typed.get("altcha", ""), typed.get("can_prove") == "yes"
    )


def proof_of(request: Request) -> Form | None:
    """What a program says in `Board-Proof`: “can”, or the solution that it was asked for."""
    said = request.headers.get("board-proof")
    return None if said is None else Form("", "", "" if said == CAN else said, can_prove=True, is_program=True)


def stamp(request: Request, *, every_s: int = 1) -> str:
    """When the form was made, signed; where its page is shared, in steps of `every_s`, never later than true."""
    made: str = request.app.state.board.links.secret("form", session.now_ms() // 1000 // every_s * every_s)
    return made


def age_s(request: Request, form: Form) -> int | None:
    made = request.app.state.board.links.opened("form", form.stamp)
    return None if made is None else max(0, session.now_ms() // 1000 - made)


async def weigh(
    tx: Tx, request: Request, words: str, *, who: Viewer | None, taken: Taken, form: Form | None
) -> tuple[Reason, ...]:
    """Doubts about the words of whoever is not staff; raises ProofWanted where a proof is worth asking for.

    With that the transaction gives the tokens back: the same words come again in a moment. Raises TooMany for
    newcomers without a proof, where too many of them wait for a look already.
    """
    if who and who.kind == "staff" and who.is_proved:
        return ()
    poster = await session.poster(tx, request, who) if who else NEWCOMER
    signs = Signs(
        trap=bool(form and form.trap),
        age_s=age_s(request, form) if form and not form.is_program else QUICK_S,
        left=taken.left,
        is_repeated=await is_repeated(tx, request, words),
        is_newcomer=not poster.is_known,
        is_crowded=taken.crowd is not None,
    )
    return await unproven(tx, request, doubt(words, signs), form, crowd=taken.crowd)


async def is_repeated(tx: Tx, request: Request, words: str) -> bool:
    same = sameness(words)
    return same is not None and not await taken_once(tx, request, f"words {same}", SAME)


async def unproven(
    tx: Tx, request: Request, doubts: tuple[Reason, ...], form: Form | None, *, crowd: TooMany | None
) -> tuple[Reason, ...]:
    """The doubts that are left after the form's proof of work; raises ProofWanted where it should have one.

    A crowd is not proven away, but who proves is always heard: of the others so many, and then `crowd` is raised.
    """
    is_crowded = "crowded" in doubts
    if not doubts or not (is_provable(doubts) or is_crowded):
        return doubts
    if await is_proven(tx, request, form):
        return () if is_provable(doubts) else doubts
    if form and form.can_prove and not form.solution:
        raise proof.ProofWanted(proof.challenge(request.app.state.board.keys.secret))
    if is_crowded and crowd and not await taken_once(tx, request, "crowd", CROWD):
        raise crowd
    return doubts


async def is_proven(tx: Tx, request: Request, form: Form | None) -> bool:
    """Whether the form brings a proof of work that was not used before."""
    nonce = form and proof.proven(request.app.state.board.keys.secret, form.solution)
    return bool(nonce) and await taken_once(tx, request, f"challenge {nonce}", proof.ONCE)


async def taken_once(tx: Tx, request: Request, name: str, limit: Limit) -> bool:
    secret = request.app.state.board.keys.secret
    return await buckets.take_once(tx, name, limit, secret=secret, now_ms=session.now_ms())
