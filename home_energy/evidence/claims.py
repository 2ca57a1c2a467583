"""Whether a sentence states something that must be proved."""

import re

from home_energy.evidence.wording import analyse, plain

_FILLER = re.compile(
    r"""(?:
      (?:i\ )?(?:hope|trust)\ (?:this|that|it|these)\ .*
    | (?:thank\ you|thanks|you(?:'re|\ are)\ welcome|(?:great|good)\ question|of\ course|certainly
        |sure|absolutely|(?:happy|glad)\ to\ help|hello|hi|hi\ there)
        (?:[!,.]?\ ?(?:for\ (?:asking|your\ question))?)
    | (?:sure[,!]?\ )?here(?:\ is|\ are|'s)\ (?:what|how|some|the|a|an|your)\b[^.\d]{0,80}:?
    | let\ me\ know\ if\ .*
    | feel\ free\ to\ (?:ask|reach|get)\b.*
    | (?:just\ )?ask\ (?:me\ )?(?:if|for)\b.*
    | (?:please\ )?(?:do\ not|don't)\ hesitate\ to\ .*
    | if\ you\ (?:have|need|want)\ (?:any\ |more\ )?(?:other\ |further\ |more\ )?
        (?:questions|help|details|information)\b.*
    | (?:based\ on|according\ to)\ the\ (?:documents|passages|sources|context|information)
        (?:\ (?:provided|above|given))?\ ?:?
    | in\ (?:summary|short|conclusion)\ ?:?
    | (?:summary|answer|sources?|note|tips|key\ points)\ ?:?
    | (?:would\ you\ like|do\ you\ want|shall\ i|can\ i|is\ there\ anything|anything\ else
        |what\ else)\b[^.]*\?
    | (?:i'm\ )?sorry\b[^.\d]{0,20}
    | (?:i\ )?(?:don't|do\ not)\ know
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def is_claim(sentence: str) -> bool:
    """Say whether a sentence states something that must be proved; when in doubt it does."""
    wording = analyse(sentence)
    if wording.figures:
        return True
    text = " ".join(plain(sentence).split()).strip(" -•").rstrip(".! ")
    return any(map(str.isalnum, text)) and not _FILLER.fullmatch(text)
