"""What records are searched for: the words that carry meaning, whole and without endings."""

import re

from home_energy.evidence.words import meaning, stem, written_words

_PARTS = re.compile(r"[ \-&]+")


def spoken(text: str) -> frozenset[str]:
    """Return the stems of a text's words, without the words that every text has.

    A known phrase counts by its single words, so that "pump" is said in "heat pump".
    """
    return frozenset(stem(word) for word in _words(text))


def meant(text: str) -> frozenset[str]:
    """Return one name for each word's meaning: insulate and insulation are the same."""
    return frozenset(meaning(word) for word in _words(text))


def _words(text: str) -> list[str]:
    # Written in capitals, ß is SS.
    written = " ".join(written_words(text.replace("ß", "ss")))
    return written_words(_PARTS.sub(" ; ", written))
