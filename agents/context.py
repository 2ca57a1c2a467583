"""What a run may choose: the form that LangGraph Studio shows."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Region = Literal["uk", "us", "eu", "general"]


class Context(BaseModel):
    """Per-run choices; identity never comes from here."""

    model: Annotated[
        str | None,
        Field(description="`extractive`, or provider:name. Empty: the server's own setting."),
    ] = None
    region: Annotated[
        Region, Field(description="Whose rules, prices and units to prefer in the evidence.")
    ] = "general"
    units: Annotated[
        Literal["metric", "imperial"], Field(description="Units that calculators answer in.")
    ] = "metric"
    passages: Annotated[
        int, Field(ge=1, le=12, description="How many passages an answer may draw on.")
    ] = 6
    language: Annotated[
        Literal["en"], Field(description="Language of the answer; the documents are English.")
    ] = "en"
