"""Whether a claim says more firmly, or more generally, what its source says with care."""

import re
from collections.abc import Sequence

from home_energy.evidence.wording import Term, Wording

_HEDGE = re.compile(
    r"\b(?:may|might|could|can|cannot|possibl[ey]|potential(?:ly)?|perhaps|likely|probabl[ey]"
    r"|sometimes|often|risks?|threatens?|up to|as much as|allowed|permitted|able|chance|tends?"
    r"|usually|some|suspect\w*|prone|liable|signs?|danger\w*)\b"
)
_CAREFUL = re.compile(r"\b(?:may|might|could)\b(?! (?:not )?be (?:cleaned|used|done)\b)")
_PARTLY = re.compile(
    r"\b(?:usually|often|sometimes|generally|typically|normally|mostly|mainly|rarely|seldom"
    r"|in most|most|many|some|several|few|may|might|can|could|likely|tends?|almost)\b"
)
_WHOLLY = re.compile(
    r"\b(?:always|never|invariably|every time|without exception|in all cases"
    r"|certain(?:ly)?(?! \w+s\b)"
    r""
    r"|guarantee[sd]?|all(?! (?:the )?(?:year|day|night|the time)\b)|every(?!day\b| (?:day"
    r"|week|month"
    r"|year|hour|night"
    r"|few|other|\d|one|two|three|four|five|six|second|minute|litre|degree)\b)"
    r"|everyone|everybody|will(?! need\b| be able\b| usually\b)|any(?= \w)|no(?= (?:one"
    r"|home|house))"
    r"|nobody|none)\b"
)
_WHOLE = re.compile(
    r"\b(?:always|never|invariably|guarantee[sd]?|all|every|each|everyone|everybody|everything|any"
    r"|anyone|will|not|no|none|nobody|nothing|cannot|don't|any)\b"
)


def overstated(claim: Wording, source: Sequence[Wording]) -> str:
    """Return the word by which a claim says more than its source; empty where none does."""
    if (even := _EVEN.search(claim.text)) and not any(_ALSO.search(w.text) for w in source):
        return even[0]
    wholly = _WHOLLY.search(claim.text)
    if wholly and wholly[0] == "never" and any(_SELDOM.search(w.text) for w in source):
        return "never"
    unrestricted = wholly and wholly[0] in ("any", "all", "every") and "only" not in claim.keys
    if wholly and unrestricted and any("only" in w.keys for w in source):
        return wholly[0]
    whole = any(_WHOLE.search(wording.text) for wording in source)
    if wholly and wholly[0] in ("never", "always", "all", "every", "everyone", "everybody"):
        careful = any(_PARTLY.search(wording.text) for wording in source)
        firm = any(re.search(rf"\b{_FIRM[wholly[0]]}\b", wording.text) for wording in source)
        if careful and not firm:
            return wholly[0]
    if wholly and not whole and any(_PARTLY.search(wording.text) for wording in source):
        return wholly[0]
    if _HEDGE.search(claim.text):
        return ""
    for wording in source:
        if "only" in wording.keys:
            continue  # who alone may do it must
        for match in _CAREFUL.finditer(wording.text):
            head = _head(match.end(), wording)
            if head and head.key in claim.keys:
                return match[0]
    return ""


_EVEN = re.compile(r"\b(?:even (?:if|though|where)|whether or not|regardless|no matter)\b")
_ALSO = re.compile(r"\b(?:even|also|too|still|whether|although|though|despite|any|always|all)\b")
_SELDOM = re.compile(
    r"\b(?:usually|often|rarely|seldom|hardly|generally|normally|typically|may|might)\b"
    r"(?: \w+){0,2} not\b|\bnot (?:usually|always|often|normally|generally)\b|\b(?:rarely|seldom)\b"
    r"|\bwhile .* not\b(?=.*\busually)"
)
_FIRM = {
    "never": r"(?:never|not|no|don't|cannot|none|nobody|nothing)",
    "always": r"(?:always|invariably|never|every|must|whenever)",
    "all": r"(?:all|every|each|everything|any|whole|entire)",
    "every": r"(?:all|every|each|everything|any|per|an?)",
    "everyone": r"(?:all|every|everyone|everybody|anyone|people)",
    "everybody": r"(?:all|every|everyone|everybody|anyone|people)",
}


def _head(at: int, wording: Wording) -> Term | None:
    """Return the first word behind a modal that says something."""
    behind = [term for term in wording.terms if term.at >= at]
    return next((term for term in behind if term.telling), behind[0] if behind else None)
