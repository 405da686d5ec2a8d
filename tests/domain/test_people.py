"""Rights: every act tried by everybody."""

from dataclasses import replace

import pytest

from board.domain.people import MAY, NAMED, SYSTEM, Actor, Standing, require, role_in
from board.errors import NotAllowed
from tests.cast import ADA, BO, CY, MO, ROOT

EVERYBODY: dict[Standing, Actor] = {
    "anyone": CY,
    "filer": ADA,
    "agent": BO,
    "moderator": MO,
    "admin": ROOT,
    "auditor": Actor(standing="auditor", person=9, name="Au"),
    "reader": Actor(standing="reader", name="Robot"),
    "system": SYSTEM,
}
FILER, CLOCK, MODERATORS = {"filer"}, {"system"}, {"moderator", "admin"}
STAFF = MODERATORS | {"agent"}
PEOPLE = STAFF | {"anyone", "filer"}
RIGHTS: dict[str, set[str]] = {
    **dict.fromkeys(("file", "comment", "follow", "mine_too"), PEOPLE),
    **dict.fromkeys(("confirm", "dispute", "withdraw"), FILER),
    **dict.fromkeys(("thank", "correct", "tell_privately"), STAFF | FILER),
    **dict.fromkeys(("update", "resolve", "close", "reopen", "merge", "split", "promise", "assign", "move"), STAFF),
    **dict.fromkeys(("note", "keep_out", "see_private", "try_mail"), STAFF),
    "see_desk": STAFF | {"auditor", "reader"},
    **dict.fromkeys(("publish", "reject", "remove", "hide", "restore", "redact"), MODERATORS),
    **dict.fromkeys(("lapse", "miss"), CLOCK),
    "see_moderation": MODERATORS | {"auditor", "reader"},
    **dict.fromkeys(("take_out", "appeal"), FILER | {"anyone"}),
    "run_board": {"admin"},
}


def test_every_act_is_in_the_table_of_rights() -> None:
    assert set(MAY) == set(RIGHTS)


@pytest.mark.parametrize("standing", EVERYBODY)
@pytest.mark.parametrize("act", RIGHTS)
def test_an_act_is_for_those_who_have_the_right(act: str, standing: Standing) -> None:
    by = EVERYBODY[standing]
    if standing in RIGHTS[act]:
        require(by, act)
        assert by.may(act)
        return
    assert not by.may(act)
    with pytest.raises(NotAllowed, match=r"^Only .+ can do this\.$"):
        require(by, act)


@pytest.mark.parametrize(
    ("by", "act", "role"),
    [
        (CY, "comment", "customer"),
        (ADA, "thank", "customer"),
        (BO, "thank", "company"),
        (ROOT, "update", "company"),
        (MO, "update", "company"),
        (MO, "redact", "moderator"),
        (ROOT, "publish", "moderator"),
        (SYSTEM, "lapse", "system"),
    ],
)
def test_the_public_sees_the_role_in_which_somebody_acts(by: Actor, act: str, role: str) -> None:
    assert role_in(by, act) == role


@pytest.mark.parametrize("act", sorted(NAMED))
def test_what_takes_two_people_is_done_by_no_program_of_nobody(act: str) -> None:
    program = Actor(standing="admin", name="Robot")
    with pytest.raises(NotAllowed, match="a token that belongs to a colleague"):
        require(program, act)
    require(replace(program, person=3), act)
