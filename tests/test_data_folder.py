"""A data folder that cannot be written to is told as that, and as nothing worse."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

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
