"""Whether what a user says is the reply to a yes-or-no question."""

import re

MAX_WORDS = 8
"""A longer message says more than yes or no."""

_YES = (
    r"yes|y|yeah|yep|yup|ya|aye|true|sure|certainly|absolutely|definitely|of course|ok|okay|fine|"
    r"alright|all right|please do|please|do it|do that|do so|go ahead|go on|go for it|"
    r"confirm|confirmed|i confirm|i am sure|i'm sure|delete|remove"
)
_NO = (
    r"no|n|nope|nah|never|never mind|nevermind|false|cancel|stop|abort|don't|dont|do not|"
    r"please don't|please dont|please do not|rather not|i'd rather not|not now|not yet|wait|"
    r"hold on|keep|leave|forget it|no way"
)
_POLITE = (
    r"please|thanks|thank you|thank|you|it|that|this|them|those|these|they|all|of|both|the|my|"
    r"record|records|note|notes|tip|tips|now|just|and|then|i|am|i'm|very|want|to|you can|"
    r"everything|there|alone|delete|deleting|remove|removing|deletion|anything"
)
_YES_REPLY = re.compile(rf"(?:{_YES})(?: (?:{_YES}|{_POLITE}))*")
_NO_REPLY = re.compile(rf"(?:{_NO})(?: (?:{_NO}|{_POLITE}|do|sure))*")


def reply_of(text: str) -> bool | None:
    """Return True for a yes, False for a no, None for what is neither, such as a new question.

    Every word must belong to a yes or a no: "yes, but not the first" must delete nothing.
    """
    said = text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if "?" in said:
        return None
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)?", said)
    if not words or len(words) > MAX_WORDS:
        return None
    plain = " ".join(words)
    if _YES_REPLY.fullmatch(plain):
        return True
    return False if _NO_REPLY.fullmatch(plain) else None
