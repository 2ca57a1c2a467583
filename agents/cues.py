"""The words that an intent must have, or that settle it, whatever the sentence is near to."""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_PLEASE = r"(?:(?:ok(?:ay)?|now|please|can you|could you|would you|i want (?:you )?to)[, ]+)*"

# "How thick should it be, and save that". The verbs are those of the records agent, so that
# "and" inside a question does not split it.
NEXT_WISH = _any(
    r"(?:[,;.?!]\s*|\s+)(?:and|then|also|please)(?:\s+(?:then|also|please))*\s+"
    r"(?=(?:save|keep|store|remember|note|bookmark|record|list|show me what|delete|remove|forget"
    r"|export|summari[sz]e|recap|tell me|write (?:that|it|this) down)\b)",
    r"(?<=[.?!;])\s+",
)
"""Where a new wish starts within a turn."""

SAVE = _any(
    rf"^{_PLEASE}(?:save|keep|store|remember|bookmark|record|note|write)"
    r"\s+(?:that|this|it|the (?:\w+ )?(?:answer|tip|advice|summary)|a (?:note|record))"
    r"(?:\s+(?:down|please|too|now)\b.*|\s+(?:for|in|as|to|of|on)\s+(?:me|us|later|future|my|our|the"
    r" (?:records?|notes?|list|profile)|a (?:tip|note|record|summary))\b.*)?\s*[.!?]*$",
)
"""Surely an order to save."""

DELETE = _any(
    rf"^{_PLEASE}(?:delete|erase|forget|remove|clear|wipe)\b.*\b(?:everything|saved?|kept|tips?"
    r"|records?|notes?|summar(?:y|ies)|profile|history|about me|my data)\b",
    rf"^{_PLEASE}(?:delete|erase|forget|remove|clear|wipe)\s+(?:all of )?"
    r"(?:that|this|it|them|those|all|the (?:last|first|second|third) one)\s*[.!?]*$",
    rf"^{_PLEASE}forget that (?!question|one\b)\w+ \w[^?,]*$",
)
"""Surely an order to delete."""

PROFILE = _any(rf"^{_PLEASE}(?:remember|note|keep in mind) that (?:i|we|my|our|there)\b")
"""Surely something to remember of the user."""

NOTE = _any(
    rf"^{_PLEASE}(?:save|keep|note|remember|record|remind me)(?: this| that| down)?\s*:\s*(?=\w)",
    rf"^{_PLEASE}(?:remember|(?:note|write) (?:down )?|keep in mind|bear in mind|don't forget"
    r"|make a note|take note)\s*that\s+(?=\S+\s+\S+)",
)
"""How an order begins to remember what follows."""

_ASKING = r"(?:how|what|which|why|when|where|who|is|are|do|does|can|could|should|would|will)"
QUESTION = _any(
    rf"^(?:and|but|so|ok(?:ay)?|also|then)?[, ]*(?:{_ASKING}|did|may)\b",
    r"\?",
    rf"[,.:;]\s*(?:and |but |so )?(?:{_ASKING}|any)\b",
)
"""A question, or a sentence with one in it."""

TO_KEEP = _any(r"\b(?:remember|note|save|keep in mind|for the record)\b")
"""Said of oneself to be remembered, even beside a question."""

_KEPT = (
    r"\b(?:saved|kept|stored|bookmarked|noted|jotted)\b",
    r"\b(?:did|have) (?:i|you) (?:ever )?(?:save|keep|store|note|bookmark)\w*\b",
    r"\bmy (?:\w+ )?(?:records?|notes?|tips?|summar(?:y|ies)|bookmarks?|data|profile|list)\b",
    r"\babout me\b",
)
CUES = {
    "save": _any(
        r"\b(?:save|keep|store|remember|bookmark|record|note|write|jot|add|pin|put)\b.*"
        r"\b(?:this|that|it|these|those|one|tips?|answers?|advice|summary|records?|notes?"
        r"|for later)\b"
    ),
    "list": _any(*_KEPT),
    "find": _any(*_KEPT),
    "delete": _any(*_KEPT),
    "export": _any(*_KEPT, r"\b(?:export|download)\b"),
    "profile": _any(
        r"\b(?:i|we)(?:'ve| have)?(?: (?:now|just|only|both|all|do|don't))? (?:live|rent|own|heat"
        r"|cook|pay|have|got|use|drive|bought|moved|work|am|are)\b",
        r"\b(?:i'm|we're) (?:on|a|an|in|renting|the)\b",
        r"\bthere (?:are|is|'s) .*\bof us\b",
        r"\b(?:my|our) [\w -]+ (?:is|are|was|has|have|costs?|runs?|uses?)\b",
        r"\bremember that (?:i|we|my|our)\b",
    ),
    "summarise": _any(
        r"\b(?:conversation|chat|session|discuss\w*|talk\w*|told|said|covered|recap|so far)\b",
        rf"^{_PLEASE}(?:summari[sz]e|sum up|wrap up)(?: (?:that|this|it|all|everything|up))*\W*$",
    ),
}
"""What the words of a record intent must have.

A question about the home that is taken for an order would be answered with "Nothing saved".
"""

_AROUND = r"(?:bypass|bridg\w+|defeat|overrid\w+|jumper|short out|tamper\w*(?: with)?|hack|fiddle)"
_SAFEGUARD = (
    r"(?:meters?|cut-?outs?|fuse|breaker|interlock|limit(?: switch|er)?|thermal (?:link|fuse)"
    r"|pressure (?:switch|relief)|relief valve|safety|rcd|gfci|flame sensor)"
)
_GAS = r"(?:gas (?:valve|pipe|line|supply|fire|hob|boiler|burner|meter)|burner|combustion)"
_ALARM = r"(?:carbon monoxide|co|smoke)\s+(?:alarm|detector)"
_SILENCE = r"(?:disable|remove|silence|disconnect|switch off|turn off|cover)"
_BOARD = r"(?:consumer unit|fuse ?(?:box|board)|(?:breaker|service) panel|live (?:wires?|cables?))"
_WORK = r"(?:adjust|repair|fix|open|move|replace|disconnect|connect|install|take (?:apart|off)|fit)"
UNSAFE = _any(
    rf"\b{_AROUND}\b[^.?!]*\b{_SAFEGUARD}\b",
    r"\bsteal\w*\b[^.?!]*\b(?:electricity|gas|power)\b",
    r"\bignore\b[^.?!]*\b(?:instructions|rules)\b",
    r"\b(?:reveal|print|show|repeat)\b[^.?!]*\b(?:system|hidden) prompt\b",
    rf"\b{_SILENCE}\b[^.?!]*\b{_ALARM}\b",
    rf"\b{_ALARM}\b[^?!]*\b(?:disable|disconnect|silence)\b",
    r"\b(?:nail|foil|coin|wire)\b[^.?!]*\b(?:instead of|in place of|as) (?:a|the) fuse\b",
    rf"\b(?:wire|rewire|work on)\b[^.?!]*\b{_BOARD}\b",
    rf"\b{_WORK}\b[^.?!]*\b{_GAS}\b[^.?!]*\b(?:myself|ourselves|without an? (?:engineer|fitter))\b",
)
"""Surely a wish that could hurt someone, break the law or misuse the assistant."""

SURE = (
    (UNSAFE, "unsafe"),
    (SAVE, "save"),
    (DELETE, "delete"),
    (PROFILE, "profile"),
    (NOTE, "note"),
)
"""What settles an intent, in this order."""
