"""Fixtures of the tests that talk to a model behind a socket, a stand-in's or llama.cpp's."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import llama_server
import ollama_stand_in as ollama
import openai_stand_in as openai
import pytest
from http_stand_in import Behaviour, Configure, Serve, StandIn

from agents import models, tokens
from home_energy.settings import Settings, get_settings


def forget() -> None:
    """Know nothing of any server, as a process that has just started."""
    models.health.retry_at.clear()
    tokens.forget()
    get_settings.cache_clear()


@pytest.fixture
def configure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    def set_variables(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"HOME_ENERGY_{name.upper()}", str(value))
        get_settings.cache_clear()

    forget()
    yield set_variables
    forget()


@pytest.fixture
def serve(configure: Configure) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(dialect: str, behaviour: Behaviour) -> StandIn:
            stand_in = stack.enter_context(StandIn(behaviour))
            if dialect == "ollama":
                configure(model=f"ollama:{ollama.MODEL}", model_base_url=stand_in.url)
            else:
                configure(model=f"openai:{openai.MODEL}", model_base_url=f"{stand_in.url}/v1")
            return stand_in

        yield start


@pytest.fixture(scope="session")
def smollm2() -> Path:
    try:
        return llama_server.model_file(get_settings().data_dir / "models")
    except llama_server.NotFetchedError as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def llama(smollm2: Path) -> Iterator[llama_server.Running]:
    with llama_server.running(smollm2) as server:
        yield server


@pytest.fixture
def use(configure: Configure) -> Callable[[llama_server.Running], None]:
    """Ask this llama.cpp server from now on."""

    def use_server(server: llama_server.Running) -> None:
        configure(
            model=f"openai:{llama_server.NAME}",
            model_base_url=server.base_url,
            model_context_tokens=llama_server.CONTEXT_TOKENS,
            # A busy machine reads a prompt slowly, and these tests are not about its speed.
            model_timeout_seconds=120,
        )

    return use_server
