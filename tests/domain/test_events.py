"""The closed list of events: whoever adds a kind has to say everywhere what it means."""

import re
from dataclasses import fields
from string import Formatter
from typing import get_args

import pytest

from board.domain import clocks, decisions, events, issue, wording
from tests.domain.past import example

# The names are a contract: of the interface, of webhooks, of everybody who reads the record.
CONTRACT = [
    "log.opened",
    "log.key_rotated",
    "policy.changed",
    "issue.filed",
    "issue.held",
    "issue.published",
    "issue.rejected",
    "issue.removed",
    "issue.restored",
    "issue.acknowledged",
    "issue.started",
    "issue.waiting",
    "issue.resolved",
    "issue.closed",
    "issue.reopened",
    "issue.confirmed",
    "issue.disputed",
    "issue.lapsed",
    "issue.withdrawn",
    "issue.assigned",
    "issue.moved",
    "issue.merged",
    "issue.split",
    "update.posted",
    "comment.posted",
    "comment.held",
    "comment.published",
    "comment.rejected",
    "text.corrected",
    "promise.made",
    "promise.moved",
    "promise.kept",
    "promise.missed",
    "thanks.given",
    "text.redacted",
    "mirror.posted",
]
OF_AN_ISSUE = {kind for kind in events.KINDS.values() if "issue" in {f.name for f in fields(kind)}}
PLACES = {"company", "owner", "area", "reason", "resolution", "whose", "into", "name", "due", "source"}


def test_the_names_of_the_events_are_those_of_the_contract() -> None:
    assert list(events.KINDS) == CONTRACT


def test_every_kind_of_event_has_one_name() -> None:
    assert set(events.KINDS.values()) == set(get_args(events.Event))
    assert {events.KINDS[name]: name for name in events.KINDS} == events.NAMES


def test_the_log_and_the_policy_stand_outside_of_the_issues() -> None:
    outside = {events.LogOpened, events.KeyRotated, events.PolicyChanged}
    assert set(events.KINDS.values()) - OF_AN_ISSUE == outside


@pytest.mark.parametrize("kind", events.KINDS.values(), ids=events.KINDS)
def test_no_event_can_be_changed(kind: type[events.Event]) -> None:
    with pytest.raises(AttributeError):
        example(kind).role = "moderator"  # type: ignore[misc]


def test_every_event_of_an_issue_has_a_step_in_its_fold() -> None:
    assert set(issue.STEPS) == OF_AN_ISSUE


def test_every_event_has_a_sentence() -> None:
    assert {name for name in wording.SENTENCES if name.count(".") == 1} == set(events.KINDS)


def test_every_variant_of_a_sentence_belongs_to_an_event() -> None:
    variants = {tuple(name.rsplit(".", 1)) for name in wording.SENTENCES if name.count(".") == 2}
    assert {kind for kind, _ in variants} <= set(events.KINDS)
    assert {variant for _, variant in variants} <= {
        "system",
        "customer",
        "filer",
        "hidden",
        "moderator",
        *events.RESOLUTIONS,
    }


def test_sentences_have_only_the_places_that_pages_fill() -> None:
    used = {place for text in wording.SENTENCES.values() for _, place, _, _ in Formatter().parse(text) if place}
    assert used == PLACES


def test_every_code_has_a_name_to_read() -> None:
    assert list(wording.RESOLUTIONS) == list(events.RESOLUTIONS)
    assert list(wording.PARTIES) == list(events.PARTIES)
    assert list(wording.REASONS) == list(events.REASONS)
    assert list(wording.STATES) == list(decisions.ACTS) == [*issue.OPEN, *issue.SETTLED]


def test_only_events_of_issues_pass_the_turn() -> None:
    assert set(clocks.TURNS) <= OF_AN_ISSUE


@pytest.mark.parametrize("name", [*events.RESOLUTIONS, *events.REASONS, *events.PARTIES, *events.VIAS])
def test_codes_are_plain_words(name: str) -> None:
    assert re.fullmatch("[a-z_]+", name)
