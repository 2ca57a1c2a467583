"""Process configuration, read once from the environment and `.env`."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from home_energy.errors import SetupError

PROJECT_ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds `langgraph.json`; relative paths in settings start here."""


class Settings(BaseSettings):
    """Everything `HOME_ENERGY_*` may set; the providers' keys keep their own names."""

    model_config = SettingsConfigDict(
        env_prefix="HOME_ENERGY_",
        env_file=PROJECT_ROOT / ".env",
        env_ignore_empty=True,
        extra="ignore",
    )

    model: str = "extractive"
    """`extractive` (no model), or `provider:name` as init_chat_model takes it."""
    models: Annotated[tuple[str, ...], NoDecode] = ()
    """Further models, separated by commas, that a run may choose instead."""
    model_base_url: str | None = None
    """Where an OpenAI-compatible or Ollama server listens, if not at its usual address."""
    model_timeout_seconds: float = Field(20.0, gt=0)
    """The whole time a model may take for one answer, streaming included."""
    model_context_tokens: int = Field(4096, ge=512)
    """How many tokens prompt and answer may take together; sent to Ollama as num_ctx."""
    data_dir: Path = Path(".data")
    """Where everything that must survive is kept: databases, index, weights, keys."""
    database_url: str | None = None
    """SQLAlchemy address of sessions, records and keys; None is SQLite in data_dir."""
    knowledge_dir: Path = Path("knowledge")
    """The documents `serve` indexes at first start."""
    embedding_model: Literal["all-MiniLM-L6-v2"] = "all-MiniLM-L6-v2"
    """Which embedding model the index is made with; only this one ships today."""
    web_search: bool = False
    """Whether the retriever may ask Tavily when the documents are not enough."""
    web_search_base_url: str | None = None
    """Where the search service listens, if not at its usual address."""
    web_search_timeout_seconds: float = Field(6.0, gt=0)
    """The whole time one web search may take."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins, separated by commas, that browsers may call from besides Studio's."""
    jobs: int = Field(16, ge=1)
    """How many runs the server works on at once."""

    @field_validator("data_dir", "knowledge_dir")
    @classmethod
    def _from_project_root(cls, value: Path) -> Path:
        return (PROJECT_ROOT / value.expanduser()).resolve()

    @field_validator("cors_origins", "models", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the process's settings; tests call `get_settings.cache_clear()`.

    Raises SetupError naming the variable that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as exc:
        wrong = exc.errors()[0]
        name = f"HOME_ENERGY_{'_'.join(str(part) for part in wrong['loc'][:1])}".upper()
        raise SetupError(f"{name} cannot be used: {wrong['msg']}.") from exc
