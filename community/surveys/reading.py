"""Reading surveys: which are there for whom, what one answered oneself, and for operators and services what all did."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from community.surveys.groups import groups_by
from community.surveys.model import Group, Response, Value
from community.surveys.repository import SurveyRepository, answered_at_all
from community.surveys.results import Tally, is_too_few, is_withheld
from community.surveys.service import is_there_for
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode, NotFound
from gamification.kit.records import record
from gamification.members.model import Member
from gamification.members.service import MemberService, may_see_private
from gamification.programmes.definitions import Status, Survey, SurveyQuestion, SurveyQuestionKind
from gamification.programmes.service import ProgrammeService
from gamification.tiers.service import TierService
from storage.mongo import Mongo, Tx
from storage.paging import Page, Window

_ROWS_A_READ = 500
_NOTHING: Page[str] = Page([], [], has_next=False, has_previous=False)


@record(frozen=True, slots=True)
class Results:
    """What was answered by all, or by a group. `shown`: how many answers are added up."""

    survey: Survey
    shown: int
    tallies: Mapping[str, Tally]


class SurveyReading:
    """Surveys for whom they are there for; results for who may read them."""

    def __init__(
        self,
        mongo: Mongo,
        repository: SurveyRepository,
        programmes: ProgrammeService,
        members: MemberService,
        tiers: TierService,
    ) -> None:
        self._mongo = mongo
        self._repository = repository
        self._programmes = programmes
        self._members = members
        self._tiers = tiers

    async def surveys(self, actor: Actor) -> list[Survey]:
        """Every survey that is there for the caller, in file order. Archived ones are staff's and services', drafts
        operators'."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        stated = catalogue.document.surveys
        if actor.can(Permission.COMMUNITY_READ_ANY):
            drafts = actor.can(Permission.PROGRAMME_READ_DRAFTS)
            return [one for one in stated if drafts or one.status is not Status.DRAFT]
        member = await self._members.me(actor)
        if member is None or member.is_gone:
            return [one for one in stated if one.status is Status.PUBLISHED and not one.is_gated]
        tiers = await self._tiers.held(catalogue, member) if any(one.tier for one in stated) else {}
        return [
            one
            for one in stated
            if one.status is Status.PUBLISHED and is_there_for(catalogue, one, member, tiers)
        ]

    async def survey(self, actor: Actor, key: str) -> Survey | None:
        """One of them."""
        return next((one for one in await self.surveys(actor) if one.key == key), None)

    async def own(self, actor: Actor, surveys: Iterable[str]) -> dict[str, Response]:
        """The last time that the caller answered each of these."""
        member = await self._members.me(actor)
        if member is None:
            return {}
        return await self._repository.latest(actor.programme_id, member.id, surveys)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Response]:
        """Responses by id: one's own, and all for who reads results. Others' are absent."""
        found = await self._repository.by_ids(actor.programme_id, ids)
        if actor.can(Permission.SURVEYS_READ) or not found:
            return found
        members = await self._members.by_ids(actor, [one.member_id for one in found.values()])
        return {
            key: one
            for key, one in found.items()
            if (member := members.get(one.member_id)) is not None and may_see_private(actor, member)
        }

    async def answered(self, actor: Actor, surveys: Sequence[str]) -> dict[str, int]:
        """How often each was answered, by whomever. Raises: Forbidden."""
        actor.require(Permission.SURVEYS_READ)
        return await self._repository.answered(actor.programme_id, surveys)

    async def responses(self, actor: Actor, survey: Survey, window: Window) -> Page[Response]:
        """Who answered, last first. Raises: Forbidden."""
        actor.require(Permission.SURVEYS_READ)
        return await self._repository.page(actor.programme_id, survey.key, window)

    async def results(self, actor: Actor, survey: Survey) -> Results | None:
        """What all answered; None where they are too few to be shown. Raises: Forbidden."""
        await self._open(actor, survey)
        shown = await self._repository.count(actor.programme_id, survey)
        if is_too_few(survey, shown):
            return None
        return Results(survey, shown, await self._repository.tally(actor.programme_id, survey))

    async def by_group(
        self, actor: Actor, survey: Survey, question: str
    ) -> list[tuple[Group, Results]] | None:
        """The same by what was answered to one question. None where a group of an anonymous survey is too small: from the
        others and all together it could be told; those who have come since wait until there are enough in each group.
        Raises: Forbidden, NotFound."""
        actor.require(Permission.SURVEYS_READ)
        asked = survey.question(question)
        groups = groups_by(asked) if asked is not None else None
        if not groups:
            raise NotFound("There is no such question to group by.", path=["question"])
        await self._open(actor, survey, groups)
        counts = [await self._repository.count(actor.programme_id, survey, one) for one in groups]
        if any(count and is_too_few(survey, count) for count in counts):
            return None
        if survey.anonymous and not any(counts):
            return None  # none has joined yet
        return [
            (
                group,
                Results(
                    survey,
                    count,
                    await self._repository.tally(actor.programme_id, survey, group),
                ),
            )
            for group, count in zip(groups, counts, strict=True)
            if count
        ]

    async def texts(
        self, actor: Actor, results: Results, question: SurveyQuestion, window: Window
    ) -> Page[str]:
        """What was written to one question, of the results of all. Raises: Forbidden."""
        actor.require(Permission.SURVEYS_READ)
        survey, tally = results.survey, results.tallies.get(question.key)
        if question.kind is not SurveyQuestionKind.TEXT or tally is None:
            return _NOTHING
        if is_withheld(survey, question, tally.answered):
            return _NOTHING
        return await self._repository.texts(actor.programme_id, survey, question, window)

    async def columns(
        self, actor: Actor, survey: Survey
    ) -> list[tuple[SurveyQuestion, AsyncIterator[Value] | None]]:
        """All answers to each question of an anonymous survey, each column by itself; None for what is too few. Raises:
        Forbidden, Conflict (SURVEY_TOO_FEW)."""
        results = await self.results(actor, survey)
        if results is None:
            raise Conflict("Too few have answered yet.", code=ErrorCode.SURVEY_TOO_FEW, path=["survey"])
        found: list[tuple[SurveyQuestion, AsyncIterator[Value] | None]] = []
        for question in survey.questions:
            tally = results.tallies.get(question.key)
            withheld = tally is None or is_withheld(survey, question, tally.answered)
            column = None if withheld else self._repository.column(actor.programme_id, survey, question)
            found.append((question, column))
        return found

    async def rows(self, actor: Actor, survey: Survey) -> AsyncIterator[tuple[Response, Member | None]]:
        """Every answer to a survey that is not anonymous, last first, with who gave it. Raises: Forbidden."""
        actor.require(Permission.SURVEYS_READ)
        batch: list[Response] = []
        async for response in self._repository.stream(actor.programme_id, survey.key):
            batch.append(response)
            if len(batch) == _ROWS_A_READ:
                for one in await self._with_members(actor, batch):
                    yield one
                batch = []
        for one in await self._with_members(actor, batch):
            yield one

    async def _with_members(
        self, actor: Actor, responses: Sequence[Response]
    ) -> list[tuple[Response, Member | None]]:
        members = await self._members.by_ids(actor, [one.member_id for one in responses])
        return [(one, members.get(one.member_id)) for one in responses]

    async def _open(self, actor: Actor, survey: Survey, groups: Sequence[Group] = ()) -> None:
        """Let who may read results have those that have come, where they are enough together: all, those asked a question
        that is asked of some, and these groups. Raises: Forbidden."""
        actor.require(Permission.SURVEYS_READ)
        if not survey.anonymous:
            return
        programme_id, repository = actor.programme_id, self._repository

        async def body(tx: Tx) -> None:
            await repository.show_waiting(programme_id, survey, tx)
            for one in survey.questions:
                if one.shown_if:
                    asked = [answered_at_all(one.key)]
                    await repository.join_waiting(programme_id, survey, one.key, asked, tx)
            if groups:
                wheres = [one.where for one in groups]
                await repository.join_waiting(programme_id, survey, groups[0].part, wheres, tx)

        await self._mongo.transaction(body)
