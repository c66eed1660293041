"""Settings of an installation, from environment variables; nothing else configures a process."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableSetting

SECRET_BYTES_MIN = 32
"""Of the secret that signs tokens; HS256 asks for a key as long as its hash."""


class SettingsError(Exception):
    """Settings that can't be worked with; the message is one line that names the variable and what to do."""


class Settings(BaseSettings):
    """Every setting is `STARGUILD_` and its name in capitals; `port`, `mongodb_url` and `redis_url` have none of that.

    A server whose URL is missing is run as an embedded one, with its data in `data_dir`.
    """

    model_config = SettingsConfigDict(
        env_prefix="STARGUILD_", env_ignore_empty=True, extra="ignore", populate_by_name=True, frozen=True
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, validation_alias=AliasChoices("PORT", "STARGUILD_PORT"))] = (
        8000
    )
    mongodb_url: Annotated[str | None, Field(validation_alias="MONGODB_URL")] = None
    redis_url: Annotated[str | None, Field(validation_alias="REDIS_URL")] = None
    database: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,63}$")] = "starguild"
    data_dir: Path = Path(".starguild")

    jwt_secret: SecretStr | None = None
    jwks_url: Annotated[str | None, Field(pattern=r"^https?://")] = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Web pages of these origins may call the API and open sockets; separated by commas, `*` for any."""
    body_limit_bytes: Annotated[int, Field(ge=1024)] = 10 * 1024 * 1024
    """Of one HTTP request. 500 activities with 16 KiB of properties each are 8 MB."""
    socket_message_limit_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024
    socket_init_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0

    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _separate(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("mongodb_url")
    @classmethod
    def _mongodb(cls, value: str | None) -> str | None:
        return _with_scheme(value, ("mongodb://", "mongodb+srv://"))

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        return _with_scheme(value, ("redis://", "rediss://", "unix://"))

    @field_validator("jwt_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < SECRET_BYTES_MIN:
            raise ValueError(f"needs {SECRET_BYTES_MIN} bytes or more, such as from `openssl rand -hex 32`")
        return value

    @model_validator(mode="after")
    def _signed(self) -> "Settings":
        if (self.mongodb_url or self.redis_url) and not (self.jwt_secret or self.jwks_url):
            raise ValueError(
                "With MONGODB_URL or REDIS_URL set, STARGUILD_JWT_SECRET (32 bytes or more, such as from "
                "`openssl rand -hex 32`) or STARGUILD_JWKS_URL must be set too"
            )
        return self

    @property
    def is_embedded(self) -> bool:
        """Whether at least one server is an embedded one."""
        return self.mongodb_url is None or self.redis_url is None

    @property
    def is_private(self) -> bool:
        """Whether both servers are embedded ones: an installation of one machine."""
        return self.mongodb_url is None and self.redis_url is None


def load_settings(**stated: Any) -> Settings:
    """The settings of the environment; `stated` ones come before it, None leaves one out.

    Raises: SettingsError with one line.
    """
    try:
        return Settings(**{name: value for name, value in stated.items() if value is not None})
    except ValidationError as error:
        raise SettingsError(
            "; ".join(_line(fault["loc"], fault["msg"]) for fault in error.errors())
        ) from None
    except UnreadableSetting as error:
        raise SettingsError(str(error)) from None


def _with_scheme(value: str | None, schemes: tuple[str, ...]) -> str | None:
    if value is not None and not value.startswith(schemes):
        raise ValueError(f"must begin with {' or '.join(schemes)}")
    return value


def _line(location: tuple[int | str, ...], message: str) -> str:
    """One fault, by the variable's name; never the value, which may be a secret."""
    text = message.removeprefix("Value error, ")
    if not location:
        return text
    name = str(location[0])
    variable = name if name.isupper() else f"STARGUILD_{name.upper()}"
    return f"{variable}: {text}"
