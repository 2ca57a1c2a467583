"""What a sentence denies: its "not", and the words that one reaches."""

import re
from dataclasses import dataclass

from home_energy.evidence.negation import NEGATION, SOFT, VAIN, is_refuted
from home_energy.evidence.terms import Term

_SCOPE = 8
"""How many content words a "not" may deny."""
_ALTERNATIVE = re.compile(r"\bor\b")
_CONDITIONS = frozenset({"without", "with nothing", "unless", "except", "except for"})
_BACKWARD = re.compile(r"nothing|none|nobody")


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
    word: str
    """What denies."""


def denials_of(lowered: str, terms: list[Term], cuts: list[int]) -> list[Denial]:
    """Find every "not" and what it reaches up to one of `cuts`."""
    if is_refuted(lowered):
        return [
            Denial(
                tuple(term.rank for term in terms),
                soft=False,
                brief=False,
                condition=False,
                word="myth",
            )
        ]
    denials = []
    for match in VAIN.finditer(lowered):
        vain = tuple(t.rank for t in terms if t.at < match.start())
        denials.append(Denial(vain, soft=False, brief=False, condition=False, word=match[0]))
    vain_spans = [match.span() for match in VAIN.finditer(lowered)]
    for match in NEGATION.finditer(lowered):
        if any(start <= match.start() < end for start, end in vain_spans):
            continue
        after = (cut for cut in cuts if cut >= match.end() and not _ALTERNATIVE.match(lowered, cut))
        stop = next(after, len(lowered))
        inside = [t.rank for t in terms if match.end() <= t.at < stop][:_SCOPE]
        before = [t.rank for t in terms if t.at < match.start()][-2:]
        soft = bool(re.fullmatch(SOFT, match[0]))
        # "It saves nothing where ..." denies what stands before it.
        scope = before if _BACKWARD.fullmatch(match[0]) or not (inside or soft) else inside
        conditional = match[0] in _CONDITIONS
        denials.append(Denial(tuple(scope), soft, match[0] == "no", conditional, match[0]))
    return denials


def turned_by(denial: Denial, terms: list[Term]) -> list[int]:
    """Return the terms that mean their opposite: "not open", "does not use more"."""
    turned: list[int] = []
    for rank in () if denial.soft else denial.scope[: 1 if denial.brief else None]:
        turned.append(rank)
        if terms[rank].telling or terms[rank].key == "cost":
            break
    return turned
