"""The content security policy of pages, and which of them may stand in a frame of the company's own sites."""

from collections.abc import Sequence

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none';"
    " require-trusted-types-for 'script'; trusted-types board; frame-ancestors {ancestors}"
)
NOBODY = POLICY.format(ancestors="'none'")
FRAMED = ("/embed/new", "/embed/handover")  # the form for filing, and what may come before and after it


def is_framed(path: str) -> bool:
    return path in FRAMED


def framed_by(origins: Sequence[str]) -> str:
    """The policy of a page that exactly these sites may frame."""
    return POLICY.format(ancestors=" ".join(origins) or "'none'")
