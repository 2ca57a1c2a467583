"""Process configuration, read once from the environment and `.env`."""

from functools import lru_cache
from ipaddress import ip_network
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
    model_context_tokens: int = Field(8192, ge=512)
    """How many tokens prompt and answer may take together; sent to Ollama as num_ctx."""
    data_dir: Path = Path(".data")
    """Where everything that must survive is kept: databases, index, weights, keys."""
    database_url: str | None = None
    """SQLAlchemy address of sessions, records and keys; None is SQLite in data_dir."""
    knowledge_dir: Path = Path("knowledge")
    """The documents `serve` indexes at first start."""
    embedding_model: Literal["all-MiniLM-L6-v2"] = "all-MiniLM-L6-v2"
    """Which embedding model the index is made with; only this one ships today."""
    ingest_private: bool = False
    """Whether `ingest` may fetch pages of hosts that are named to it at private addresses."""
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
    session_ttl_days: int = Field(0, ge=0)
    """Days after its last turn that a session is deleted; 0 is never."""
    history_days: int = Field(7, ge=0)
    """Days after its last turn that a session keeps what it was before each turn, besides every
    message; 0 is for ever."""
    sweep_seconds: float = Field(30, ge=0)
    """How often the server clears away what nobody needs any more; 0 is never."""
    requests_per_minute: int = Field(1200, ge=0)
    """How often one key, or one address without a key, may ask; 0 is without end."""
    failed_keys_per_minute: int = Field(20, ge=0)
    """How many wrong keys an address may try, or be tried for one key's id; 0 is without end."""
    model_tokens_per_day: int = Field(1_000_000, ge=0)
    """Tokens that one user's turns may cost from midnight to midnight, UTC; 0 is without end."""
    limits_storage: str = "memory://"
    """Where requests are counted, as the `limits` library writes addresses: for one process, or
    `redis://…` for several."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or networks, separated by commas, whose X-Forwarded-For is believed."""

    @field_validator("data_dir", "knowledge_dir")
    @classmethod
    def _from_project_root(cls, value: Path) -> Path:
        return (PROJECT_ROOT / value.expanduser()).resolve()

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ip_network(part)
        return value

    @field_validator("cors_origins", "models", "trusted_proxies", mode="before")
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
