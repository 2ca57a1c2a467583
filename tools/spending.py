"""What a model's tokens cost, put on the account of the user whose turn it was."""

from contextlib import suppress
from datetime import UTC, datetime

from home_energy import spending
from home_energy.errors import SetupError
from home_energy.keys import LOCAL_USER
from tools.records import database


def spend(owner: str, tokens: int) -> None:
    """Add to what the owner's turns cost today; this machine's own user is not counted. Blocks."""
    if owner != LOCAL_USER:
        # A full disk must not take away an answer that is paid for already.
        with suppress(SetupError):
            spending.spend(database(), owner, tokens, now=datetime.now(UTC))
