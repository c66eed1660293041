"""Members' years as pictures, for whoever has the link: without a bearer token, at addresses that are secrets."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bootstrap import Backend
from api.callers.budgets import RATE_LIMITED, Budgets
from api.callers.identity import address_of, caller_of
from api.middleware import ANNUAL_REPORTS
from api.problems import problem
from gamification.kit.errors import NotFound

_TOKEN_MAX = 100
_HEADERS = {
    "Content-Disposition": 'inline; filename="annual-report.svg"',
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


def annual_report_routes(budgets: Budgets) -> list[Route]:
    """The route; each request is charged to its address like any other without a token."""

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
        backend: Backend = request.app.state.backend
        token = request.path_params["token"]
        if len(token) > _TOKEN_MAX:
            raise NotFound("There is no such report.")
        svg = await backend.services.cards.shared(token)
        return Response(svg, media_type="image/svg+xml; charset=utf-8", headers=_HEADERS)

    return [Route(f"{ANNUAL_REPORTS}{{token}}.svg", endpoint, methods=["GET"])]
