"""What the user wants kept, on behalf of the user the turn belongs to."""

from home_energy import kept
from home_energy.database import Database, open_database
from home_energy.knowledge.documents import Document
from home_energy.records.store import RecordStore
from home_energy.settings import get_settings


def database() -> Database:
    """Return the process's database. Blocks: call it in a thread."""
    return open_database(get_settings())


def records() -> RecordStore:
    """Return the store of records. Blocks: call it in a thread."""
    return RecordStore(database())


def keep_document(owner: str, document: Document) -> None:
    """Keep a cited document that the index does not hold, for its user only. Blocks."""
    kept.keep(database(), owner, document)
