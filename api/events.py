"""`POST /events`: CloudEvents 1.0 over HTTP, structured, batched or binary, as activity.

| CloudEvents | Activity |
|---|---|
| type, source, subject | type, source, subject |
| id | sourceId |
| time (must be stated) | occurredAt |
| the extension attribute `member` (must be stated) | memberExternalId |
| data, a JSON object | properties |
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from cloudevents.core.bindings.common import CONTENT_TYPE_HEADER
from cloudevents.core.bindings.http import CE_PREFIX
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.bootstrap import Backend
from api.callers.admitting import admit, denied
from api.callers.auth import Authenticator
from api.callers.budgets import Budgets
from api.callers.identity import Caller
from api.cloudevents import activity_of, attributes_of
from api.graphql.requests import Head, Unacceptable, read_body
from api.settings import Settings
from gamification.activity.model import BATCH_MAX, ActivityOutcome, ActivityStatus, NewActivity
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import DomainError, InvalidInput, LimitExceeded
from resolvers.deadlines import Deadlines
from resolvers.relay import encode_id

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
JSON = "application/json"
EVENT_COST = 5
"""Of the sender's cost budget; one in `recordActivities` costs about as much."""

_ATTRIBUTES = {"sourceId": "id", "memberExternalId": "member", "occurredAt": "time", "properties": "data"}
"""The domain's field names to the attributes of an event, where they differ."""


class EventsEndpoint:
    """Records the events of one request; each is reported by its place, and a bad one harms no other."""

    def __init__(self, authenticator: Authenticator, budgets: Budgets, settings: Settings) -> None:
        self._authenticator = authenticator
        self._budgets = budgets
        self._limit_bytes = settings.body_limit_bytes
        self._bodies = Deadlines(settings.body_timeout_seconds)

    async def __call__(self, request: Request) -> Response:
        """200 with an outcome an event. Raises: DomainError, KeysUnavailable, Contention, MongoUnavailable."""
        admitted = await admit(
            request, self._authenticator, self._budgets, "A service's bearer token is needed."
        )
        if isinstance(admitted, Response):
            return admitted
        actor, caller = admitted
        actor.require(Permission.ACTIVITY_RECORD)
        return await self._record(request, actor, caller)

    async def _record(self, request: Request, actor: Actor, caller: Caller) -> Response:
        envelopes = _envelopes(request, await self._json(request))
        if len(envelopes) > BATCH_MAX:
            raise LimitExceeded(
                f"A batch has {len(envelopes)} events; at most {BATCH_MAX} are taken.", limit=BATCH_MAX
            )
        denial = await self._budgets.charge(caller, cost=EVENT_COST * len(envelopes))
        if denial is not None:
            return denied(denial)
        backend: Backend = request.app.state.backend
        accepted, refused = _read(envelopes)
        outcomes = await backend.services.recording.record(actor, list(accepted.values()))
        return _report(len(envelopes), dict(zip(accepted, outcomes, strict=True)), refused)

    async def _json(self, request: Request) -> Any:
        """What was sent. Raises: HTTPException for what is no event's media type, no JSON, too much or too slow."""
        kind = _kind(request)
        if kind not in (STRUCTURED, BATCHED) and not (_is_binary(request) and kind == JSON):
            raise HTTPException(
                415,
                f"Send {STRUCTURED}, {BATCHED}, or {JSON} with the attributes in {CE_PREFIX} headers.",
                {"Accept": f"{STRUCTURED}, {BATCHED}, {JSON}"},
            )
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise HTTPException(415, "Bodies are taken without an encoding.", {"Accept-Encoding": "identity"})
        head = Head.of(request.scope)
        try:
            body = await read_body(
                request.receive, head, limit_bytes=self._limit_bytes, deadlines=self._bodies
            )
            return orjson.loads(body)
        except Unacceptable as error:
            raise HTTPException(error.status, error.message, error.headers) from error
        except orjson.JSONDecodeError as error:
            raise HTTPException(400, f"The body is not JSON: {error}.") from error


def _kind(request: Request) -> str:
    return request.headers.get(CONTENT_TYPE_HEADER, "").partition(";")[0].strip().lower()


def _is_binary(request: Request) -> bool:
    return any(name.startswith(CE_PREFIX) for name in request.headers)


def _envelopes(request: Request, body: Any) -> Sequence[object]:
    """The events of the body. Raises: HTTPException for a batch that is none."""
    kind = _kind(request)
    if kind == BATCHED:
        if not isinstance(body, list):
            raise HTTPException(400, "A batch is a JSON array of events.")
        return body
    return [attributes_of(request.headers, body) if kind == JSON else body]


def _read(envelopes: Sequence[object]) -> tuple[dict[int, NewActivity], dict[int, DomainError]]:
    """Activities, and refusals of what is no event, by place."""
    accepted: dict[int, NewActivity] = {}
    refused: dict[int, DomainError] = {}
    for index, envelope in enumerate(envelopes):
        try:
            accepted[index] = activity_of(envelope)
        except InvalidInput as error:
            refused[index] = error
    return accepted, refused


def _report(
    count: int, recorded: Mapping[int, ActivityOutcome], refused: Mapping[int, DomainError]
) -> Response:
    outcomes = [
        _refusal(index, refused[index]) if index in refused else _outcome(index, recorded[index])
        for index in range(count)
    ]
    counts = Counter(outcome["status"] for outcome in outcomes)
    report = {
        "recorded": counts[ActivityStatus.RECORDED],
        "duplicates": counts[ActivityStatus.DUPLICATE],
        "rejected": counts[ActivityStatus.REJECTED],
        "outcomes": outcomes,
    }
    return Response(orjson.dumps(report), media_type=JSON)


def _outcome(index: int, outcome: ActivityOutcome) -> dict[str, Any]:
    if outcome.error is not None:
        # Paths name the field from the batch that was recorded; what was refused before is not among it.
        return _refusal(index, outcome.error, (outcome.error.path or [])[2:])
    shown: dict[str, Any] = {"index": index, "status": outcome.status}
    if outcome.activity is not None:
        shown["id"] = encode_id("Activity", outcome.activity.id)
    return shown


def _refusal(index: int, error: DomainError, path: Sequence[str] | None = None) -> dict[str, Any]:
    steps = list(error.path or [] if path is None else path)
    if steps:
        steps[0] = _ATTRIBUTES.get(steps[0], steps[0])
    shown: dict[str, Any] = {"code": error.code, "message": error.message, "path": steps}
    if error.limit is not None:
        shown["limit"] = error.limit
    return {"index": index, "status": ActivityStatus.REJECTED, "error": shown}
