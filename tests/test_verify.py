"""The checker that shares nothing with the board: what holds is taken, and whatever is changed is found."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from board import verify
from board.verify import Tampered, Unreadable

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "tlog.json").read_text())
BOARD = VECTORS["board"]
LOG, WITNESS = verify.read_key(BOARD["log_vkey"]), verify.read_key(BOARD["witness_vkey"])
RECEIPT = VECTORS["receipt"]
PROVEN = verify.check_receipt(RECEIPT, LOG, (WITNESS,))


def hashes(hexes: list[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in hexes]


def test_a_receipt_is_checked_without_a_network() -> None:
    proven = verify.check_receipt(RECEIPT, LOG, (WITNESS,))
    assert proven.leaf == json.loads(BOARD["leaves"][1])
    assert proven.words == {field: each["value"] for field, each in BOARD["openings"][1].items()}
    assert proven.checkpoint.size == 7
    assert proven.checkpoint.seen.keys() == {BOARD["witness_name"]}


def test_a_witness_that_is_not_known_is_passed_over() -> None:
    assert verify.check_receipt(RECEIPT, LOG).checkpoint.seen == {}


@given(place=st.integers(0, len(RECEIPT.encode()) - 1), bit=st.integers(0, 7))
def test_whatever_bit_of_a_receipt_is_changed_it_proves_nothing_else(place: int, bit: int) -> None:
    changed = bytearray(RECEIPT.encode())
    changed[place] ^= 1 << bit
    try:
        proven = verify.check_receipt(changed.decode("utf-8", "replace"), LOG, (WITNESS,))
    except (Tampered, Unreadable):
        return
    assert proven == replace(PROVEN, checkpoint=replace(PROVEN.checkpoint, seen={}))  # its witness is unknown now


def with_extra(change: Any) -> str:
    line = next(line for line in RECEIPT.split("\n") if line.startswith("extra "))
    given_ = json.loads(b64decode(line.removeprefix("extra ")))
    change(given_)
    return str(RECEIPT.replace(line, "extra " + b64encode(json.dumps(given_).encode()).decode()))


def test_other_words_than_those_that_were_recorded_are_found() -> None:
    def rewrite(receipt: dict[str, Any]) -> None:
        receipt["openings"]["title"]["value"] += "!"

    with pytest.raises(Tampered, match="title"):
        verify.check_receipt(with_extra(rewrite), LOG)


def test_words_that_nobody_committed_to_are_found() -> None:
    def add(receipt: dict[str, Any]) -> None:
        receipt["openings"]["praise"] = receipt["openings"]["title"]

    with pytest.raises(Tampered, match="praise"):
        verify.check_receipt(with_extra(add), LOG)


def test_an_entry_that_was_changed_is_found() -> None:
    def change(receipt: dict[str, Any]) -> None:
        receipt["leaf"] = receipt["leaf"].replace("T21:0", "T20:0")

    with pytest.raises(Tampered, match="record that was signed"):
        verify.check_receipt(with_extra(change), LOG)


def test_an_entry_is_spelt_in_one_way_only() -> None:
    for text in ('{"a": 1}', '{"b":1,"a":1}', '{"a":1.0}', '{"a":null}', '{"a":true}', '{"a":"\\u00e9"}', "[]", "{"):
        with pytest.raises(Tampered):
            verify.read_leaf(text)


@pytest.mark.parametrize("name", ["inclusion", "consistency"])
def test_proofs_of_the_vectors_hold_and_no_other_length_does(name: str) -> None:
    roots, leaves = hashes(VECTORS["ct"]["roots"]), hashes(VECTORS["ct"]["leaf_hashes"])
    for each in VECTORS["ct"][name]:
        proof = hashes(each["proof"])
        for made, is_right in ((proof, True), ([*proof, roots[1]], False), (proof[:-1], not proof)):
            if name == "inclusion":
                index, size = each["index"], each["size"]
                found = verify.root_by_inclusion(index, size, leaves[index], made) == roots[size]
            else:
                old, new = each["old"], each["new"]
                found = verify.is_grown(old, roots[old], new, roots[new], made)
            assert found is is_right, each


def test_a_place_behind_the_end_is_never_proven() -> None:
    assert verify.root_by_inclusion(7, 7, b"x" * 32, []) is None
    assert verify.root_by_inclusion(-1, 7, b"x" * 32, []) is None
    assert verify.root_by_inclusion(0, 0, b"x" * 32, []) is None


def test_a_record_that_shrank_or_was_written_anew_has_not_grown() -> None:
    roots = hashes(VECTORS["ct"]["roots"])
    assert not verify.is_grown(5, roots[5], 4, roots[4], [])
    assert not verify.is_grown(4, roots[4], 4, roots[5], [])
    assert not verify.is_grown(4, roots[4], 7, roots[7], [])


def test_a_checkpoint_that_another_key_has_signed_is_not_the_logs() -> None:
    text, _ = verify.read_note(VECTORS["cp7"])
    mine = Ed25519PrivateKey.generate()
    blob = LOG.id + mine.sign(text.encode())
    with pytest.raises(Tampered, match="does not hold"):
        verify.open_checkpoint(f"{text}\n— {LOG.name} {b64encode(blob).decode()}\n", LOG)
    with pytest.raises(Unreadable, match="not signed by"):
        verify.open_checkpoint(f"{text}\n— {LOG.name} {b64encode(b'abcd' + blob[4:]).decode()}\n", LOG)


@pytest.mark.parametrize("vkey", ["", "a", "a+b", "a+00000000+AA==", BOARD["log_vkey"][:-1], "x" + BOARD["log_vkey"]])
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(Unreadable, match="key"):
        verify.read_key(vkey)


@given(st.text())
def test_any_text_is_checked_or_refused_in_words(text: str) -> None:
    with pytest.raises((Tampered, Unreadable)):
        verify.check_receipt(text, LOG)
