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
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Authenticator, bearer
from api.bootstrap import Backend
from api.cloudevents import activity_of, attributes_of
from api.problems import problem
from gamification.activity.model import BATCH_MAX, ActivityOutcome, ActivityStatus, NewActivity
from gamification.kit.actors import Permission
from gamification.kit.errors import DomainError, InvalidInput, LimitExceeded, Unauthenticated
from resolvers.relay import encode_id

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
JSON = "application/json"

_ATTRIBUTES = {"sourceId": "id", "memberExternalId": "member", "occurredAt": "time", "properties": "data"}
"""The domain's field names to the attributes of an event, where they differ."""


class EventsEndpoint:
    """Records the events of one request; each is reported by its place, and a bad one harms no other."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def __call__(self, request: Request) -> Response:
        """200 with an outcome an event. Raises: DomainError, KeysUnavailable, Contention, MongoUnavailable."""
        token = bearer(request.headers.get("authorization"))
        if token is None:
            raise Unauthenticated("A service's bearer token is needed.")
        actor = await self._authenticator.authenticate(token)
        actor.require(Permission.ACTIVITY_RECORD)
        kind = request.headers.get(CONTENT_TYPE_HEADER, "").partition(";")[0].strip().lower()
        is_binary = any(name.startswith(CE_PREFIX) for name in request.headers)
        if kind not in (STRUCTURED, BATCHED) and not (is_binary and kind == JSON):
            return problem(
                415,
                f"Send {STRUCTURED}, {BATCHED}, or {JSON} with the attributes in {CE_PREFIX} headers.",
                headers={"Accept": f"{STRUCTURED}, {BATCHED}, {JSON}"},
            )
        try:
            body = orjson.loads(await request.body())
        except orjson.JSONDecodeError as error:
            return problem(400, f"The body is not JSON: {error}.")
        if kind == BATCHED:
            if not isinstance(body, list):
                return problem(400, "A batch is a JSON array of events.")
            envelopes = body
        else:
            envelopes = [attributes_of(request.headers, body) if kind == JSON else body]
        if len(envelopes) > BATCH_MAX:
            raise LimitExceeded(
                f"A batch has {len(envelopes)} events; at most {BATCH_MAX} are taken.", limit=BATCH_MAX
            )
        backend: Backend = request.app.state.backend
        accepted, refused = _read(envelopes)
        outcomes = await backend.services.recording.record(actor, list(accepted.values()))
        return _report(len(envelopes), dict(zip(accepted, outcomes, strict=True)), refused)


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
