"""What anyone needs to check a credential, without a token: issuers, keys, achievements, status lists, credentials."""

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bootstrap import Backend
from api.callers.admitting import denied
from api.callers.budgets import Budgets
from api.callers.identity import address_of, caller_of
from api.problems import problem
from gamification.credentials.documents import STATUS_TTL
from gamification.credentials.service import CredentialService, Gone
from gamification.kit.errors import NotFound

JSON_LD = "application/ld+json"
JWKS = "application/jwk-set+json"
VC_JWT = "application/vc+jwt"
_NUMBER_MAX = 1_000_000
_KEPT = f"public, max-age={int(STATUS_TTL.total_seconds())}"

Answer = Callable[[CredentialService, Request], Awaitable[Response]]


def credential_routes(budgets: Budgets) -> list[Route]:
    """The routes; each request is charged to its address like any other without a token."""

    def route(path: str, answer: Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            denial = await budgets.charge(caller_of(None, address_of(request.scope)), requests=1)
            if denial is not None:
                return denied(denial)
            backend: Backend = request.app.state.backend
            try:
                return await answer(backend.services.credentials, request)
            except Gone as error:
                return problem(410, error.message)

        return Route(path, endpoint, methods=["GET"])

    return [
        route("/issuers/{programme}", _issuer),
        route("/issuers/{programme}/keys", _keys),
        route("/issuers/{programme}/keys/{kid}", _key),
        route("/issuers/{programme}/achievements/{badge}", _achievement),
        route("/issuers/{programme}/achievements/{badge}/{level:int}", _achievement),
        route("/issuers/{programme}/status/{number:int}", _status),
        route("/credentials/{credential}", _credential),
    ]


async def _issuer(credentials: CredentialService, request: Request) -> Response:
    return _json(await credentials.profile(request.path_params["programme"]), JSON_LD)


async def _keys(credentials: CredentialService, request: Request) -> Response:
    return _json(await credentials.keys(request.path_params["programme"]), JWKS)


async def _key(credentials: CredentialService, request: Request) -> Response:
    stated = request.path_params
    return _json(await credentials.key(stated["programme"], stated["kid"]), "application/jwk+json")


async def _achievement(credentials: CredentialService, request: Request) -> Response:
    stated = request.path_params
    level = stated.get("level", 0)
    return _json(await credentials.achievement(stated["programme"], stated["badge"], level), JSON_LD)


async def _status(credentials: CredentialService, request: Request) -> Response:
    stated = request.path_params
    if stated["number"] > _NUMBER_MAX:
        raise NotFound("There is no such status list.")
    return _signed(await credentials.status_list(stated["programme"], stated["number"]))


async def _credential(credentials: CredentialService, request: Request) -> Response:
    try:
        found = bytes.fromhex(request.path_params["credential"])
    except ValueError as error:
        raise NotFound("There is no such credential.") from error
    return _signed((await credentials.published(found)).jwt, kept="no-store")


def _json(document: object, media_type: str) -> Response:
    return Response(orjson.dumps(document), media_type=media_type, headers={"Cache-Control": _KEPT})


def _signed(text: str, kept: str = "public, max-age=60") -> Response:
    return Response(text, media_type=VC_JWT, headers={"Cache-Control": kept})
