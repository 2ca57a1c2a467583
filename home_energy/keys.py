"""API keys: who may come in, kept as keyed digests only."""

import hashlib
import hmac
import os
import re
import secrets
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, RowMapping, text

from home_energy.database import Database, as_text, private_folder
from home_energy.errors import BadInput, NotFound, SetupError

Scope = Literal["user", "admin", "eval"]
"""What a key is for: a person's own things, everybody's, or asking questions and no more."""

LOCAL_USER = "local"
"""The one user of a server on a loopback address with no key ever created."""
PEPPER_FILE = "pepper"
_PEPPER_BYTES = 32
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_KEY = re.compile(r"hea_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
LONGEST_GRACE = timedelta(days=30)
"""How long a rotated key may stay valid beside its successor."""
_LAST_USED_STEP = timedelta(minutes=1)
"""How exact `last_used_at` is: a write for every request would cost more than it tells."""


_SCOPES: dict[Scope, frozenset[Scope]] = {
    "user": frozenset(("user",)),
    "admin": frozenset(("user", "admin")),
    "eval": frozenset(("eval",)),
}


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What is known of a key; the key itself is shown once and never kept."""

    id: str
    user: str
    scopes: frozenset[Scope]
    prefix: str
    """The key's first characters, enough to recognise it by."""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the minute."""

    @property
    def is_admin(self) -> bool:
        """Whether the key may do what concerns every user."""
        return "admin" in self.scopes

    @property
    def only_evaluates(self) -> bool:
        """Whether the key may ask questions, and do nothing else."""
        return "user" not in self.scopes

    def is_valid(self, now: datetime) -> bool:
        """Tell whether the key opens the door at an instant."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def create(
    database: Database,
    data_dir: Path,
    user: str,
    *,
    admin: bool = False,
    evaluates: bool = False,
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> tuple[str, KeyInfo]:
    """Create a key and return its text, to be shown once, with what is kept of it.

    Raises BadInput for a user name that is empty, longer than 64 characters, not made of
    letters, digits and `. _ @ -`, or LOCAL_USER, for an `expires_at` without a time zone or in
    the past, and for an admin's key that only evaluates.
    """
    now = now or _now()
    if admin and evaluates:
        raise BadInput("A key is for an admin or for evaluations, not for both: make two.")
    if not _USER.fullmatch(user):
        raise BadInput(
            "A user name has 1 to 64 letters, digits and . _ @ - and starts with a letter or digit."
        )
    if user.casefold() == LOCAL_USER:
        raise BadInput(
            f"The user name {LOCAL_USER!r} is taken: it is this machine's user while no key exists."
        )
    if expires_at is not None and expires_at.tzinfo is None:
        raise BadInput("The time a key expires needs a time zone.")
    if expires_at is not None and expires_at <= now:
        raise BadInput("The time a key expires has passed already.")
    scopes = _SCOPES["admin" if admin else "eval" if evaluates else "user"]
    pepper = _pepper(database, data_dir)
    with database.write() as connection:
        return _insert(connection, pepper, user, scopes, expires_at, now)


def verify(
    database: Database, data_dir: Path, presented: str, *, now: datetime | None = None
) -> KeyInfo | None:
    """Return what is known of a presented key, or None unless it is valid now.

    Reads the database each time, so that a revocation takes effect with the next request.
    """
    now = now or _now()
    # Nobody but who creates a key makes the pepper: from then on every door wants one.
    if not are_wanted(database, data_dir):
        return None
    digest = _digest(_pepper(database, data_dir), presented)
    with database.read() as connection:
        row = _row(connection, id_of(presented) or "")
    # Compared even when there is no such key, so that the time taken does not tell.
    same = hmac.compare_digest(digest, row["digest"] if row else "0" * 64)
    if row is None or not same:
        return None
    key = _key_info(row)
    if not key.is_valid(now):
        return None
    if key.last_used_at is None or now - key.last_used_at >= _LAST_USED_STEP:
        _note_use(database, key.id, now)
    return key


def list_keys(database: Database) -> list[KeyInfo]:
    """Return every key ever created, the oldest first."""
    with database.read() as connection:
        rows = connection.execute(text("SELECT * FROM api_keys ORDER BY created_at, id"))
        return [_key_info(row) for row in rows.mappings()]


def revoke(database: Database, key_id: str, *, now: datetime | None = None) -> None:
    """Close the door to a key for good; NotFound when there is no such key."""
    with database.write() as connection:
        _revoke(connection, key_id, now or _now())


def rotate(
    database: Database,
    data_dir: Path,
    key_id: str,
    *,
    grace: timedelta = timedelta(0),
    now: datetime | None = None,
) -> tuple[str, KeyInfo]:
    """Create a key's successor, of the same user, scopes and expiry; the key ends after `grace`.

    Without a grace the key is revoked at once. Raises NotFound when there is no such key,
    BadInput when it is no longer valid or the grace is longer than LONGEST_GRACE.
    """
    now = now or _now()
    if not timedelta(0) <= grace <= LONGEST_GRACE:
        raise BadInput(f"A rotated key may stay valid for up to {LONGEST_GRACE.days} days.")
    pepper = _pepper(database, data_dir)
    with database.write() as connection:
        row = _row(connection, key_id)
        if row is None:
            raise NotFound("There is no such key.")
        key = _key_info(row)
        if not key.is_valid(now):
            raise BadInput("The key is revoked or has expired: create a new one.")
        successor = _insert(connection, pepper, key.user, key.scopes, key.expires_at, now)
        if grace:
            _expire(connection, key, now + grace)
        else:
            _revoke(connection, key_id, now)
        return successor


def id_of(presented: str) -> str | None:
    """Return the id that a presented key claims, or None when it is no key at all."""
    match = _KEY.fullmatch(presented)
    return match.group(1) if match else None


def any_keys(database: Database) -> bool:
    """Tell whether a key was ever created: from then on every door wants one."""
    with database.read() as connection:
        return connection.execute(text("SELECT 1 FROM api_keys LIMIT 1")).first() is not None


def are_wanted(database: Database, data_dir: Path) -> bool:
    """Tell whether every door wants a key: one was created, here or in a database since lost."""
    # The pepper is made with the first key, so one without keys tells of keys that were lost.
    return any_keys(database) or (data_dir / PEPPER_FILE).exists()


def _insert(
    connection: Connection,
    pepper: bytes,
    user: str,
    scopes: frozenset[Scope],
    expires_at: datetime | None,
    now: datetime,
) -> tuple[str, KeyInfo]:
    key_id = secrets.token_hex(6)
    key_text = f"hea_{key_id}_{secrets.token_urlsafe(32)}"
    connection.execute(
        text(
            "INSERT INTO api_keys "
            "(id, user_name, scopes, digest, prefix, created_at, expires_at) "
            "VALUES (:id, :user, :scopes, :digest, :prefix, :now, :expires)"
        ),
        {
            "id": key_id,
            "user": user,
            "scopes": " ".join(sorted(scopes)),
            "digest": _digest(pepper, key_text),
            "prefix": f"hea_{key_id}",
            "now": as_text(now),
            "expires": as_text(expires_at) if expires_at else None,
        },
    )
    row = _row(connection, key_id)
    assert row is not None
    return key_text, _key_info(row)


def _revoke(connection: Connection, key_id: str, now: datetime) -> None:
    row = connection.execute(
        text(
            "UPDATE api_keys SET revoked_at = coalesce(revoked_at, :now) "
            "WHERE id = :id RETURNING id"
        ),
        {"id": key_id, "now": as_text(now)},
    ).first()
    if row is None:
        raise NotFound("There is no such key.")


def _expire(connection: Connection, key: KeyInfo, end: datetime) -> None:
    end = min(end, key.expires_at) if key.expires_at else end
    connection.execute(
        text("UPDATE api_keys SET expires_at = :end WHERE id = :id"),
        {"id": key.id, "end": as_text(end)},
    )


def _note_use(database: Database, key_id: str, now: datetime) -> None:
    # A full disk must not lock out those who only read.
    with suppress(SetupError), database.write() as connection:
        connection.execute(
            text("UPDATE api_keys SET last_used_at = :now WHERE id = :id"),
            {"id": key_id, "now": as_text(now)},
        )


def _row(connection: Connection, key_id: str) -> RowMapping | None:
    rows = connection.execute(text("SELECT * FROM api_keys WHERE id = :id"), {"id": key_id})
    return rows.mappings().first()


def _key_info(row: RowMapping) -> KeyInfo:
    return KeyInfo(
        id=row["id"],
        user=row["user_name"],
        scopes=frozenset(row["scopes"].split()),
        prefix=row["prefix"],
        created_at=datetime.fromisoformat(row["created_at"]),
        expires_at=_instant(row["expires_at"]),
        revoked_at=_instant(row["revoked_at"]),
        last_used_at=_instant(row["last_used_at"]),
    )


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _digest(pepper: bytes, key_text: str) -> str:
    # surrogatepass: a header may hold anything, and must get a refusal rather than an error.
    return hmac.new(pepper, key_text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()


def _pepper(database: Database, data_dir: Path) -> bytes:
    """Read the secret that digests are keyed with; the first caller makes it.

    A pepper that others may read is made private again: without the digests, which are as
    private, it opens nothing. Raises SetupError when it cannot be used, or is gone while keys
    that were made with it are still valid.
    """
    path = private_folder(data_dir) / PEPPER_FILE
    try:
        if not path.exists():
            _refuse_to_orphan(database, path)
            _make_pepper(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        pepper = path.read_bytes()
    except OSError as exc:
        raise SetupError(f"{str(path)!r} cannot be used: {exc.strerror}.") from exc
    if len(pepper) != _PEPPER_BYTES:
        raise SetupError(
            f"{str(path)!r} is damaged: restore it, or remove it and create every key anew."
        )
    return pepper


def _refuse_to_orphan(database: Database, path: Path) -> None:
    now = _now()
    # Asked again last: another process may have made the pepper, and then its first key.
    if any(key.is_valid(now) for key in list_keys(database)) and not path.exists():
        raise SetupError(
            f"{str(path)!r} is missing, so that no key opens anything: restore it from a backup, "
            "or revoke every key and create them anew."
        )


def _make_pepper(path: Path) -> None:
    # mkstemp makes the file 0600; a link appears whole, and only for the first of two processes.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".pepper-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_PEPPER_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def _now() -> datetime:
    return datetime.now(UTC)
