"""Who comes to a plain route with a token, and whether they have budget left."""

from starlette.requests import Request
from starlette.responses import Response

from api.callers.auth import Authenticator, bearer
from api.callers.budgets import RATE_LIMITED, Budgets, Denial
from api.callers.identity import Caller, address_of, caller_of
from api.problems import problem
from gamification.kit.actors import Actor
from gamification.kit.errors import Unauthenticated


async def admit(
    request: Request, authenticator: Authenticator, budgets: Budgets, wanted: str
) -> tuple[Actor, Caller] | Response:
    """Who calls, charged for one request; or the answer that says that they have none left. `wanted` says what is missing
    where there is no token. Raises: Unauthenticated, KeysUnavailable."""
    address = address_of(request.scope)
    try:
        actor = await _actor(request, authenticator, wanted)
    except Unauthenticated:
        denial = await budgets.wrong_token(address)
        if denial is None:
            raise
        return denied(denial)
    caller = caller_of(actor, address)
    denial = await budgets.charge(caller, requests=1)
    return denied(denial) if denial is not None else (actor, caller)


async def _actor(request: Request, authenticator: Authenticator, wanted: str) -> Actor:
    token = bearer(request.headers.get("authorization"))
    if token is None:
        raise Unauthenticated(wanted)
    return await authenticator.authenticate(token)


def denied(denial: Denial) -> Response:
    """429, and when again."""
    return problem(
        429,
        denial.message,
        headers={"Retry-After": str(denial.retry_after_s)},
        code=RATE_LIMITED,
        limitKind=denial.kind.value,
        limit=denial.limit,
    )
