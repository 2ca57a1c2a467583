"""What the session's answers said, whole or in part, each with the citations that prove it."""

import re
from collections.abc import Sequence

from langchain_core.messages import AnyMessage
from pydantic import ValidationError

from agents.wanted import ORDINALS
from home_energy.evidence.answer import QUOTED, Answer, Citation
from home_energy.evidence.cite import renumber

Part = tuple[str, list[Citation]]


def answer_of(message: AnyMessage) -> Answer | None:
    """Return the answer a message carries; None also for one of another shape.

    Clients may send messages of their own, and older versions wrote other ones.
    """
    stored = message.additional_kwargs.get("answer") if message.type == "ai" else None
    if not isinstance(stored, dict):
        return None
    try:
        return Answer.model_validate(stored)
    except ValidationError:
        return None


def last_answer(messages: Sequence[AnyMessage]) -> Answer | None:
    """Return the newest answer that proves something."""
    answers = (answer_of(message) for message in reversed(messages))
    return next((answer for answer in answers if answer and answer.citations), None)


def first_part(message: AnyMessage) -> Part:
    """Return the first sentence of an answer; nothing for what was only done, or for questions."""
    answer = answer_of(message)
    if answer is None or not answer.citations or answer.route == ["records"]:
        return "", []
    return _part(answer, 0)


def chosen_part(answer: Answer, words: str) -> Part:
    """Return the whole answer, or the one tip that "the second tip" names."""
    for index, ordinal in enumerate(ORDINALS):
        if re.search(rf"\b{ordinal}\b", words, re.IGNORECASE):
            return _part(answer, index)
    return _whole(answer)


def _whole(answer: Answer) -> Part:
    return answer.text.partition(QUOTED)[0].strip(), answer.citations


def _part(answer: Answer, index: int) -> Part:
    """Return one marked sentence of an answer with its citations; the last if there are fewer."""
    # A number in brackets that no citation has is the text's own.
    marker = rf"\[(?:{'|'.join(str(citation.n) for citation in answer.citations)})\]"
    parts = re.findall(rf".+?(?:\s*{marker})+", answer.text, re.DOTALL)
    if not parts:
        return _whole(answer)
    text = parts[min(index, len(parts) - 1)].strip(" -\n")
    cited = {int(number.strip("[]")) for number in re.findall(marker, text)}
    chosen = [citation for citation in answer.citations if citation.n in cited]
    return renumber(text, chosen, 1 - min(cited))
