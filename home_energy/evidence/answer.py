"""The answer every door gives: text, and for each sentence what proves it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

QUOTED = "Quoted word for word from the sources cited."
"""What an answer made of quotes says of itself, before what it misses."""

Mode = Literal["model", "extractive", "abstained"]


class Citation(BaseModel):
    """One proved quote; a client can check it against `GET /documents/{document_id}`."""

    model_config = ConfigDict(extra="forbid")

    n: int = Field(ge=1)
    """The number of the `[n]` markers that point here."""
    document_id: str
    title: str
    source: str
    page: int | None = None
    quote: str
    """Verbatim: `document_text[start:end]`, counted in Unicode code points."""
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    sha256: str
    """Of the document's text in UTF-8."""
    as_of: str | None = None
    """The day the document's facts were true, ISO 8601."""


class Calculation(BaseModel):
    """A number that was calculated, with everything needed to calculate it again."""

    model_config = ConfigDict(extra="forbid")

    name: str
    """The calculator, e.g. `lighting_replacement`."""
    inputs: dict[str, float | str]
    """Every input with its unit in the name, defaults included."""
    formula: str
    result: float
    unit: str
    range: tuple[float, float] | None = None
    """Lowest and highest plausible result, in the same unit, where inputs are uncertain."""
    assumptions: list[str] = Field(default_factory=list)
    """Each default that was filled in, as a sentence with its date."""


class Usage(BaseModel):
    """What the turn cost."""

    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    milliseconds: int = 0
    sentences_cut: int = 0
    """Sentences of the model that no passage proved, and so were not sent."""


class Answer(BaseModel):
    """What the assistant says to one turn. The same object at every door."""

    text: str
    """Plain sentences with `[n]` markers after what each citation proves."""
    citations: list[Citation] = Field(default_factory=list)
    calculations: list[Calculation] = Field(default_factory=list)
    mode: Mode
    missing: str | None = None
    """When the documents do not answer, or only partly: what is missing."""
    route: list[str] = Field(default_factory=list)
    """The agents that worked on the turn, in order."""
    usage: Usage = Field(default_factory=Usage)
    run_id: str | None = None
