"""That what lies in the server's files is data: reading it constructs nothing and runs nothing."""

import json
import pickle
import pickletools
import signal
import sqlite3
import time
from pathlib import Path

import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import (
    EXT_CONSTRUCTOR_KW_ARGS,
    EXT_CONSTRUCTOR_POS_ARGS,
    EXT_CONSTRUCTOR_SINGLE_ARG,
    EXT_METHOD_SINGLE_ARG,
    EXT_PYDANTIC_V1,
    EXT_PYDANTIC_V2,
)
from server_process import Server

from server.persistence import CHECKPOINTS_FILE, STORE_FILE, SafeSerializer

KNOWN = {
    "__builtin__ set",
    "_codecs encode",
    "builtins object",
    "collections OrderedDict",
    "collections defaultdict",
    "copyreg _reconstructor",
    "datetime datetime",
    "datetime timedelta",
    "datetime timezone",
    "langchain_core.messages.ai AIMessage",
    "langchain_core.messages.human HumanMessage",
    "langgraph_api.auth.custom DotDict",
    "langgraph_api.auth.custom ProxyUser",
    "langgraph_api.metadata incr_nodes",
    "uuid SafeUUID",
    "uuid UUID",
}
"""What the runtime's own files may call for, whatever a client sent."""


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self._mark,)


def crafted(mark: Path) -> list[tuple[str, bytes]]:
    """Return what a reader that trusts would run: each makes the file `mark`."""
    words = ("pathlib", "Path", str(mark))
    call = ("os", "mkdir", [str(mark)])
    lc = {"lc": 2, "type": "constructor", "id": ["os", "mkdir"], "args": [str(mark)], "kwargs": {}}
    return [
        ("pickle", pickle.dumps(Evil(mark))),
        ("json", json.dumps(lc).encode()),
        *(
            ("msgpack", ormsgpack.packb(ormsgpack.Ext(code, ormsgpack.packb(content))))
            for code, content in (
                (EXT_CONSTRUCTOR_SINGLE_ARG, ("os", "mkdir", str(mark))),
                (EXT_CONSTRUCTOR_POS_ARGS, call),
                (EXT_CONSTRUCTOR_KW_ARGS, ("os", "mkdir", {"path": str(mark)})),
                (EXT_METHOD_SINGLE_ARG, (*words, "touch")),
                (EXT_PYDANTIC_V1, ("os", "mkdir", {"path": str(mark)}, "construct")),
                (EXT_PYDANTIC_V2, ("os", "mkdir", {"path": str(mark)}, "model_construct")),
            )
        ),
    ]


def test_serializer_constructs_nothing_that_is_crafted(tmp_path: Path):
    mark = tmp_path / "mark"
    plain = (str, int, float, bool, type(None), list, tuple, dict)
    for kind, content in crafted(mark):
        try:
            read = SafeSerializer().loads_typed((kind, content))
        except Exception:
            continue
        finally:
            assert not mark.exists(), kind
        assert isinstance(read, plain), (kind, read)


@pytest.mark.slow
def test_server_constructs_nothing_from_crafted_rows(tmp_path: Path):
    server = Server(tmp_path / "data")
    mark = tmp_path / "mark"
    server.start()
    try:
        with server.client() as client:
            session = client.post("/get_session_id").json()["session_id"]
            client.post("/ask", params={"session_id": session}, json={"message": "hi"})
            lc = {"lc": 2, "type": "constructor", "id": ["os", "mkdir"], "args": [str(mark)]}
            item = {"namespace": ["n"], "key": "k", "value": {"v": lc}}
            assert client.put("/store/items", json=item).status_code == 204
            found = client.get("/store/items", params={"namespace": "n", "key": "k"}).json()
            assert found["value"] == {"v": lc}
            assert client.post("/threads", json={"metadata": {"evil": lc}}).is_success
            wanted = {
                "messages": [{"role": "user", "content": "hi", "additional_kwargs": {"x": lc}}]
            }
            run = {"assistant_id": "assistant", "input": wanted}
            assert client.post(f"/threads/{session}/runs/wait", json=run).is_success
            for kind, content in crafted(mark):
                _overwrite(tmp_path / "data", session, kind, content)
                for path in ("state", "history"):
                    client.get(f"/threads/{session}/{path}")
                client.post("/ask", params={"session_id": session}, json={"message": "hi"})
                assert not mark.exists(), kind
            # The runtime writes its rows every ten seconds.
            time.sleep(11)
    finally:
        server.stop(signal.SIGTERM)
    assert not mark.exists()
    files = list((tmp_path / "data" / ".langgraph_api").glob("*.pckl"))
    assert files
    for file in files:
        assert (file.stat().st_mode & 0o077, file.parent.stat().st_mode & 0o077) == (0, 0)
        assert names_in(file.read_bytes()) - KNOWN == set(), file.name


def _overwrite(data_dir: Path, session: str, kind: str, content: bytes) -> None:
    connection = sqlite3.connect(data_dir / CHECKPOINTS_FILE, timeout=30)
    with connection:
        connection.execute(
            "UPDATE checkpoints SET type = ?, checkpoint = ? WHERE thread_id = ?",
            (kind, content, session),
        )
        connection.execute(
            "UPDATE writes SET type = ?, value = ? WHERE thread_id = ?", (kind, content, session)
        )
    connection.close()
    connection = sqlite3.connect(data_dir / STORE_FILE, timeout=30)
    with connection:
        connection.execute("UPDATE store SET value = value")
    connection.close()


def names_in(pickled: bytes) -> set[str]:
    """Return the names that a pickle calls for, as pairs of module and name."""
    strings: list[str] = []
    found = set()
    for code, argument, _ in pickletools.genops(pickled):
        if code.name == "GLOBAL":
            found.add(str(argument))
        elif code.name == "STACK_GLOBAL":
            found.add(" ".join(strings[-2:]))
        elif isinstance(argument, str):
            strings.append(argument)
    return found
