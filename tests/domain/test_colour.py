"""The company's colour stays readable, whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from board.domain.colour import ON_DARK, ON_LIGHT, accents, contrast, parse

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
AA = 4.5


@given(COLOURS)
def test_every_colour_is_made_readable_on_both_grounds(colour: str) -> None:
    light, dark = accents(colour)
    assert contrast(parse(light.ground), ON_LIGHT) >= AA
    assert contrast(parse(dark.ground), ON_DARK) >= AA


@given(COLOURS)
def test_the_ink_on_a_button_is_readable(colour: str) -> None:
    for accent in accents(colour):
        assert contrast(parse(accent.ink), parse(accent.ground)) >= AA


def test_a_colour_that_is_readable_already_is_left_alone() -> None:
    light, _ = accents("#0b4f6c")
    assert light.ground == "#0b4f6c"


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == 21.0
