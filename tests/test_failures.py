"""That an agent's failure reaches no client in its own words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graphs.assistant import graph
from home_energy.errors import TurnFailed
from home_energy.settings import get_settings
from tools import knowledge


@pytest.fixture
def no_index(tmp_path: Path, model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "models").symlink_to(model_dir / "models", target_is_directory=True)
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    knowledge.forget()
    yield tmp_path
    knowledge.forget()
    get_settings.cache_clear()


async def test_a_missing_index_fails_the_turn_without_telling_why(no_index: Path) -> None:
    turn: Any = {"messages": [{"role": "user", "content": "How thick should loft insulation be?"}]}
    with pytest.raises(TurnFailed) as failure:
        await graph.ainvoke(turn)
    assert "index" not in str(failure.value)
    assert str(no_index) not in str(failure.value)
    assert failure.value.__cause__ is None


@pytest.mark.usefixtures("settings")
async def test_a_model_that_is_not_offered_is_told_by_name() -> None:
    from agents.context import Context
    from home_energy.errors import BadInput

    turn: Any = {"messages": [{"role": "user", "content": "How thick should loft insulation be?"}]}
    with pytest.raises(BadInput, match="openai:gpt-4o"):
        await graph.ainvoke(turn, context=Context(model="openai:gpt-4o"))
