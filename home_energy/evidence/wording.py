"""What a sentence says, word by word: its content, what it denies, which way it points."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from home_energy.evidence import numbers
from home_energy.evidence.lexicon import Word, phrases, stem, stems, stops, words
from home_energy.evidence.numbers import Quantity, quantities

_SCOPE = 5
"""How many content words a "not" may deny."""

_TOKEN = re.compile(r"[^\W_]+(?:[-'\x00][^\W_]+)*")
_STRONG_CUT = re.compile(
    r"[;:()|–—]|,\s|\.\s|\b(?:but|while|whereas|although|though|against|versus)\b"
)
_WEAK_CUT = re.compile(r"\b(?:because|unless|if|when|where|since|so|which|and|or|than)\b")
_ALTERNATIVE = re.compile(r"\bor\b")
_CONTRAST = re.compile(r";\s|\b(?:while|whereas)\b|,\s+but\b")
_STATEMENT = re.compile(
    r";\s|\b(?:while|whereas)\b|,\s+but\b"
    r"|,\s+(?:[\w-]+\s+){1,3}(?:can|could|should|must|may|is|are|was|were|has|have|needs?|uses?"
    r"|takes?|costs?)\b"
)
_SOFT = (
    r"nobody|hardly|far from|unlikely|without|unless|except(?: for)?"
    r"|rather than|instead of|in place of|unlike"
)
_NEGATION = re.compile(
    r"\b(?:not(?! only\b)|no(?! (?:later|longer than|more than|less than|fewer than|matter)\b)"
    r"|never|neither|nor"
    r"|cannot|can't|hardly|rarely|seldom|nobody|nothing|none"
    r"|(?:do|does|did|is|are|was|were|has|have|had|wo|would|should|could|must|need)n't"
    rf"|avoid(?:s|ing)?|fail(?:s|ed)? to|refrain from|little (?:or no|use|point)|leav(?:e|es"
    rf"|ing) out|omit|skip|{_SOFT})\b"
)
_CONDITIONS = frozenset({"without", "unless", "except", "except for"})
_BACKWARD = re.compile(r"nothing|none|nobody")
_DENIED = re.compile(
    r"\b(?:myths?|misconception|untrue|not true|false|incorrect|wrong to (?:think|say)|mistaken"
    r"|fallacy)\b"
)
_THAN = re.compile(
    r"\b(?:than|compared (?:with|to)|against|versus|vs\.?|instead of|rather than|relative to"
    r"|of what"
    r"|as (?:much|many|efficient|long|good|bad|high|low|cheap|big)(?: \w+)? as)\b"
)
_ORDER = re.compile(r"(?<=\w )(?:before|after)\b")
_LEANS = re.compile(
    r"[\W_]*(?:(?:[a-z]+ ){0,2}(?:it|them|they)\b|(?:its|their|this|these|that|those|such|both"
    r"|here|there|then|so|also"
    r"|in addition|additionally|as a result|therefore|however|but|and|or|doing so|otherwise"
    r"|the latter|the former"
    r"|correction|because of (?:this|that))\b)",
    re.I,
)
_CONTINUES = re.compile(
    r"\b(?:another|the (?:other|others|rest|remaining|same|latter|former)|respectively|likewise|too"
    r"|(?:at|of|in|for|with|from|by|to|on) (?:that|this|these|those|it|them)|do(?:es)? (?:it"
    r"|so))\b",
    re.I,
)
_DECORATION = re.compile(r"\[\d+(?:\s*[,–-]\s*\d+)*\]|[*_`#]+")
_COUNTRY = re.compile(r"\bU\.S\.A?\.?|\bUS\b")
_EMPHASIS = re.compile(
    r"\b(?:only|just|merely)(?=\s+(?:about |around |some |roughly )?(?:[£$€]?\d|half\b"
    r"|an? (?:half|third|quarter|fifth|eighth|tenth)\b))",
    re.I,
)
_PREFIXES = ("semi-", "non-", "anti-", "self-", "over-", "under-", "mid-")
"""What makes one word with the word behind the hyphen."""
_NOT_ONLY = re.compile(r"\bnot (?:only|just|merely)\b", re.I)
_STATE = re.compile(
    r"(?<=\b)on\b(?=\s*(?:$|[.,;:!?)]|(?:in|at|during|when|while|all|overnight|and|or|for|if|by"
    r"|too|before|after|until|to)\b))"
)
_SETTING = re.compile(r"\b(?:turn|set|dial|put|top|go)\w*(?: [\w-]+){0,4} $")
_TEMPORAL = re.compile(r"since\s{3,}")
_SUPERLATIVE = re.compile(r"most(?=\s*(?:[,.;:]|$|energy\b|electricity\b|water\b|money\b|power\b))")
_STATE_VERB = re.compile(r"\b(?:switch|turn|leav|left|keep|kept|stay|remain)\w*(?: [\w-]+){0,4} $")


@dataclass(frozen=True)
class Weights:
    """How much a word counts when a claim is measured against a source."""

    subject: float = 2.0
    """Of what a claim is about, and of names."""
    plain: float = 1.0
    generic: float = 0.3
    """Of words that say little by themselves."""


WEIGHTS = Weights()
END = 1_000_000
"""Past the end of any sentence."""


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


@dataclass(frozen=True, slots=True)
class Denial:
    """A "not" and the ranks of the terms it may deny."""

    scope: tuple[int, ...]
    soft: bool
    """Whether it only sets aside, as "without" and "rather than" do."""
    brief: bool
    """Whether it is a "no", which denies but the word behind it."""
    condition: bool
    """Whether the sentence holds only where the word behind it does not: without, unless."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One sentence, taken apart."""

    terms: tuple[Term, ...]
    figures: tuple[Quantity, ...]
    ends: tuple[str, ...]
    """For each figure whether it is what something goes `from` or `to`, else empty."""
    denials: tuple[Denial, ...]
    than: float | None
    """The rank between what is compared and what it is compared with."""
    than_at: int
    """Where in the text that is."""
    share: bool
    """Whether it is compared as a share: "80 % of a south roof"."""
    cuts: tuple[tuple[int, bool], ...]
    """Where in the text clauses begin, and whether something stronger than "and" divides them."""
    contrasts: tuple[int, ...]
    """Where contrasting parts begin: a semicolon, while, but."""
    statements: tuple[int, ...]
    """Where parts with a verb of their own begin; contrasts and some commas."""
    conditional: bool
    """Whether it begins with if or when, which then holds for all its parts."""
    leans: bool
    """Whether it begins with a word that points back, and so has the subject before it."""
    continues: bool
    """Whether it has such a word anywhere: another, at that pressure."""
    refuted: bool
    """Whether it names what it says a myth or untrue."""
    question: bool
    keys: frozenset[str]


