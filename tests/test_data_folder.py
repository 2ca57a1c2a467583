"""A data folder that cannot be written to is told as that, and as nothing worse."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from server_process import Server

from home_energy.data_folder import held
from home_energy.errors import SetupError
from home_energy.settings import Settings
from server.prepare import prepare

NOBODY = 65534


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only, for root too: root becomes nobody meanwhile."""
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        try:
            os.seteuid(NOBODY)
        except OSError:
            pytest.skip("this namespace knows no user but root, who may write everywhere")
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


def test_read_only_data_folder_is_told_before_anything_else():
    # Not below tmp_path, which nobody but its owner may look into.
    with tempfile.TemporaryDirectory(prefix="home-energy-") as name:
        root = Path(name)
        root.chmod(0o755)
        data, documents = root / "data", root / "documents"
        documents.mkdir()
        (data / "index").mkdir(parents=True)
        (data / "index" / "current").write_text("damaged")
        settings = Settings(_env_file=None, data_dir=data, knowledge_dir=documents)
        said = StringIO()
        with read_only(data), pytest.raises(SetupError, match="Make the data folder writable"):
            prepare(settings, Console(file=said))
    assert said.getvalue() == ""


@pytest.mark.slow
def test_second_server_on_a_data_folder_is_refused_at_once(tmp_path: Path):
    first, second = Server(tmp_path / "data"), Server(tmp_path / "data")
    first.start()
    try:
        with pytest.raises(AssertionError, match="the server ended"):
            second.start()
        assert second.process is not None
        assert second.process.wait() == 1
        assert first.process is not None
        line = first.log.strip().splitlines()[-1]
        assert f"is in use by a server (process {first.process.pid})" in line
        with first.client() as client:
            assert client.post("/get_session_id").status_code == 200
    finally:
        first.stop(signal.SIGKILL)
    # The system takes the lock back from the killed one.
    second.start()
    second.stop(signal.SIGKILL)


def test_holder_is_named_and_lets_go(tmp_path: Path):
    told = rf"in use by a repair \(process {os.getpid()}\)"
    with (
        held(tmp_path, by="a repair"),
        pytest.raises(SetupError, match=told),
        held(tmp_path, by="a server"),
    ):
        pass
    with held(tmp_path, by="a server"):
        pass
