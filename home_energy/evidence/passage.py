"""A passage: a verbatim span of a document, with how it was found."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SentenceSpan:
    """One sentence of a passage, in document offsets."""

    start: int
    end: int
    score: float = 0.0
    """Cosine of the sentence with the question, -1 to 1; 0 where it was not measured."""
    instructs: bool = False
    """Whether it tells an assistant what to do: such a sentence is never quoted."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a document that may serve as evidence: `document.text[start:end] == text`."""

    document_id: str
    title: str
    source: str
    """Where a reader finds the document: a URL, or its file name."""
    text: str
    start: int
    end: int
    sha256: str
    """Of the whole document's text in UTF-8."""
    page: int | None = None
    """1-based page in a paged document, else None."""
    heading: str = ""
    """Headings above the passage, outermost first, joined by ` > `."""
    as_of: str | None = None
    """The day the document's facts were true, ISO 8601."""
    region: str = "general"
    """`uk`, `us`, `eu` or `general`."""
    language: str = ""
    """ISO 639-1; empty when it is not known."""
    score: float = 0.0
    """The ranking's final score; comparable within one search only."""
    cosine: float = 0.0
    """Cosine of the passage's own vector with the question's."""
    sentences: tuple[SentenceSpan, ...] = ()
    """The passage's sentences, in order; headings and table rules are not sentences."""
    found_by: dict[str, float] = field(default_factory=dict)
    """How it was found, e.g. `{"dense_rank": 1, "bm25_rank": 4, "sentence": 0.71}`."""

    @property
    def id(self) -> str:
        """`document_id@sha256[:8]#start-end`: enough to read the passage again."""
        return f"{self.document_id}@{self.sha256[:8]}#{self.start}-{self.end}"

    def quote(self, span: SentenceSpan) -> str:
        """Return the verbatim text of one of the passage's sentences."""
        return self.text[span.start - self.start : span.end - self.start]
