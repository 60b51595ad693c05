"""What can be set of the second reader: variables that begin with `PREVENTION_READER_`. Without address and model there is none."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from classifier.errors import ConfigurationError

PREFIX = "PREVENTION_READER_"


class ReaderSettings(BaseSettings):
    """The second reader's settings; the field `url` is the variable `PREVENTION_READER_URL`, and so on."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    url: str = Field(default="", max_length=300, description="Address of an OpenAI-compatible server, with its /v1.")
    model: str = Field(default="", max_length=200, description="Name of the model, as the server knows it.")
    key: SecretStr = Field(default=SecretStr(""), description="The server's key; neither stored nor logged.")
    prompt_tokens: int = Field(default=12_000, ge=5_000, le=100_000, description="Longest prompt, in tokens.")
    answer_tokens: int = Field(default=3_500, ge=200, le=20_000, description="Longest answer, in tokens.")
    document_tokens: int = Field(default=60_000, ge=1, description="Tokens a month for one document.")
    month_tokens: int = Field(default=2_000_000, ge=1, description="Tokens a month for all documents.")
    prompt_price: float = Field(default=0.0, ge=0, description="Price of a million prompt tokens.")
    answer_price: float = Field(default=0.0, ge=0, description="Price of a million tokens of answers.")
    seconds: float = Field(default=120.0, gt=0, le=1800, description="Longest that one answer may take.")
    attempts: int = Field(default=3, ge=1, le=10, description="How often the server is asked for one reading.")
    concurrency: int = Field(default=1, ge=1, le=16, description="How many readings run at a time.")
    abstained: bool = Field(default=False, description="Whether documents are read that the classifier leaves open.")
    disagreement: bool = Field(default=False, description="Whether documents are read that two people disagree on.")
    share: float = Field(default=0.0, ge=0, le=1, description="Share of all documents that is read, by chance.")

    @property
    def on(self) -> bool:
        """Whether there is a second reader."""
        return bool(self.url and self.model)

    @property
    def provider(self) -> str:
        """The server as it is written down: without user, password and query."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if bool(self.url) != bool(self.model):
            raise ValueError(f"{PREFIX}URL and {PREFIX}MODEL belong together; set both, or neither")
        if self.url and (urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).hostname):
            raise ValueError(f"{PREFIX}URL is no address of a server; write it as http://127.0.0.1:8080/v1")
        return self

    def cost(self, prompt_tokens: int, answer_tokens: int) -> float:
        """Return what so many tokens cost, in the currency of the prices."""
        return (prompt_tokens * self.prompt_price + answer_tokens * self.answer_price) / 1_000_000


def load_reader_settings() -> ReaderSettings:
    """Return the settings from the environment; a value that cannot be used is named, but the key is not shown."""
    try:
        return ReaderSettings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = PREFIX + "_".join(map(str, first["loc"])).upper() if first["loc"] else "the second reader"
        raise ConfigurationError(f"{name}: {first['msg']}; set it to a value that fits") from error
