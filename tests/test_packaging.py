"""That our package names are ours alone, and that the repository gives nothing away."""

import json
import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions

import pytest

from home_energy.settings import PROJECT_ROOT

PYPROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OURS = PYPROJECT["project"]["name"]
TOP_LEVEL = sorted({name.partition(".")[0] for name in PYPROJECT["tool"]["setuptools"]["packages"]})


def tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


@pytest.mark.parametrize("package", TOP_LEVEL)
def test_a_package_name_belongs_to_our_distribution_only(package: str) -> None:
    assert set(packages_distributions().get(package, [])) <= {OURS}


def test_every_package_folder_is_listed() -> None:
    found = {
        str(path.parent.relative_to(PROJECT_ROOT)).replace("/", ".")
        for top in TOP_LEVEL
        for path in (PROJECT_ROOT / top).rglob("__init__.py")
    }
    assert found == set(PYPROJECT["tool"]["setuptools"]["packages"])


def test_the_lock_file_holds_hashes_and_no_addresses() -> None:
    lock = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^[\w.-]+==\S+", lock, re.MULTILINE)
    assert len(pinned) > 100
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock


def test_the_lock_file_keeps_the_other_agents_package_out() -> None:
    lock = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"^openai-agents==", lock, re.MULTILINE)


def test_langgraph_json_names_graphs_that_exist_and_describes_them() -> None:
    from importlib import import_module

    config = json.loads((PROJECT_ROOT / "langgraph.json").read_text(encoding="utf-8"))
    assert set(config["graphs"]) == {"assistant", "rag"}
    for entry in config["graphs"].values():
        module, _, name = entry["path"].partition(":")
        assert getattr(import_module(module), name).checkpointer is None
        assert len(entry["description"]) > 40


def test_no_file_gives_away_a_registry_or_a_secret() -> None:
    forbidden = re.compile(
        "files\\.python" + "hosted|registry\\.np" + "mjs|py" + "pi\\.org/simple|hea_[0-9a-f]{8}_"
    )
    for name in tracked_files():
        path = PROJECT_ROOT / name
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".json", ".lock", ".txt", ""}:
            assert not forbidden.search(path.read_text(encoding="utf-8")), name
