"""Documents out of an index that cannot serve: a damaged one, or one of another release."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from home_energy.knowledge import index
from home_energy.knowledge.addresses import WEB
from home_energy.knowledge.fingerprint import fingerprint
from home_energy.knowledge.load import reserved
from home_energy.knowledge.record import Record
from home_energy.knowledge.store import FILE, Kept, document_of


def rescue(data_dir: Path, record: Record) -> dict[str, Kept]:
    """Return the documents that can still be read whole, by id; the newest version's first."""
    rescued: dict[str, Kept] = {}
    for number, folder in enumerate(index.readable_folders(data_dir)):
        # An older version may hold what was forgotten since.
        if rescued and not record.documents:
            break
        for kept in list(_documents(folder)):
            key = kept.document.id
            known = number == 0 or key in record.documents or not record.documents
            if known and (kept.root == WEB or not reserved(key)):
                rescued.setdefault(key, kept)
    return rescued


def _documents(folder: Path) -> Iterator[Kept]:
    address = f"file:{quote(str(folder / FILE))}?mode=ro&immutable=1"
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as database:
        database.row_factory = sqlite3.Row
        # Without it, SQLite refuses a database that is shorter than it says.
        database.execute("PRAGMA writable_schema=ON")
        # From both ends, up to the damage.
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.Error):
                query = f"SELECT * FROM documents ORDER BY id {order}"  # noqa: S608
                for row in database.execute(query):
                    with suppress(ValueError, TypeError, KeyError, IndexError, AttributeError):
                        yield _whole(row)


def _whole(row: sqlite3.Row) -> Kept:
    """Return the row's document; raises ValueError when it is not what was written."""
    document = document_of(row)
    if fingerprint(document) != row["fingerprint"]:
        raise ValueError("damaged")
    root = row["root"] if "root" in row.keys() else ""  # noqa: SIM118 - a row is not a dict
    return Kept(document, row["fingerprint"], root, row["origin"], row["bytes_sha256"])
