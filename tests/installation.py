"""A prepared installation with the small knowledge base, copied for each test that uses it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from conftest import DOCUMENTS
from rich.console import Console

from home_energy.settings import Settings, get_settings
from server.prepare import prepare
from tools import knowledge


@dataclass(frozen=True)
class Installation:
    data: Path
    documents: Path

    def settings(self) -> Settings:
        return Settings(  # type: ignore[call-arg]
            _env_file=None, data_dir=self.data, knowledge_dir=self.documents
        )

    def prepare(self) -> str:
        """Prepare, and return what was said."""
        said = StringIO()
        prepare(self.settings(), Console(file=said, width=200))
        return said.getvalue()

    def version(self) -> Path:
        """The folder of the index that serves."""
        return self.data / "index" / (self.data / "index" / "current").read_text()


@pytest.fixture(scope="session", name="prepared")
def prepared_fixture(tmp_path_factory: pytest.TempPathFactory, model_dir: Path) -> Installation:
    root = tmp_path_factory.mktemp("installation")
    installation = Installation(root / "data", root / "documents")
    installation.documents.mkdir()
    for name, text in DOCUMENTS.items():
        (installation.documents / f"{name}.md").write_text(text, encoding="utf-8")
    installation.data.mkdir(mode=0o700)
    (installation.data / "models").symlink_to(model_dir / "models", target_is_directory=True)
    installation.prepare()
    return installation


@pytest.fixture(name="installed")
def installed_fixture(
    prepared: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """A copy of its own, which the environment names; the documents are shared."""
    data = tmp_path / "data"
    shutil.copytree(prepared.data, data, symlinks=True)
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(data))
    monkeypatch.setenv("HOME_ENERGY_KNOWLEDGE_DIR", str(prepared.documents))
    get_settings.cache_clear()
    knowledge.forget()
    yield Installation(data, prepared.documents)
    knowledge.forget()
    get_settings.cache_clear()
