"""What a sentence says, word by word: its content, what it denies, which way it points."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from home_energy.evidence import numbers
from home_energy.evidence.denial import Denial, denials_of, turned_by
from home_energy.evidence.negation import is_refuted
from home_energy.evidence.numbers import Quantity, quantities
from home_energy.evidence.terms import Term, terms_of

__all__ = ["END", "Denial", "Term", "Wording", "analyse", "parts", "plain"]

_STRONG_CUT = re.compile(r"[;:()|–—]|,\s|\.\s|\b(?:but|whereas|although|though|against|versus)\b")
_WEAK_CUT = re.compile(r"\b(?:because|unless|if|when|while|where|since|so|which|and|or|than)\b")
_CONTRAST = re.compile(r";\s|(?<=, )while\b(?! \w+ing\b)|\bwhereas\b|,\s+but\b")
_STATEMENT = re.compile(
    r";\s|(?<=, )while\b(?! \w+ing\b)|\bwhereas\b|,\s+but\b"
    r"|,\s+(?!(?:so|because|since|as|if|when|which|who|where|unless|until)\b)"
    r"(?:[\w-]+\s+){1,3}(?:can|could|should|must|may|is|are|was|were|has|have|needs?|uses?"
    r"|takes?|costs?)\b"
)
_IDIOMS = re.compile(
    r"\b(?:ends? up|ended up|adds? up to|comes? to(?= )|amounts? to|works? out (?:at|to be"
    r"|as)|at all"
    r"|round the clock|in practice|in short|in fact|in other words|a (?:few|little)(?! \w+er\b)"
    r"|as well|turns? out to be|up front|good idea|tends? to|going to|ought to|gets? by)\b",
    re.I,
)
"""Phrases whose words would be taken for something else."""
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
_EMPHASIS = re.compile(
    r"\b(?:only|just|merely)(?=\s+(?:about |around |some |roughly )?(?:[£$€]?\d|half\b"
    r"|an? (?:tiny|small|very|little|few|fraction)\b"
    r"|an? (?:half|third|quarter|fifth|eighth|tenth)\b))",
    re.I,
)
_NOT_ONLY = re.compile(r"\bnot (?:only|just|merely)\b", re.I)
END = 1_000_000
"""Past the end of any sentence."""


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
    text: str
    """In small letters, figures and their bounds blanked out."""


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
    terms = terms_of(bare, lowered)
    strong = [match.start() for match in _STRONG_CUT.finditer(lowered)]
    weak = [match.start() for match in _WEAK_CUT.finditer(lowered)]
    denials = denials_of(lowered, terms, sorted(strong + weak))
    denied = {rank for denial in denials for rank in denial.scope}
    turned = {rank for denial in denials for rank in turned_by(denial, terms)}
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
        refuted=is_refuted(lowered),
        question=text.rstrip("\"' )").endswith("?"),
        keys=frozenset(term.key for term in terms),
        text=lowered,
    )


def plain(text: str) -> str:
    """Blank out citation markers and Markdown signs, without moving a character."""
    text = _DECORATION.sub(lambda match: " " * len(match[0]), text)
    return text.replace("’", "'").replace("‘", "'").replace("\u00a0", " ").replace("\n", " ")


def _masked(text: str, found: list[Quantity]) -> str:
    """Blank out figures with the words of their bounds: they are compared as figures."""
    for pattern in (_NOT_ONLY, _IDIOMS):
        text = pattern.sub(lambda match: " " * len(match[0]), text)
    bare = list(_EMPHASIS.sub(lambda match: " " * len(match[0]), text))
    for start, end in (numbers.span(quantity, text) for quantity in found):
        bare[start:end] = " " * (end - start)
    return "".join(bare)


def _end(text: str, quantity: Quantity) -> str:
    match = re.search(
        r"\b(from|to)(?: (?:an?|the|about|around|some))*\s+$", text[: quantity.start].lower()
    )
    return match[1] if match else ""


def _than(lowered: str, found: list[Quantity], terms: list[Term]) -> float | None:
    if match := _THAN.search(lowered) or _ORDER.search(lowered):
        return _rank(match.start(), terms)
    shares = [q for q in found if q.kind in ("percent", "ratio")]
    places = [q.end for q in shares if re.match(r"\s+of\b", lowered[q.end : q.end + 8])]
    return _rank(places[0], terms) if places else None


def _rank(at: int, terms: list[Term]) -> float:
    return sum(term.at < at for term in terms) - 0.5
