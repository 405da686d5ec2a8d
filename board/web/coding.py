"""In which coding an answer is sent (RFC 9110, 12.5.3), and how it is made smaller."""

import zlib
from functools import lru_cache

import brotli
import zstandard

IDENTITY = "identity"
CODINGS = ("br", "zstd", "gzip")  # the smallest first
WORTH_IT = 500  # bytes; what is shorter is sent as it is
LENGTH = 300  # of a header that is read at all


def choose(accepted: bytes) -> str:
    """The coding that an Accept-Encoding header likes best, of equals the smallest; as it is where it names none."""
    return read(accepted) if len(accepted) <= LENGTH else IDENTITY


@lru_cache(maxsize=500)
def read(accepted: bytes) -> str:
    liked = dict(weight(part) for part in accepted.decode("latin-1").lower().split(",") if part.strip())
    rest = liked.get("*", 0.0)
    ranked = {coding: liked.get(coding, rest) for coding in CODINGS}
    best = max(ranked, key=ranked.__getitem__)
    return best if ranked[best] > 0 and ranked[best] >= liked.get(IDENTITY, 0.0) else IDENTITY


def weight(part: str) -> tuple[str, float]:
    """`gzip;q=0.5` as a name and a number; 0 where the number is none."""
    name, _, parameter = part.partition(";")
    key, _, value = parameter.strip().partition("=")
    if key != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0


def encode(content: bytes, coding: str) -> bytes:
    match coding:
        case "br":
            return bytes(brotli.compress(content, mode=brotli.MODE_TEXT, quality=5))
        case "zstd":
            return zstandard.ZstdCompressor(level=6).compress(content)
        case "gzip":
            return zlib.compress(content, 6, zlib.MAX_WBITS | 16)
        case _:
            return content
