"""The words of a sentence that carry meaning."""

import re
from dataclasses import dataclass

from home_energy.evidence.lexicon import Word, phrases, stem, stems, stops, words
from home_energy.evidence.negation import NEGATION
from home_energy.evidence.thesaurus import is_word

_TOKEN = re.compile(r"[^\W_]+(?:[-'\x00][^\W_]+)*")
_OFF = re.compile(
    r"\b(?:(?:switch|turn|shut|cut|power)\w*(?: [\w-]+){0,6}"
    r"|(?:go|goes|went|is|are|was|were|be|been|being|when|while|left|keep|kept|it|them)) [\"'“]?$"
)
_COUNTRY = re.compile(r"\bU\.S\.A?\.?|\bUS\b")
_PREFIXES = ("semi-", "non-", "anti-", "self-", "over-", "under-", "mid-")
"""What makes one word with the word behind the hyphen."""
_STATE = re.compile(
    r"(?<=\b)on\b(?=\s*(?:$|[.,;:!?)]|(?:in|at|during|when|while|all|overnight|and|or|for|if|by"
    r"|too|before|after|until|to)\b))"
)
_SETTING = re.compile(r"\b(?:turn|set|dial|put|go)\w*(?: [\w-]+){0,4} $")
_TEMPORAL = re.compile(r"since\s{3,}")
_SUPERLATIVE = re.compile(r"most(?=\s*(?:[,.;:]|$|energy\b|electricity\b|water\b|money\b|power\b))")
_STATE_VERB = re.compile(r"\b(?:switch|turn|leav|left|keep|kept|stay|remain)\w*(?: [\w-]+){0,4} $")


@dataclass(frozen=True)
class Weights:
    """How much a word counts when a claim is measured against a source."""

    subject: float = 2.0
    """Of what a claim is about, and of names."""
    plain: float = 1.0
    generic: float = 0.15
    """Of words that say little by themselves."""


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Term:
    """A word that carries meaning, at its place."""

    word: Word
    form: str
    """Its own stem: two words of one meaning may differ here."""
    at: int
    """Where it begins in the text."""
    end: int
    """Where the written word ends."""
    rank: int
    """Its place among the words that carry meaning."""
    denied: bool
    turned: bool
    """Whether it stands so close behind a "not" that it means its opposite."""
    name: bool
    """Whether it is a proper name or a label, such as EPA, Ofgem or R290."""
    like: float = 1.0
    """How far the source's word that stands for it means the same."""

    @property
    def key(self) -> str:
        """The same for words that mean the same."""
        return self.word.key

    @property
    def weight(self) -> float:
        """How much it counts when a claim is measured against a source."""
        if self.word.subject or self.name:
            return WEIGHTS.subject
        return WEIGHTS.generic if self.word.generic else WEIGHTS.plain

    @property
    def telling(self) -> bool:
        """Whether it matters that a source has it."""
        return not self.word.generic

    @property
    def sign(self) -> int:
        """Which way it points on its axis, "not" considered."""
        return -self.word.sign if self.turned else self.word.sign


def terms_of(bare: str, lowered: str) -> list[Term]:
    """Return the words of a text whose figures are blanked out, as written and in small letters."""
    known, skipped = words(), stops()
    countries = {match.start() for match in _COUNTRY.finditer(bare)}
    joined = phrases().sub(lambda match: match[0].replace(" ", "\x00"), lowered)
    terms: list[Term] = []
    for match in _TOKEN.finditer(joined):
        for offset, part in _parts(match[0].replace("\x00", " ")):
            at = match.start() + offset
            word = known["usa"] if at in countries else known.get(part) or stems().get(stem(part))
            if at not in countries and part in ("us", "u"):
                continue
            if NEGATION.fullmatch(part) or (part == "off" and not _is_off(lowered, at)):
                continue
            if part == "on" and _is_state(lowered, at):
                word = known["switch on"]
            if part in ("up", "down", "back") and not _SETTING.search(lowered[:at]):
                continue
            if part == "since" and not _TEMPORAL.match(lowered, at):
                continue
            if part == "most" and _SUPERLATIVE.match(lowered, at):
                word = known["the most"]
            if word is None:
                if part in skipped and _is_acronym(bare, at, part):
                    skipped_name = Word(part)
                    terms.append(
                        Term(skipped_name, part, at, at + len(part), len(terms), False, False, True)
                    )
                    continue
                letter = len(part) < 2 and not _is_label(bare, at)
                if (part in skipped and len(part) > 1) or letter or NEGATION.fullmatch(part):
                    continue
                word = Word(stem(part))
            name = _is_name(bare, at, part) or (
                word.key == stem(part) and _is_strange(bare, at, part)
            )
            terms.append(Term(word, stem(part), at, at + len(part), len(terms), False, False, name))
    return terms


def _parts(surface: str) -> list[tuple[int, str]]:
    """Split a hyphenated word that is not known as a whole."""
    if "-" not in surface or surface in words() or surface.startswith(_PREFIXES):
        return [(0, surface)]
    parts, offset = [], 0
    for part in surface.split("-"):
        parts.append((offset, part))
        offset += len(part) + 1
    return parts


def _is_acronym(text: str, at: int, part: str) -> bool:
    """Whether it is WHO rather than who, in a sentence that is not all in capitals."""
    written = text[at : at + len(part)]
    return len(part) > 2 and written.isupper() and not text.isupper()


def _is_label(text: str, at: int) -> bool:
    """Whether a single letter names something, as in class A."""
    return (
        text[at].isupper()
        and text[at] != "I"
        and text[:at].strip() != ""
        and text[at - 1] == " "
        and text[:at].rstrip()[-1].isalpha()
    )


def _is_state(lowered: str, at: int) -> bool:
    """Whether this "on" is the opposite of "off"."""
    return bool(_STATE.match(lowered, at) and _STATE_VERB.search(lowered[:at]))


def _is_off(lowered: str, at: int) -> bool:
    """Whether this "off" is a state, not part of "give off"."""
    return bool(re.match(r"off(?:-| )?mode\b", lowered[at:]) or _OFF.search(lowered[:at]))


def _is_strange(text: str, at: int, part: str) -> bool:
    """Whether a capital begins a sentence with what is no common word, or with two such."""
    if not text[at : at + 1].isupper() or "-" in part:
        return False
    return not is_word(part) or bool(
        re.match(r" [A-Z][a-z]+ (?:says?|said|found|put)", text[at + len(part) :])
    )


def _is_name(text: str, at: int, part: str) -> bool:
    written = text[at : at + len(part)]
    if any(character.isdigit() for character in written):
        return True
    if len(written) >= 2 and written[:2].isupper():
        return True
    before = text[:at].rstrip(" \"'(“")
    return written[:1].isupper() and bool(before) and before[-1] not in ".!?:;|-–—>"
