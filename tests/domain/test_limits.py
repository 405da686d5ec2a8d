"""Token buckets: never more than the count at once, never more than the rate in the long run, always another chance."""

from hypothesis import given
from hypothesis import strategies as st

from board.domain.limits import DEFAULTS, Bucket, Limit, Sender, buckets

LIMITS = st.builds(Limit, st.integers(1, 1000), st.integers(1, 86_400))
START = 1_800_000_000_000


def take(limit: Limit, full_ms: int, now_ms: int) -> int | None:
    """What the statement of `store.limits` does with one row."""
    after = max(full_ms, now_ms) + limit.cost_ms
    return after if after <= now_ms + limit.span_ms else None


@given(LIMITS, st.lists(st.integers(0, 200_000), max_size=200))
def test_in_any_span_at_most_twice_the_count_gets_through(limit: Limit, gaps: list[int]) -> None:
    full, now, taken = 0, START, []
    for gap in gaps:
        now += gap
        if (after := take(limit, full, now)) is not None:
            full = after
            taken.append(now)
    for first in taken:
        inside = [at for at in taken if first <= at < first + limit.span_ms]
        assert len(inside) <= 2 * limit.count - 1 or limit.count == 1 == len(inside)


@given(LIMITS)
def test_a_full_bucket_gives_its_count_at_once_and_then_nothing(limit: Limit) -> None:
    full = 0
    for left in reversed(range(limit.count)):
        after = take(limit, full, START)
        assert after is not None
        assert limit.left(after, START) == left
        full = after
    assert take(limit, full, START) is None


@given(LIMITS, st.integers(0, 100_000))
def test_whoever_waits_as_long_as_told_gets_a_token_and_a_second_less_gets_none(limit: Limit, since: int) -> None:
    full, now = START + limit.span_ms, START + since % limit.span_ms
    wait = limit.wait_s(full, now)
    assert take(limit, full, now + wait * 1000) is not None
    if wait:
        assert take(limit, full, now + (wait - 1) * 1000) is None


def test_an_act_takes_from_the_sender_then_the_mail_address_then_the_board() -> None:
    sender = Sender(network="192.0.2.7", email="ada@elsewhere.example")
    assert buckets("file", sender, {"file.burst": 7, "unknown": 1}) == [
        Bucket("file burst 192.0.2.7", "burst", Limit(7, 600)),
        Bucket("file day 192.0.2.7", "day", Limit(20, 86_400)),
        Bucket("file mail ada@elsewhere.example", "mail", Limit(5, 3_600)),
        Bucket("file board all", "board", Limit(300, 3_600)),
    ]


def test_without_a_mail_address_its_bucket_is_left_out() -> None:
    names = [bucket.name for bucket in buckets("follow", Sender(network="192.0.2.7"), {})]
    assert names == ["follow burst 192.0.2.7", "follow day 192.0.2.7", "follow board all"]


def test_staff_and_tokens_take_from_larger_buckets_of_their_own() -> None:
    taken = buckets("file", Sender(network="192.0.2.7", member="token 3"), {})
    assert [bucket.name for bucket in taken] == ["staff burst token 3", "staff day token 3"]
    assert all(DEFAULTS["staff"][b.window] > DEFAULTS["file"][b.window] for b in taken)
