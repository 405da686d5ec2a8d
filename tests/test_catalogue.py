"""The list of sentences for translators is that of the program."""

import io
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent


def test_the_catalogue_holds_every_sentence_of_the_program_and_no_other() -> None:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        method_map, options_map = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = {message for _, _, message, _, _ in extract_from_dir(str(ROOT), method_map, options_map) if message}
    kept = {entry.id for entry in read_po(io.BytesIO((ROOT / "board/locale/board.pot").read_bytes())) if entry.id}
    assert kept == found, "run `make messages`"
