"""The verbs of the Makefile, with stand-ins for Python and uv, since the real ones take minutes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from home_energy.settings import PROJECT_ROOT

VERBS = "setup serve test check eval bench lock clean".split()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with what the Makefile reads, in a folder whose name has a space."""
    folder = tmp_path / "my clone"
    folder.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(PROJECT_ROOT / name, folder)
    shutil.copytree(PROJECT_ROOT / ".ci", folder / ".ci")
    return folder


@pytest.fixture
def installed(clone: Path) -> Path:
    """The clone with a virtual environment in which every program only says how it was called."""
    bin_folder = clone / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(sys.executable)
    (bin_folder.parent / "pyvenv.cfg").write_text(f"command = python3 -m venv {clone}/.venv\n")
    for name in ("uv", "home-energy"):
        write_program(
            bin_folder / name,
            f'echo "{name} $*" >> "{clone}/calls"; echo "$HOME_ENERGY_MODEL" > "{clone}/model"',
        )
    return clone


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        # Set by the make that may run these tests.
        if not name.startswith(("MAKE", "MFLAGS", "HOME_ENERGY_", "HOST", "PORT", "MODEL"))
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def calls(folder: Path) -> list[str]:
    written = folder / "calls"
    found = written.read_text().splitlines() if written.exists() else []
    written.unlink(missing_ok=True)
    return [call for call in found if call != "uv --version"]


def test_make_alone_lists_every_verb(clone: Path) -> None:
    listed = make(clone).stdout
    assert [verb for verb in VERBS if f"make {verb} " not in listed] == []


def test_setup_installs_from_the_lock_and_a_second_one_does_nothing(installed: Path) -> None:
    assert make(installed, "setup").returncode == 0
    first = calls(installed)
    assert "--require-hashes requirements.lock" in first[0]
    assert "--offline" in first[0]
    assert "--editable ." in first[-1]
    again = make(installed, "setup")
    assert again.returncode == 0
    assert calls(installed) == []


def test_a_renewed_lock_file_is_installed(installed: Path) -> None:
    make(installed, "setup")
    calls(installed)
    later = (installed / ".venv" / ".ready").stat().st_mtime + 5
    os.utime(installed / "requirements.lock", (later, later))
    make(installed, "setup")
    assert len(calls(installed)) == 2


def test_what_the_cache_lacks_is_asked_of_the_network(installed: Path) -> None:
    write_program(
        installed / ".venv" / "bin" / "uv",
        f'echo "uv $*" >> "{installed}/calls"; case "$*" in *sync*--offline*) exit 1;; esac',
    )
    assert make(installed, "setup").returncode == 0
    assert [("--offline" in call) for call in calls(installed) if "sync" in call] == [True, False]


def test_a_failed_installation_is_not_taken_for_a_finished_one(installed: Path) -> None:
    write_program(
        installed / ".venv" / "bin" / "uv",
        f'echo "uv $*" >> "{installed}/calls"; case "$*" in *sync*) exit 1;; esac',
    )
    assert make(installed, "setup").returncode != 0
    assert not (installed / ".venv" / ".ready").exists()


def test_serve_passes_host_port_and_model_on(installed: Path) -> None:
    make(installed, "setup")
    calls(installed)
    given = ("HOST=0.0.0.0", "PORT=8080", "MODEL=ollama:llama3.2:1b")
    assert make(installed, "serve", *given).returncode == 0
    assert calls(installed) == ["home-energy serve --host 0.0.0.0 --port 8080"]
    assert (installed / "model").read_text() == "ollama:llama3.2:1b\n"


def test_serve_listens_on_this_machine_without_a_model_by_itself(installed: Path) -> None:
    assert make(installed, "serve").returncode == 0
    assert calls(installed)[-1] == "home-energy serve --host 127.0.0.1 --port 2024"
    assert (installed / "model").read_text() == "\n"


def test_an_old_python_is_one_sentence_that_says_what_to_do(clone: Path) -> None:
    write_program(clone / "python3.10", "exit 1")
    ended = make(clone, "serve", f"PYTHON={clone}/python3.10")
    sentences = [line for line in ended.stderr.splitlines() if not line.startswith("make")]
    assert ended.returncode != 0
    assert len(sentences) == 1
    assert "Python 3.11 or newer is needed" in sentences[0]
    assert "PYTHON=python3.12" in sentences[0]
    assert not (clone / ".venv").exists()


def test_a_uv_that_cannot_be_fetched_is_said(clone: Path) -> None:
    bin_folder = clone / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder.parent / "pyvenv.cfg").write_text(f"command = python3 -m venv {clone}/.venv\n")
    write_program(bin_folder / "pip", "exit 0")
    write_program(bin_folder / "python", "exit 1")
    tools = clone / "tools"
    tools.mkdir()
    for name in ("sh", "make", "grep", "sed", "dirname", "touch", "test"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    ended = make(clone, "setup", PATH=str(tools), UV_CACHE_DIR=str(clone / "nothing"))
    assert ended.returncode != 0
    assert "uv could not be fetched" in ended.stderr


@pytest.mark.slow
def test_a_clone_that_was_moved_gets_an_environment_of_its_own(installed: Path) -> None:
    make(installed, "setup")
    moved = installed.rename(installed.with_name("moved"))
    tools = moved / "tools"
    tools.mkdir()
    write_program(tools / "uv", "exit 0")
    path = f"{tools}:{os.environ['PATH']}"
    assert make(moved, "setup", f"PYTHON={sys.executable}", PATH=path).returncode == 0
    assert f"{moved}/.venv" in (moved / ".venv" / "pyvenv.cfg").read_text()


def test_clean_leaves_what_the_user_made(installed: Path) -> None:
    (installed / ".data").mkdir()
    (installed / "build").mkdir()
    assert make(installed, "clean").returncode == 0
    assert (installed / ".data").exists()
    assert not (installed / ".venv").exists()
    assert not (installed / "build").exists()


def test_ci_runs_what_a_contributor_runs() -> None:
    assert "make check test" in (PROJECT_ROOT / ".ci" / "run").read_text(encoding="utf-8")
