"""What may be configured, and that .env.example tells all of it."""

import re

import pytest
from pydantic import ValidationError

from home_energy.settings import PROJECT_ROOT, Settings


def test_env_example_names_exactly_what_settings_read() -> None:
    text = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^HOME_ENERGY_(\w+)=", text, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_env_example_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")
    default = Settings(_env_file=None)
    for name, value in re.findall(r"^(HOME_ENERGY_\w+)=(.*)$", text, re.MULTILINE):
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None) == default


def test_relative_folders_start_at_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", "elsewhere")
    assert Settings(_env_file=None).data_dir == PROJECT_ROOT / "elsewhere"


def test_a_value_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_ENERGY_MODEL_TIMEOUT_SECONDS", "-1")
    with pytest.raises(ValidationError):
        Settings(_env_file=None)
