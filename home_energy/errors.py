"""Every error this project raises on purpose.

HomeEnergyError
├── SetupError            the installation needs a person: the sentence says what to do
│   ├── ModelFilesError       embedding weights missing, damaged or of another hash
│   ├── IndexUnavailable      no index yet, damaged, or built with another embedding model
│   └── IndexBusy             another process is ingesting
├── BadInput              the caller can fix it: the sentence says how
│   ├── UnreadableDocument    a file that cannot be read right
│   │   └── PageGone              a web page that its site says is no more
│   └── CalculatorInput       a quantity is missing or out of its range
├── NotFound              no such session, record, key or document, or not yours
├── Busy                  the session is answering another turn
├── TurnFailed            an agent failed; the reason is in the log only
└── ModelUnavailable      the chat model is down, too slow or talking nonsense
"""


class HomeEnergyError(Exception):
    """The base of the tree above; `str()` of each is one sentence fit to be shown."""


class SetupError(HomeEnergyError):
    """Something on this machine must be mended first."""


class ModelFilesError(SetupError):
    """The embedding model's files are missing, damaged or of another hash."""


class IndexUnavailable(SetupError):
    """The knowledge index is missing, damaged or made with another embedding model."""


class IndexBusy(SetupError):
    """Another process holds the ingest lock."""


class BadInput(HomeEnergyError):
    """What the caller sent cannot be used; the sentence says what to send instead."""


class UnreadableDocument(BadInput):
    """A document that cannot be read right."""


class PageGone(UnreadableDocument):
    """A web page that its site says does not exist, or no longer."""


class CalculatorInput(BadInput):
    """A calculator input is missing, of the wrong unit or out of its range."""


class NotFound(HomeEnergyError):
    """It does not exist, or belongs to someone else: callers cannot tell which."""


class Busy(HomeEnergyError):
    """The session is answering another turn."""


class TurnFailed(HomeEnergyError):
    """An agent failed for a reason that is none of the client's business."""


class ModelUnavailable(HomeEnergyError):
    """The chat model failed, stalled or answered nothing usable."""

    def __init__(
        self, message: str, *, called: bool = False, reason: str = "failed", again: bool = False
    ) -> None:
        super().__init__(message)
        self.called = called
        """Whether the model was asked at all, and so may have cost something."""
        self.reason = reason
        """One word or two for who watches: `failed`, `late`, `too long`, `cut short`."""
        self.again = again
        """Whether it is worth asking again at once."""
