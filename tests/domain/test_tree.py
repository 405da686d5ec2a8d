"""Roots and proofs of the tree, held against RFC 6962 word for word, vectors of others, and the checker (RFC 9162)."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain import tree
from board.domain.proof import leaf_hash
from board.verify import is_grown, root_by_inclusion

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "tlog.json").read_text())
MOST = 300
BORDERS = (255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, 70_000)


class Kept:
    """Nodes as a board keeps them: the leaf hashes, and above them only full tiles, made when their last leaf came."""

    def __init__(self, leaves: int) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        for index in range(leaves):
            self.nodes[0, index] = leaf_hash(str(index).encode())
            for level, place in tree.filled(index):
                below = [self(level - 1, place * tree.WIDTH + each) for each in range(tree.WIDTH)]
                self.nodes[level, place] = tree.above(below)

    def __call__(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


SMALL, LARGE = Kept(MOST), Kept(70_000)


def root_of(hashes: list[bytes]) -> bytes:
    """MTH as the RFC writes it."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"").digest()
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + root_of(hashes[:k]) + root_of(hashes[k:])).digest()


def leaves(count: int, kept: Kept = SMALL) -> list[bytes]:
    return [kept(0, index) for index in range(count)]


def test_roots_and_proofs_are_those_of_the_vectors() -> None:
    given_, leaf_hashes = VECTORS["ct"], [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["ct"]["leaves"]]

    def node(level: int, index: int) -> bytes:
        assert level == 0
        return leaf_hashes[index]

    assert [tree.root(size, node).hex() for size in range(9)] == given_["roots"]
    for each in given_["inclusion"]:
        assert [h.hex() for h in tree.inclusion(each["index"], each["size"], node)] == each["proof"]
    for each in given_["consistency"]:
        assert [h.hex() for h in tree.consistency(each["old"], each["new"], node)] == each["proof"]


def test_every_root_up_to_300_leaves_is_what_the_rfc_defines() -> None:
    for size in range(MOST + 1):
        assert tree.root(size, SMALL) == root_of(leaves(size))


def test_every_inclusion_proof_up_to_300_leaves_leads_to_the_root() -> None:
    for size in range(1, MOST + 1):
        root = tree.root(size, SMALL)
        for index in range(size):
            assert root_by_inclusion(index, size, SMALL(0, index), tree.inclusion(index, size, SMALL)) == root


def test_every_consistency_proof_up_to_300_leaves_leads_to_both_roots() -> None:
    roots = [tree.root(size, SMALL) for size in range(MOST + 1)]
    for new in range(1, MOST + 1):
        for old in range(1, new):
            assert is_grown(old, roots[old], new, roots[new], tree.consistency(old, new, SMALL))


sizes = st.sampled_from(BORDERS) | st.integers(1, 70_000)


@given(size=sizes, old=sizes, place=st.integers(0, 70_000))
def test_across_the_borders_of_tiles_every_proof_leads_to_its_roots(size: int, old: int, place: int) -> None:
    old, size, index = min(old, size), max(old, size), place % max(old, size)
    root = tree.root(size, LARGE)
    assert root_by_inclusion(index, size, LARGE(0, index), tree.inclusion(index, size, LARGE)) == root
    assert is_grown(old, tree.root(old, LARGE), size, root, tree.consistency(old, size, LARGE))


def test_a_tree_of_70000_leaves_has_the_roots_and_tiles_of_the_vectors() -> None:
    big = VECTORS["big"]
    for size, name in ((70_000, "root"), (256, "root256"), (257, "root257"), (65_536, "root65536")):
        assert tree.root(size, LARGE).hex() == big[name]
    assert [h.hex() for h in tree.inclusion(12_345, 70_000, LARGE)] == big["incl_12345"]
    assert [h.hex() for h in tree.consistency(65_536, 70_000, LARGE)] == big["cons_65536"]
    assert [h.hex() for h in tree.consistency(300, 70_000, LARGE)] == big["cons_300"]


@given(size=sizes, index=st.integers(0, 70_000))
def test_what_is_wanted_beforehand_is_all_that_is_asked_for_and_little(size: int, index: int) -> None:
    wanted = tree.Wanted()
    tree.inclusion(index % size, size, wanted)
    tree.root(size, wanted)
    assert wanted.nodes <= LARGE.nodes.keys()
    assert len(wanted.nodes) <= 2 * tree.WIDTH * 3


@pytest.mark.parametrize(("index", "size"), [(0, 0), (7, 7), (-1, 7), (8, 7)])
def test_no_proof_is_made_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion(index, size, SMALL)


def test_no_proof_is_made_of_a_tree_that_shrinks() -> None:
    with pytest.raises(ValueError, match="grow"):
        tree.consistency(8, 7, SMALL)
    assert tree.consistency(0, 7, SMALL) == tree.consistency(7, 7, SMALL) == []
