"""What counts as the reply to a yes-or-no question."""

import pytest

from agents.replies import reply_of


@pytest.mark.parametrize(
    "text",
    [
        "yes", "Y", "Yeah!", "yep", "sure", "ok", "OK, go ahead.", "okay", "please do", "do it",
        "Yes, delete them", "yes please delete all of them", "go ahead and delete it",
        "delete them", "confirm", "of course", "I'm sure", "yes, thank you",
    ],
)  # fmt: skip
def test_a_yes_is_a_yes(text: str) -> None:
    assert reply_of(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "no", "N", "Nope.", "no thanks", "no, don't delete them", "don't",
        "Don\u2019t delete anything",
        "cancel", "stop", "please don't", "never mind",
        "keep them", "no, keep my records", "do not do it", "wait", "not yet",
    ],
)  # fmt: skip
def test_a_no_is_a_no(text: str) -> None:
    assert reply_of(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "yes, but not the first one", "yes and how much does a heat pump cost",
        "ok how do I insulate a loft", "no insulation in my loft", "stop draughts under a door",
        "cancel my radiator timer", "sure about that?", "how thick should it be", "", "?!",
        "yes no", "delete my records about draughts", "yesterday", "nowadays", "keep heat in",
        "yes yes yes yes yes yes yes yes yes", "don't radiators waste heat",
    ],
)  # fmt: skip
def test_what_says_more_is_neither(text: str) -> None:
    assert reply_of(text) is None
