"""The door to a document's text, so that a client can check a quote."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from home_energy import kept
from home_energy.errors import NotFound, SetupError
from home_energy.knowledge.documents import Document
from server.caller import in_database
from server.problems import described
from tools.knowledge import knowledge

router = APIRouter(tags=["Documents"], generate_unique_id_function=lambda route: route.name)


class PageSpan(BaseModel):
    """One page of a paged document."""

    number: int
    """1-based."""
    start: int
    end: int


class DocumentText(BaseModel):
    """A document as citations count it: `text[start:end]` in Unicode code points is the quote."""

    document_id: str
    title: str
    source: str
    text: str
    sha256: str
    """Of `text` in UTF-8."""
    as_of: str | None
    pages: list[PageSpan]


@router.get("/documents/{document_id:path}", responses=described(404))
async def get_document(
    request: Request,
    document_id: str,
    sha256: Annotated[
        str | None, Query(description="The version a citation quotes; empty: the newest.")
    ] = None,
) -> DocumentText:
    """Return the text of a document: the index's, or one kept with the user's own answers."""
    document, unavailable = await asyncio.to_thread(_from_index, document_id)
    if document is None or sha256 not in (None, document.sha256):
        document = await in_database(kept.find, request.user.identity, document_id, sha256=sha256)
    if document is None:
        raise unavailable or NotFound("There is no such document, or it has changed since.")
    return DocumentText(
        document_id=document.id,
        title=document.title,
        source=document.source,
        text=document.text,
        sha256=document.sha256,
        as_of=document.as_of,
        pages=[
            PageSpan(number=page.number, start=page.start, end=page.end) for page in document.pages
        ],
    )


def _from_index(document_id: str) -> tuple[Document | None, SetupError | None]:
    """Look in the index; without one, a document may still be among the kept ones."""
    try:
        return knowledge().document(document_id), None
    except SetupError as exc:
        return None, exc
