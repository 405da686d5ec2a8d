"""The life-cycle: every act in every state, what follows from it, and what a refusal says is possible instead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from board.domain import decisions, judging
from board.domain import events as e
from board.domain.decisions import Then, allowed
from board.domain.issue import Issue, Promise, Text
from board.domain.people import SYSTEM, Actor
from board.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.cast import ADA, BO, CY, MO, NOON, ROOT, later
from tests.domain.past import Past, filed

SAID = {"body": "Something said."}
Decide = Callable[..., list[e.Event]]


def hide_some_comment(issue: Issue, **given: Any) -> list[e.Event]:
    said = Text("anyone", "comment.posted", frozenset({"body"}))
    return judging.hide_comment(replace(issue, texts={**issue.texts, 99: said}), target=99, **given)


# Each act as somebody with the right to it would do it.
DOING: dict[str, tuple[Actor, Decide, dict[str, Any]]] = {
    "comment": (CY, decisions.comment, {"words": SAID, "via": "web"}),
    "update": (BO, decisions.update, {"words": SAID, "via": "web", "then": Then()}),
    "resolve": (BO, decisions.settle, {"then": Then(resolution="fixed")}),
    "close": (BO, decisions.settle, {"then": Then(resolution="declined")}),
    "merge": (BO, decisions.merge, {"into": 3}),
    "split": (BO, decisions.split, {"words": SAID}),
    "withdraw": (ADA, decisions.withdraw, {"words": {}}),
    "promise": (BO, decisions.promise, {"due": later(days=200)}),
    "assign": (BO, decisions.assign, {"words": {"owner.name": "Bo"}}),
    "move": (BO, decisions.move, {"area": "returns"}),
    "confirm": (ADA, decisions.confirm, {"words": {}}),
    "dispute": (ADA, decisions.dispute, {"words": SAID}),
    "reopen": (BO, decisions.reopen, {"words": SAID}),
    "lapse": (SYSTEM, decisions.lapse, {}),
    "correct": (ADA, decisions.correct, {"target": 1, "words": SAID}),
    "redact": (MO, decisions.redact, {"target": 1, "fields": ("body",), "reason": "spam", "versions": ()}),
    "take_out": (ADA, decisions.mask, {"target": 1, "masked": SAID, "reason": "author_request", "versions": ()}),
    "thank": (ADA, decisions.thank, {"words": SAID}),
    "miss": (SYSTEM, decisions.miss_promise, {}),
    "publish": (MO, judging.publish, {}),
    "reject": (MO, judging.reject, {"reason": "spam"}),
    "remove": (MO, judging.remove, {"reason": "spam"}),
    "restore": (MO, judging.restore, {}),
    "hide": (MO, hide_some_comment, {"reason": "spam"}),
}
HIDING = {"remove", "hide"}
ANY_TIME = {"correct", "redact", "take_out", "thank", "miss"}
WHILE_OPEN = {"comment", "update", "resolve", "close", "merge", "withdraw", "promise", "assign", "move"} | ANY_TIME
SETTLED = {"comment", "update", "dispute", "reopen", "assign", "move"} | ANY_TIME


def acted(past: Past, act: str, **changes: Any) -> list[e.Event]:
    by, decide, given = DOING[act]
    return past.do(decide, **{"by": by, **given, **changes})


def resolved() -> Past:
    past = filed()
    acted(past, "resolve")
    return past


def after(*acts: str) -> Past:
    past = filed()
    for act in acts:
        acted(past, act)
    return past


def waiting() -> Past:
    past = filed()
    acted(past, "update", then=Then(state="waiting_on_customer"))
    return past


PASTS: dict[str, tuple[Callable[[], Past], set[str]]] = {
    "new": (filed, WHILE_OPEN | HIDING),
    "acknowledged": (partial(after, "update"), WHILE_OPEN | HIDING),
    "waiting": (waiting, WHILE_OPEN | HIDING),
    "in progress": (partial(after, "close", "reopen"), WHILE_OPEN | HIDING),
    "resolved": (resolved, SETTLED | HIDING | {"confirm"}),
    "closed": (partial(after, "close"), SETTLED | HIDING),
    "confirmed": (partial(after, "resolve", "confirm"), SETTLED | HIDING),
    "withdrawn": (partial(after, "withdraw"), SETTLED | HIDING),
    "merged": (partial(after, "merge"), SETTLED | HIDING | {"split"}),
    "held": (partial(filed, publish=False), WHILE_OPEN | {"publish", "reject"}),
    "removed": (partial(after, "remove"), {"restore", "redact", "take_out", "miss"}),
}


@pytest.mark.parametrize("act", DOING)
@pytest.mark.parametrize("state", PASTS)
def test_an_act_is_done_where_the_table_allows_it_and_else_refused_with_what_is_possible(state: str, act: str) -> None:
    make, possible = PASTS[state]
    past, by = make(), DOING[act][0]
    if state == "held" and act == "comment":
        by = ADA
    assert set(allowed(past.issue, NOON)) == possible
    if act in possible:
        acted(past, act, by=by)
        return
    with pytest.raises(Conflict) as refused:
        acted(past, act, by=by)
    assert set(refused.value.allowed) == {one for one in possible if by.may(one)}
    assert f"“{act}” is not possible now" in refused.value.detail


def test_a_new_issue_is_shown_at_once_or_held_for_a_look() -> None:
    assert filed().kinds == ["issue.filed", "issue.published"]
    assert filed(publish=False).kinds == ["issue.filed", "issue.held"]
    assert filed().issue.visibility == "public"
    assert filed(publish=False).issue.visibility == "held"


def test_the_first_update_takes_note_of_a_new_issue_and_the_second_does_not() -> None:
    past = filed()
    said = e.UpdatePosted(issue=7, via="web", words=SAID)
    assert acted(past, "update") == [said, e.IssueAcknowledged(issue=7)]
    assert acted(past, "update") == [said]
    assert past.issue.state == "acknowledged"


@pytest.mark.parametrize(
    ("before", "asked", "events", "state"),
    [
        ("new", "acknowledged", [e.IssueAcknowledged], "acknowledged"),
        ("new", "in_progress", [e.IssueStarted], "in_progress"),
        ("new", "waiting_on_customer", [e.IssueStarted, e.IssueWaiting], "waiting_on_customer"),
        ("acknowledged", "acknowledged", [], "acknowledged"),
        ("acknowledged", "in_progress", [e.IssueStarted], "in_progress"),
        ("acknowledged", "waiting_on_customer", [e.IssueStarted, e.IssueWaiting], "waiting_on_customer"),
        ("in progress", "in_progress", [], "in_progress"),
        ("in progress", "waiting_on_customer", [e.IssueWaiting], "waiting_on_customer"),
        ("waiting", "waiting_on_customer", [], "waiting_on_customer"),
        ("waiting", "in_progress", [e.IssueStarted], "in_progress"),
    ],
)
def test_an_update_changes_the_state_as_asked(before: str, asked: str, events: list[Any], state: str) -> None:
    past = PASTS[before][0]()
    said, *changes = acted(past, "update", then=Then(state=asked))
    assert said == e.UpdatePosted(issue=7, via="web", words=SAID)
    assert changes == [kind(issue=7) for kind in events]
    assert past.issue.state == state


@pytest.mark.parametrize("before", ["in progress", "waiting"])
def test_what_has_begun_does_not_go_back_to_acknowledged(before: str) -> None:
    with pytest.raises(Conflict) as refused:
        acted(PASTS[before][0](), "update", then=Then(state="acknowledged"))
    assert refused.value.allowed == ("in_progress", "waiting_on_customer")


@pytest.mark.parametrize("state", ["new", "resolved", "closed", "fixed", ""])
def test_states_that_come_by_other_acts_cannot_be_asked_for(state: str) -> None:
    with pytest.raises(Invalid) as refused:
        decisions.change_state(filed().issue, state)
    assert refused.value.fields == {"state": "Choose one of: acknowledged, in_progress, waiting_on_customer."}


@pytest.mark.parametrize("before", ["resolved", "closed", "merged"])
@pytest.mark.parametrize("then", [Then(state="in_progress"), Then(promise_due=later(days=1)), Then(resolution="fixed")])
def test_an_update_on_a_settled_issue_is_a_word_only(before: str, then: Then) -> None:
    past = PASTS[before][0]()
    assert acted(past, "update") == [e.UpdatePosted(issue=7, via="web", words=SAID)]
    with pytest.raises(Conflict) as refused:
        acted(past, "update", then=then)
    assert "reopen" in refused.value.allowed


@pytest.mark.parametrize("resolution", e.CURES)
def test_a_cure_resolves_and_asks_the_customer(resolution: str) -> None:
    past = filed()
    acted(past, "update", then=Then(resolution=resolution))
    issue = past.issue
    assert past.kinds[2:] == ["update.posted", "issue.resolved"]
    assert (issue.state, issue.resolution, issue.confirmation) == ("resolved", resolution, "asked")
    assert (issue.settled, issue.settled_at) == (4, NOON)


@pytest.mark.parametrize("resolution", ["declined", "no_response"])
def test_another_end_closes_without_asking(resolution: str) -> None:
    past = filed()
    acted(past, "update", then=Then(resolution=resolution))
    issue = past.issue
    assert past.kinds[2:] == ["update.posted", "issue.closed"]
    assert (issue.state, issue.resolution, issue.confirmation) == ("closed", resolution, "none")


@pytest.mark.parametrize(
    ("whose", "code", "words"), [("carrier", "carrier", {}), ("Acme Ltd", "other", {"whose": "Acme Ltd"})]
)
def test_not_ours_names_whose(whose: str, code: str, words: dict[str, str]) -> None:
    ended = acted(filed(), "close", then=Then(resolution="not_ours", whose=whose))
    assert ended == [e.IssueClosed(issue=7, resolution="not_ours", whose=code, words=words)]


@pytest.mark.parametrize("whose", [None, ""])
def test_not_ours_without_a_name_is_refused(whose: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        acted(filed(), "close", then=Then(resolution="not_ours", whose=whose))
    assert list(refused.value.fields) == ["whose"]


def test_a_duplicate_is_joined_with_another_issue() -> None:
    past = filed()
    assert acted(past, "close", then=Then(resolution="duplicate", into=3)) == [e.IssueMerged(issue=7, into=3)]
    assert (past.issue.state, past.issue.resolution, past.issue.merged_into) == ("closed", "duplicate", 3)


@pytest.mark.parametrize("into", [None, 7])
def test_a_duplicate_of_nothing_or_itself_is_refused(into: int | None) -> None:
    with pytest.raises(Invalid) as refused:
        acted(filed(), "merge", into=into)
    assert list(refused.value.fields) == ["duplicate_of"]


@pytest.mark.parametrize("resolution", ["withdrawn", "solved", "x"])
def test_a_resolution_that_staff_cannot_give_is_refused(resolution: str) -> None:
    with pytest.raises(Invalid) as refused:
        acted(filed(), "update", then=Then(resolution=resolution))
    assert list(refused.value.fields) == ["resolution"]


@pytest.mark.parametrize("more", [{"state": "in_progress"}, {"promise_due": later(days=1)}])
def test_an_issue_is_not_resolved_and_gone_on_with_at_once(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        acted(filed(), "update", then=Then(resolution="fixed", **more))
    assert list(refused.value.fields) == ["resolution"]


def test_the_customers_answer_ends_the_waiting_and_a_strangers_does_not() -> None:
    past, goes_on = waiting(), e.IssueStarted(issue=7, role="system")
    assert acted(past, "comment") == [e.CommentPosted(issue=7, via="web", words=SAID)]
    assert acted(past, "comment", by=ADA) == [e.CommentPosted(issue=7, via="web", target=1, words=SAID), goes_on]
    assert past.issue.state == "in_progress"


@pytest.mark.parametrize("by", [BO, MO, ROOT])
def test_staff_do_not_comment(by: Actor) -> None:
    with pytest.raises(NotAllowed, match="post an update instead"):
        acted(filed(), "comment", by=by)


def test_only_the_filer_comments_on_what_is_not_shown() -> None:
    past = filed(publish=False)
    assert len(acted(past, "comment", by=ADA)) == 1
    with pytest.raises(Conflict, match="takes no comments yet"):
        acted(past, "comment", by=CY)


def test_a_confirmation_closes_and_names_what_is_confirmed() -> None:
    past = resolved()
    assert acted(past, "confirm", words=SAID) == [e.IssueConfirmed(issue=7, target=3, words=SAID)]
    assert (past.issue.state, past.issue.resolution, past.issue.confirmation) == ("closed", "fixed", "confirmed")


@pytest.mark.parametrize("before", ["resolved", "closed", "confirmed", "withdrawn", "merged"])
def test_a_dispute_goes_back_to_work_and_counts(before: str) -> None:
    past = PASTS[before][0]()
    settled = past.issue.settled
    assert settled
    assert acted(past, "dispute") == [
        e.IssueDisputed(issue=7, target=settled, words=SAID),
        e.IssueReopened(issue=7, role="customer"),
    ]
    issue = past.issue
    assert (issue.state, issue.resolution, issue.confirmation) == ("in_progress", None, "disputed")
    assert (issue.reopened, issue.settled, issue.settled_at, issue.merged_into) == (1, None, None, None)


def test_a_dispute_comes_within_60_days() -> None:
    last = later(days=decisions.DISPUTE_DAYS)
    assert acted(resolved(), "dispute", at=last)
    with pytest.raises(Conflict):
        acted(resolved(), "dispute", at=last + timedelta(seconds=1))


def test_staff_reopen_at_any_time() -> None:
    past = resolved()
    assert acted(past, "reopen", at=later(days=900)) == [e.IssueReopened(issue=7, words=SAID)]
    assert (past.issue.state, past.issue.confirmation, past.issue.reopened) == ("in_progress", "none", 1)


def test_a_resolution_lapses_after_14_days_and_not_before() -> None:
    first = later(days=decisions.LAPSE_DAYS)
    with pytest.raises(Conflict):
        acted(resolved(), "lapse", at=first - timedelta(seconds=1))
    past = resolved()
    assert acted(past, "lapse", at=first) == [e.IssueLapsed(issue=7, target=3)]
    assert (past.issue.state, past.issue.resolution, past.issue.confirmation) == ("closed", "fixed", "lapsed")


def test_a_confirmed_issue_does_not_lapse() -> None:
    with pytest.raises(Conflict):
        acted(after("resolve", "confirm"), "lapse", at=later(days=30))


def test_a_withdrawal_closes_in_the_customers_name() -> None:
    past = filed()
    assert acted(past, "withdraw", words=SAID) == [e.IssueWithdrawn(issue=7, words=SAID)]
    assert (past.issue.state, past.issue.resolution, past.issue.confirmation) == ("closed", "withdrawn", "none")
    assert past.issue.texts[3].author == "filer"


def test_a_duplicate_is_split_off_again_without_counting_as_reopened() -> None:
    past = after("merge")
    assert acted(past, "split") == [e.IssueSplit(issue=7, words=SAID)]
    assert (past.issue.state, past.issue.merged_into, past.issue.reopened) == ("in_progress", None, 0)


def test_thanks_go_both_ways() -> None:
    assert acted(filed(), "thank") == [e.ThanksGiven(issue=7, words=SAID, role="customer")]
    assert acted(filed(), "thank", by=BO) == [e.ThanksGiven(issue=7, words=SAID, role="company")]


def test_an_issue_is_not_moved_to_where_it_is() -> None:
    past = filed()
    assert acted(past, "move", area="service") == []
    assert acted(past, "move", area="returns") == [e.IssueMoved(issue=7, area="returns")]
    assert past.issue.area == "returns"


@pytest.mark.parametrize("by", [MO, ROOT])
def test_moderation_is_done_in_the_moderators_role(by: Actor) -> None:
    held = filed(publish=False)
    assert acted(held, "publish", by=by) == [e.IssuePublished(issue=7, role="moderator")]
    assert acted(held, "remove", by=by, reason="test") == [e.IssueRemoved(issue=7, reason="test")]
    assert acted(held, "restore", by=by) == [e.IssueRestored(issue=7)]
    assert held.issue.visibility == "public"
    assert acted(filed(publish=False), "reject", by=by) == [e.IssueRejected(issue=7, reason="spam")]


@pytest.mark.parametrize("act", ["reject", "remove", "hide", "redact"])
def test_moderation_gives_a_reason_from_the_list(act: str) -> None:
    past = filed(publish=act != "reject")
    with pytest.raises(Invalid) as refused:
        acted(past, act, reason="because")
    assert list(refused.value.fields) == ["reason"]


def held_comment() -> Past:
    past = filed()
    acted(past, "comment")
    return past.add(*decisions.hold_comment(past.issue, 3))


def test_a_held_comment_is_shown_or_rejected_once() -> None:
    judge = partial(judging.judge_comment, by=MO, target=3)
    shown, thrown = held_comment(), held_comment()
    assert shown.issue.texts[3].status == "held"
    assert shown.do(judge, reason=None) == [e.CommentPublished(issue=7, target=3)]
    assert thrown.do(judge, reason="spam") == [e.CommentRejected(issue=7, target=3, reason="spam")]
    assert (shown.issue.texts[3].status, thrown.issue.texts[3].status) == ("public", "rejected")
    for past in (shown, thrown):
        with pytest.raises(Conflict, match="not held"):
            past.do(judge, reason=None)


@pytest.mark.parametrize("target", [1, 2, 99])
def test_what_is_no_held_comment_cannot_be_judged(target: int) -> None:
    with pytest.raises(Conflict, match="not held"):
        held_comment().do(judging.judge_comment, by=MO, target=target, reason=None)


def test_agents_do_not_judge_comments() -> None:
    with pytest.raises(NotAllowed):
        held_comment().do(judging.judge_comment, by=BO, target=3, reason=None)


def hidden_comment() -> Past:
    past = filed()
    acted(past, "comment")
    past.do(judging.hide_comment, by=MO, target=3, reason="threat")
    return past


def test_a_public_comment_is_hidden_with_its_reason_and_shown_again() -> None:
    past = hidden_comment()
    assert [r.event for r in past.recorded[3:]] == [
        e.CommentHeld(issue=7, target=3, role="moderator"),
        e.CommentRejected(issue=7, target=3, reason="threat"),
    ]
    statuses = [past.issue.texts[3].status]
    again = partial(judging.show_comment_again, by=ROOT, target=3)
    assert past.do(again) == [e.CommentPublished(issue=7, target=3)]
    statuses.append(past.issue.texts[3].status)
    with pytest.raises(Conflict, match="not hidden"):
        past.do(again)
    past.do(judging.hide_comment, by=MO, target=3, reason="spam")
    assert [*statuses, past.issue.texts[3].status] == ["hidden", "public", "hidden"]


def test_what_was_never_public_is_rejected_and_not_hidden() -> None:
    past = held_comment()
    for status in ("held", "rejected"):
        assert past.issue.texts[3].status == status
        with pytest.raises(Conflict, match="not shown"):
            past.do(judging.hide_comment, by=MO, target=3, reason="spam")
        if status == "held":
            past.do(judging.judge_comment, by=MO, target=3, reason="spam")
    past.do(judging.show_comment_again, by=ROOT, target=3)
    past.do(judging.hide_comment, by=MO, target=3, reason="spam")
    assert past.issue.texts[3].status == "hidden"


def test_a_hidden_comment_is_no_held_one_and_is_not_hidden_twice() -> None:
    with pytest.raises(Conflict, match="not held"):
        hidden_comment().do(judging.judge_comment, by=MO, target=3, reason=None)
    with pytest.raises(Conflict, match="not shown"):
        hidden_comment().do(judging.hide_comment, by=ROOT, target=3, reason="spam")


def test_only_the_words_of_a_comment_are_hidden_alone() -> None:
    past = after("update")
    for target in (1, 3):
        with pytest.raises(Conflict, match="Only a comment is hidden alone"):
            past.do(judging.hide_comment, by=MO, target=target, reason="spam")
    with pytest.raises(NotFound):
        past.do(judging.hide_comment, by=MO, target=99, reason="spam")


def test_a_comment_without_words_leaves_nothing_to_hide() -> None:
    past = filed()
    acted(past, "comment", by=ADA)
    acted(past, "redact", target=3)
    with pytest.raises(Conflict, match="nothing to hide"):
        past.do(judging.hide_comment, by=MO, target=3, reason="spam")


@pytest.mark.parametrize("by", [ADA, BO, CY])
def test_only_moderators_hide_comments_and_show_them_again(by: Actor) -> None:
    past = filed()
    acted(past, "comment")
    with pytest.raises(NotAllowed):
        past.do(judging.hide_comment, by=by, target=3, reason="spam")
    with pytest.raises(NotAllowed):
        hidden_comment().do(judging.show_comment_again, by=by, target=3)


def promised(due: Any = None) -> Past:
    past = filed()
    acted(past, "promise", due=due or later(days=1))
    return past


def test_a_promise_is_made_once_and_then_moved() -> None:
    past = filed()
    assert acted(past, "promise", due=later(days=1)) == [e.PromiseMade(issue=7, due="2026-03-03T12:00:00Z")]
    assert acted(past, "promise", due=later(days=2)) == [e.PromiseMoved(issue=7, target=3, due="2026-03-04T12:00:00Z")]
    assert past.issue.promise == Promise(3, later(days=2))


def test_an_update_keeps_the_promise_before_it_is_due() -> None:
    past = promised()
    kept = acted(past, "update", at=later(days=1))
    assert kept[0] == e.PromiseKept(issue=7, target=3)
    assert past.kinds[3:] == ["promise.kept", "update.posted", "issue.acknowledged"]
    assert past.issue.promise is None


def test_an_update_that_comes_late_shows_that_the_promise_was_missed() -> None:
    past = promised()
    assert acted(past, "update", at=later(days=1, seconds=1))[0] == e.PromiseMissed(issue=7, target=3)
    assert past.issue.promise is None


def test_the_clock_says_once_that_a_promise_was_missed() -> None:
    past = promised()
    assert acted(past, "miss", at=later(days=1)) == []
    assert acted(past, "miss", at=later(days=1, seconds=1)) == [e.PromiseMissed(issue=7, target=3)]
    assert acted(past, "miss", at=later(days=2)) == []
    assert past.issue.promise == Promise(3, later(days=1), missed=True)


def test_after_a_missed_promise_a_new_one_is_made() -> None:
    said_by_the_clock, not_yet_said = promised(), promised()
    acted(said_by_the_clock, "miss", at=later(days=2))
    made = e.PromiseMade(issue=7, due="2026-03-05T12:00:00Z")
    assert acted(said_by_the_clock, "promise", due=later(days=3)) == [made]
    missed = e.PromiseMissed(issue=7, target=3)
    assert acted(not_yet_said, "promise", at=later(days=2), due=later(days=3)) == [missed, made]
    assert not_yet_said.issue.promise == Promise(5, later(days=3))


def test_an_update_keeps_the_old_promise_and_makes_a_new_one() -> None:
    past = promised()
    acted(past, "update", then=Then(state="in_progress", promise_due=later(days=3)))
    assert past.kinds[3:] == ["promise.kept", "update.posted", "issue.started", "promise.made"]
    assert past.issue.promise == Promise(7, later(days=3))


@pytest.mark.parametrize("act", ["resolve", "close", "merge", "withdraw"])
def test_what_is_settled_has_no_open_promise(act: str) -> None:
    past = promised()
    acted(past, act)
    assert past.issue.promise is None
    assert acted(past, "miss", at=later(days=9)) == []


@pytest.mark.parametrize(
    "due", [later(seconds=-1), NOON, later(seconds=0.9), later(days=365, seconds=1), later(days=9_000)]
)
def test_a_promise_is_for_a_time_to_come_within_a_year(due: Any) -> None:
    with pytest.raises(Invalid) as refused:
        acted(filed(), "promise", due=due)
    assert list(refused.value.fields) == ["promise_due"]
    assert acted(filed(), "promise", due=later(days=365))


def spoken() -> Past:
    """Ada's filing (1), an answer by Bo (3), a comment by Ada (5), one by Cy (6)."""
    past = after("update")
    acted(past, "comment", by=ADA)
    acted(past, "comment")
    return past


