"""The ways English says "not"."""

import re

SOFT = (
    r"nobody|no one|with nothing|hardly|far from|unlikely|without|unless|except(?: for)?"
    r"|rather than|instead of|in place of|unlike"
)
NEGATION = re.compile(
    r"\b(?:not(?! only\b)|with nothing|no(?! (?:one|use\b|good\W*$|good\.|point\b|later"
    r"|longer than|more than|less than|fewer than|matter)\b)"
    r"|never|neither|nor"
    r"|cannot|can't|hardly|rarely|seldom|nobody|no one|none"
    r"|free (?:of|from)|(?:advi[cs]\w*|warns?|recommend\w*|speaks?|is) (?:\w+ )?against(?= \w+ing)"
    r"|nothing(?! but\b|(?: \w+){1,2} (?:\w+er|more|less|better) than\b)"
    r"|(?:do|does|did|is|are|was|were|has|have|had|wo|would|should|could|must|need)n't"
    rf"|avoid(?:s|ing)?|fail(?:s|ed)? to|refrain from|little (?:or no|use|point)|leav(?:e|es"
    rf"|ing) out|omit|skip|{SOFT})\b"
)
VAIN = re.compile(
    r"\b(?:no (?:use|good|point)|pointless|in vain|makes? no sense|should be avoided|ill-advised"
    r"|a bad idea|to be avoided|not a good idea|not worth \w+ing"
    r"|not (?:advised|recommended|advisable|allowed|permitted|worthwhile|sensible))\b"
)
"""What is said behind a thing to advise against it."""
_DENIED = re.compile(
    r"\b(?:myths?|misconception|untrue|not true|false|incorrect|wrong to (?:think|say)|mistaken"
    r"|fallacy)\b"
)


def is_refuted(lowered: str) -> bool:
    """Say whether a sentence names what it says a myth or untrue."""
    return bool(_DENIED.search(lowered))
