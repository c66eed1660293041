"""Settings of an installation, from environment variables; nothing else configures a process."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableSetting

SECRET_BYTES_MIN = 32
"""Of the secret that signs tokens; HS256 asks for a key as long as its hash."""


def _off(value: object) -> object:
    return 0 if isinstance(value, str) and value.strip().lower() == "off" else value


Figure = Annotated[int, BeforeValidator(_off), Field(ge=0)]
"""A limit; 0 or `off` is none."""


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

    public_url: Annotated[str | None, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] = None
    """Where the world reaches this installation, such as `https://club.example`: what credentials and their issuers
    are addressed by, for good. Without it only an installation of embedded servers signs credentials."""
    credential_keys: Path | None = None
    """The directory of the keys that programmes sign credentials with; else `credential-keys` in `data_dir`."""

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Web pages of these origins may call the API and open sockets; separated by commas, `*` for any."""
    body_limit_bytes: Annotated[int, Field(ge=1024)] = 10 * 1024 * 1024
    """Of one HTTP request of staff or services. 500 activities with 16 KiB of properties each are 8 MB."""
    public_body_limit_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024
    """Of one GraphQL request of a member, or of who has no token."""
    body_timeout_seconds: Annotated[float, Field(ge=0)] = 10.0
    """In which a body must have arrived; 0 waits for ever."""
    intake_waiting_max: Annotated[int, Field(ge=500)] = 20_000
    """Activities that may wait in this process to be recorded; beyond it senders are told to try again."""
    query_timeout_seconds: Annotated[float, Field(ge=0)] = 10.0
    """After which a query is stopped; 0 lets it run."""
    mutation_timeout_seconds: Annotated[float, Field(ge=0)] = 30.0
    database_timeout_seconds: Annotated[float, Field(ge=0)] = 8.0
    """In which MongoDB must have answered one command of `serve`, else it ends it; 0 lets it run. Below the query's
    time-out, so that nothing goes on there which nobody waits for."""

    header_timeout_seconds: Annotated[float, Field(ge=0)] = 10.0
    """In which a client must have stated the headers of a request; 0 waits for ever."""
    keep_alive_seconds: Annotated[int, Field(ge=1)] = 30
    """How long a connection may be quiet between two requests."""
    connections_max: Figure = 20_000
    """Of this process, sockets too; beyond it requests get 503. 0 or `off` takes any number."""
    connections_backlog: Annotated[int, Field(ge=1)] = 2048
    """Connections that the system keeps waiting until this process takes them."""
    hsts_seconds: Annotated[int, Field(ge=0)] = 0
    """How long browsers shall come by HTTPS only; for installations behind TLS. 0 says nothing of it."""

    compiled_execution: bool = True
    """Off, graphql-core executes every operation: slower, and the same answers."""
    introspection: Literal["everyone", "staff", "nobody"] = "staff"
    """Who may read the schema from the server: `everyone`, `staff` (services too) or `nobody`."""
    persisted_queries: bool = True
    """Whether a hash may stand for a document that was sent before (automatic persisted queries)."""
    trusted_documents: Path | None = None
    """A manifest of operations; where stated, members and anonymous callers may run no others."""
    page_cache: bool = True
    """Whether board pages that are the same for many are kept as bytes, for two seconds at most."""
    socket_message_limit_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024
    socket_init_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    socket_operations_max: Annotated[int, Field(ge=1)] = 100
    """Running at once on one socket."""
    socket_operations_per_second: Annotated[float, Field(gt=0)] = 20.0
    """Started on one socket, on average."""
    socket_operations_burst: Annotated[int, Field(ge=1)] = 100
    """Started on one socket at once, after a pause."""
    socket_stall_seconds: Annotated[float, Field(gt=0)] = 30.0
    """How long a client may leave what it is sent unread, before its socket or event stream is closed."""
    socket_ping_seconds: Annotated[float, Field(gt=0)] = 20.0
    """Between two heartbeats; a socket that does not answer one in the same time is closed."""
    sockets_per_caller: Annotated[int, Field(ge=1)] = 30
    """Sockets and event streams that one caller may have open, on one process."""

    limit_characters: Figure = 15_000
    """Of one GraphQL document, as are the next ones; 0 or `off` takes any number."""
    limit_tokens: Figure = 1_000
    limit_operations: Figure = 10
    limit_depth: Figure = 10
    """Fields on the longest way down. What lies in `__schema` and `__type` has the two figures of its own."""
    limit_introspection_depth: Figure = 20
    limit_aliases: Figure = 15
    limit_root_fields: Figure = 20
    limit_directives: Figure = 50
    limit_fields: Figure = 200
    """In all, those of a fragment as often as it is spread."""
    limit_introspection_fields: Figure = 500
    limit_cost: Figure = 5_000
    """Of one operation: the sum over its fields, where lists multiply (`docs/api.md`)."""
    limit_trusted_cost: Figure = 20_000
    """The same for staff and services, whose batches have hundreds of outcomes."""
    limit_errors: Figure = 5
    """Returned by one request at most."""

    requests_per_second: Figure = 100
    """Of one caller, as are the next ones: a member, or an address without a token. 0 or `off` takes any number."""
    requests_burst: Annotated[int, Field(ge=1)] = 200
    """How many at once, after a pause."""
    cost_per_minute: Figure = 50_000
    cost_burst: Annotated[int, Field(ge=1)] = 100_000
    granting_per_minute: Figure = 10
    """Mutations that give, claim or spend, counted by alias."""
    trusted_requests_per_second: Figure = 2_000
    """Of one caller of staff, or one service, as are the next ones."""
    trusted_requests_burst: Annotated[int, Field(ge=1)] = 4_000
    trusted_cost_per_minute: Figure = 10_000_000
    """5,000 activities a second in batches cost about 1,500,000 a minute."""
    trusted_cost_burst: Annotated[int, Field(ge=1)] = 10_000_000
    trusted_granting_per_minute: Figure = 6_000
    wrong_tokens_per_minute: Figure = 20
    """From one address; good tokens from there pass all the same."""

    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """What keeps secrets in the database that must be read again, such as those that sign webhooks: 32 characters or more
    each, separated by commas. The first seals, all open; without one they are kept as they are."""
    outbound_networks: Annotated[tuple[str, ...], NoDecode] = ()
    """Networks that may be called although they are not public, such as `10.1.0.0/16`; separated by commas."""
    outbound_plain_http: bool = False
    """Whether URLs that are called may begin with `http://`."""
    outbound_ca_file: Path | None = None
    """The authorities whose certificates are taken from whoever is called, in place of the system's (PEM)."""

    smtp_url: SecretStr | None = None
    """The mail server: `smtp://user:password@host:587`, or `smtps://` for a connection that is encrypted from its first byte.
    Without it no emails are sent."""
    smtp_starttls: Literal["required", "opportunistic", "off"] = "required"
    """Whether a connection of `smtp://` goes on encrypted."""
    smtp_ca_file: Path | None = None
    """The authorities whose certificates are taken from the mail server, in place of the system's (PEM)."""
    mail_from: Annotated[
        str | None, Field(pattern=r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$")
    ] = None
    """The address that emails are from; their name is the programme's."""
    push_key_file: Path | None = None
    """The key that pushes to browsers are signed with (`starguild push-key`); else `push-key.pem` in `data_dir`. Where there is
    none, nothing is pushed."""
    push_contact: Annotated[str | None, Field(pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://[^\s]+)$")] = None
    """Whom push services reach about what is pushed; `public_url` where that is https and this is not stated."""

    metrics_token: SecretStr | None = None
    """What `GET /metrics` asks for as a bearer token; without it only this machine itself may read them."""

    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("cors_origins", "outbound_networks", "secret_keys", mode="before")
    @classmethod
    def _separate(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _as_browsers_state_them(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(stated) for stated in value)

    @field_validator("outbound_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(stated)) for stated in value)
        except ValueError:
            raise ValueError("each must be a network, such as 10.1.0.0/16 or fd12::/48") from None

    @field_validator("secret_keys")
    @classmethod
    def _keys_long_enough(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value().encode()) < SECRET_BYTES_MIN for key in value):
            raise ValueError(
                f"each needs {SECRET_BYTES_MIN} bytes or more, such as from `openssl rand -hex 32`"
            )
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

    @model_validator(mode="after")
    def _mailed_from(self) -> "Settings":
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("With STARGUILD_SMTP_URL set, STARGUILD_MAIL_FROM must be set too")
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


_ORIGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^\s/?#@,*]+)")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def _origin(stated: str) -> str:
    """An origin as browsers send it: small letters, no path, no port that goes without saying. `null`, which any
    sandboxed page can send, is none. Source: RFC 6454."""
    if stated == "*":
        return stated
    found = _ORIGIN.fullmatch(stated.lower().rstrip("/"))
    if found is None:
        raise ValueError("each must be an origin, such as https://app.example or http://localhost:3000")
    return f"{found['scheme']}://{found['host'].removesuffix(_DEFAULT_PORTS.get(found['scheme'], '/'))}"


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
