"""Everything about the service that can be set: by environment variables that begin with `PREVENTION_`, or on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.logs import LogFormat
from classifier.errors import ConfigurationError


class Settings(BaseSettings):
    """The service's settings; the field `max_wait_seconds` is the variable `PREVENTION_MAX_WAIT_SECONDS`, and so on."""

    model_config = SettingsConfigDict(env_prefix="PREVENTION_", frozen=True, extra="ignore")

    data: Path = Field(default=Path("data"), description="Folder of the store: files, and the database by default.")
    database_url: str | None = Field(
        default=None,
        description="PostgreSQL, as postgresql://user:password@host/name; by default SQLite in the folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen at.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port to listen at.")
    max_upload_mb: int = Field(default=100, ge=1, le=300, description="Largest upload, in MB of 2^20 bytes.")
    max_import_mb: int = Field(
        default=64, ge=1, le=300, description="Largest import of annotations, in MB of 2^20 bytes."
    )
    max_wait_seconds: float = Field(
        default=60.0, ge=0, le=600, description="Longest that a request may wait for a job."
    )
    lock_seconds: float = Field(default=30.0, gt=0, le=600, description="Longest wait for a locked SQLite database.")
    rate_per_minute: int = Field(
        default=600, ge=1, le=1_000_000, description="Requests a minute of each key, person or unknown address."
    )
    quota_mb: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="MB of 2^20 bytes that each caller's documents may fill; 0 sets no limit.",
    )
    session_hours: int = Field(
        default=12, ge=1, le=168, description="Hours after which a session that is not used ends; 7 days end any."
    )
    webhook_private: bool = Field(
        default=False, description="Whether webhooks may use http, and addresses of this machine and its networks."
    )
    webhook_attempts: int = Field(default=8, ge=1, le=20, description="How often a message to a webhook is tried.")
    webhook_retry_seconds: float = Field(
        default=15.0,
        gt=0,
        le=3600,
        description="Wait before the second attempt; each one after it waits four times as long.",
    )
    review_blind_share: float = Field(
        default=0.2, ge=0, le=1, description="Share of documents that are labelled before their prediction is seen."
    )
    review_double_share: float = Field(
        default=0.1, ge=0, le=1, description="Share of documents that two people code, each without the other's labels."
    )
    review_lease_minutes: int = Field(
        default=60, ge=1, le=10_080, description="Minutes for which a document is given to a person to review."
    )
    ocr: bool = Field(default=True, description="Whether scanned pages are read by tesseract, where it is installed.")

    fetch_hosts: str = Field(
        default="",
        description="Hosts that documents may be fetched from, separated by commas; `.gov.uk` stands for all that end so.",
    )
    fetch_private: bool = Field(
        default=False, description="Whether http and addresses of private networks may be fetched from, too."
    )
    fetch_seconds: float = Field(default=30.0, gt=0, le=300, description="Longest that fetching one document may take.")
    page_cache_mb: int = Field(default=500, ge=1, description="Room for images of pages, in MB of 2^20 bytes.")
    log_format: LogFormat = Field(
        default="auto", description="json, text, or auto: text on a terminal and else one JSON object per line."
    )
    metrics_open: bool = Field(
        default=False, description="Whether /metrics answers anybody, and not only administrators."
    )

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that documents may be fetched from, in small letters."""
        return tuple(host.strip().lower() for host in self.fetch_hosts.split(",") if host.strip())

    @property
    def pages(self) -> Path:
        """The folder of the images of pages: all of it can be made again."""
        return self.data / "pages"

    @property
    def cache(self) -> Path:
        """The folder of what runs over the corpus have worked out: all of it can be made again."""
        return self.data / "cache"

    @property
    def files(self) -> Path:
        """The folder of the uploaded files."""
        return self.data / "files"

    @property
    def url(self) -> str:
        """The database's URL as SQLAlchemy takes it."""
        if self.database_url is None:
            return f"sqlite+pysqlite:///{(self.data / 'prevention.sqlite').resolve()}"
        for scheme in ("postgresql://", "postgres://"):
            if self.database_url.startswith(scheme):
                return "postgresql+psycopg://" + self.database_url.removeprefix(scheme)
        return self.database_url


def load_settings(**given: Any) -> Settings:
    """Return the settings from the environment, with what the command line gave (not None) in their place."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "PREVENTION_" + "_".join(map(str, first["loc"])).upper()
        raise ConfigurationError(f"{name}: {first['input']!r}: {first['msg']}; set it to a value that fits") from error