@pytest.mark.parametrize(
    ("by", "target", "role"),
    [(ADA, 1, "customer"), (ADA, 5, "customer"), (BO, 3, "company"), (ROOT, 3, "company")],
)
def test_authors_correct_their_own_words(by: Actor, target: int, role: e.Role) -> None:
    past = spoken()
    assert past.kinds[2:] == ["update.posted", "issue.acknowledged", "comment.posted", "comment.posted"]
    corrected = e.TextCorrected(issue=7, target=target, words=SAID, role=role)
    assert acted(past, "correct", by=by, target=target) == [corrected]
    author = past.issue.texts[target].author
    assert past.issue.texts[7] == Text(author, "text.corrected", frozenset({"body"}), original=target)


@pytest.mark.parametrize(("by", "target"), [(ADA, 3), (ADA, 6), (BO, 1), (MO, 5), (BO, 6)])
def test_nobody_corrects_the_words_of_others(by: Actor, target: int) -> None:
    with pytest.raises(NotAllowed, match="Only the author"):
        acted(spoken(), "correct", by=by, target=target)


@pytest.mark.parametrize("target", [2, 4, 99])
def test_where_no_words_are_nothing_is_corrected(target: int) -> None:
    with pytest.raises(Invalid) as refused:
        acted(spoken(), "correct", target=target)
    assert list(refused.value.fields) == ["target"]


