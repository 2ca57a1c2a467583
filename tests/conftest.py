"""What every test gets: no socket off loopback, the real embedding model, a data folder."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

# Read by langgraph when it is imported, so before any test module imports it.
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
os.environ["ANONYMIZED_TELEMETRY"] = "false"
for _name in ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY", "OPENAI_API_KEY", "TAVILY_API_KEY"):
    os.environ.pop(_name, None)
for _name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
    os.environ[_name] = "false"

from home_energy.knowledge.embedding import Embedder  # noqa: E402
from home_energy.settings import Settings, get_settings  # noqa: E402


class OutsideConnectionError(AssertionError):
    """A test tried to leave the machine."""


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _no_outside_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail any test of ours that opens a socket to another machine, even if it hides the error."""
    attempts: list[object] = []

    def checked(original):
        def call(self: socket.socket, address: object):
            if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address):
                attempts.append(address)
                raise OutsideConnectionError(f"a test tried to connect to {address!r}")
            return original(self, address)

        return call

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, checked(getattr(socket.socket, name)))
    yield
    assert attempts == []


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The data folder that holds the embedding weights `make test` pulled."""
    return get_settings().data_dir


@pytest.fixture(scope="session")
def embedder(model_dir: Path) -> Iterator[Embedder]:
    """The real embedding model."""
    return Embedder.open(model_dir)


DOCUMENTS = {
    "loft-insulation": """---
title: Loft insulation
region: uk
as_of: 2026-11-22
sources:
  - {publisher: Energy Saving Trust, title: Loft, url: "https://example.org/loft", year: "2025"}
---
# Loft insulation

## How thick should loft insulation be?

Loft insulation of mineral wool should be 270 mm thick in the UK (Energy Saving Trust, 2025).
The first 100 mm layer lies between the joists and the next layer lies across the joists.

## What does loft insulation save?

Insulating a bare loft of a semi-detached house saved about £230 a year at 2025 gas prices.
Do not lay insulation over recessed lights, because covered lights can overheat.
""",
    "led-bulbs": """---
title: LED bulbs
region: general
as_of: 2026-11-22
sources:
  - {publisher: ENERGY STAR, title: LED, url: "https://example.org/led", year: "2023"}
---
# LED bulbs

## How much do LED bulbs save?

LED bulbs use up to 90% less energy than incandescent bulbs of equal light (ENERGY STAR, 2023).
An LED bulb of 9 W gives the light of a 60 W incandescent bulb.

## Why does an LED bulb flicker?

An LED bulb flickers when the dimmer does not suit LED bulbs.
""",
    "heat-pumps": """---
title: Heat pumps
region: general
as_of: 2026-11-22
sources:
  - {publisher: IEA, title: Heat pumps, url: "https://example.org/hp", year: "2022"}
---
# Heat pumps

## How do heat pumps work in cold weather?

A heat pump moves heat from outdoor air into the home, even below 0 °C.
Heat pumps deliver three to four units of heat for each unit of electricity (IEA, 2022).
In very cold weather the output of an air-source heat pump falls and defrosting uses some energy.
""",
}
"""A small knowledge base whose answers the tests know."""


@pytest.fixture(scope="session")
def knowledge_data(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A data folder with the weights and an index of DOCUMENTS; treat it as read-only."""
    from home_energy.knowledge.ingest import ingest

    root = tmp_path_factory.mktemp("knowledge")
    for name, text in DOCUMENTS.items():
        (root / f"{name}.md").write_text(text, encoding="utf-8")
    data = tmp_path_factory.mktemp("data")
    (data / "models").symlink_to(get_settings().data_dir / "models", target_is_directory=True)
    ingest([root], data_dir=data, embedder=embedder)
    return data


@pytest.fixture
def settings(
    knowledge_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings of a fresh installation: the small index, an empty database of its own."""
    from tools import knowledge

    for part in ("models", "index"):
        (tmp_path / part).symlink_to(knowledge_data / part, target_is_directory=True)
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    knowledge.forget()
    yield get_settings()
    knowledge.forget()
    get_settings.cache_clear()
