"""Whose each session is: the truth that the server's thread rows are made from."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import RowMapping, text

from home_energy.database import Database, as_text
from home_energy.errors import NotFound

_MISSING = "There is no such session."


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation of one owner; its id is also the server's thread id."""

    session_id: str
    owner: str
    created_at: datetime
    last_at: datetime
    """When a turn last began."""
    title: str | None = None


def create(
    database: Database,
    owner: str,
    session_id: str | None = None,
    *,
    title: str | None = None,
    now: datetime | None = None,
) -> str:
    """Create a session and return its id, a UUID; the owner may repeat it with the same id.

    Raises NotFound when the id is, or ever was, somebody else's.
    """
    session_id = session_id or str(uuid4())
    values = {"id": session_id, "owner": owner, "title": title, "now": as_text(now or _now())}
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO sessions (session_id, owner, title, created_at, last_at) "
                "VALUES (:id, :owner, :title, :now, :now) ON CONFLICT (session_id) DO NOTHING"
            ),
            values,
        )
        # Only the first owner may have a deleted id again: the server may still hold its history.
        row = connection.execute(
            text(
                "UPDATE sessions SET deleted_at = NULL "
                "WHERE session_id = :id AND owner = :owner RETURNING session_id"
            ),
            values,
        ).first()
        if row is None:
            raise NotFound(_MISSING)
    return session_id


def owner_of(database: Database, session_id: str) -> str | None:
    """Return the owner of a session, or None when there is no such session."""
    with database.read() as connection:
        owner: str | None = connection.scalar(
            text("SELECT owner FROM sessions WHERE session_id = :id AND deleted_at IS NULL"),
            {"id": session_id},
        )
    return owner


def was_deleted(database: Database, session_id: str) -> bool:
    """Tell whether an id is a deleted session's."""
    with database.read() as connection:
        row = connection.execute(
            text("SELECT 1 FROM sessions WHERE session_id = :id AND deleted_at IS NOT NULL"),
            {"id": session_id},
        ).first()
    return row is not None


def require(database: Database, session_id: str, owner: str) -> None:
    """Raise NotFound unless the session exists and belongs to the owner."""
    if owner_of(database, session_id) != owner:
        raise NotFound(_MISSING)


def touch(database: Database, session_id: str, owner: str, *, now: datetime | None = None) -> None:
    """Note that a turn begins; NotFound when the session is not the owner's."""
    with database.write() as connection:
        row = connection.execute(
            text(
                "UPDATE sessions SET last_at = :now WHERE session_id = :id AND owner = :owner "
                "AND deleted_at IS NULL RETURNING session_id"
            ),
            {"id": session_id, "owner": owner, "now": as_text(now or _now())},
        ).first()
        if row is None:
            raise NotFound(_MISSING)


def list_for(database: Database, owner: str, *, limit: int = 100) -> list[Session]:
    """Return the owner's sessions, the one used last first."""
    with database.read() as connection:
        rows = connection.execute(
            text(
                "SELECT * FROM sessions WHERE owner = :owner AND deleted_at IS NULL "
                "ORDER BY last_at DESC, session_id LIMIT :limit"
            ),
            {"owner": owner, "limit": limit},
        ).mappings()
        return [_session(row) for row in rows]


def find(database: Database, session_id: str) -> Session:
    """Return a session, whoever its owner is; NotFound without one."""
    with database.read() as connection:
        row = (
            connection.execute(
                text("SELECT * FROM sessions WHERE session_id = :id AND deleted_at IS NULL"),
                {"id": session_id},
            )
            .mappings()
            .first()
        )
    if row is None:
        raise NotFound(_MISSING)
    return _session(row)


def list_unused(
    database: Database,
    *,
    before: datetime,
    after: datetime | None = None,
    owner: str | None = None,
    limit: int = 1_000_000,
) -> list[Session]:
    """Return everybody's sessions, or one owner's, whose last turn began before an instant.

    The one unused for longest comes first; `after` leaves out those at or before that instant.
    """
    with database.read() as connection:
        rows = connection.execute(
            text(
                "SELECT * FROM sessions WHERE deleted_at IS NULL AND last_at < :before "
                "AND last_at > :after AND owner = coalesce(:owner, owner) "
                "ORDER BY last_at, session_id LIMIT :limit"
            ),
            {
                "before": as_text(before),
                "after": as_text(after) if after else "",
                "owner": owner,
                "limit": limit,
            },
        ).mappings()
        return [_session(row) for row in rows]


def ids(database: Database, *, deleted: bool = False) -> set[str]:
    """Return the id of every session there is, or of every one there was."""
    which = "IS NOT NULL" if deleted else "IS NULL"
    with database.read() as connection:
        query = text(f"SELECT session_id FROM sessions WHERE deleted_at {which}")  # noqa: S608
        return set(connection.scalars(query))


def owners_who_deleted(database: Database, since: datetime | None) -> list[str]:
    """Return who has had a session deleted since an instant, or ever."""
    with database.read() as connection:
        return list(
            connection.scalars(
                text(
                    "SELECT DISTINCT owner FROM sessions WHERE deleted_at >= :since ORDER BY owner"
                ),
                {"since": as_text(since) if since else ""},
            )
        )


def delete(
    database: Database,
    session_id: str,
    owner: str,
    *,
    unused_since: datetime | None = None,
    now: datetime | None = None,
) -> None:
    """Forget a session, but not whose its id was.

    NotFound when it is not the owner's, or when a turn began at `unused_since` or later.
    """
    now = now or _now()
    with database.write() as connection:
        row = connection.execute(
            text(
                "UPDATE sessions SET deleted_at = :now, title = NULL WHERE session_id = :id "
                "AND owner = :owner AND deleted_at IS NULL "
                "AND last_at < coalesce(:unused_since, '9') RETURNING session_id"
            ),
            {
                "id": session_id,
                "owner": owner,
                "now": as_text(now),
                "unused_since": as_text(unused_since) if unused_since else None,
            },
        ).first()
        if row is None:
            raise NotFound(_MISSING)


def _session(row: RowMapping) -> Session:
    return Session(
        session_id=row["session_id"],
        owner=row["owner"],
        created_at=datetime.fromisoformat(row["created_at"]),
        last_at=datetime.fromisoformat(row["last_at"]),
        title=row["title"],
    )


def _now() -> datetime:
    return datetime.now(UTC)
