"""The schema as numbered steps; a released step is never edited, a change is a step more."""

from datetime import UTC, datetime

from sqlalchemy import Connection, inspect, text

from home_energy.errors import SetupError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE sessions (
            session_id TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            title TEXT,
            created_at TEXT NOT NULL,
            last_at TEXT NOT NULL,
            deleted_at TEXT
        )""",
        "CREATE INDEX sessions_by_owner ON sessions (owner, last_at)",
    ),
    (
        """CREATE TABLE api_keys (
            id TEXT PRIMARY KEY,
            user_name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            digest TEXT NOT NULL,
            prefix TEXT NOT NULL,
            created_at TEXT NOT NULL,
            expires_at TEXT,
            revoked_at TEXT,
            last_used_at TEXT
        )""",
    ),
    (
        """CREATE TABLE kept_documents (
            owner TEXT NOT NULL,
            document_id TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            title TEXT NOT NULL,
            source TEXT NOT NULL,
            text TEXT NOT NULL,
            details TEXT NOT NULL,
            created_at TEXT NOT NULL,
            PRIMARY KEY (owner, document_id, sha256)
        )""",
    ),
    (
        """CREATE TABLE records (
            record_id TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            session_id TEXT,
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            folded TEXT NOT NULL,
            data TEXT,
            idempotency_key TEXT NOT NULL,
            version INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            deleted_at TEXT,
            UNIQUE (owner, idempotency_key)
        )""",
        "CREATE INDEX records_by_owner ON records (owner, created_at, record_id)",
    ),
    (
        """CREATE TABLE tokens_spent (
            user_name TEXT NOT NULL,
            day TEXT NOT NULL,
            tokens BIGINT NOT NULL,
            PRIMARY KEY (user_name, day)
        )""",
    ),
)
"""Each step's statements, in SQL that SQLite and PostgreSQL both read; step 1 is first.

Instants are ISO 8601 text in UTC with microseconds, so that text order is time order.
"""

_ADVISORY_LOCK = 4_840_723_194
"""A number of our own choosing: PostgreSQL's advisory locks have no names."""


def schema_version(connection: Connection) -> int:
    """Return the number of the last step applied, 0 for a blank database."""
    if not inspect(connection).has_table("schema_version"):
        return 0
    return int(connection.scalar(text("SELECT max(version) FROM schema_version")) or 0)


def is_current(connection: Connection) -> bool:
    """Tell whether every step was applied; SetupError if a newer program wrote the schema."""
    version = schema_version(connection)
    if version > len(MIGRATIONS):
        raise SetupError(
            f"The database has schema {version}, this program knows {len(MIGRATIONS)}: "
            "start the newer version of the program that wrote it."
        )
    return version == len(MIGRATIONS)


def migrate(connection: Connection) -> None:
    """Apply the missing steps; the connection must be in a write transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    # Asked again under the lock: another process may have migrated meanwhile.
    if is_current(connection):
        return
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS schema_version "
            "(version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)"
        )
    )
    first = schema_version(connection)
    for version, statements in enumerate(MIGRATIONS[first:], start=first + 1):
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(
            text("INSERT INTO schema_version (version, applied_at) VALUES (:version, :at)"),
            {"version": version, "at": datetime.now(UTC).isoformat(timespec="microseconds")},
        )
