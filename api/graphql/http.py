"""GraphQL over HTTP: who calls, what they ask, whether they may, and the answer as bytes.

One way for every request; a board page that many ask for is answered from `pages` before anything is parsed.
"""

from dataclasses import dataclass
from typing import Any

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.callers.auth import Authenticator, bearer
from api.callers.budgets import Budgets, Denial
from api.callers.identity import Audience as CallerAudience
from api.callers.identity import Caller, address_of, caller_of
from api.callers.keysets import KeysUnavailable
from api.graphql.answers import encode, encode_refusal, send_answer, send_bytes, send_error
from api.graphql.errors import presentable
from api.graphql.live.messages import PROTOCOL
from api.graphql.pages import Pages
from api.graphql.requests import (
    JSON,
    Head,
    Unacceptable,
    check_content,
    parse_body,
    parse_query_string,
    read_body,
)
from api.graphql.sse import EVENT_STREAM, EventStreams, wants_event_stream
from api.settings import Settings
from gamification.kit.actors import Actor
from gamification.kit.errors import Unauthenticated
from resolvers.context import Context
from resolvers.deadlines import Deadlines
from resolvers.operations import (
    QUERIES,
    QUERIES_AND_MUTATIONS,
    Operations,
    Ready,
    Refused,
    Request,
    TookTooLong,
    WrongType,
)

_METHODS = {"Allow": "GET, POST"}
WRONG_TOKEN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: who, and what; `body` is as it came, or the query string."""

    actor: Actor | None
    caller: Caller
    body: bytes
    request: Request


class GraphQLEndpoint:
    """`/graphql` by POST and GET; without a token every field decides for itself."""

    def __init__(
        self,
        operations: Operations,
        authenticator: Authenticator,
        budgets: Budgets,
        pages: Pages,
        streams: EventStreams,
        settings: Settings,
    ) -> None:
        self._operations = operations
        self._authenticator = authenticator
        self._budgets = budgets
        self._pages = pages
        self._streams = streams
        self._limits = {True: settings.body_limit_bytes, False: settings.public_body_limit_bytes}
        self._bodies = Deadlines(settings.body_timeout_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = Head.of(scope)
        try:
            await self._serve(scope, receive, send, head)
        except Unacceptable as error:
            await send_error(send, error.status, error.message, error.code, error.headers)
        except Unauthenticated as error:
            await self._refuse_token(scope, send, error)
        except KeysUnavailable as error:
            await send_error(send, 503, str(error), "UNAVAILABLE", {"Retry-After": "1"})
        except WrongType as error:
            await _refuse_type(send, error)
        except TookTooLong as error:
            errors = presentable(error.errors, scope["state"]["request_id"])
            await send_bytes(send, 503, encode_refusal(errors), JSON.encode())
        except Refused as error:
            errors = presentable(error.errors, scope["state"]["request_id"])
            await send_answer(send, head, encode_refusal(errors), is_refusal=True)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, head: Head) -> None:
        method = scope["method"]
        if method not in ("POST", "GET"):
            raise Unacceptable(405, "Send queries and mutations by POST, queries by GET.", _METHODS)
        token = bearer(head.authorization)
        actor = None if token is None else await self._authenticator.authenticate(token)
        caller = caller_of(actor, address_of(scope))
        if await self._denied(send, await self._budgets.charge(caller, requests=1)):
            return
        body = scope["query_string"] if method == "GET" else await self._body(receive, head, caller)
        streamed = wants_event_stream(head.accept)
        if not streamed and await self._answer_from_page(scope, send, head, actor, caller, body):
            return
        request = parse_query_string(body) if method == "GET" else parse_body(body)
        if not request.query and "persistedQuery" not in (request.extensions or {}):
            raise Unacceptable(400, "No GraphQL query found in the request.")
        if streamed:
            await self._streams(scope, receive, send, request, actor)
        else:
            await self._execute(scope, send, head, Asked(actor, caller, body, request))

    async def _body(self, receive: Receive, head: Head, caller: Caller) -> bytes:
        check_content(head)
        limit_bytes = self._limits[caller.audience is CallerAudience.TRUSTED]
        return await read_body(receive, head, limit_bytes=limit_bytes, deadlines=self._bodies)

    async def _answer_from_page(
        self, scope: Scope, send: Send, head: Head, actor: Actor | None, caller: Caller, body: bytes
    ) -> bool:
        """Whether it was: nothing is parsed then."""
        if actor is None:
            return False
        services = scope["app"].state.backend.services
        known = self._pages.find(services, actor, scope["method"], body)
        if known is None:
            return False
        if not await self._denied(send, await self._budgets.charge(caller, cost=known.cost)):
            await send_answer(send, head, known.body)
        return True

    async def _execute(self, scope: Scope, send: Send, head: Head, asked: "Asked") -> None:
        method, actor, request = scope["method"], asked.actor, asked.request
        allowed = QUERIES if method == "GET" else QUERIES_AND_MUTATIONS
        ready = self._operations.prepare(request, actor, allowed)
        granting = ready.measure.counts.granting if ready.type is OperationType.MUTATION else 0
        charged = await self._budgets.charge(asked.caller, cost=ready.cost, granting=granting)
        if await self._denied(send, charged):
            return
        state = scope["state"]
        state["operation"] = _logged(ready, asked)
        services = scope["app"].state.backend.services
        context = Context(services, actor, state["request_id"])
        page = self._pages.begin(services, actor, ready, request, method, asked.body)
        answer = await self._operations.run(ready, request, context)
        if answer.errors:
            answer.errors = presentable(answer.errors, context.request_id)
        encoded = encode(answer, ready.cost)
        if page is not None and not answer.errors:
            await page.keep(encoded, ready.cost, context)
        await send_answer(send, head, encoded)

    async def _denied(self, send: Send, denial: Denial | None) -> bool:
        """Whether it was, and has been told so."""
        if denial is None:
            return False
        headers = {"Retry-After": str(denial.retry_after_s)}
        await send_bytes(send, 429, encode_refusal([denial.error()]), JSON.encode(), headers)
        return True

    async def _refuse_token(self, scope: Scope, send: Send, error: Unauthenticated) -> None:
        denial = await self._budgets.wrong_token(address_of(scope))
        if not await self._denied(send, denial):
            await send_error(send, 401, error.message, error.code.value, WRONG_TOKEN)


async def _refuse_type(send: Send, error: WrongType) -> None:
    if error.type is OperationType.SUBSCRIPTION:
        message = f"Subscribe over WebSocket ({PROTOCOL}) or with Accept: {EVENT_STREAM}."
        await send_error(send, 400, message, "BAD_REQUEST")
    else:
        await send_error(send, 405, "Send mutations by POST.", "BAD_REQUEST", {"Allow": "POST"})


def _logged(ready: Ready, asked: Asked) -> dict[str, Any]:
    """What a line says of a GraphQL operation: its name, the hash of its document, its cost, its caller."""
    name = ready.operation.node.name
    return {
        "operation": name.value if name else None,
        "document": ready.document.digest[:16],
        "cost": ready.cost,
        "caller": asked.caller.key if asked.actor else None,
    }
