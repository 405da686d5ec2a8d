"""Paths of tiles and bundles of entries, as C2SP tlog-tiles has them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.leaf import NUMBER_LIMIT
from board.domain.tiles import MOST_LEVELS, Tile, bundle, groups, path, read

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "tlog.json").read_text())

tiles = st.builds(
    Tile, st.sampled_from(["entries", *range(MOST_LEVELS)]), st.integers(0, NUMBER_LIMIT), st.integers(1, 256)
)


def test_the_paths_are_those_of_the_vectors() -> None:
    for number, spelt in VECTORS["paths"].items():
        assert groups(int(number)) == spelt
    for spelt in VECTORS["big"]["paths"]:
        assert f"tile/{path(read(spelt.removeprefix('tile/')))}" == spelt


@given(tiles)
def test_every_tile_has_one_path_that_leads_back_to_it(tile: Tile) -> None:
    assert read(path(tile)) == tile


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0/0",
        "0/00",
        "0/0000",
        "00/000",
        "8/000",
        "-1/000",
        "0/x000/000",
        "0/001/000",
        "0/x001/0",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/007",
        "0/000.p/",
        "0/000/",
        "0/000\n",
        "0/٠٠٠",
        "0/X001/000",
        "data/000",
        "0/" + "x000/" * 9_000 + "000",
    ],
)
def test_no_other_spelling_is_taken(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        read(text)


@given(st.text(alphabet="0123456789x/.pentris", max_size=20))
def test_whatever_is_taken_is_spelt_the_one_way(text: str) -> None:
    try:
        found = read(text)
    except ValueError:
        return
    assert path(found) == text


def test_the_bundle_of_seven_entries_is_that_of_the_vectors() -> None:
    made = bundle([leaf.encode("ascii") for leaf in VECTORS["board"]["leaves"]])
    assert len(made) == VECTORS["bundle_len"]
    assert sha256(made).hexdigest() == VECTORS["bundle_partial7_sha256"]


def test_no_entry_is_cut_to_fit() -> None:
    assert bundle([b"x" * 65_535])[:2] == b"\xff\xff"
    with pytest.raises(OverflowError):
        bundle([b"x" * 65_536])