def parts(edges: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the stretches of a sentence between such places as `Wording.contrasts`."""
    return list(pairwise((-1, *edges, END)))


@lru_cache(maxsize=1024)
def analyse(text: str) -> Wording:
    """Take one sentence apart; the same text always gives the same."""
    text = plain(text)
    found = quantities(text)
    bare = _masked(text, found)
    lowered = bare.lower()
    terms = _terms(bare, lowered)
    strong = [match.start() for match in _STRONG_CUT.finditer(lowered)]
    weak = [match.start() for match in _WEAK_CUT.finditer(lowered)]
    denials = _denials(lowered, terms, sorted(strong + weak))
    denied = {rank for denial in denials for rank in denial.scope}
    turned = {rank for denial in denials for rank in _turned(denial, terms)}
    terms = [replace(t, denied=t.rank in denied, turned=t.rank in turned) for t in terms]
    return Wording(
        terms=tuple(terms),
        figures=tuple(found),
        ends=tuple(_end(text, quantity) for quantity in found),
        denials=tuple(denials),
        than=_than(lowered, found, terms),
        than_at=than.start()
        if (than := _THAN.search(lowered) or _ORDER.search(lowered))
        else len(text),
        share=not (_THAN.search(lowered) or _ORDER.search(lowered)),
        cuts=tuple(sorted([(at, True) for at in strong] + [(at, False) for at in weak])),
        contrasts=tuple(match.start() for match in _CONTRAST.finditer(lowered)),
        statements=tuple(match.start() for match in _STATEMENT.finditer(lowered)),
        conditional=bool(re.match(r"\W*(?:if|when|where|while)\b", lowered)),
        leans=bool(_LEANS.match(text)),
        continues=bool(_CONTINUES.search(text)),
        refuted=bool(_DENIED.search(lowered)),
        question=text.rstrip("\"' )").endswith("?"),
        keys=frozenset(term.key for term in terms),
    )


def plain(text: str) -> str:
    """Blank out citation markers and Markdown signs, without moving a character."""
    text = _DECORATION.sub(lambda match: " " * len(match[0]), text)
    return text.replace("’", "'").replace("‘", "'").replace("\u00a0", " ").replace("\n", " ")


def _masked(text: str, found: list[Quantity]) -> str:
    """Blank out figures with the words of their bounds: they are compared as figures."""
    text = _NOT_ONLY.sub(lambda match: " " * len(match[0]), text)
    bare = list(_EMPHASIS.sub(lambda match: " " * len(match[0]), text))
    for start, end in (numbers.span(quantity, text) for quantity in found):
        bare[start:end] = " " * (end - start)
    return "".join(bare)


def _terms(bare: str, lowered: str) -> list[Term]:
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
            if part == "on" and _is_state(lowered, at):
                word = known["switch on"]
            if part in ("up", "down", "back") and not _SETTING.search(lowered[:at]):
                continue
            if part == "since" and not _TEMPORAL.match(lowered, at):
                continue
            if part == "most" and _SUPERLATIVE.match(lowered, at):
                word = known["the most"]
            if word is None:
                letter = len(part) < 2 and not _is_label(bare, at)
                if (part in skipped and len(part) > 1) or letter or _NEGATION.fullmatch(part):
                    continue
                word = Word(stem(part))
            name = _is_name(bare, at, part)
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


def _is_name(text: str, at: int, part: str) -> bool:
    written = text[at : at + len(part)]
    if any(character.isdigit() for character in written):
        return True
    if len(written) >= 2 and written[:2].isupper():
        return True
    before = text[:at].rstrip(" \"'(“")
    return written[:1].isupper() and bool(before) and before[-1] not in ".!?:;|-–—>"


def _denials(lowered: str, terms: list[Term], cuts: list[int]) -> list[Denial]:
    if _DENIED.search(lowered):
        return [
            Denial(tuple(term.rank for term in terms), soft=False, brief=False, condition=False)
        ]
    denials = []
    for match in _NEGATION.finditer(lowered):
        after = (cut for cut in cuts if cut >= match.end() and not _ALTERNATIVE.match(lowered, cut))
        stop = next(after, len(lowered))
        inside = [t.rank for t in terms if match.end() <= t.at < stop][:_SCOPE]
        before = [t.rank for t in terms if t.at < match.start()][-2:]
        soft = bool(re.fullmatch(_SOFT, match[0]))
        # "It saves nothing where ..." denies what stands before it.
        scope = before if _BACKWARD.fullmatch(match[0]) or not (inside or soft) else inside
        denials.append(Denial(tuple(scope), soft, match[0] == "no", match[0] in _CONDITIONS))
    return denials


def _end(text: str, quantity: Quantity) -> str:
    match = re.search(
        r"\b(from|to)(?: (?:an?|the|about|around|some))*\s+$", text[: quantity.start].lower()
    )
    return match[1] if match else ""


def _turned(denial: Denial, terms: list[Term]) -> list[int]:
    """Return the terms that mean their opposite: "not open", "does not use more"."""
    turned: list[int] = []
    for rank in () if denial.soft else denial.scope[: 1 if denial.brief else None]:
        turned.append(rank)
        if terms[rank].telling:
            break
    return turned


def _than(lowered: str, found: list[Quantity], terms: list[Term]) -> float | None:
    if match := _THAN.search(lowered) or _ORDER.search(lowered):
        return _rank(match.start(), terms)
    shares = [q for q in found if q.kind in ("percent", "ratio")]
    places = [q.end for q in shares if re.match(r"\s+of\b", lowered[q.end : q.end + 8])]
    return _rank(places[0], terms) if places else None


def _rank(at: int, terms: list[Term]) -> float:
    return sum(term.at < at for term in terms) - 0.5
