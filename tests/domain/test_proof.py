"""Hashes, commitments and key names, held against vectors that other implementations agree on."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain import proof

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "board_log.json").read_text())


def test_leaf_hashes_are_those_of_the_vectors() -> None:
    assert [proof.leaf_hash(leaf.encode()).hex() for leaf in VECTORS["leaves"]] == VECTORS["leaf_hashes"]


def test_the_hash_of_an_empty_leaf_is_that_of_rfc_6962() -> None:
    assert proof.leaf_hash(b"") == sha256(b"\x00").digest()


def test_every_opening_of_the_vectors_gives_the_commitment_in_its_leaf() -> None:
    opened = [
        {field: proof.commitment(proof.unb64url(each["salt"]), field, each["value"]) for field, each in fields.items()}
        for fields in VECTORS["openings"]
    ]
    committed = [json.loads(leaf).get("commit", {}) for leaf in VECTORS["leaves"]]
    assert sum(map(len, committed)) > 5
    assert opened == committed


def test_a_commitment_depends_on_salt_field_and_value() -> None:
    ways = [(b"s" * 32, "body", "x"), (b"t" * 32, "body", "x"), (b"s" * 32, "title", "x"), (b"s" * 32, "body", "y")]
    made = [proof.commitment(*way) for way in ways]
    assert len(set(made)) == 4
    assert {len(each) for each in made} == {43}


def test_a_commitment_is_to_the_bytes_as_they_are() -> None:
    assert proof.commitment(b"", "body", "\u00e9") != proof.commitment(b"", "body", "e\u0301")


def test_keys_are_named_as_in_the_vectors() -> None:
    log, witness = bytes.fromhex(VECTORS["log_pub"]), bytes.fromhex(VECTORS["witness_pub"])
    assert proof.key_id(VECTORS["origin"], log).hex() == VECTORS["log_keyid"]
    assert proof.vkey(VECTORS["origin"], log) == VECTORS["log_vkey"]
    assert proof.vkey(VECTORS["witness_name"], witness, proof.COSIGNATURE) == VECTORS["witness_vkey"]


@pytest.mark.parametrize("name", ["", "a+b", "a b", " a", "a\n", "a\u2028"])
def test_a_key_name_that_would_not_read_back_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        proof.vkey(name, b"k" * 32)


@given(st.binary(max_size=100))
def test_base64url_reads_back(raw: bytes) -> None:
    assert proof.unb64url(proof.b64url(raw)) == raw
    assert "=" not in proof.b64url(raw)


@pytest.mark.parametrize(
    "text", ["QQ==", "QQ=", "QR", "Q", "Q!Q", "QQ\n", " QQ", "+_8", "/-8", "é", "QUE=QUE", "QQ\x00"]
)
def test_another_spelling_of_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not base64url"):
        proof.unb64url(text)


@given(st.text(alphabet="AQg-_+/= \nzé", max_size=12))
def test_base64url_has_one_spelling_only(text: str) -> None:
    try:
        raw = proof.unb64url(text)
    except ValueError:
        return
    assert proof.b64url(raw) == text
