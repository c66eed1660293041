"""Answering surveys: one transaction, in which it is kept that a member answered, what was answered, and the activity that it
is recorded as. Of an anonymous survey the first says nothing of the second."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from community.acting import acting
from community.recording import Acts
from community.surveys.answering import check_answers
from community.surveys.model import Ballot, Response, Stated, response_id
from community.surveys.repository import SurveyRepository
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, NotFound
from gamification.kit.spans import later, span
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Survey
from gamification.programmes.gating import Tiers, lets_in
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from gamification.tiers.service import TierService

ACT = "survey"
_BALLOT_ID_BYTES = 16


class SurveyService:
    """`answerSurvey`: members for themselves, services for any member."""

    def __init__(
        self, settlement: SettlementService, repository: SurveyRepository, tiers: TierService, acts: Acts
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._tiers = tiers
        self._acts = acts

    async def answer(
        self, actor: Actor, member_id: bytes | None, key: str, stated: Sequence[Stated], idempotency_key: str
    ) -> tuple[Response, bool]:
        """Answer a survey; and whether the key had acted before.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (SURVEY_NOT_OPEN, SURVEY_ANSWERED), IdempotencyConflict.
        """

        async def body(work: Unit) -> dict[str, Any]:
            member = await acting(self._settlement, work, actor, member_id)
            catalogue, now = work.space.catalogue, work.space.now
            survey = await self._survey(catalogue, member, key)
            if not survey.is_open(now):
                raise Conflict("This survey is not open.", code=ErrorCode.SURVEY_NOT_OPEN, path=["survey"])
            answers = check_answers(survey, stated)
            found = await self._repository.latest(actor.programme_id, member.id, [key], work.tx)
            before = found.get(key)
            if before is not None and not may_again(catalogue, survey, before.at, now):
                raise Conflict(
                    "This survey was answered before.", code=ErrorCode.SURVEY_ANSWERED, path=["survey"]
                )
            number = before.number + 1 if before else 1
            made = response_id(actor.programme_id, key, member.id, number)
            response = Response(
                id=made,
                programme_id=actor.programme_id,
                survey=key,
                member_id=member.id,
                number=number,
                at=now,
                activity_id=await self._acts.record(work, member, ACT, made, 1, {"survey": key}),
                version=None if survey.anonymous else survey.version,
                answers=None if survey.anonymous else answers,
            )
            ballot = None
            if survey.anonymous:
                ballot = Ballot(os.urandom(_BALLOT_ID_BYTES), actor.programme_id, key, answers)
            await self._repository.add(response, ballot, work.tx)
            return {"response": made}

        payload = {"input": [member_id, key, *await self._told(actor, key, stated)]}
        result, replayed = await self._settlement.run_once(
            actor, idempotency_key, "answerSurvey", payload, body
        )
        found = await self._repository.by_ids(actor.programme_id, [result["response"]])
        return found[result["response"]], replayed

    async def _told(self, actor: Actor, key: str, stated: Sequence[Stated]) -> list[Any]:
        """What the idempotency key is kept with: a digest of few possible answers would tell which of them it was."""
        catalogue = await self._settlement.programmes.catalogue(actor.programme_id)
        survey = catalogue.surveys.get(key)
        if survey is None or survey.anonymous:
            return []
        return [
            [one.question, one.options, None if one.number is None else str(one.number), one.text, one.day]
            for one in stated
        ]

    async def _survey(self, catalogue: Catalogue, member: Member, key: str) -> Survey:
        """Raises: NotFound where it is not there for the member."""
        survey = catalogue.surveys.get(key)
        if survey is not None and published(survey):
            tiers = await self._tiers.held(catalogue, member) if survey.tier else {}
            if is_there_for(catalogue, survey, member, tiers):
                return survey
        raise NotFound("There is no such survey.", path=["survey"])


def is_there_for(catalogue: Catalogue, survey: Survey, member: Member, tiers: Tiers) -> bool:
    """Whether a published survey is there for a member who holds these tiers."""
    return not survey.is_gated or lets_in(catalogue, survey, member_facts(member), tiers)


def may_again(catalogue: Catalogue, survey: Survey, at: datetime, now: datetime) -> bool:
    """Whether who answered then may answer again."""
    again = again_at(catalogue, survey, at)
    return again is not None and again <= now


def again_at(catalogue: Catalogue, survey: Survey, at: datetime) -> datetime | None:
    """When who answered then may answer again; None for never."""
    if survey.repeat is None:
        return None
    return later(at, span(survey.repeat), catalogue.settings.time_zone)
