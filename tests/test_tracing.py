"""LangSmith sees turns when its variables are set, and nothing is sent or said without them."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import traced_turn
from http_stand_in import StandIn, free_port, sends

from home_energy.settings import PROJECT_ROOT, Settings

pytestmark = pytest.mark.slow

TURN_SECONDS = 120


@dataclass(frozen=True)
class Turn:
    mode: str
    opened: list[str]
    """Addresses that the process connected to or looked up."""
    said: str
    """On standard error, where Python's warnings and the libraries' logs go."""


def run_turn(settings: Settings, **variables: str) -> Turn:
    """Run a turn in a fresh process, because the libraries read these variables once."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LANGSMITH_", "LANGCHAIN_", "HOME_ENERGY_"))
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", Path(traced_turn.__file__)],
        env=inherited | {"HOME_ENERGY_DATA_DIR": str(settings.data_dir)} | variables,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=TURN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    return Turn(result["mode"], result["opened"], done.stderr)


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({}, id="no variables"),
        pytest.param({"LANGSMITH_API_KEY": "lsv2_pt_key"}, id="a key, but tracing not asked for"),
    ],
)
def test_without_its_variables_nothing_is_sent_and_nothing_is_said(
    settings: Settings, variables: dict[str, str]
) -> None:
    with StandIn(sends(200, {})) as catcher:
        turn = run_turn(settings, LANGSMITH_ENDPOINT=catcher.url, **variables)
    assert catcher.connections == 0
    assert turn == Turn(mode="model", opened=[], said="")


def test_with_its_variables_a_turns_runs_arrive(settings: Settings) -> None:
    with StandIn(sends(200, {})) as catcher:
        turn = run_turn(
            settings,
            LANGSMITH_TRACING="true",
            LANGSMITH_API_KEY="lsv2_pt_key",
            LANGSMITH_ENDPOINT=catcher.url,
        )
    assert turn.mode == "model"
    sent = [request for request in catcher.received if request.path.startswith("/runs")]
    assert {request.headers["x-api-key"] for request in sent} == {"lsv2_pt_key"}
    body = b"".join(request.body for request in sent)
    for name in (b"assistant", b"supervisor", b"retriever", b"summarizer", b"ScriptedModel"):
        assert name in body
    assert traced_turn.SECRET.encode() in body


def test_a_tracing_service_that_is_not_there_costs_the_turn_nothing(settings: Settings) -> None:
    turn = run_turn(
        settings,
        LANGSMITH_TRACING="true",
        LANGSMITH_API_KEY="lsv2_pt_key",
        LANGSMITH_ENDPOINT=f"http://127.0.0.1:{free_port()}",
    )
    assert turn.mode == "model"
