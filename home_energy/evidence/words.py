"""Words that carry meaning: what questions, sentences and passages are compared by."""

import re
from functools import lru_cache

from home_energy.evidence import lexicon
from home_energy.evidence.talk import TALK

_JOIN = "\x00"
_WORD = re.compile(rf"[^\W_]+(?:[-'&{_JOIN}][^\W_]+)*")
_NUMBER_UNIT = re.compile(r"(?<=\d)-?(?=[a-zA-Z°%])")
_COUNTRY = re.compile(r"\bU\.?S\.?(?:A\b\.?)?(?!\w)")
_HEALTH = re.compile(r"\bWHO\b")

# Things that are no kind of what their last word names.
_OTHER_THING = re.compile(
    r"\b(electric(?=[ -]blanket)|heated(?=[ -]blanket)|hair(?=[ -]dr))[ -](blankets?|dr[iy]ers?)\b"
)
_SAID_TWICE = re.compile(r"\b(?:wi-?fi|internet|broadband) (?=(?:router|modem|hub)s?\b)")
"""Every router is one for the internet, so a document need not say it."""

_STOP = frozenset(
    """a about after all also am an and any are as at be been before being but by can cannot could
    did do does doing don't each else for from get getting give go going got had has have having he
    her here hers him his how however i i'd i'll i'm i've if in into is isn't it it's its just know
    let let's like lot make makes many may me mean means might more most much must my no nor not now
    of off often on one ones only or other our out over own per please pls put puts really same say
    says she should so some still such take takes tell than thank thanks that that's the their them
    then there there's these they they're thing things this those through to too under up us use
    used uses using very want was way ways we we're well were what what's whats when where whether
    which while who whom why will with within without won't doesn't didn't would yes you your
    yours""".split()
)

_ALSO = {
    "w": "watts",
    "fee": "charge",
    "fees": "charge",
    "telly": "tv",
    "cooker": "oven",
    "acs": "ac",
    "rent": "tenant",
    "renting": "tenant",
    "victorian": "old",
    "edwardian": "old",
    "wi-fi": "wifi",
    "flash": "flicker",
    "flashes": "flicker",
    "flashing": "flicker",
}
"""What users write, by a word of the documents."""


def stem(word: str) -> str:
    """Cut the endings that do not change what a word is about: saves, saved, saving -> sav."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    for ending, floor in (
        ("ations", 4),
        ("ation", 4),
        ("ings", 3),
        ("ing", 3),
        ("ied", 3),
        ("ies", 3),
        ("ers", 4),
        ("ed", 3),
        ("es", 3),
        ("er", 4),
        ("s", 3),
        ("e", 3),
        ("y", 3),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= floor:
            return word[: -len(ending)]
    return word


_LIGHT = frozenset(stem(word) for word in TALK)


@lru_cache(maxsize=8_192)
def content_words(text: str) -> frozenset[str]:
    """Return what a text's words mean, without those that every text has.

    Words and phrases that mean the same are one, and so are the two ends of a scale: a question
    whether something is cheaper is answered by what it costs.
    """
    return frozenset(meaning(word) for word in written_words(text))


def written_words(text: str) -> list[str]:
    """Return a text's words and known phrases as written, in order, without stop words."""
    # In small letters the country and the World Health Organization would be stop words.
    named = _HEALTH.sub("world-health", _COUNTRY.sub("usa", text.replace("’", "'")))
    parted = _NUMBER_UNIT.sub(" ", named).lower()
    parted = _OTHER_THING.sub(rf"\1{_JOIN}\2", _SAID_TWICE.sub("", parted))
    joined = lexicon.phrases().sub(lambda match: match[0].replace(" ", _JOIN), parted)
    words = (word.replace(_JOIN, " ").removesuffix("'s") for word in _WORD.findall(joined))
    return [word for word in words if word not in _STOP]


@lru_cache(maxsize=8_192)
def meaning(word: str) -> str:
    """Return one name for words that mean the same; the stem of a word of no known meaning."""
    word = _ALSO.get(word.lower(), word.lower())
    known = lexicon.words().get(word) or lexicon.stems().get(lexicon.stem(word))
    if known is None or known.generic:
        return stem(word)
    return known.axis or known.key


def is_other_thing(word: str) -> bool:
    """Say whether it names a thing that is no kind of what its last word names."""
    return bool(_OTHER_THING.fullmatch(word))


def is_light(word: str) -> bool:
    """Say whether a word of a question may well be missing in what answers it."""
    known = lexicon.words().get(word.lower())
    return stem(word) in _LIGHT or (known is not None and known.generic)


def is_known(word: str) -> bool:
    """Say whether a word is one of those of energy advice."""
    return word in lexicon.words() or lexicon.stem(word) in lexicon.stems()


def is_subject(word: str) -> bool:
    """Say whether a word is known as the name of a thing that energy advice is about."""
    known = lexicon.words().get(word.lower())
    return known is not None and known.subject


@lru_cache(maxsize=1_024)
def sides(text: str) -> dict[str, int]:
    """Return which end of which scale a text names, e.g. `{"safety": 1}` for "safe"."""
    known = (lexicon.words().get(word) for word in written_words(text))
    return {word.axis: word.sign for word in known if word is not None and word.axis}
