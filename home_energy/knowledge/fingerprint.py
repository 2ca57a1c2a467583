"""What tells whether a text or a document changed."""

import hashlib
from dataclasses import astuple

from home_energy.knowledge.documents import Document


def sha256(text: str) -> str:
    """Return the hexadecimal hash of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(document: Document) -> str:
    """Return the hash of text and metadata; a rescue trusts documents by it, so keep it."""
    known = repr(
        (
            document.id,
            document.sha256,
            document.title,
            document.source,
            document.region,
            document.as_of,
            [astuple(source) for source in document.sources],
            [astuple(page) for page in document.pages],
            # Earlier releases knew none: their documents keep their fingerprints.
            *filter(None, [document.language]),
        )
    )
    return sha256(known)
