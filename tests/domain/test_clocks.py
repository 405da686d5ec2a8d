"""What time says about an issue: whose turn, since when, the first answer, pauses, and when it is overdue."""

from datetime import datetime, timedelta

import pytest

from board.domain import clocks, decisions
from board.domain import events as e
from board.domain.clocks import Span, Target
from board.domain.decisions import Then
from board.domain.people import SYSTEM
from tests.cast import ADA, BO, CY, NOON, later
from tests.domain.past import Past, filed

SAID = {"body": "Something said."}


def answered(past: Past, at: datetime, **then: object) -> Past:
    past.do(decisions.update, at=at, by=BO, words=SAID, via="web", then=Then(**then))  # type: ignore[arg-type]
    return past


def commented(past: Past, at: datetime, by: object = ADA) -> Past:
    past.do(decisions.comment, at=at, by=by, words=SAID, via="web")
    return past


def test_a_clock_starts_with_the_filing_on_the_companys_side() -> None:
    clock = filed().clock
    assert (clock.filed_at, clock.spans) == (NOON, (Span("company", NOON),))
    assert (clock.turn, clock.since, clock.first_answer_at, clock.is_paused) == ("company", NOON, None, False)


def test_there_is_no_clock_without_events() -> None:
    with pytest.raises(ValueError, match="starts with the filing"):
        clocks.read([])


def test_the_first_update_is_the_first_answer_and_later_ones_are_not() -> None:
    past = answered(answered(filed(), later(hours=2)), later(hours=5))
    assert past.clock.first_answer_at == later(hours=2)


def test_an_acknowledgement_or_a_comment_is_no_answer() -> None:
    past = commented(filed(), later(hours=1), CY).add(e.IssueAcknowledged(issue=7), at=later(hours=2))
    assert past.clock.first_answer_at is None


def test_a_question_to_the_customer_pauses_the_clock_until_the_answer() -> None:
    past = answered(filed(), later(hours=2), state="waiting_on_customer")
    assert (past.clock.turn, past.clock.since, past.clock.is_paused) == ("customer", later(hours=2), True)
    assert past.clock.paused_s(later(hours=3)) == 3_600
    commented(past, later(hours=12))
    assert (past.clock.turn, past.clock.since, past.clock.is_paused) == ("company", later(hours=12), False)
    assert past.clock.paused_s(later(hours=99)) == 10 * 3_600
    assert past.clock.with_company_s(later(hours=20)) == 10 * 3_600


def test_a_strangers_comment_does_not_pass_the_turn() -> None:
    past = commented(answered(filed(), later(hours=2), state="waiting_on_customer"), later(hours=3), CY)
    assert (past.clock.turn, past.clock.is_paused) == ("customer", True)


def test_pauses_add_up() -> None:
    past = commented(answered(filed(), later(hours=1), state="waiting_on_customer"), later(hours=2))
    commented(answered(past, later(hours=3), state="waiting_on_customer"), later(hours=6))
    assert past.clock.paused_s(later(days=9)) == 4 * 3_600


def test_a_resolution_passes_the_turn_to_the_customer_without_a_pause() -> None:
    past = answered(filed(), later(hours=2), resolution="fixed")
    assert (past.clock.turn, past.clock.since, past.clock.is_paused) == ("customer", later(hours=2), False)
    assert past.clock.settled_at == later(hours=2)


def test_a_resolution_while_waiting_ends_the_pause() -> None:
    past = answered(filed(), later(hours=1), state="waiting_on_customer")
    answered(past, later(hours=3), resolution="fixed")
    assert (past.clock.since, past.clock.is_paused) == (later(hours=3), False)
    assert past.clock.paused_s(later(days=9)) == 2 * 3_600


@pytest.mark.parametrize("end", ["confirm", "lapse", "withdraw", "close", "merge"])
def test_after_the_end_it_is_nobodys_turn(end: str) -> None:
    past, at = filed(), later(days=20)
    if end in ("confirm", "lapse"):
        answered(past, later(hours=2), resolution="fixed")
    match end:
        case "confirm":
            past.do(decisions.confirm, at=at, by=ADA, words={})
        case "lapse":
            past.do(decisions.lapse, at=at, by=SYSTEM)
        case "withdraw":
            past.do(decisions.withdraw, at=at, by=ADA, words={})
        case "close":
            answered(past, at, resolution="declined")
        case "merge":
            answered(past, at, resolution="duplicate", into=3)
    assert (past.clock.turn, past.clock.since) == ("nobody", at)


