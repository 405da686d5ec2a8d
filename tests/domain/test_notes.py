"""Signed notes, checkpoints and cosignatures, held against vectors that other implementations agree on."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from board.domain import notes
from board.domain.notes import Checkpoint, Note, Signature
from board.domain.proof import COSIGNATURE, key_id

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "tlog.json").read_text())
BOARD = VECTORS["board"]
LOG, WITNESS = bytes.fromhex(BOARD["log_pub"]), bytes.fromhex(BOARD["witness_pub"])

plain = st.characters(exclude_categories=["C", "Z"], exclude_characters="+")
names = st.text(plain, min_size=1, max_size=20)
lines = st.text(plain | st.sampled_from(" +\u2028"), max_size=20)
signatures = st.builds(Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))


@pytest.mark.parametrize(("name", "size"), [("cp4", 4), ("cp7", 7), ("cp7_cosigned", 7)])
def test_a_checkpoint_of_the_vectors_is_read_written_and_signed_by_the_log(name: str, size: int) -> None:
    note = notes.read(VECTORS[name])
    checkpoint = notes.read_checkpoint(note.text)
    assert checkpoint == Checkpoint(BOARD["origin"], size, bytes.fromhex(BOARD["roots"][size]))
    assert notes.write(notes.write_checkpoint(checkpoint), note.signatures) == VECTORS[name]
    assert note.signatures[0].key_id == key_id(BOARD["origin"], LOG)
    Ed25519PublicKey.from_public_bytes(LOG).verify(note.signatures[0].blob, note.text.encode())


def test_a_cosignature_of_the_vectors_is_the_witness_own() -> None:
    note = notes.read(VECTORS["cp7_cosigned"])
    given_ = note.signatures[1]
    assert (given_.name, given_.key_id) == (BOARD["witness_name"], key_id(BOARD["witness_name"], WITNESS, COSIGNATURE))
    time, signature = notes.read_cosignature(given_.blob)
    assert notes.cosignature(time, signature) == given_.blob
    Ed25519PublicKey.from_public_bytes(WITNESS).verify(signature, notes.cosigned(time, note.text))


@given(st.lists(lines, min_size=1).filter(lambda t: t[0]), st.lists(signatures, min_size=1))
def test_every_note_that_is_written_is_read_again(said: list[str], signed: list[Signature]) -> None:
    text = "\n".join(said) + "\n"
    assert notes.read(notes.write(text, signed)) == Note(text, tuple(signed))


NOTE = VECTORS["cp4"]
LAST = NOTE.rstrip("\n").split(" ")[-1]


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "\n\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—  "),
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("4\n", "4\t\n", 1),
        NOTE.replace(LAST, LAST + "="),
        NOTE.replace(LAST, LAST[:-2] + "!" + LAST[-1]),
        NOTE.replace(LAST, "AAAA"),
        NOTE.replace(LAST, LAST + " x"),
        NOTE.split("\n\n")[0] + "\n\n",
        NOTE + "— a+b " + LAST + "\n",
        NOTE + ("— a " + LAST + "\n") * 100,
    ],
)
def test_what_is_no_note_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        notes.read(broken)


CHECKPOINT = notes.read(NOTE).text


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "\n" + CHECKPOINT,
        CHECKPOINT[:-1],
        CHECKPOINT.replace("\n4\n", "\n+4\n"),
        CHECKPOINT.replace("\n4\n", "\n04\n"),
        CHECKPOINT.replace("\n4\n", "\n٤\n"),
        CHECKPOINT.replace("\n4\n", "\n1_0\n"),
        CHECKPOINT.replace("\n4\n", "\n" + "9" * 19 + "\n"),
        CHECKPOINT.replace("=\n", "\n"),
        CHECKPOINT.replace("\n4\n", "\n4\nAAAA\n"),
        CHECKPOINT + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        notes.read_checkpoint(broken)


def test_a_checkpoint_with_extensions_is_read_without_them() -> None:
    assert notes.read_checkpoint(CHECKPOINT + "more\n") == notes.read_checkpoint(CHECKPOINT)


@given(st.text())
def test_reading_ends_in_a_note_or_is_refused(text: str) -> None:
    for read in (notes.read, notes.read_checkpoint):
        try:
            read(text)
        except ValueError:
            continue


@pytest.mark.parametrize("length", [0, 64, 71, 73])
def test_a_cosignature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        notes.read_cosignature(b"x" * length)
