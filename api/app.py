"""The ASGI application: routes, middleware, and what starts and stops with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from strawberry import Schema

from api.annual_reports import annual_report_routes
from api.bootstrap import Backend
from api.calendars import calendar_routes
from api.callers.auth import Authenticator
from api.callers.keysets import KeySet
from api.callers.signing import signing_secret
from api.credentials.routes import credential_routes
from api.events import EventsEndpoint
from api.graphql.http import GraphQLEndpoint
from api.graphql.live.limits import Connections
from api.graphql.pages import FRESH_S, Pages
from api.graphql.sockets import GraphQLSockets
from api.graphql.sse import EventStreams
from api.health import healthz, readyz
from api.insight_tables import InsightTablesEndpoint
from api.limits import make_budgets, operation_policy
from api.logs.configuring import REQUEST_ID_HEADER
from api.metrics import MetricsEndpoint
from api.middleware import BodyLimit, Direct, RequestEnvelope
from api.problems import TRY_LATER, on_domain_error, on_http_exception, on_try_later
from api.settings import Settings
from api.surveys import SurveyAnswersEndpoint
from api.unsubscribing import unsubscribe_routes
from api.worker import Worker
from gamification.kit.errors import DomainError
from resolvers.operations import Operations

GRAPHQL = "/graphql"


def create_app(
    settings: Settings, schema: Schema, backend: Backend, *, with_worker: bool = True
) -> Starlette:
    """The application over an open backend, which the caller closes after it. Raises: SettingsError."""
    authenticator = make_authenticator(settings)
    operations = Operations(schema, operation_policy(settings))
    budgets = make_budgets(settings, backend.redis)
    connections = Connections(settings.sockets_per_caller)
    sockets = GraphQLSockets(operations, authenticator, budgets, connections, settings)
    graphql = GraphQLEndpoint(
        operations,
        authenticator,
        budgets,
        Pages(fresh_s=FRESH_S if settings.page_cache else 0.0),
        EventStreams(operations, budgets, connections, settings),
        settings,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        worker = Worker(backend.services)
        await backend.services.doorbells.start()
        if with_worker:
            worker.start()
        try:
            yield
        finally:
            await worker.stop()
            await backend.services.doorbells.stop()

    app = Starlette(
        routes=[
            Route("/", _addresses, methods=["GET"]),
            WebSocketRoute(GRAPHQL, sockets),
            Route("/events", EventsEndpoint(authenticator, budgets, settings).__call__, methods=["POST"]),
            Route(
                "/surveys/{survey}/answers.csv",
                SurveyAnswersEndpoint(authenticator, budgets).__call__,
                methods=["GET"],
            ),
            Route(
                "/insights/{table}", InsightTablesEndpoint(authenticator, budgets).__call__, methods=["GET"]
            ),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/readyz", readyz, methods=["GET"]),
            Route("/metrics", MetricsEndpoint(settings).__call__, methods=["GET"]),
            *credential_routes(budgets),
            *calendar_routes(budgets),
            *annual_report_routes(budgets),
            *unsubscribe_routes(budgets),
        ],
        middleware=_middleware(settings, graphql),
        exception_handlers={
            HTTPException: on_http_exception,
            DomainError: on_domain_error,
            **dict.fromkeys(TRY_LATER, on_try_later),
        },
        lifespan=lifespan,
    )
    app.state.backend = backend
    return app


def make_authenticator(settings: Settings) -> Authenticator:
    """Who checks tokens under these settings. Raises: SettingsError."""
    return Authenticator(
        signing_secret(settings),
        KeySet(settings.jwks_url) if settings.jwks_url else None,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )


def _middleware(settings: Settings, graphql: ASGIApp) -> list[Middleware]:
    stack = [Middleware(RequestEnvelope, hsts_seconds=settings.hsts_seconds)]
    if settings.cors_origins:
        stack.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", REQUEST_ID_HEADER],
                expose_headers=[REQUEST_ID_HEADER],
            )
        )
    return [
        *stack,
        Middleware(Direct, path=GRAPHQL, endpoint=graphql),
        Middleware(BodyLimit, limit_bytes=settings.body_limit_bytes),
    ]


async def _addresses(_: Request) -> Response:
    """Where things are, for who comes to the root."""
    document = {
        "name": "Starguild",
        "graphql": "/graphql",
        "subscriptions": "/graphql (WebSocket, graphql-transport-ws)",
        "events": "/events",
        "health": ["/healthz", "/readyz"],
        "issuers": "/issuers/{programme}",
    }
    return Response(orjson.dumps(document), media_type="application/json")
