"""How a follower goes on: what it takes, where it resumes, when it comes back, and by which way."""

from hypothesis import given
from hypothesis import strategies as st

from board.domain.following import (
    LONGEST_S,
    Ways,
    applied,
    delay_s,
    judge,
    may_return,
    raised,
    resume_at,
    start_at,
)

TOPICS = ("issue:1", "issue:2", "area:a")
ISSUES = st.lists(st.lists(st.sampled_from(TOPICS), unique=True), max_size=30)


@given(ISSUES, st.lists(st.tuples(st.integers(0, 8), st.integers(0, 9)), max_size=8))
def test_wherever_the_link_breaks_each_event_is_taken_once_and_in_order(
    record: list[list[str]], links: list[tuple[int, int]]
) -> None:
    newest, frames = dict.fromkeys(TOPICS, -1), list[tuple[str, int, int]]()
    for seq, concerned in enumerate(record):
        frames += [(topic, seq, newest[topic]) for topic in concerned]
        newest |= dict.fromkeys(concerned, seq)
    cursors, taken = start_at(TOPICS, -1), list[tuple[str, int]]()
    for length, too_early in [*links, (len(frames), 0)]:
        coming = [frame for frame in frames if frame[1] > resume_at(cursors) - too_early]
        for topic, seq, prev in coming[:length]:
            verdict = judge(cursors, topic=topic, seq=seq, prev=prev)
            assert verdict != "gap"
            if verdict == "apply":
                taken.append((topic, seq))
                cursors = applied(cursors, topic=topic, seq=seq)
    assert taken == [(topic, seq) for topic, seq, _ in frames]


def test_what_the_server_leaves_out_is_seen() -> None:
    cursors = start_at(["issue:1"], 3)
    assert judge(cursors, topic="issue:1", seq=9, prev=3) == "apply"
    assert judge(cursors, topic="issue:1", seq=9, prev=5) == "gap"
    assert judge(cursors, topic="issue:1", seq=3, prev=1) == "repeat"


def test_a_cursor_stays_young_and_never_goes_back() -> None:
    cursors = applied(start_at(["issue:1", "area:a"], 3), topic="area:a", seq=9)
    assert cursors == {"issue:1": 8, "area:a": 9}
    assert raised(cursors, 5) == cursors
    assert raised(cursors, 12) == {"issue:1": 12, "area:a": 12}
    assert judge(cursors, topic="board", seq=99, prev=98) == "repeat"  # nobody asked for it


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_it_comes_back_after_a_random_part_of_a_doubling_span(failures: int, chance: float) -> None:
    assert 0 <= delay_s(failures, None, chance) <= min(LONGEST_S, 2.0 ** min(failures, 20))
    assert 2 <= delay_s(failures, (2, 15), chance) <= 15


def test_the_server_says_who_must_not_come_back() -> None:
    assert [code for code in (1000, 1006, 4001, 4008, 4009, 4499, 4500, 4504, 5000) if not may_return(code)] == [
        4500,
        4504,
    ]


def test_the_stream_is_tried_where_sockets_bring_nothing_and_gives_way_again() -> None:
    ways, tried = Ways(), []
    for _ in range(5):
        tried.append(ways.is_streams_turn)
        ways.tried()
    assert tried == [False, False, True, False, True]
    ways.heard(is_stream=True)
    assert ways.is_streams_turn
    ways.try_socket()
    assert not ways.is_streams_turn
    assert ways.trial_after_s(0.5) == 600
    ways.heard(is_stream=False)
    assert ways.trial_after_s(0.5) == 30
