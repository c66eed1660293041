"""`GET /surveys/{survey}/answers.csv`: what was answered, as CSV with a column a question, for operators and services.

A line is a response; but of an anonymous survey each column stands by itself, in its own order: a line of those is nobody's.
"""

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.bootstrap import Backend
from api.callers.admitting import admit, denied
from api.callers.auth import Authenticator
from api.callers.budgets import Budgets
from community.surveys.model import Value
from community.surveys.reading import SurveyReading
from community.surveys.table import cell, header, line
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import NotFound
from gamification.programmes.definitions import Survey, SurveyQuestion
from resolvers.scalars import format_instant

EXPORT_COST = 10_000
"""Of the caller's cost budget."""
_LINES_A_PART = 200
_FIRST = ("answered_at", "member", "survey_version")


class SurveyAnswersEndpoint:
    """Streams the answers, however many there are."""

    def __init__(self, authenticator: Authenticator, budgets: Budgets) -> None:
        self._authenticator = authenticator
        self._budgets = budgets

    async def __call__(self, request: Request) -> Response:
        """200 with the table. Raises: DomainError, KeysUnavailable, MongoUnavailable."""
        admitted = await admit(
            request, self._authenticator, self._budgets, "An operator's or service's bearer token is needed."
        )
        if isinstance(admitted, Response):
            return admitted
        actor, caller = admitted
        actor.require(Permission.SURVEYS_READ)
        denial = await self._budgets.charge(caller, cost=EXPORT_COST)
        if denial is not None:
            return denied(denial)
        backend: Backend = request.app.state.backend
        reading = backend.services.survey_reading
        survey = await reading.survey(actor, request.path_params["survey"])
        if survey is None:
            raise NotFound("There is no such survey.", path=["survey"])
        lines = (
            columns_of(await reading.columns(actor, survey))
            if survey.anonymous
            else rows_of(reading, actor, survey)
        )
        return StreamingResponse(
            _parts(lines),
            media_type="text/csv; charset=utf-8; header=present",
            headers={"content-disposition": f'attachment; filename="{survey.key}.csv"'},
        )


async def rows_of(reading: SurveyReading, actor: Actor, survey: Survey) -> AsyncIterator[str]:
    """A line a response, last first."""
    yield header(_FIRST, survey.questions)
    async for response, member in reading.rows(actor, survey):
        values = {one.question: one.value for one in response.answers or ()}
        yield line(
            [
                format_instant(response.at),
                member.external_id if member is not None else "",
                response.version or "",
                *(cell(question, values.get(question.key)) for question in survey.questions),
            ]
        )


async def columns_of(
    columns: Sequence[tuple[SurveyQuestion, AsyncIterator[Value] | None]],
) -> AsyncIterator[str]:
    """Lines of what stands side by side by chance."""
    yield header((), [question for question, _ in columns])
    while True:
        values = [await anext(found, None) if found is not None else None for _, found in columns]
        if all(value is None for value in values):
            return
        yield line(cell(question, value) for (question, _), value in zip(columns, values, strict=True))


async def _parts(lines: AsyncIterator[str]) -> AsyncIterator[bytes]:
    """Several lines at once."""
    held: list[str] = []
    async for one in lines:
        held.append(one)
        if len(held) == _LINES_A_PART:
            yield "".join(held).encode()
            held = []
    yield "".join(held).encode()
