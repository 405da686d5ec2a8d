"""The picture of an issue: the right size, whatever its title is, and never more words than there is room for."""

import io
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from board import drawing
from board.drawing import Picture

BAR = (("company", 0.0, 40.0), ("customer", 40.3, 59.4))


def picture(title: str) -> Picture:
    return Picture(
        "Kettle & Co · Service · #7", title, "resolved", "Resolved, the customer is asked", "filed 2 Mar", BAR
    )


@given(st.text(max_size=200))
def test_any_title_is_drawn(title: str) -> None:
    image = Image.open(io.BytesIO(drawing.draw(picture(title))))
    assert (image.size, image.format) == ((1200, 630), "PNG")


@given(st.text(alphabet="Wi ć–漢", max_size=300), st.sampled_from([56, 68]))
def test_no_line_is_longer_than_the_picture(text: str, size: int) -> None:
    room = drawing.WIDTH - 2 * drawing.EDGE
    assert all(
        drawing.width_of(line, drawing.SERIF, size) <= room for line in drawing.wrapped(text, drawing.SERIF, size)
    )


def test_the_company_and_the_customer_have_the_line_for_as_long_as_it_was_their_turn() -> None:
    image = Image.open(io.BytesIO(drawing.draw(picture("The kettle leaks")))).convert("RGB")
    y = drawing.HEIGHT - 124
    row = [image.getpixel((x, y)) for x in range(drawing.EDGE + 10, drawing.WIDTH - drawing.EDGE - 10)]
    lengths = [(colour, len(list(same))) for colour, same in groupby(row)]
    company, customer = (max((n, c) for c, n in lengths if near(c, colour)) for colour in ("1f4fa3", "855600"))
    assert abs(company[0] / (company[0] + customer[0]) - 0.4) < 0.02


def near(found: object, colour: str) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) < 8 for a, b in zip(found, bytes.fromhex(colour), strict=True))


@pytest.mark.parametrize(
    ("title", "can"), [("Der Kessel läuft über", True), ("Účet", True), ("荷物が届かない", False), ("42", False)]
)
def test_a_title_in_letters_that_the_fonts_lack_is_not_drawn(title: str, can: bool) -> None:
    assert drawing.can_draw(title) is can
