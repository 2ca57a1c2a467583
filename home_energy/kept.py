"""Documents that answers cite but the index does not hold: web pages and calculations."""

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import RowMapping, text

from home_energy.database import Database, as_text
from home_energy.knowledge.documents import Document, Page, Source


def keep(
    database: Database, owner: str, document: Document, *, now: datetime | None = None
) -> None:
    """Keep a document for its owner; every version of its text is kept once."""
    details = {
        "region": document.region,
        "as_of": document.as_of,
        "sources": [asdict(source) for source in document.sources],
        "pages": [asdict(page) for page in document.pages],
    }
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO kept_documents "
                "(owner, document_id, sha256, title, source, text, details, created_at) "
                "VALUES (:owner, :id, :sha256, :title, :source, :text, :details, :now) "
                "ON CONFLICT (owner, document_id, sha256) DO UPDATE SET created_at = :now"
            ),
            {
                "owner": owner,
                "id": document.id,
                "sha256": document.sha256,
                "title": document.title,
                "source": document.source,
                "text": document.text,
                "details": json.dumps(details, ensure_ascii=False),
                "now": as_text(now or datetime.now(UTC)),
            },
        )


def find(
    database: Database, owner: str, document_id: str, *, sha256: str | None = None
) -> Document | None:
    """Return the owner's document as last kept, or the version of that hash; None without one."""
    with database.read() as connection:
        row = (
            connection.execute(
                text(
                    "SELECT * FROM kept_documents WHERE owner = :owner AND document_id = :id "
                    "AND sha256 = coalesce(:sha256, sha256) "
                    "ORDER BY created_at DESC, sha256 LIMIT 1"
                ),
                {"owner": owner, "id": document_id, "sha256": sha256},
            )
            .mappings()
            .first()
        )
    return _document(row) if row else None


def hashes(database: Database, owner: str, *, before: datetime) -> set[str]:
    """Return the hashes of the owner's documents that were last kept before an instant."""
    with database.read() as connection:
        return set(
            connection.scalars(
                text(
                    "SELECT DISTINCT sha256 FROM kept_documents "
                    "WHERE owner = :owner AND created_at < :before"
                ),
                {"owner": owner, "before": as_text(before)},
            )
        )


def forget(database: Database, owner: str, hashes: Collection[str], *, before: datetime) -> int:
    """Delete the owner's documents of these hashes, unless kept again; return how many went.

    What one of the owner's records quotes stays.
    """
    with database.write() as connection:
        return sum(
            connection.execute(
                text(
                    "DELETE FROM kept_documents WHERE owner = :owner AND sha256 = :sha256 "
                    "AND created_at < :before AND NOT EXISTS (SELECT 1 FROM records "
                    "WHERE records.owner = :owner AND records.deleted_at IS NULL "
                    "AND records.data LIKE :quoted)"
                ),
                {
                    "owner": owner,
                    "sha256": sha256,
                    "before": as_text(before),
                    "quoted": f"%{sha256}%",
                },
            ).rowcount
            for sha256 in hashes
        )


def _document(row: RowMapping) -> Document:
    details = json.loads(row["details"])
    return Document(
        id=row["document_id"],
        title=row["title"],
        text=row["text"],
        source=row["source"],
        region=details["region"],
        as_of=details["as_of"],
        sources=tuple(Source(**source) for source in details["sources"]),
        pages=tuple(Page(**page) for page in details["pages"]),
    )