def test_after_a_dispute_the_clock_counts_from_the_first_filing() -> None:
    past = answered(filed(), later(hours=2), resolution="fixed")
    past.do(decisions.dispute, at=later(hours=5), by=ADA, words=SAID)
    clock = past.clock
    assert (clock.filed_at, clock.turn, clock.since, clock.settled_at) == (NOON, "company", later(hours=5), None)
    assert clock.spans == (
        Span("company", NOON, later(hours=2)),
        Span("customer", later(hours=2), later(hours=5)),
        Span("company", later(hours=5)),
    )
    assert clock.with_company_s(later(hours=6)) == 3 * 3_600


def test_a_promise_is_due_until_the_next_word() -> None:
    past = filed()
    past.do(decisions.promise, by=BO, due=later(days=1))
    assert past.clock.promise_due == later(days=1)
    past.do(decisions.promise, by=BO, due=later(days=2))
    assert past.clock.promise_due == later(days=2)
    past.do(decisions.miss_promise, at=later(days=3), by=SYSTEM)
    assert past.clock.promise_due == later(days=2)
    assert answered(past, later(days=4)).clock.promise_due is None


def test_what_is_settled_promises_nothing() -> None:
    past = filed()
    past.do(decisions.promise, by=BO, due=later(days=1))
    past.do(decisions.withdraw, by=ADA, words={})
    assert past.clock.promise_due is None


def test_imports_are_timed_by_when_they_happened_at_the_source() -> None:
    then = "2020-04-01T17:31:32Z"
    filing, _ = decisions.file(7, area="service", via="import", words=SAID, occurred=then, publish=True)
    answer = e.UpdatePosted(issue=7, via="import", occurred="2020-04-01T18:31:32Z", words=SAID)
    cured = e.IssueResolved(issue=7, resolution="answered", occurred="2020-04-01T18:31:32Z")
    past = Past().add(filing, answer, cured)
    clock = past.clock
    start = datetime.fromisoformat(then)
    assert (clock.filed_at, clock.first_answer_at) == (start, start + timedelta(hours=1))
    assert (clock.turn, clock.since, clock.settled_at) == ("customer", *[start + timedelta(hours=1)] * 2)
    assert past.issue.settled_at == NOON


def test_a_span_is_never_negative() -> None:
    past = answered(filed(), later(hours=2), state="waiting_on_customer")
    assert past.clock.paused_s(NOON) == 0


TARGET = Target(first_answer_s=4 * 3_600, resolve_s=48 * 3_600)


@pytest.mark.parametrize(
    ("target", "due"),
    [
        (TARGET, later(hours=4)),
        (Target(None, 48 * 3_600), later(hours=48)),
        (Target(4 * 3_600, None), later(hours=4)),
        (Target(99 * 3_600, 48 * 3_600), later(hours=48)),
        (Target(), None),
    ],
)
def test_a_new_issue_is_overdue_after_the_nearest_target(target: Target, due: datetime | None) -> None:
    clock = filed().clock
    assert clocks.overdue_since(clock, target, later(days=30)) == due
    if due:
        assert clocks.overdue_since(clock, target, due) is None


def test_after_the_first_answer_the_cure_is_due_and_pauses_do_not_count() -> None:
    past = answered(filed(), later(hours=2), state="waiting_on_customer")
    assert clocks.overdue_since(past.clock, TARGET, later(days=30)) is None
    commented(past, later(hours=12))
    assert clocks.overdue_since(past.clock, TARGET, later(days=30)) == later(hours=58)


def test_a_promised_word_that_does_not_come_makes_overdue() -> None:
    past = answered(filed(), later(hours=1), promise_due=later(hours=3))
    assert clocks.overdue_since(past.clock, TARGET, later(hours=4)) == later(hours=3)
    past.do(decisions.miss_promise, at=later(hours=5), by=SYSTEM)
    assert clocks.overdue_since(past.clock, TARGET, later(hours=6)) == later(hours=3)


@pytest.mark.parametrize("resolution", ["fixed", "declined"])
def test_what_is_settled_is_not_overdue(resolution: str) -> None:
    past = answered(filed(), later(days=30), resolution=resolution)
    assert clocks.overdue_since(past.clock, TARGET, later(days=60)) is None
