import json
import subprocess
import sys

import pytest

from home_energy.errors import IndexBusy, IndexUnavailable
from home_energy.knowledge import index

HALF = json.dumps({"format": index.FORMAT}).encode()


def manifest(**changes) -> index.Manifest:
    known = {
        "format": index.FORMAT,
        "model_id": "m@1",
        "dimensions": 3,
        "documents": 1,
        "chunks": 1,
        "fingerprint": "f",
        "database_bytes": 1,
        "vector_files": {},
        "previous": "",
    }
    return index.Manifest(**(known | changes))


def publish(data_dir, **changes) -> str:
    folder = index.new_folder(data_dir)
    (folder / "payload").write_text("x")
    index.publish(data_dir, folder, manifest(**changes))
    return folder.name


@pytest.fixture
def data_dir(tmp_path):
    index.root(tmp_path).mkdir()
    return tmp_path


def names(data_dir) -> set[str]:
    return {path.name for path in index.root(data_dir).iterdir() if path.is_dir()}


def test_without_an_index_the_error_says_what_to_run(tmp_path):
    with pytest.raises(
        IndexUnavailable, match=r"There is no knowledge index yet.*ingest knowledge"
    ):
        index.current(tmp_path)


def test_the_published_version_serves(data_dir):
    first = publish(data_dir)
    assert index.current(data_dir).folder.name == first
    second = publish(data_dir, previous=first)
    assert index.current(data_dir).folder.name == second > first
    assert index.current(data_dir).manifest == manifest(previous=first)


@pytest.mark.parametrize("content", [b"", b"no-such-version", b"../..", b"\xff\xfe", b"."])
def test_a_damaged_pointer_is_reported(data_dir, content):
    publish(data_dir)
    index.pointer(data_dir).write_bytes(content)
    with pytest.raises(IndexUnavailable, match="ingest knowledge"):
        index.current(data_dir)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", HALF, b"\xff"])
def test_a_damaged_manifest_is_reported(data_dir, content):
    name = publish(data_dir)
    (index.root(data_dir) / name / "manifest.json").write_bytes(content)
    with pytest.raises(IndexUnavailable, match="damaged"):
        index.current(data_dir)


def test_an_index_of_another_model_or_release_is_refused(data_dir):
    publish(data_dir)
    index.check_model(index.current(data_dir), model_id="m@1")
    with pytest.raises(IndexUnavailable, match="made with 'm@1', and 'other@2' is configured"):
        index.check_model(index.current(data_dir), model_id="other@2")
    publish(data_dir, format=index.FORMAT + 1)
    with pytest.raises(IndexUnavailable, match="of another release"):
        index.current(data_dir)


def test_a_second_writer_is_refused_until_the_first_ends(data_dir):
    program = (
        "import sys; from pathlib import Path; from home_energy.knowledge import index\n"
        f"with index.ingest_lock(Path({str(data_dir)!r})):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(IndexBusy, match="Another ingest is running"),
            index.ingest_lock(data_dir),
        ):
            pass
        other.kill()
    with index.ingest_lock(data_dir):
        pass


def test_the_sweep_keeps_the_serving_and_the_previous_version(data_dir):
    first = publish(data_dir)
    second = publish(data_dir, previous=first)
    third = publish(data_dir, previous=second)
    half_made = index.new_folder(data_dir)
    (half_made / "chroma").mkdir()
    index.sweep(data_dir)
    assert names(data_dir) == {second, third}


def test_the_manifest_is_written_after_everything_else(data_dir):
    name = publish(data_dir)
    folder = index.root(data_dir) / name
    assert json.loads((folder / "manifest.json").read_text())["model_id"] == "m@1"
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert max(times, key=times.get) == "manifest.json"
    assert not list(index.root(data_dir).rglob("*.half"))
