"""The command `home-energy` as a person uses it: what it prints, and how it ends."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
import typer
from installation import Installation, installed_fixture, prepared_fixture  # noqa: F401

from home_energy import sessions
from home_energy.database import open_database
from home_energy.errors import SetupError
from home_energy.evidence.answer import Answer
from home_energy.settings import get_settings
from server.cli import app, main

LOFT = "how thick should loft insulation be?"


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command in this process, with lines to read."""
    monkeypatch.setenv("COLUMNS", "200")
    level = logging.getLogger().level

    def call(*arguments: str, stdin: str = "") -> Ended:
        get_settings.cache_clear()
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as end:
            main(arguments)
        printed = capsys.readouterr()
        return Ended(int(end.value.code or 0), printed.out, printed.err)

    yield call
    structlog.reset_defaults()
    logging.getLogger().setLevel(level)


def commands() -> list[list[str]]:
    group = typer.main.get_command(app)
    found = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        found += [[name, each] for each in below] if below else [[name]]
    return found


def test_every_command_that_was_promised_is_there() -> None:
    promised = "serve ask chat ingest search graph verify doctor backup restore".split()
    pairs = [
        ["models", "pull"],
        *(["keys", verb] for verb in "create list revoke rotate".split()),
        *(["sessions", verb] for verb in "list show delete prune".split()),
    ]
    assert sorted(commands()) == sorted([*([name] for name in promised), *pairs])


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(run: Run, command: list[str]) -> None:
    ended = run(*command, "--help")
    assert ended.code == 0
    assert f"Example: home-energy {' '.join(command)}" in ended.out.replace(
        "home-energy ask", ""
    ) or ("Example: home-energy ask" in ended.out)


def test_the_version_is_that_of_the_distribution(run: Run) -> None:
    assert run("--version") == Ended(0, "0.1.0\n", "")