def test_a_correction_is_not_corrected_but_what_it_corrects_is() -> None:
    past = spoken()
    acted(past, "correct")
    with pytest.raises(Invalid):
        acted(past, "correct", target=7)
    assert acted(past, "correct")


@pytest.mark.parametrize(
    ("words", "field"),
    [({}, "body"), ({"grade": "5"}, "grade"), ({"owner.name": "Mo"}, "owner.name"), ({"whose": "Acme"}, "whose")],
)
def test_only_words_that_are_there_are_corrected(words: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        acted(spoken(), "correct", words=words)
    assert list(refused.value.fields) == [field]


def test_a_grade_is_not_corrected() -> None:
    past = resolved()
    acted(past, "confirm", words={"grade": "5"})
    with pytest.raises(Invalid):
        acted(past, "correct", target=4, words={"grade": "lots"})


def test_redacted_words_are_not_corrected() -> None:
    past = spoken()
    acted(past, "redact")
    with pytest.raises(Invalid):
        acted(past, "correct")
    assert acted(past, "correct", words={"title": "Still there"})


def test_a_correction_of_held_words_is_held_and_shown_with_them() -> None:
    past = filed()
    acted(past, "comment", by=ADA)
    past.add(*decisions.hold_comment(past.issue, 3))
    acted(past, "correct", target=3)
    assert {index: past.issue.texts[index].status for index in (3, 5)} == {3: "held", 5: "held"}
    past.do(judging.judge_comment, by=MO, target=3, reason=None)
    assert {index: past.issue.texts[index].status for index in (3, 5)} == {3: "public", 5: "public"}


def test_a_redaction_takes_words_out_in_every_wording() -> None:
    past = filed()
    acted(past, "correct")
    redact = {"fields": ("title", "body"), "versions": (3,)}
    assert acted(past, "redact", **redact) == [
        e.TextRedacted(issue=7, target=1, fields=("body", "title"), reason="spam"),
        e.TextRedacted(issue=7, target=3, fields=("body",), reason="spam"),
    ]
    assert {index: past.issue.texts[index].fields for index in (1, 3)} == {1: {"author.name"}, 3: set()}
    with pytest.raises(Invalid) as refused:
        acted(past, "redact", **redact)
    assert list(refused.value.fields) == ["fields"]


@pytest.mark.parametrize(("target", "fields"), [(1, ("grade",)), (1, ()), (2, ("body",)), (99, ("body",))])
def test_where_no_such_words_are_nothing_is_redacted(target: int, fields: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        acted(filed(), "redact", target=target, fields=fields)


def test_words_of_a_removed_issue_can_be_redacted() -> None:
    assert acted(after("remove"), "redact")
