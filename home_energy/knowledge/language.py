"""Which language a text is in, or that it is not known."""

import re
from collections.abc import Callable
from functools import cache

_SAMPLE = 5_000
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9-_]+)?", re.I)
_ENGLISH = frozenset(
    "the of and to in a is that for it as with on are be this by or from at an not can your you"
    " if it's than when which has have will more".split()
)
_MIN_WORDS = 12
_MIN_LETTERS = 40
# English text has about 40 % of these words; other languages have under 10 %.
_SHARE = 0.22
# Of the next language, in the classifier's own scale.
_SURE = 0.9


def language_of(text: str, *, declared: str = "") -> str:
    """Return the ISO 639-1 code that is declared, else the text's own; empty when unsure."""
    code = _CODE.fullmatch(declared.strip())
    if code and len(code[1]) == 2:
        return code[1].lower()
    sample = text[:_SAMPLE]
    if sum(c.isalpha() for c in sample) < _MIN_LETTERS:
        return ""
    return "en" if _is_english(sample) else guess(sample)


def guess(text: str) -> str:
    """Return the language a classifier is sure of, or nothing; its model is loaded once."""
    sample = text[:_SAMPLE]
    if _is_english(sample):
        return "en"
    code, probability = _classifier()(sample)
    return code if probability >= _SURE else ""


@cache
def _classifier() -> Callable[[str], tuple[str, float]]:
    # It takes half a second, which English documents do not need.
    from py3langid.langid import (
        MODEL_FILE,
        LanguageIdentifier,
    )

    classify: Callable[[str], tuple[str, float]]
    classify = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True).classify
    return classify


def _is_english(text: str) -> bool:
    words = [word.lower() for word in _WORD.findall(text)]
    if len(words) < _MIN_WORDS or sum(c > "\x7f" and c.isalpha() for c in text) > len(text) / 50:
        return False
    return sum(word in _ENGLISH for word in words) >= _SHARE * len(words)
