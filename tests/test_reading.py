import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import odd_files
import pytest

from home_energy.errors import UnreadableDocument
from home_energy.knowledge import load
from home_energy.knowledge.reading import Reader

TEXT = odd_files.ENGLISH.encode()
DOCUMENTS = {
    "a.md": b"---\nsources:\n  - {publisher: EST, title: Lofts, url: u, year: 2025}\n---\n# A\n"
    + TEXT,
    "a.pdf": odd_files.pdf(odd_files.shown("One."), odd_files.shown("Two.")),
    "a.html": odd_files.page("<!-- x -->").encode(),
    "a.docx": odd_files.word(),
}
SLOW = b"<html><body>" + b"<p><b>Insulate</b> the <i>loft</i> first.</p>\n" * 200_000

on_linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")


def children(pid: int | None = None) -> list[int]:
    pid = pid or os.getpid()
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        # A thread may end in between.
        with suppress(OSError):
            found += map(int, (task / "children").read_text().split())
    return sorted(found)


def ends(pid: int) -> bool:
    for _ in range(100):
        try:
            if " Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def reader():
    with Reader() as reader:
        yield reader


def reason(reader: Reader, data: bytes, name: str) -> str:
    with pytest.raises(UnreadableDocument) as caught:
        reader.read(data, name=name)
    return str(caught.value)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_comes_back_whole_from_the_other_process(reader, name):
    assert reader.read(DOCUMENTS[name], name=name) == load.parse(DOCUMENTS[name], name=name)


def test_a_reason_comes_back_from_the_other_process(reader):
    assert reason(reader, b"%PDF-1.7\n", "a.pdf") == "damaged or cut-off PDF"
    assert reason(reader, b"", "a.md") == "empty file"
    assert "not valid UTF-8: rename" in reason(reader, TEXT, "\udcff.md")


def test_what_a_server_says_of_the_encoding_is_honoured(reader):
    text = "Die Dämmung kostet 20 € für 1 m²."
    assert reader.read(text.encode("cp1252"), name="a.txt", charset="windows-1252").text == text


def test_a_late_document_is_listed_and_the_next_one_is_read():
    with Reader(deadline=0.5) as reader:
        started = time.monotonic()
        assert reason(reader, SLOW, "a.html") == (
            "takes more than 0.5 s to read: split or simplify it"
        )
        assert time.monotonic() - started < 5
        assert reader.read(TEXT, name="a.md").text == TEXT.decode()


@on_linux
def test_a_document_that_needs_too_much_memory_is_listed_and_the_next_one_is_read():
    with Reader(memory=150) as reader:
        assert "more than 150 MB" in reason(reader, SLOW, "a.html")
        assert reader.read(TEXT, name="a.md").text == TEXT.decode()


@on_linux
def test_a_parser_that_crashes_is_listed_and_the_next_document_is_read():
    with Reader(memory=300) as reader:
        assert "its parser crashed" in reason(reader, odd_files.inflating_pdf(), "a.pdf")
        assert reader.read(TEXT, name="a.md").text == TEXT.decode()


@on_linux
def test_a_process_that_was_ended_is_replaced():
    before = set(children())
    with Reader() as reader:
        reader.read(TEXT, name="a.md")
        (worker,) = set(children()) - before
        os.kill(worker, signal.SIGKILL)
        assert ends(worker)
        assert reader.read(TEXT, name="a.md").text == TEXT.decode()


@on_linux
def test_one_process_reads_all_and_none_is_left():
    before = children()
    with Reader() as reader:
        assert children() == before
        for _ in range(3):
            reader.read(TEXT, name="a.md")
        assert len(children()) == len(before) + 1
    assert children() == before


def interrupted():
    with Reader() as reader:
        reader.read(TEXT, name="a.md")
        raise KeyboardInterrupt


@on_linux
def test_an_interrupted_ingest_leaves_no_process():
    before = children()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert children() == before


@on_linux
def test_the_process_sees_no_keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-house")
    before = set(children())
    with Reader() as reader:
        reader.read(TEXT, name="a.md")
        (worker,) = set(children()) - before
        assert "secret-of-the-house" not in Path(f"/proc/{worker}/environ").read_text()


@on_linux
def test_the_process_ends_with_an_ingest_that_was_killed():
    code = (
        "import time; from home_energy.knowledge.reading import Reader; r = Reader();"
        " r.read(b'Some text.', name='a.md'); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"ready\n"
        (worker,) = children(parent.pid)
        parent.kill()
    assert ends(worker)
