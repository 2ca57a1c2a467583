"""The user's records: kept exactly once, listed, found and forgotten by their owner only."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import uuid4

from sqlalchemy import RowMapping, bindparam, text

from home_energy.database import Database, as_text
from home_energy.errors import BadInput, NotFound
from home_energy.records.topic import meant, spoken

_SEARCHED = 10_000
"""How many of an owner's newest records a search looks through."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing the user wanted kept."""

    record_id: str
    owner: str
    kind: str
    """`summary`, `tip`, `task`, …: one word, by which records are listed."""
    text: str
    """What to show; empty once the record is deleted."""
    data: Mapping[str, Any] | None
    """The kind's own fields, as JSON."""
    session_id: str | None
    """The session it came from."""
    version: int
    """1 when new, and 1 more with each change."""
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


class RecordStore:
    """Every owner's records; another owner's record is as good as missing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self,
        owner: str,
        *,
        kind: str,
        text: str,
        idempotency_key: str,
        session_id: str | None = None,
        data: Mapping[str, Any] | None = None,
        unless_kept: bool = False,
        now: datetime | None = None,
    ) -> tuple[Record, bool]:
        """Keep a record and tell whether it is new; BadInput when its text is blank.

        The same owner's same key returns the record that was kept first, even when it has
        been deleted since, so that a repeated run neither doubles nor revives it. With
        `unless_kept`, so does a record of the same session, kind and text that still exists.
        """
        if not text.strip():
            raise BadInput("A record needs some text.")
        values = {
            "id": str(uuid4()),
            "owner": owner,
            "session": session_id,
            "kind": kind,
            "text": text,
            "folded": _fold(text),
            "data": None if data is None else json.dumps(data, ensure_ascii=False),
            # A caller's key may hold words of the user's, which a deletion would have to forget.
            "key": hashlib.sha256(idempotency_key.encode()).hexdigest(),
            "now": as_text(now or datetime.now(UTC)),
        }
        with self._database.write() as connection:
            same = connection.execute(_SAME, values).mappings().first() if unless_kept else None
            if same is not None:
                return _record(same), False
            connection.execute(_INSERT, values)
            row = connection.execute(_BY_KEY, values).mappings().one()
        return _record(row), row["record_id"] == values["id"]

    def get(self, owner: str, record_id: str) -> Record:
        """Return one record; NotFound when it is missing, deleted or somebody else's."""
        with self._database.read() as connection:
            row = connection.execute(_BY_ID, {"owner": owner, "id": record_id}).mappings().first()
        if row is None:
            raise NotFound("There is no such record.")
        return _record(row)

    def list(
        self,
        owner: str,
        *,
        kind: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[Record]:
        """Return records, newest first; `before` is the id of the last record of a page.

        Raises NotFound when `before` is not a record of the owner's.
        """
        cursor = self._created_at(owner, before) if before else None
        return self._select(owner, (), kind=kind, limit=limit, cursor=cursor)

    def find(
        self, owner: str, words: str, *, kind: str | None = None, limit: int = 50
    ) -> Sequence[Record]:
        """Return records that say every word that carries meaning, newest first.

        Whole words count, in any case, order and ending. Where no record says them all, those
        that mean the same are returned; [] for words that carry nothing.
        """
        said = spoken(words)
        if not said:
            return []
        # A stem is how its word begins, so the database need not return the other records.
        near = self._select(owner, said, kind=kind, limit=_SEARCHED, cursor=None)
        found = list(islice((one for one in near if said <= spoken(one.text)), limit))
        if not found:
            wanted = meant(words)
            every = self._select(owner, (), kind=kind, limit=_SEARCHED, cursor=None)
            found = list(islice((one for one in every if wanted <= meant(one.text)), limit))
        return found

    def delete(self, owner: str, ids: Iterable[str], *, now: datetime | None = None) -> int:
        """Forget the text and data of records and return how many there were to forget."""
        values = {"owner": owner, "ids": list(ids), "now": as_text(now or datetime.now(UTC))}
        if not values["ids"]:
            return 0
        with self._database.write() as connection:
            return connection.execute(_DELETE, values).rowcount

    def _created_at(self, owner: str, record_id: str) -> tuple[str, str]:
        # A deleted record still marks its place, so that paging goes on after a deletion.
        with self._database.read() as connection:
            moment = connection.scalar(
                text("SELECT created_at FROM records WHERE owner = :owner AND record_id = :id"),
                {"owner": owner, "id": record_id},
            )
        if moment is None:
            raise NotFound("There is no such record.")
        return moment, record_id

    def _select(
        self,
        owner: str,
        words: Iterable[str],
        *,
        kind: str | None,
        limit: int,
        cursor: tuple[str, str] | None,
    ) -> Sequence[Record]:
        conditions = ["owner = :owner", "deleted_at IS NULL"]
        values: dict[str, Any] = {"owner": owner, "limit": limit}
        if kind is not None:
            conditions.append("kind = :kind")
            values["kind"] = kind
        if cursor is not None:
            conditions.append("(created_at, record_id) < (:moment, :id)")
            values["moment"], values["id"] = cursor
        for number, word in enumerate(words):
            conditions.append(f"folded LIKE :word{number} ESCAPE '!'")
            values[f"word{number}"] = f"%{_escape(word)}%"
        with self._database.read() as connection:
            rows = connection.execute(
                text(
                    # The conditions are the literals above; what users say is bound.
                    f"SELECT * FROM records WHERE {' AND '.join(conditions)} "  # noqa: S608
                    "ORDER BY created_at DESC, record_id DESC LIMIT :limit"
                ),
                values,
            )
            return [_record(row) for row in rows.mappings()]


_INSERT = text(
    "INSERT INTO records (record_id, owner, session_id, kind, text, folded, data, "
    "idempotency_key, version, created_at, updated_at) "
    "VALUES (:id, :owner, :session, :kind, :text, :folded, :data, :key, 1, :now, :now) "
    "ON CONFLICT (owner, idempotency_key) DO NOTHING"
)
_BY_KEY = text("SELECT * FROM records WHERE owner = :owner AND idempotency_key = :key")
_SAME = text(
    "SELECT * FROM records WHERE owner = :owner AND session_id = :session AND kind = :kind "
    "AND text = :text AND deleted_at IS NULL ORDER BY created_at LIMIT 1"
)
_BY_ID = text(
    "SELECT * FROM records WHERE owner = :owner AND record_id = :id AND deleted_at IS NULL"
)
_DELETE = text(
    "UPDATE records SET text = '', folded = '', data = NULL, deleted_at = :now, "
    "updated_at = :now, version = version + 1 "
    "WHERE owner = :owner AND record_id IN :ids AND deleted_at IS NULL"
).bindparams(bindparam("ids", expanding=True))


def _fold(words: str) -> str:
    # Databases differ in what they call lower case outside ASCII, so Python does it.
    return words.casefold()


def _escape(word: str) -> str:
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _record(row: RowMapping) -> Record:
    return Record(
        record_id=row["record_id"],
        owner=row["owner"],
        kind=row["kind"],
        text=row["text"],
        data=json.loads(row["data"]) if row["data"] else None,
        session_id=row["session_id"],
        version=row["version"],
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        deleted_at=datetime.fromisoformat(row["deleted_at"]) if row["deleted_at"] else None,
    )
