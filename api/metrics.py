"""`GET /metrics`: what this process counted, as Prometheus reads it.

A counter is made beside what it counts, in whichever layer, as a module's constant (`prometheus_client.Counter`): the
library's registry is the one place that gathers them, so nothing has to be handed down. Labels are few and closed
sets, never a caller, an address or a text of theirs.
"""

import hmac
import ipaddress
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from api.problems import problem

DENIED = Counter("starguild_budget_denials", "Requests that a budget did not cover.", ["kind", "audience"])

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class MetricsSettings(Protocol):
    """What of the settings says who may read metrics."""

    @property
    def metrics_token(self) -> SecretStr | None: ...


class MetricsEndpoint:
    """For whoever has the metrics token; without such a setting, for this machine alone."""

    def __init__(self, settings: MetricsSettings) -> None:
        token = settings.metrics_token
        self._expected = None if token is None else f"Bearer {token.get_secret_value()}".encode()

    async def __call__(self, request: Request) -> Response:
        if self._expected is not None:
            stated = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(stated, self._expected):
                return problem(401, "Metrics need their token.", headers={"WWW-Authenticate": "Bearer"})
        elif not _is_local(request):
            return problem(404)
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _is_local(request: Request) -> bool:
    """Whether it comes from this machine itself, and not through a proxy on it."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
