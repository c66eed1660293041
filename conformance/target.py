"""The server under test: where it listens, its limits, and tokens that it takes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from api.callers.auth import issue_token
from api.demo_names import DEMO_PROGRAMME
from api.settings import Settings
from gamification.kit.actors import Role


class Process(Protocol):
    """What runs the server."""

    @property
    def pid(self) -> int: ...

    async def renew(self) -> None:
        """Replace a process that no longer serves."""


@dataclass(frozen=True, slots=True)
class Target:
    """A running server with the demo programme and made-up members."""

    host: str
    port: int
    secret: str
    settings: Settings
    server: Process
    programme: str = DEMO_PROGRAMME

    @property
    def pid(self) -> int:
        return self.server.pid

    @property
    def http(self) -> str:
        return f"http://{self.host}:{self.port}/graphql"

    @property
    def ws(self) -> str:
        return f"ws://{self.host}:{self.port}/graphql"

    def token(
        self,
        role: Role = Role.MEMBER,
        subject: str = "demo",
        *,
        seconds: float = 3600,
        secret: str | None = None,
        programme: str | None = None,
    ) -> str:
        """A token of the installation, or one signed with another secret. Each subject has limits of its own."""
        return issue_token(
            secret or self.secret,
            role=role,
            subject=subject,
            programme=programme or self.programme,
            lifetime=timedelta(seconds=seconds),
        )
