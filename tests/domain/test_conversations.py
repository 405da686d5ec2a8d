"""Lines of an import file: read strictly, and told apart by what is wrong with them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from board.domain.conversations import Conversation, Message, read
from board.domain.text import UNTITLED


def message(**changes: Any) -> dict[str, Any]:
    return {"by": "customer", "name": "Ada", "at": "2020-04-01T17:31:32Z", "text": "My kettle leaks.", **changes}


def line(**changes: Any) -> str:
    """A good line: Ada at half past five, Bo an hour later; with some keys changed, or left out where None."""
    whole = {
        "source": "twitter",
        "source_id": "c1",
        "area": "Kettles",
        "messages": [message(), message(by="staff", name="Bo", at="2020-04-01T18:31:32Z", text="A new one is coming.")],
        **changes,
    }
    return json.dumps({key: value for key, value in whole.items() if value is not None})


def of(**changes: Any) -> str:
    """A line with one message, changed; keys are left out where None."""
    return line(messages=[{key: value for key, value in message(**changes).items() if value is not None}])


def at(hour: int) -> datetime:
    return datetime(2020, 4, 1, hour, 31, 32, tzinfo=UTC)


def test_a_line_is_a_conversation() -> None:
    assert read(line()) == Conversation(
        source="twitter",
        source_id="c1",
        area="Kettles",
        title="My kettle leaks",
        messages=(
            Message(False, "Ada", at(17), "My kettle leaks.", "0"),
            Message(True, "Bo", at(18), "A new one is coming.", "1"),
        ),
        resolution=None,
    )


def test_a_title_a_resolution_and_ids_of_messages_may_be_given() -> None:
    said = read(line(title="Tea", resolution="fixed", messages=[message(source_id="m1", name=None)], url="https://x.y"))
    assert said
    assert (said.title, said.resolution) == ("Tea", "fixed")
    assert said.messages == (Message(False, None, at(17), "My kettle leaks.", "m1"),)


def test_messages_are_put_in_the_order_of_time() -> None:
    said = read(line(messages=[message(at="2020-04-01T19:00:00Z", text="Second"), message(text="First")]))
    assert said
    assert [(m.text, m.source_id) for m in said.messages] == [("First", "1"), ("Second", "0")]
    assert said.title == "First"


def test_the_first_word_of_the_customer_files_the_issue() -> None:
    said = read(line(messages=[message(by="staff", text="Hello!"), message(at="2020-04-01T19:00:00Z")]))
    assert said
    assert said.filing.text == "My kettle leaks."


def test_words_are_cleaned() -> None:
    said = read(of(text=" a\u202e\r\nb ", name=" Ada\n Love "))
    assert said
    assert (said.filing.text, said.filing.name) == ("a\nb", "Ada Love")


@pytest.mark.parametrize(
    ("given", "hour"),
    [
        ("2020-04-01T17:31:32.987Z", 17),
        ("2020-04-01T19:31:32+02:00", 17),
        ("2020-04-01T17:31:32", 17),
        ("2020-04-01 17:31:32Z", 17),
    ],
)
def test_times_are_taken_to_the_second_in_utc(given: str, hour: int) -> None:
    said = read(of(at=given))
    assert said
    assert said.filing.at == at(hour)


def test_a_conversation_is_read_as_it_stood_at_a_time() -> None:
    said = read(line(), until=at(17))
    assert said
    assert [m.text for m in said.messages] == ["My kettle leaks."]
    assert read(line(), until=at(16)) is None


def test_before_the_customers_first_word_there_is_nothing_to_file() -> None:
    late = line(messages=[message(by="staff"), message(at="2020-04-01T19:00:00Z")])
    assert read(late, until=at(18)) is None
    assert read(late) is not None


def test_a_text_of_which_no_title_can_be_made_is_untitled() -> None:
    said = read(of(text="?"))
    assert said
    assert said.title == UNTITLED


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("{", "not JSON: .* at column"),
        ("[]", "one JSON object"),
        ("null", "one JSON object"),
        ('"text"', "one JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"source": ' + "9" * 5_000 + "}", r"."),
        (line(messages=None), "“messages” must be a list"),
        (line(messages=[]), "“messages” must be a list"),
        (line(messages={"0": message()}), "“messages” must be a list"),
        (line(messages=["text"]), "each message is a JSON object"),
        (line(messages=[message(by="staff")]), "no message is by the customer"),
        (line(source=None), "“source” must be a text"),
        (line(source=7), "“source” must be a text"),
        (line(source=" "), "“source” must be a text"),
        (line(source="s" * 201), "“source” is longer than 200"),
        (line(source_id=None), "“source_id” must be a text"),
        (line(source_id="s" * 201), "“source_id” is longer than 200"),
        (line(source_id="a\x00b"), "“source_id” holds characters"),
        (line(source_id="a\ud800"), "“source_id” holds characters"),
        (line(source="a\nb"), "“source” holds characters"),
        (line(area=None), "“area” must be a text"),
        (line(area=["Kettles"]), "“area” must be a text"),
        (line(area="\u200b"), "“area” must be a text"),
        (line(title="ab"), "title: Give a title of at least 3"),
        (line(title="x" * 141), "title: This is 141"),
        (line(title=7), "“title” must be a text"),
        (line(resolution="solved"), "“resolution” must be one of"),
        (line(resolution="duplicate"), "“resolution” must be one of"),
        (line(resolution=["fixed"]), "“resolution” must be one of"),
        (line(resolution=0), "“resolution” must be one of"),
        (of(by="bot"), "“by” must be"),
        (of(by=["customer"]), "“by” must be"),
        (of(by=None), "“by” must be"),
        (of(at=None), "“at” must be a text"),
        (of(at="yesterday"), "“at” is not a time like"),
        (of(at="2020-02-30T00:00:00Z"), "“at” is not a time like"),
        (of(at="0001-01-01T00:00:00+14:00"), "“at” is not a time like"),
        (of(at="0999-01-01T00:00:00Z"), "“at” is not a time like"),
        (of(at=1_585_762_292), "“at” must be a text"),
        (of(text=None), "“text” must be a text"),
        (of(text="\u200b \n"), "“text” must be a text"),
        (of(text="x" * 20_001), "text: This is 20,001"),
        (of(name="x" * 81), "name: This is 81"),
        (of(name="x" * 201), "“name” is longer than 200"),
        (of(name=7), "“name” must be a text"),
        (of(source_id=7), "“source_id” must be a text"),
        (of(source_id="a\x7f"), "“source_id” holds characters"),
    ],
)
def test_a_bad_line_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        read(text)
    assert type(refused.value) is ValueError


def test_two_messages_of_a_conversation_with_one_id_are_refused() -> None:
    twice = [message(source_id="m1"), message(source_id="m1", text="Something else")]
    with pytest.raises(ValueError, match="two messages have the “source_id” “m1”"):
        read(line(messages=twice))
    with pytest.raises(ValueError, match="two messages"):
        read(line(messages=[message(), message(source_id="0")]))


json_value = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20) | st.just("2020-04-01T17:31:32Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "by": st.sampled_from(["customer", "staff"]) | json_value,
        "name": json_value,
        "at": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat) | json_value,
        "text": st.text(st.characters(exclude_categories=()), max_size=50) | json_value,
        "source_id": json_value,
    },
)
lines = st.fixed_dictionaries(
    {},
    optional={
        "source": st.just("twitter") | json_value,
        "source_id": st.text(min_size=1, max_size=5) | json_value,
        "area": st.text(min_size=1, max_size=5) | json_value,
        "title": json_value,
        "resolution": st.just("fixed") | json_value,
        "messages": st.lists(messages, max_size=4) | json_value,
    },
)


def read_or_refuse(text: str) -> Conversation | None:
    reason = ""
    try:
        return read(text)
    except ValueError as refused:
        reason = str(refused)
    assert reason
    return None


@given(st.text(st.characters(exclude_categories=())))
@example("\ufeff{}")
def test_any_text_at_all_is_read_or_refused(text: str) -> None:
    read_or_refuse(text)


@given(lines)
def test_any_json_at_all_is_read_or_refused(value: object) -> None:
    said = read_or_refuse(json.dumps(value))
    if said:
        assert 3 <= len(said.title) <= 140
        assert all(1 <= len(m.text) <= 20_000 for m in said.messages)


@given(st.integers(0, 400), st.binary(max_size=3))
def test_a_broken_line_is_read_or_refused(place: int, piece: bytes) -> None:
    whole = line().encode()
    read_or_refuse((whole[:place] + piece + whole[place + len(piece) :]).decode("utf-8", "replace"))


def test_other_customers_may_speak_and_the_companys_words_may_change_the_issue() -> None:
    said = read(
        line(
            open=True,
            messages=[
                message(by="other", at="2020-04-01T16:31:32Z", source_id="early"),
                message(source_id="filing"),
                message(by="other", name="Cy", source_id="cy"),
                message(by="staff", source_id="bo", state="in_progress"),
                message(by="staff", source_id="mo", resolution="fixed"),
            ],
        )
    )
    assert said
    assert said.is_open
    assert said.filing.source_id == "filing"
    assert [(m.source_id, m.by_other, m.state, m.resolution) for m in said.replies] == [
        ("cy", True, None, None),
        ("bo", False, "in_progress", None),
        ("mo", False, None, "fixed"),
    ]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"by": "somebody"}, "“by” must be “customer”, “staff” or “other”"),
        ({"by": "other"}, "no message is by the customer"),
        ({"state": "in_progress"}, "“state” and “resolution” go with what staff said"),
        ({"by": "staff", "state": "closed"}, "“state” must be one of in_progress, waiting_on_customer"),
        ({"by": "staff", "resolution": "duplicate"}, "“resolution” must be one of"),
    ],
)
def test_what_a_message_cannot_be_is_told(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(of(**changes))
