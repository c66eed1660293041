"""Metrics: what was counted, for whoever may know."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Route

from api.metrics import DENIED, MetricsEndpoint
from api.settings import Settings, load_settings
from resolvers.metrics import OPERATIONS, REFUSED

LOCAL = ("127.0.0.1", 50_000)


def client(settings: Settings, address: tuple[str, int] = LOCAL) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/metrics", MetricsEndpoint(settings).__call__, methods=["GET"])])
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=address), base_url="http://test", timeout=30
    )


async def test_shows_what_every_layer_counted(settings: Settings) -> None:
    DENIED.labels("cost", "member").inc()
    REFUSED.labels("depth").inc()
    OPERATIONS.labels("compiled", "").inc()

    async with client(settings) as http:
        answer = await http.get("/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert ("starguild_budget_denials_total", (("audience", "member"), ("kind", "cost"))) in samples
    assert ("starguild_graphql_refused_total", (("kind", "depth"),)) in samples
    assert ("starguild_graphql_operations_total", (("reason", ""), ("way", "compiled"))) in samples
    assert ("starguild_rates_away", ()) in samples


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (LOCAL, {}, 200),
        (("::1", 1), {}, 200),
        (("192.0.2.1", 1), {}, 404),
        (LOCAL, {"x-forwarded-for": "127.0.0.1"}, 404),
        (LOCAL, {"forwarded": "for=127.0.0.1"}, 404),
        (("testclient", 1), {}, 404),
    ],
)
async def test_without_a_token_only_this_machine_may_read_them(
    settings: Settings, address: tuple[str, int], headers: dict[str, str], status: int
) -> None:
    async with client(settings, address) as http:
        assert (await http.get("/metrics", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("stated", "status"), [("Bearer right", 200), ("Bearer wrong", 401), ("right", 401), (None, 401)]
)
async def test_with_a_token_whoever_states_it_may_read_them(stated: str | None, status: int) -> None:
    settings = load_settings(jwt_secret="x" * 32, metrics_token="right")
    headers = {"authorization": stated} if stated else {}

    async with client(settings, ("192.0.2.1", 1)) as http:
        assert (await http.get("/metrics", headers=headers)).status_code == status
    assert "right" not in repr(settings)
