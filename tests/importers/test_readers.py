"""Exports of other products become import lines, with times, names and states, without what was private there."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.conversations import read as read_line
from board.importers import tables, values
from board.importers.formats import READERS, guess
from board.importers.lines import Options, Unreadable, moment, person
from board.importers.markup import without_markup

SAMPLES = Path(__file__).parent.parent / "vectors" / "imports"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
Line = dict[str, Any]


def lines(name: str, source: str | None = None, **options: Any) -> tuple[list[Line], list[str]]:
    """The lines of a sample, and what could not be read."""
    with (SAMPLES / name).open("rb") as stream:
        found = list(READERS[source or guess(stream)](stream, Options(now=NOW, **options)))
    return [json.loads(one.line) for one in found if not one.why], [
        f"{one.place}: {one.why}" for one in found if one.why
    ]


def told(line: Line) -> list[tuple[str, ...]]:
    """Who said what, and what that changed."""
    return [
        (one["by"], one["name"] or "", one["text"], one.get("state") or one.get("resolution") or "")
        for one in line["messages"]
    ]


def test_each_sample_is_known_by_how_it_begins() -> None:
    found = {}
    for file in sorted(SAMPLES.iterdir()):
        with file.open("rb") as stream:
            found[file.name] = guess(stream)
    assert found == {
        "canny.csv": "canny",
        "fider.csv": "fider",
        "fider_backup.zip": "fider",
        "gh_issue_list.json": "github",
        "github_rest.json": "github",
        "table_latin1.csv": "csv",
        "table_ragged.csv": "csv",
        "uservoice.csv": "uservoice",
        "zendesk.json": "zendesk",
    }
    assert guess(io.BytesIO(b'{"source": "x", "source_id": "1", "messages": []}')) == "board"
    with pytest.raises(Unreadable, match="--from"):
        guess(io.BytesIO(b"Dear Ada\nhello"))


def test_every_line_of_every_sample_is_one_that_the_board_takes() -> None:
    for file in SAMPLES.iterdir():
        found, _ = lines(file.name)
        assert found
        for line in found:
            assert read_line(json.dumps(line)), file.name
        assert not any("@home.example" in json.dumps(line) for line in found), file.name


def test_fider() -> None:
    found, wrong = lines("fider.csv", tags={"kettles": "Kettles"}, area="Shop")
    assert wrong == []
    assert [(line["source_id"], line["area"], told(line)) for line in found] == [
        (
            "10",
            "Kettles",
            [
                ("customer", "Ada", "The new kettle is silent.\n\nI never hear when the water boils.", ""),
                ("staff", "Bo", "The spring edition whistles again.", "fixed"),
            ],
        ),
        ("15", "Shop", [("customer", "", "Say what a spare lid costs", "")]),
        (
            "20",
            "Kettles",
            [
                ("customer", "Cy", "I miss the whistle.", ""),
                (
                    "staff",
                    "Bo",
                    "Somebody has asked for it before. It is the same as “Kettles should whistle”.",
                    "answered",
                ),
            ],
        ),
        (
            "22",
            "Kettles",
            [
                ("customer", "Dora", "Mine holds two litres. I live alone.", ""),
                ("staff", "Bo", "We are drawing one.", "in_progress"),
            ],
        ),
        (
            "23",
            "Shop",
            [
                ("customer", "Eve", "You sell kettles. Why no tea?", ""),
                ("staff", "Bo", "We stay with kettles.", "declined"),
            ],
        ),
    ]
    assert [one["at"] for one in found[0]["messages"]] == ["2024-03-23T19:33:22Z", "2024-04-04T19:48:10Z"]


def test_the_backup_of_a_fider_has_the_comments_too() -> None:
    found, wrong = lines("fider_backup.zip")
    assert wrong == []
    assert [(line["source_id"], told(line)) for line in found] == [
        (
            "10",
            [
                ("customer", "Ada", "The new kettle is silent.", ""),
                ("other", "Cy", "Mine, too.", ""),
                ("staff", "Mo", "Which colour is yours?", ""),
                ("customer", "Ada", "Red", ""),
                ("staff", "Bo", "The spring edition whistles again.", "fixed"),
            ],
        ),
        (
            "20",
            [
                ("customer", "Cy", "2024", ""),
                (
                    "staff",
                    "",
                    "On Fider this was marked “duplicate”. It is the same as “Kettles should whistle”.",
                    "answered",
                ),
            ],
        ),
    ]
    assert [one["at"] for one in found[0]["messages"]][:2] == ["2024-03-23T19:33:22Z", "2024-03-24T08:00:00Z"]
    assert found[0]["area"] == "Fider"
    with pytest.raises(Unreadable, match="no backup of a Fider"):
        list(READERS["fider"](io.BytesIO(b"PK\x03\x04 and no more"), Options(now=NOW)))


def test_github_as_its_own_command_line_writes_it() -> None:
    found, wrong = lines("gh_issue_list.json", tags={"display": "Displays"})
    assert wrong == []
    assert [(line["source_id"], line["area"], line["title"]) for line in found] == [
        ("kettles/display/issues/7", "Displays", "The display stays dark"),
        ("kettles/display/issues/8", "GitHub", "Brightness cannot be set"),
    ]
    assert told(found[0]) == [
        ("customer", "ada-l", "Since 2.1 the display stays dark.\n\n1. Switch it on\n2. Wait", ""),
        ("staff", "bo-at-kettles", "Which colour is the lamp?", ""),
        ("customer", "ada-l", "It is red.", ""),
        ("other", "cy", "Mine, too.", ""),
        ("staff", "", "Closed on GitHub as completed.", "fixed"),
    ]
    assert told(found[1]) == [("customer", "", "Brightness cannot be set", "")]


def test_github_as_its_interface_writes_it_with_comments_behind_the_issues() -> None:
    found, wrong = lines("github_rest.json")
    assert wrong == []
    assert [(line["source_id"], told(line)) for line in found] == [
        (
            "kettles/display/issues/9",
            [
                ("customer", "dora", "It beeps at 3 in the morning.", ""),
                ("staff", "bo-at-kettles", "That is the water alarm. It has to.", ""),
                ("staff", "", "Closed on GitHub as not planned.", "declined"),
            ],
        )
    ]


def test_uservoice_leaves_out_what_was_not_public_and_the_html() -> None:
    found, wrong = lines("uservoice.csv")
    assert wrong == ["line 4: was not public there (spam)"]
    assert [(line["source_id"], line["area"], told(line)) for line in found[:2]] == [
        (
            "101",
            "Delivery",
            [
                (
                    "customer",
                    "Ada",
                    "I ordered on Monday.\n\nNobody wrote. See my notes (https://home.example/ada).",
                    "",
                ),
                ("staff", "", "On UserVoice this was marked “started”.", "in_progress"),
            ],
        ),
        ("102", "Shop", [("customer", "Cy", "A darker blue", "")]),
    ]
    assert found[2] == found[3]  # a row for each voter


def test_canny() -> None:
    found, wrong = lines("canny.csv")
    assert wrong == []
    assert [(line["source_id"], line["area"], told(line)[-1]) for line in found] == [
        ("5f1a", "Heating", ("staff", "", "On Canny this was marked “complete”.", "fixed")),
        ("5f1b", "Ideas", ("staff", "", "On Canny this was marked “under review”.", "")),
        ("5f1c", "Heating", ("customer", "Dora", "Blink when empty", "")),
    ]


def test_of_zendesk_nothing_comes_that_was_private() -> None:
    found, wrong = lines("zendesk.json")
    assert wrong == ["line 3: ticket 37: nothing in it was said by the customer in public comments"]
    assert [(line["source_id"], line["area"], told(line)) for line in found] == [
        (
            "35",
            "Spare parts",
            [
                ("customer", "Ada", "The lid came in two pieces.", ""),
                ("staff", "Bo", "A new lid is on its way.", "answered"),
                ("customer", "Ada", "It came, thank you.", ""),
            ],
        ),
        (
            "36",
            "Orders",
            [
                ("customer", "Cy", "I wait.", ""),
                ("staff", "Bo", "Which day did you order?", "waiting_on_customer"),
            ],
        ),
    ]
    assert "Lovelace" not in json.dumps(found)


@pytest.mark.parametrize("public", [False, None, "true", 1, "missing"])
def test_a_comment_of_zendesk_that_does_not_say_that_it_is_public_is_not(public: object) -> None:
    ticket = json.loads((SAMPLES / "zendesk.json").read_text(encoding="utf-8").splitlines()[0])
    for comment in ticket["comments"][2:]:
        comment["public"] = public
        if public == "missing":
            del comment["public"]
    (found,) = READERS["zendesk"](io.BytesIO(json.dumps(ticket).encode()), Options(now=NOW))
    assert [one["text"] for one in json.loads(found.line)["messages"]] == [
        "The lid came in two pieces.",
        "On Zendesk this was marked as solved.",
    ]


def test_a_table_in_whatever_encoding_with_columns_that_are_named() -> None:
    columns = {"id": "Ticket ID", "author": "customer", "responded": "Answered at"}
    found, wrong = lines("table_latin1.csv", columns=columns)
    assert wrong == []
    assert [(line["source_id"], line["area"], line["title"], told(line)) for line in found] == [
        (
            "1",
            "Kessel",
            "Wasser läuft aus",
            [
                ("customer", "Jürgen", "Der Kessel tropft überall.", ""),
                ("staff", "", "Wir haben einen neuen geschickt.", "fixed"),
            ],
        ),
        ("2", "Kessel", "Zu leise", [("customer", "Zoë", "Man hört nichts.", "")]),
    ]
    with pytest.raises(Unreadable, match="there is no column “Nix”; there are: ticketid, subject"):
        lines("table_latin1.csv", columns={"id": "Nix"})
    with pytest.raises(Unreadable, match="no column is the created: say which with --map created=…"):
        list(READERS["csv"](io.BytesIO(b"Subject,Words\na,b\n"), Options(now=NOW)))


def test_rows_that_cannot_be_read_are_told_by_their_line_and_the_rest_goes_on() -> None:
    found, wrong = lines("table_ragged.csv")
    assert wrong == [
        "line 5: has 2 columns where the head has 4",
        "line 6: 'soon' is not a time like 2020-04-01T17:31:32Z",
    ]
    assert [(line["title"], line["messages"][0]["at"]) for line in found] == [
        ("Two lines", "2022-03-01T00:00:00Z"),
        ("Good again", "2022-03-01T09:00:00Z"),
    ]
    assert found[0]["messages"][0]["text"] == "First line\nsecond line"


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_stands_in_the_cells_of_a_table_is_read_as_it_was_written(
    cells: list[tuple[str, str, str]], separator: str, end: str, encoding: str
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("one", "two", "three"), *cells])
    read = list(tables.rows(io.BytesIO(written.getvalue().encode(encoding))))
    meant = [row for row in cells if any(cell.strip() for cell in row)]
    assert [(row.why, *row.cells.values()) for row in read] == [("", *row) for row in meant]


@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_a_reader_fail_otherwise_than_by_saying_so(content: bytes) -> None:
    for source, reader in READERS.items():
        try:
            found = list(reader(io.BytesIO(content), Options(now=NOW)))
        except Unreadable:
            continue
        assert source == "board" or all(one.why or read_line(one.line.decode()) for one in found)


def test_a_quotation_mark_that_nobody_closes_costs_no_more_than_a_million_characters() -> None:
    rest = b"".join(b"%d,words,2022-01-01\n" % number for number in range(100_000))
    found = list(tables.rows(io.BytesIO(b'id,body,created\n1,"open,2022-01-01\n' + rest)))
    assert [row.why for row in found[:1]] == [
        "field larger than field limit (1000000); is there a quotation mark that is not closed?"
    ]
    assert found[-1].cells == {"id": "99999", "body": "words", "created": "2022-01-01"}


def test_a_huge_file_is_read_no_further_than_it_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "huge"
    one = b'{"number": 1, "title": "One more", "createdAt": "2024-01-01T00:00:00Z"},'
    for start, again, read in ((b"[", one, values.values), (b"id,title\n", b"1,One more\n", tables.rows)):
        file.write_bytes(start + again * 100_000)
        with file.open("rb") as stream:
            found: Iterator[Any] = read(stream)
            assert len([next(found) for _ in range(5)]) == 5
            assert stream.tell() < 300_000 < file.stat().st_size


def test_json_that_breaks_off_is_told_where_it_does() -> None:
    broken = b'[{"number": 1}, {"number": 2}, {"number": 3, "tit'
    found = list(values.values(io.BytesIO(broken)))
    assert [one.value.get("number") for one in found] == [1, 2, None]
    assert found[2].place == "item 3"
    assert found[2].why.startswith("the file cannot be read from here on: not JSON")
    wrapped = list(values.values(io.BytesIO(b'{"tickets": [{"id": 1}, {"id": 2}], "count": 2}')))
    assert [one.value for one in wrapped] == [{"id": 1}, {"id": 2}]


def test_times_are_read_where_they_can_mean_one_thing_only() -> None:
    assert moment("2016-07-06T11:16:50 -10:00") == "2016-07-06T21:16:50Z"
    assert moment("2025-07-21 03:37:03") == moment("2025-07-21 03:37:03 UTC") == "2025-07-21T03:37:03Z"
    assert moment("Tue, 01 Mar 2022 10:00:00 +0100") == "2022-03-01T09:00:00Z"
    for wrong in ("", None, "03/04/2022", "yesterday", "9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00"):
        with pytest.raises(ValueError, match=r"is not? ?a? ?time"):
            moment(wrong)


def test_nobodys_mail_address_is_their_name() -> None:
    assert person("ada@home.example") is None
    assert person("Ada <ada@home.example>") is None
    assert person(" Ada\u202e ") == "Ada"
    assert person("x" * 200) == "x" * 79 + "…"


def test_html_becomes_words() -> None:
    assert without_markup("<p>One</p><p>Two<br>Three</p><ul><li>a</li><li>b</li></ul><script>x()</script>") == (
        "One\n\nTwo\nThree\n\n- a\n- b"
    )
    assert (
        without_markup('<a href="javascript:x()">Click</a> <a href="https://a.b/c">here</a>')
        == "Click here (https://a.b/c)"
    )
    assert without_markup("1 < 2 and 3 > 2") == "1 < 2 and 3 > 2"


def test_what_is_too_long_is_cut_and_says_so() -> None:
    rows = "id,title,body,created\n1,{},{},2022-01-01\n".format("Long title " * 30, "word " * 10_000)
    (found,) = READERS["csv"](io.BytesIO(rows.encode()), Options(now=NOW))
    line = json.loads(found.line)
    assert line["title"].endswith("…")
    filing = line["messages"][0]["text"]
    assert filing.startswith("Long title Long title")
    assert filing.endswith("characters, is at csv only.]")
    assert read_line(found.line.decode())
