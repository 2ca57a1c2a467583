"""Which of the user's records the words of a wish mean."""

import re
from collections.abc import Sequence

from home_energy.records.store import Record
from home_energy.records.topic import spoken
from tools.records import records as open_records

MOST = 10_000
"""So many records one wish may mean."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")

_TOPIC = re.compile(r"\b(?:about|on|for|regarding|mention\w*|with)\s+(.+?)[?.!]*$", re.IGNORECASE)
_ALL = re.compile(r"\b(?:everything|all|every|my|those|them|what)\b", re.IGNORECASE)
_NEWEST = re.compile(r"\b(?:last|latest|newest|that|this|it)\b", re.IGNORECASE)
# Said of records whatever they are about.
_OF_RECORDS = re.compile(
    r"\b(?:please|could|would|(?:that |which |what )?(?:i|you|we)(?:'ve| have)? "
    r"(?:sav|kept|keep|stor|not|know|bookmark)\w*|records?|tips?|notes?|summar(?:y|ies)|profile"
    r"|answers?|entr(?:y|ies)|bookmarks?|list|data|saved|kept|stored|noted|bookmarked)\b",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"\b(?:delete|erase|forget|remove|clear|wipe|get rid|find|search|look(?: up)?|show|tell|did"
    r"|everything|anything|something|all|every|last|latest|newest|first|second|third|fourth"
    r"|fifth|sixth|history|save|keep|note|store|bookmark)\b",
    re.IGNORECASE,
)
_KINDS = {
    "tip": re.compile(r"\btips?\b", re.IGNORECASE),
    "summary": re.compile(r"\bsummar(?:y|ies)\b", re.IGNORECASE),
    "profile": re.compile(r"\bprofile\b", re.IGNORECASE),
}


def topic_of(words: str) -> str:
    """Return what a wish says its records are about; "" if it says nothing of it."""
    match = _TOPIC.search(words)
    named = _OF_RECORDS.sub(" ", match.group(1)) if match else ""
    if not spoken(named):
        named = _ORDERS.sub(" ", _OF_RECORDS.sub(" ", words))
    return " ".join(named.split()).strip(" ?.!,:") if spoken(named) else ""


def every(owner: str) -> Sequence[Record]:
    """Return all that a user keeps, newest first. Blocks."""
    return open_records().list(owner, limit=MOST)


def found(owner: str, words: str) -> Sequence[Record]:
    """Return the records a wish to find something means. Blocks."""
    topic = topic_of(words)
    return open_records().find(owner, topic, limit=MOST) if topic else every(owner)


def to_delete(owner: str, words: str) -> Sequence[Record]:
    """Return the records that a wish to delete means; [] where it is not clear. Blocks."""
    if topic_of(words):
        return found(owner, words)
    kept = _of_kind(every(owner), words)
    for index, ordinal in enumerate(ORDINALS):
        if re.search(rf"\b{ordinal}\b", words, re.IGNORECASE):
            return kept[index : index + 1]
    if re.search(r"\b(?:everything|all)\b", words, re.IGNORECASE):
        return kept
    if _NEWEST.search(words):
        return kept[:1]
    return kept if _ALL.search(words) else []


def _of_kind(kept: Sequence[Record], words: str) -> Sequence[Record]:
    kinds = [kind for kind, said in _KINDS.items() if said.search(words)]
    return [record for record in kept if record.kind in kinds] if kinds else kept
