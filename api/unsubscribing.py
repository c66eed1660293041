"""The links in emails by which one unsubscribes, without a login: `GET` asks, `POST` does it, as mail programs do by themselves (RFC
8058)."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from api.bootstrap import Backend
from api.callers.budgets import RATE_LIMITED, Budgets
from api.callers.identity import address_of, caller_of
from api.middleware import UNSUBSCRIBE
from api.problems import problem
from community.notifications.composing import said
from gamification.kit.errors import NotFound
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions.notifications import NotificationKind

_TOKEN_MAX = 400
_HEADERS = {
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
}


def unsubscribe_routes(budgets: Budgets) -> list[Route]:
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

    return [Route(f"{UNSUBSCRIBE}{{token}}", endpoint, methods=["GET", "POST"])]


async def _answer(request: Request) -> Response:
    backend: Backend = request.app.state.backend
    token = request.path_params["token"]
    if len(token) > _TOKEN_MAX:
        raise NotFound("This link is not good any more.")
    choices = backend.services.notifications.choices
    if request.method == "POST":
        member, catalogue, _ = await choices.unsubscribe(token)
        return _page(member, catalogue, f"<p>{_said('unsubscribed', member, catalogue)}</p>")
    member, catalogue, kind = await choices.link(token)
    ask = "unsubscribe_all_ask" if kind is NotificationKind.CAMPAIGN else "unsubscribe_ask"
    form = (
        f"<p>{_said(ask, member, catalogue)}</p><form method='post'>"
        f"<button type='submit'>{_said('unsubscribe_yes', member, catalogue)}</button></form>"
    )
    return _page(member, catalogue, form)


def _page(member: Member, catalogue: Catalogue, body: str) -> Response:
    locale = escape(member.locale, quote=True)
    text = (
        f"<!doctype html><html lang='{locale}'><head><meta charset='utf-8'><meta name='viewport' "
        "content='width=device-width'><title>Starguild</title></head><body style='font-family:sans-serif;"
        f"max-width:600px;margin:40px auto;padding:0 16px'>{body}</body></html>"
    )
    return HTMLResponse(text, headers=_HEADERS)


def _said(name: str, member: Member, catalogue: Catalogue) -> str:
    return escape(said(name, member.locale, member.time_zone, catalogue))
