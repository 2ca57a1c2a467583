"""What an ingest changes: whose an id is, what is gone, what could not be brought back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from home_energy.knowledge.addresses import WEB
from home_energy.knowledge.files import Files, is_gone
from home_energy.knowledge.old_index import OldIndex
from home_energy.knowledge.store import Kept

Key = tuple[str, str]
"""An ingested folder, and a file's path below it."""


@dataclass(slots=True)
class Plan:
    """The documents of the next version, and how they differ from this one's, by id."""

    documents: list[Kept] = field(default_factory=list)
    """In the order of their ids."""
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


def plan(
    files: Files,
    read: Mapping[Key, Kept | None],
    old: OldIndex,
    *,
    prune: bool,
    replaces: str,
) -> Plan:
    """Say what becomes of the files that were read and of the documents that are known.

    An id stays with the file it came from first, as long as that has it or cannot be read now;
    only a folder named as `replaces` hands its ids over.
    """
    planned = Plan()
    missing = files.links | files.missing
    gone = {key for key, kept in old.kept.items() if _gone(kept, files.folders, missing)}
    owners = _Owners(files, read, old, gone, prune=prune, replaces=replaces)
    new = _chosen(read, old, owners, planned)
    others = {key: kept for key, kept in old.kept.items() if key not in new}
    # A file or page that is there but cannot be read now is not a removed one.
    unread = {key for key, kept in read.items() if kept is None}
    forgotten = {key for key, kept in others.items() if prune and not _among(kept, unread)} | (
        gone & others.keys()
    )
    planned.removed = sorted(forgotten)
    documents = new | {key: kept for key, kept in others.items() if key not in forgotten}
    planned.documents = [documents[key] for key in sorted(documents)]
    if not old.serves and not prune:
        planned.lost = sorted(
            key
            for key, (root, _) in old.record.documents.items()
            if key not in documents and key not in forgotten and root not in files.folders
        )
    return planned


class _Owners:
    """Whose ids are, and whether they still are."""

    def __init__(
        self,
        files: Files,
        read: Mapping[Key, Kept | None],
        old: OldIndex,
        gone: set[str],
        *,
        prune: bool,
        replaces: str,
    ) -> None:
        recorded = {key: (root, name) for key, (root, name) in old.record.documents.items()}
        kept = {key: (kept.root, kept.origin) for key, kept in old.kept.items()}
        self._owner = recorded | kept
        self._yields = {"", replaces}
        self._files = read
        self._roots = {str(root) for _, root in files.found}
        self._staying = old.kept.keys() - gone
        self._read = {(kept.document.id, kept.root) for kept in read.values() if kept}
        self._prune = prune

    def other(self, kept: Kept) -> Key | None:
        """Return the file whose document has this one's id by right; None when free."""
        key = kept.document.id
        root, name = self._owner.get(key, ("", ""))
        if root in self._yields:
            return None
        if root == kept.root:
            beside = name != kept.origin and self._has_it_still(key, (root, name))
            return (root, name) if beside else None
        if self._prune and root not in self._roots:
            return None
        stays = (key, root) in self._read or key in self._staying
        return (root, name) if stays else None

    def _has_it_still(self, key: str, file: Key) -> bool:
        """Say whether the file that had this id first is there, and has no other id now."""
        if kept := self._files.get(file):
            return kept.document.id == key
        if key not in self._staying or (self._prune and file not in self._files):
            return False
        root, name = file
        return root != WEB and not is_gone(root, name)


def _chosen(
    read: Mapping[Key, Kept | None], old: OldIndex, owners: _Owners, planned: Plan
) -> dict[str, Kept]:
    new: dict[str, Kept] = {}
    for kept in read.values():
        if kept is None:
            continue
        key = kept.document.id
        before = old.kept.get(key)
        if owner := owners.other(kept):
            # An equal copy in another folder is no news; one beside it has to be told apart.
            beside = owner[0] == kept.root
            if beside or before is None or before.bytes_sha256 != kept.bytes_sha256:
                reason = f"its id {key!r} is that of {'/'.join(owner)}: rename one"
                planned.skipped.append((kept.origin, reason))
            elif key not in planned.unchanged:
                planned.unchanged.append(key)
            continue
        if key in new:
            reason = f"has the same id {key!r} as {new[key].origin}: rename one"
            planned.skipped.append((kept.origin, reason))
            continue
        new[key] = kept
        if before is None:
            planned.added.append(key)
        elif before.fingerprint != kept.fingerprint:
            planned.updated.append(key)
        elif key not in planned.unchanged:
            planned.unchanged.append(key)
    return new


def _gone(kept: Kept, folders: set[str], missing: set[Key]) -> bool:
    if _among(kept, missing):
        return True
    return kept.root in folders and is_gone(kept.root, kept.origin)


def _among(kept: Kept, keys: set[Key]) -> bool:
    """Say whether these hold the document's file; of old releases, only its name is known."""
    if kept.root:
        return (kept.root, kept.origin) in keys
    return kept.origin in {name for _, name in keys}