def test_help_waits_for_nothing_heavy() -> None:
    code = "import sys, server.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"pydantic", "langgraph", "chromadb", "numpy", "httpx", "sqlalchemy"} & set(
        loaded.stdout.split()
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuch"], ["ask"], ["ask", " "], ["ask", LOFT, "--region", "mars"], ["ingest"],
        ["ingest", "/nowhere"], ["verify", "/nowhere"], ["serve", "--port", "high"],
        ["serve", "--port", "70000"], ["search", "loft", "--limit", "0"], ["graph", "other"],
        ["keys", "create"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_command_line_ends_with_two_and_an_explanation(
    run: Run, arguments: list[str]
) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert "Usage: home-energy" in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""


def assert_one_sentence(ended: Ended) -> None:
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert ended.err.endswith(".\n")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HOME_ENERGY_JOBS", "many", "HOME_ENERGY_JOBS cannot be used"),
        ("HOME_ENERGY_MODEL_TIMEOUT_SECONDS", "-1", "HOME_ENERGY_MODEL_TIMEOUT_SECONDS"),
        ("HOME_ENERGY_EMBEDDING_MODEL", "other", "HOME_ENERGY_EMBEDDING_MODEL"),
        ("HOME_ENERGY_MODEL", "gpt", "HOME_ENERGY_MODEL cannot be 'gpt'"),
        ("HOME_ENERGY_MODEL", "nobody:x", "'nobody:x' cannot be used"),
        ("HOME_ENERGY_DATA_DIR", "/dev/null", "'/dev/null' cannot be used"),
        ("HOME_ENERGY_KNOWLEDGE_DIR", "/nowhere", "'/nowhere' does not exist"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    run: Run,
    installed: Installation,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(name, value)
    ended = run("ask", LOFT)
    assert_one_sentence(ended)
    assert said in ended.err


def test_the_server_does_not_start_with_an_unknown_model(
    run: Run, installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_ENERGY_MODEL", "gpt")
    assert_one_sentence(run("serve"))


def test_a_damaged_database_is_one_sentence(run: Run, installed: Installation) -> None:
    (installed.data / "home_energy.sqlite").write_bytes(b"not a database" * 1000)
    ended = run("keys", "list")
    assert_one_sentence(ended)
    assert "home_energy.sqlite" in ended.err


def test_a_data_folder_that_is_a_file_is_one_sentence_for_keys_too(
    run: Run, installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", "/dev/null")
    assert_one_sentence(run("keys", "list"))


def test_debug_shows_where_an_error_comes_from(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_ENERGY_JOBS", "many")
    get_settings.cache_clear()
    with pytest.raises(SetupError):
        main(["ask", LOFT, "--debug"])


def test_an_answer_comes_with_its_sources_and_nothing_else(
    run: Run, installed: Installation
) -> None:
    ended = run("ask", LOFT)
    assert ended.code == 0
    assert "270 mm" in ended.out
    assert "[1] Loft insulation (loft-insulation.md)" in ended.out
    assert ended.err == ""
    assert "\x1b" not in ended.out


def test_json_is_exactly_the_answer(run: Run, installed: Installation) -> None:
    ended = run("ask", LOFT, "--json")
    printed = json.loads(ended.out)
    assert Answer.model_validate(printed).model_dump(mode="json") == printed
    assert ended.err == ""


def test_a_question_that_the_documents_do_not_answer_is_no_failure(
    run: Run, installed: Installation
) -> None:
    ended = run("ask", "how do I bake sourdough?", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["mode"] == "abstained"


def test_units_are_those_that_were_asked_for(run: Run, installed: Installation) -> None:
    question = "how much energy does a 2 kW heater use in 3 hours?"
    assert run("ask", question, "--units", "imperial").code == 0


def test_words_that_are_no_text_do_not_stop_an_answer(run: Run, installed: Installation) -> None:
    assert "270 mm" in run("ask", LOFT + "\udcff").out


def test_what_needs_confirmation_is_sent_to_chat(run: Run, installed: Installation) -> None:
    run("chat", stdin=f"{LOFT}\nsave that\n")
    ended = run("ask", "delete everything I saved")
    assert_one_sentence(ended)
    assert "home-energy chat" in ended.err


def test_an_answer_can_be_verified_from_a_file_or_a_pipe(
    run: Run, installed: Installation, tmp_path: Path
) -> None:
    given = run("ask", LOFT, "--json").out
    (tmp_path / "answer.json").write_text(given, encoding="utf-8")
    assert run("verify", str(tmp_path / "answer.json")).code == 0
    assert run("verify", "-", stdin=given).code == 0
    assert run("verify", "-", stdin=json.dumps({"answer": json.loads(given)})).code == 0


def test_an_altered_answer_does_not_verify(run: Run, installed: Installation) -> None:
    given = run("ask", LOFT, "--json").out
    ended = run("verify", "-", stdin=given.replace("270 mm", "970 mm"))
    assert ended.code == 1
    assert "does not stand at its span" in ended.out
    report = run("verify", "-", "--json", stdin=given.replace("270 mm", "970 mm"))
    assert report.code == 1
    assert json.loads(report.out)["holds"] is False


@pytest.mark.parametrize("given", ["", "[1]", "{}", "nonsense", '{"answer": 3}'])
def test_what_is_no_answer_cannot_be_verified(
    run: Run, installed: Installation, given: str
) -> None:
    assert_one_sentence(run("verify", "-", stdin=given))


def test_a_chat_remembers_until_it_is_told_to_start_again(
    run: Run, installed: Installation
) -> None:
    said = run(
        "chat", stdin=f"/sources\n{LOFT}\n/sources\n/save\n/new\nsave that\n/quit\nnot read\n"
    )
    lines = said.out.splitlines()
    assert said.code == 0
    assert lines[0] == "There is nothing quoted yet."
    assert any(line.startswith("    loft-insulation ") for line in lines)
    assert "Saved as a tip." in lines
    # The words that saved before the new conversation find nothing to save in it.
    assert lines[-1] == "There is no answer yet that I could save."


def test_a_chat_asks_before_it_deletes(run: Run, installed: Installation) -> None:
    turns = f"{LOFT}\nsave that\ndelete everything I saved\n"
    refused = run("chat", stdin=f"{turns}no\nlist what I saved\n").out
    assert "Delete 1 record?" in refused
    assert "Answer yes or no." in refused
    assert "Nothing was deleted." in refused
    assert "You have saved:" in refused
    confirmed = run("chat", stdin="delete everything I saved\nyes\nlist what I saved\n").out
    assert "Deleted 1 record." in confirmed
    assert "You have saved nothing yet." in confirmed


def test_a_chat_that_ends_at_a_question_deletes_nothing(run: Run, installed: Installation) -> None:
    ended = run("chat", stdin=f"{LOFT}\nsave that\ndelete everything I saved\n")
    assert ended.code == 0
    assert "Nothing was deleted." in ended.out


def test_a_chat_goes_on_where_it_was_left(run: Run, installed: Installation) -> None:
    run("chat", stdin=f"{LOFT}\n")
    (session,) = sessions.list_for(open_database(get_settings()), "local")
    assert (
        "Saved as a tip." in run("chat", "--session", session.session_id, stdin="save that\n").out
    )
    assert_one_sentence(run("chat", "--session", "nobody's"))


def test_an_unknown_command_in_a_chat_is_explained(run: Run, installed: Installation) -> None:
    ended = run("chat", stdin="/frobnicate\n")
    assert ended.out.startswith("There is no /frobnicate.")
    assert "/sources" in ended.out


def test_a_chat_without_a_turn_leaves_no_session(run: Run, installed: Installation) -> None:
    assert run("chat").code == 0
    assert sessions.list_for(open_database(get_settings()), "local") == []


def test_ingest_says_what_it_did_with_each_file(
    run: Run, installed: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "[red]boiler[bold].md").write_text("# [/]\n\nService the boiler yearly.\n", "utf-8")
    (folder / "photo.xyz").write_bytes(b"\0")
    planned = run("ingest", str(folder), "--dry-run", "--json")
    ended = run("ingest", str(folder))
    assert planned.code == ended.code == 1
    assert json.loads(planned.out)["added"] == ["[red]boiler[bold]"]
    assert "[red]boiler[bold]" in ended.out
    assert "photo.xyz: cannot read this kind (.xyz)" in ended.out
    again = json.loads(run("ingest", str(folder), "--json").out)
    assert (again["added"], again["unchanged"]) == ([], ["[red]boiler[bold]"])
    assert "Service the boiler" in run("search", "boiler service").out


def test_a_document_cannot_steer_the_terminal(
    run: Run, installed: Installation, tmp_path: Path
) -> None:
    (tmp_path / "evil.md").write_text("# Evil\n\nKettles boil\x1b]0;owned\x07 water.\n", "utf-8")
    assert run("ingest", str(tmp_path / "evil.md")).code == 0
    ended = run("search", "kettles boil water")
    assert "Kettles boil" in ended.out
    assert "\x1b" not in ended.out
    assert "\x07" not in ended.out


def test_search_gives_passages_as_the_rest_door_does(run: Run, installed: Installation) -> None:
    found = json.loads(run("search", "loft insulation", "--limit", "2", "--json").out)
    assert len(found) == 2
    assert found[0]["type"] == "Document"
    assert found[0]["metadata"]["document_id"] == "loft-insulation"


def test_a_search_for_nothing_says_so(run: Run, installed: Installation) -> None:
    assert run("search", "!?").out == "There is no word to look for.\n"


def test_graphs_are_drawn_without_a_network(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "supervisor" in run("graph").out
    assert "retrieve" in run("graph", "rag").out
    assert run("graph", "rag", "--format", "png").out == "rag.png\n"
    assert (tmp_path / "rag.png").read_bytes().startswith(b"\x89PNG")
    assert_one_sentence(run("graph", "--output", str(tmp_path / "no" / "graph.md")))


def test_a_key_is_shown_once_listed_without_it_and_taken_back(
    run: Run, installed: Installation
) -> None:
    made = run("keys", "create", "--user", "alice", "--admin", "--expires", "3d")
    key = made.out.strip()
    (listed,) = json.loads(run("keys", "list", "--json").out)
    assert listed["user"] == "alice"
    assert listed["scopes"] == ["admin", "user"]
    assert listed["expires_at"] is not None
    assert key not in run("keys", "list").out
    assert "alice" in run("keys", "list").out
    rotated = json.loads(run("keys", "rotate", listed["id"], "--json").out)
    assert rotated["key"] != key
    assert run("keys", "revoke", rotated["id"]).out == f"Revoked {rotated['id']}.\n"
    assert all(each["revoked_at"] for each in json.loads(run("keys", "list", "--json").out))
    assert_one_sentence(run("keys", "revoke", "nobody's"))
    assert_one_sentence(run("keys", "create", "--user", "not a name"))


def test_a_healthy_installation_passes_the_doctor(run: Run, installed: Installation) -> None:
    ended = run("doctor", "--json")
    assert [check for check in json.loads(ended.out) if not check["ok"]] == []
    assert ended.code == 0


def test_the_doctor_says_what_to_do(
    run: Run, installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_ENERGY_MODLE", "x")
    ended = run("doctor")
    assert ended.code == 1
    assert "no such setting: HOME_ENERGY_MODLE" in ended.out


def test_the_weights_that_are_there_are_checked(run: Run, installed: Installation) -> None:
    ended = run("models", "pull")
    assert ended.code == 0
    assert Path(ended.out.strip()).is_dir()


def test_a_reader_who_leaves_early_causes_no_traceback(installed: Installation) -> None:
    command = [sys.executable, "-c", "from server.cli import main; main()", "--help"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()
