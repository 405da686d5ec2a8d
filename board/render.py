"""The Jinja environment, its few filters, and the board's one stylesheet. Templates get values and ask for nothing."""

import gettext
import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from board.domain.leaf import format_time
from board.domain.phrase import Phrase
from board.domain.wording import span

PACKAGE = Path(__file__).parent
LANGUAGE = "en"
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
MONTHS = {
    1: "Jan {year}",
    2: "Feb {year}",
    3: "Mar {year}",
    4: "Apr {year}",
    5: "May {year}",
    6: "Jun {year}",
    7: "Jul {year}",
    8: "Aug {year}",
    9: "Sep {year}",
    10: "Oct {year}",
    11: "Nov {year}",
    12: "Dec {year}",
}
STYLES = ("layers", "reset", "tokens", "base", "components/*", "utilities")


def static_folder() -> Path:
    packaged = PACKAGE / "_static"
    return packaged if packaged.exists() else PACKAGE.parent / "static"


@cache
def static_version() -> str:
    """Changes with any file under static/."""
    found = hashlib.sha256()
    for file in sorted(path for path in static_folder().rglob("*") if path.is_file()):
        found.update(file.read_bytes())
    return found.hexdigest()[:12]


@cache
def languages() -> frozenset[str]:
    """What the catalogue has, beside the language of the sentences themselves."""
    return frozenset({LANGUAGE, *(file.parts[-3] for file in (PACKAGE / "locale").glob("*/LC_MESSAGES/board.mo"))})


def known(language: str) -> str:
    """The language, or the one that it is a variant of, where the catalogue has it; else nothing."""
    return next((one for one in (language, language.partition("-")[0]) if one in languages()), "")


def trusted(html: str) -> Markup:
    """HTML that needs no escaping: only what `domain.text` and `domain.wording` have made."""
    return Markup(html)  # noqa: S704


class Renderer:
    """Templates by name, with gettext for one language; `say` translates for whoever writes words outside of them."""

    def __init__(self, *, language: str = LANGUAGE, translations: gettext.NullTranslations | None = None) -> None:
        self.language = language
        self.others: dict[str, Renderer] = {}
        self.translations = translations or gettext.translation(
            "board", PACKAGE / "locale", languages=[language], fallback=True
        )
        self.stylesheet = read_stylesheet()
        self.versions: dict[str, str] = {}
        self.environment = Environment(
            loader=FileSystemLoader(PACKAGE / "templates"),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self.environment.install_gettext_translations(self.translations, newstyle=True)  # type: ignore[attr-defined]
        self.environment.globals["static"] = self.static
        self.environment.filters |= FILTERS | {"month": self.month}

    def render(self, template: str, context: dict[str, Any]) -> str:
        return self.environment.get_template(template).render(context)

    def say(self, text: str) -> str:
        """The text in this language; a phrase is translated by its template and filled again."""
        if isinstance(text, Phrase):
            return text.in_words(self.translations.gettext(text.template))
        return self.translations.gettext(text)

    @property
    def direction(self) -> str:
        return "rtl" if self.language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"

    def speaking(self, language: str) -> "Renderer":
        """The renderer of a `known` language; this one where none is named."""
        if language in ("", self.language):
            return self
        if language not in self.others:
            self.others[language] = Renderer(language=language)
        return self.others[language]

    def month(self, at: datetime) -> str:
        return self.say(MONTHS[at.month]).format(year=at.year)

    def static(self, path: str) -> str:
        """The URL of a file under static/, with a version that changes with its content.

        A script's stands before its path, so that what it imports from beside it has the version, too.
        """
        if path.startswith("js/"):
            return f"/static/@{static_version()}/{path}"
        if path not in self.versions:
            content = self.stylesheet if path == "board.css" else (static_folder() / path).read_bytes()
            self.versions[path] = hashlib.sha256(content).hexdigest()[:12]
        return f"/static/{path}?v={self.versions[path]}"


def read_stylesheet() -> bytes:
    """All style files as one, in the order of their layers."""
    folder = static_folder() / "css"
    files = [file for name in STYLES for file in sorted(folder.glob(f"{name}.css"))]
    return b"\n".join(file.read_bytes() for file in files)


def when(at: datetime) -> Markup:
    """A moment, absolute; the script tells it in the reader's own time zone."""
    at = at.astimezone(UTC)
    shown = f"{at.day} {at:%b %Y, %H:%M} UTC"
    return Markup('<time datetime="{}" title="{}" data-when>{}</time>').format(format_time(at), full(at), shown)


def day(at: datetime) -> Markup:
    """A moment where its day is enough."""
    at = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}" data-day>{}</time>').format(
        format_time(at), full(at), f"{at.day} {at:%b %Y}"
    )


def ago(at: datetime, now: datetime) -> Markup:
    """The span since a moment; the script keeps it fresh."""
    shown = span(int((now - at).total_seconds()))
    return Markup('<time datetime="{}" title="{}" data-since>{}</time>').format(format_time(at), full(at), shown)


def until(at: datetime, now: datetime) -> Markup:
    shown = span(int((at - now).total_seconds()))
    return Markup('<time datetime="{}" title="{}" data-until>{}</time>').format(format_time(at), full(at), shown)


def full(at: datetime) -> str:
    return f"{at.astimezone(UTC):%A, %d %B %Y, %H:%M:%S} UTC"


def number(value: int) -> str:
    return f"{value:,}"


def square_code(text: str) -> bytes:
    """The text as a picture that a telephone reads (QR): an SVG without style or script, black on white."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", scale=4, border=4, light="#fff", svgclass=None, lineclass=None)
    return out.getvalue()


FILTERS: dict[str, Callable[..., Any]] = {
    "when": when,
    "day": day,
    "ago": ago,
    "until": until,
    "duration": span,
    "number": number,
}
