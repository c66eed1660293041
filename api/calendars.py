"""Members' calendars, for the programs that subscribe to them: without a bearer token, at addresses that are secrets."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bootstrap import Backend
from api.callers.budgets import RATE_LIMITED, Budgets
from api.callers.identity import address_of, caller_of
from api.middleware import CALENDARS
from api.problems import problem
from gamification.kit.errors import NotFound
from resolvers.relay import decode_bytes_id

ICALENDAR = "text/calendar; charset=utf-8"
_TOKEN_MAX = 100
_HEADERS = {"X-Robots-Tag": "noindex"}


def calendar_routes(budgets: Budgets) -> list[Route]:
    """The routes; each request is charged to its address like any other without a token."""

    async def endpoint(request: Request) -> Response:
        denial = await budgets.charge(caller_of(None, address_of(request.scope)), requests=1)
        if denial is not None:
            return problem(
                429,
                denial.message,
                headers={"Retry-After": str(denial.retry_after_s)},
                code=RATE_LIMITED,
                limitKind=denial.kind.value,
                limit=denial.limit,
            )
        return await _answer(request)

    return [
        Route(f"{CALENDARS}{{token}}.ics", endpoint, methods=["GET"]),
        Route(f"{CALENDARS}{{token}}/{{gathering}}.ics", endpoint, methods=["GET"]),
    ]


async def _answer(request: Request) -> Response:
    backend: Backend = request.app.state.backend
    token, gathering = request.path_params["token"], request.path_params.get("gathering")
    if len(token) > _TOKEN_MAX:
        raise NotFound("There is no such calendar.")
    feeds = backend.services.calendar_feeds
    if gathering is None:
        text = await feeds.feed(token)
    else:
        raw = decode_bytes_id(gathering, "Gathering")
        if raw is None:
            raise NotFound("There is no such gathering.")
        text = await feeds.single(token, raw)
    name = "gatherings" if gathering is None else "gathering"
    stated = {**_HEADERS, "Content-Disposition": f'inline; filename="{name}.ics"'}
    return Response(text, media_type=ICALENDAR, headers=stated)
