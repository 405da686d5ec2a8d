"""Sentences for people that can be translated after they were made: the English text, and how it was put together."""


class Phrase(str):
    """English text with places filled; `template` is what a catalogue translates, `values` fill its places again."""

    template: str
    values: dict[str, object]

    def in_words(self, translated: str) -> str:
        """The translated template with the same values."""
        return translated.format_map(self.values)


def phrase(template: str, **values: object) -> Phrase:
    made = Phrase(template.format_map(values))
    made.template, made.values = template, values
    return made


def no_issue(number: int) -> Phrase:
    return phrase("There is no issue {number} on this board.", number=number)


def choose(options: tuple[str, ...]) -> Phrase:
    return phrase("Choose one of: {options}.", options=", ".join(options))
