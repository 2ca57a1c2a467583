"""What the doctor finds, and that it survives finding it."""

import json
import shutil
from collections.abc import Callable

import pytest
from http_stand_in import StandIn, free_port, sends
from installation import Installation, installed_fixture, prepared_fixture  # noqa: F401
from langgraph_cli.schemas import Config

from home_energy.settings import PROJECT_ROOT, Settings
from server.checks import BEYOND_SCHEMA, Check, run_checks, unknown_keys


def check(name: str, settings: Settings) -> Check:
    (found,) = [each for each in run_checks(settings) if each.name == name]
    return found


def test_all_is_well_with_a_prepared_installation(installed: Installation) -> None:
    assert [each for each in run_checks(installed.settings()) if not each.ok] == []


def garble(name: str) -> Callable[[Installation], None]:
    def do(installation: Installation) -> None:
        (installation.data / name).write_bytes(b"not a database" * 1000)

    return do


def lose_vectors(installation: Installation) -> None:
    shutil.rmtree(installation.version() / "chroma")


def lose_index(installation: Installation) -> None:
    shutil.rmtree(installation.data / "index")


def lose_weights(installation: Installation) -> None:
    (installation.data / "models").unlink()


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        (garble("home_energy.sqlite"), {"database", "keys"}),
        (garble("checkpoints.sqlite"), {"conversations"}),
        (garble("store.sqlite"), {"conversations"}),
        (lose_vectors, {"knowledge index"}),
        (lose_index, {"knowledge index"}),
        (lose_weights, {"embedding model", "knowledge index"}),
    ],
    ids=["database", "checkpoints", "store", "vectors", "index", "weights"],
)
def test_damage_is_found_where_it_is(
    installed: Installation, damage: Callable[[Installation], None], names: set[str]
) -> None:
    damage(installed)
    found = [each for each in run_checks(installed.settings()) if not each.ok]
    assert {each.name for each in found} == names
    assert all(each.state and each.remedy for each in found)


def test_a_data_folder_that_is_a_file_does_not_stop_the_doctor(installed: Installation) -> None:
    settings = installed.settings().model_copy(update={"data_dir": installed.data / "file"})
    settings.data_dir.write_text("")
    assert not check("data folder", settings).ok


def test_a_model_server_that_answers_is_told_from_one_that_does_not(
    installed: Installation,
) -> None:
    silent = {"model": "ollama:tiny", "model_base_url": f"http://127.0.0.1:{free_port()}"}
    assert not check("chat model", installed.settings().model_copy(update=silent)).ok
    with StandIn(sends(200, {})) as server:
        answering = {"model": "ollama:tiny", "model_base_url": server.url}
        assert check("chat model", installed.settings().model_copy(update=answering)).ok


def test_a_model_that_cannot_be_built_is_found(installed: Installation) -> None:
    assert not check("chat model", installed.settings().model_copy(update={"model": "gpt"})).ok


def test_web_search_without_a_key_is_found(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TAVILY_API_KEY", raising=False)
    on = installed.settings().model_copy(update={"web_search": True})
    assert not check("web search", on).ok
    monkeypatch.setenv("TAVILY_API_KEY", "a key")
    assert check("web search", on).ok


def test_tracing_without_a_key_is_found(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    assert not check("tracing", installed.settings()).ok


def test_our_own_langgraph_json_has_no_misspelt_key() -> None:
    config = json.loads((PROJECT_ROOT / "langgraph.json").read_text(encoding="utf-8"))
    assert set(unknown_keys(config, Config)) - BEYOND_SCHEMA == set()


@pytest.mark.parametrize(
    ("config", "unknown"),
    [
        ({"graphs": {"a": {"path": "x:y", "descripton": ""}}}, "graphs.a.descripton"),
        ({"graphs": {"a": "x:y"}, "stores": {}}, "stores"),
        ({"auth": {"path": "x:y", "disable_studio_authentication": True}},
         "auth.disable_studio_authentication"),
        ({"http": {"cors": {"allow_origin": []}}}, "http.cors.allow_origin"),
        ({"checkpointer": {"serde": {"allowed_msgpack_module": []}}},
         "checkpointer.serde.allowed_msgpack_module"),
    ],
    ids=["graph", "top", "auth", "cors", "serde"],
)  # fmt: skip
def test_a_misspelt_key_is_found_at_any_depth(config: dict[str, object], unknown: str) -> None:
    assert list(unknown_keys(config, Config)) == [unknown]
