"""What is known of members in a month, read from what they did, wrote and answered: so many members in nine reads."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from community.belonging.indicators import promoter, step
from community.belonging.model import MemberFacts, Possible, Tone
from community.belonging.tone import tone_of
from gamification.insights.totals.model import terms_of
from gamification.kit.periods import zone
from gamification.kit.records import record
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import (
    ASKED,
    BelongingIndicator,
    BelongingSettings,
    Ladder,
    Survey,
    SurveyQuestion,
    SurveyQuestionKind,
)
from gamification.referrals.model import ReferralStatus
from gamification.rewards.model import STANDING, RedemptionSource
from gamification.rollups.history import History
from gamification.rollups.model import MemberMonth, month_of
from gamification.rollups.repository import MonthRepository
from gamification.tiers.model import state_id
from gamification.tiers.qualification import lowest
from gamification.tiers.repository import TierRepository
from storage.mongo import Mongo

_CHOSEN = (RedemptionSource.REDEEMED.value, RedemptionSource.FLASH_SALE.value)
_PUBLISHED: Mapping[str, Any] = {"state": "published", "shadowed": {"$ne": True}}


@record(frozen=True, slots=True)
class Month:
    """A month of a programme: `key` such as `2026-11`; `answers_since`: from when on an answer still counts at its end."""

    key: str
    starts_at: datetime
    ends_at: datetime
    answers_since: datetime


@record(frozen=True, slots=True)
class Asked:
    """A question that tells an indicator."""

    indicator: BelongingIndicator
    survey: Survey
    question: SurveyQuestion
    aware: tuple[str, ...]

    def value(self, answer: object) -> float | None:
        """An answer as it is kept, from 0 to 100; None for one that is out of what can be answered now."""
        if self.question.kind in (SurveyQuestionKind.SINGLE, SurveyQuestionKind.MULTIPLE):
            chosen = answer if isinstance(answer, tuple | list) else (answer,)
            return 100.0 if set(chosen) & set(self.aware) else 0.0
        if not isinstance(answer, int):
            return None
        if self.indicator is BelongingIndicator.NPS:
            return promoter(answer)
        return step(answer, *self.question.bounds)


def asked_by(catalogue: Catalogue, settings: BelongingSettings) -> list[Asked]:
    """The questions that the programme file names; each once for an indicator."""
    surveys = {one.key: one for one in catalogue.document.surveys}
    found: dict[tuple[BelongingIndicator, str, str], Asked] = {}
    for indicator in ASKED:
        for stated in settings.questions(indicator):
            survey = surveys.get(stated.survey)
            question = survey.question(stated.question) if survey else None
            if survey is not None and question is not None:
                one = Asked(indicator, survey, question, stated.aware)
                found[indicator, survey.key, question.key] = one
    return list(found.values())


def ladder_of(catalogue: Catalogue, settings: BelongingSettings) -> Ladder | None:
    """By whose tiers participation is told."""
    ladders = [one for one in catalogue.document.ladders if published(one)]
    return next((one for one in ladders if settings.ladder in (None, one.key)), None)


def possible_in(catalogue: Catalogue, settings: BelongingSettings) -> Possible:
    """What there is to do."""
    document = catalogue.document
    return Possible(
        rewards=any(published(one) for one in document.rewards),
        spaces=any(published(one) for one in document.spaces),
        referrals=any(published(one) for one in document.referrals),
        knowledge=bool(settings.knowledge),
        badges=sum(published(one) for one in document.badges),
    )


class FactReading:
    """Reads members' months, tiers, redemptions, referrals, badges, posts, comments, reactions and answers."""

    def __init__(self, mongo: Mongo, months: MonthRepository, tiers: TierRepository) -> None:
        self._months = months
        self._tiers = tiers
        self._redemptions = mongo.collection("reward_redemptions")
        self._referrals = mongo.collection("referrals")
        self._awards = mongo.collection("badge_awards")
        self._texts = (
            ("published_at", mongo.collection("posts")),
            ("created_at", mongo.collection("comments")),
        )
        self._reactions = mongo.collection("reactions")
        self._responses = mongo.collection("survey_responses")

    async def of(
        self, catalogue: Catalogue, settings: BelongingSettings, month: Month, ids: Sequence[bytes]
    ) -> dict[bytes, MemberFacts]:
        """What is known of each of these members."""
        within = {"$gte": month.starts_at, "$lt": month.ends_at}
        programme = {"programme_id": catalogue.programme_id}
        tiers = await self._held(catalogue, settings, ids)
        months = await self._months.of_members(ids)
        redeemed = await _counts(
            self._redemptions,
            "member_id",
            ids,
            {
                **programme,
                "made_at": within,
                "source": {"$in": list(_CHOSEN)},
                "status": {"$in": [one.value for one in STANDING]},
            },
        )
        referred = await _counts(
            self._referrals,
            "referrer_id",
            ids,
            {**programme, "at": within, "status": ReferralStatus.REWARDED.value},
        )
        reacted = await _counts(
            self._reactions, "member_id", ids, {**programme, "at": within, "key": {"$ne": None}}
        )
        badges = await self._badges(catalogue, month, ids)
        written, tones = await self._written(catalogue, settings, within, ids)
        answers = await self._answers(catalogue, settings, month, ids, tones)
        found = {}
        for member_id in ids:
            active, knowledge, silent, back = _days(catalogue, settings, month, months[member_id])
            told = answers[member_id]
            found[member_id] = MemberFacts(
                active_days=active,
                redemptions=redeemed[member_id],
                interactions=written[member_id] + reacted[member_id],
                referrals=referred[member_id],
                nps=tuple(told[BelongingIndicator.NPS]),
                tones=tuple(tones[member_id]),
                was_silent=silent,
                came_back=back,
                satisfaction=tuple(told[BelongingIndicator.SATISFACTION]),
                perceived_value=tuple(told[BelongingIndicator.PERCEIVED_VALUE]),
                awareness=tuple(told[BelongingIndicator.AWARENESS]),
                badges=badges[member_id],
                knowledge=knowledge,
                tier=tiers.get(member_id),
            )
        return found

    async def _held(
        self, catalogue: Catalogue, settings: BelongingSettings, ids: Sequence[bytes]
    ) -> dict[bytes, str | None]:
        ladder = ladder_of(catalogue, settings)
        if ladder is None:
            return {}
        keys = {state_id(catalogue.programme_id, ladder.key, one): one for one in ids}
        place = lowest(ladder)
        held = dict.fromkeys(ids, ladder.tiers[place].key if place >= 0 else None)
        return held | {keys[key]: state.tier for key, state in (await self._tiers.states(keys)).items()}

    async def _badges(self, catalogue: Catalogue, month: Month, ids: Sequence[bytes]) -> Counter[bytes]:
        keys = [one.key for one in catalogue.document.badges if published(one)]
        query = {
            "programme_id": catalogue.programme_id,
            "member_id": {"$in": list(ids)},
            "badge": {"$in": keys},
            "revoked_at": None,
            "missed": None,
            "awarded_at": {"$lt": month.ends_at},
        }
        rows = self._awards.aggregate(
            [{"$match": query}, {"$group": {"_id": {"member": "$member_id", "badge": "$badge"}}}]
        )
        return Counter([row["_id"]["member"] async for row in rows])

    async def _written(
        self,
        catalogue: Catalogue,
        settings: BelongingSettings,
        within: Mapping[str, datetime],
        ids: Sequence[bytes],
    ) -> tuple[Counter[bytes], dict[bytes, list[Tone]]]:
        """How much each wrote, and the tones of what tells one."""
        count: Counter[bytes] = Counter()
        tones: dict[bytes, list[Tone]] = defaultdict(list)
        for at, texts in self._texts:
            query = {
                "programme_id": catalogue.programme_id,
                "author_id": {"$in": list(ids)},
                at: within,
                **_PUBLISHED,
            }
            async for row in texts.find(query, ["author_id", "written.title", "written.text"]):
                count[row["author_id"]] += 1
                text = f"{row['written'].get('title', '')}\n{row['written'].get('text', '')}"
                _hear(tones[row["author_id"]], text, settings)
        return count, tones

    async def _answers(
        self,
        catalogue: Catalogue,
        settings: BelongingSettings,
        month: Month,
        ids: Sequence[bytes],
        tones: dict[bytes, list[Tone]],
    ) -> dict[bytes, dict[BelongingIndicator, list[float]]]:
        """What each answered last to every question that tells something; what they wrote in the month joins the tones."""
        asked: dict[str, dict[str, list[Asked]]] = defaultdict(lambda: defaultdict(list))
        for one in asked_by(catalogue, settings):
            asked[one.survey.key][one.question.key].append(one)
        texts = {
            (survey.key, one.key)
            for survey in catalogue.document.surveys
            for one in survey.questions
            if one.kind is SurveyQuestionKind.TEXT
        }
        query = {
            "member_id": {"$in": list(ids)},
            "programme_id": catalogue.programme_id,
            "survey": {"$in": sorted({*asked, *(survey for survey, _ in texts)})},
            "at": {"$gte": month.answers_since, "$lt": month.ends_at},
            "answers": {"$exists": True},
        }
        last: dict[bytes, dict[tuple[BelongingIndicator, str, str], float]] = {one: {} for one in ids}
        async for row in self._responses.find(query).sort([("at", 1), ("_id", 1)]):
            for answer in row["answers"]:
                for one in asked[row["survey"]][answer["q"]]:
                    value = one.value(answer["v"])
                    if value is not None:
                        last[row["member_id"]][one.indicator, row["survey"], answer["q"]] = value
                if (row["survey"], answer["q"]) in texts and row["at"] >= month.starts_at:
                    _hear(tones[row["member_id"]], answer["v"], settings)
        found: dict[bytes, dict[BelongingIndicator, list[float]]] = {}
        for member_id, values in last.items():
            found[member_id] = defaultdict(list)
            for (indicator, _, _), value in values.items():
                found[member_id][indicator].append(value)
        return found


def _hear(tones: list[Tone], text: str, settings: BelongingSettings) -> None:
    tone = tone_of(text, settings.brand)
    if tone is not None:
        tones.append(tone)


def _days(
    catalogue: Catalogue, settings: BelongingSettings, month: Month, months: Sequence[MemberMonth]
) -> tuple[int, int, bool | None, bool]:
    """Active days and uses of knowledge in the month; whether they were silent as it began, and came back in it."""
    terms = terms_of(catalogue)
    first = month.starts_at.astimezone(zone(catalogue.settings.time_zone)).date()
    number = month_of(first)
    days = [day for one in months if one.month == number for day in one.days]
    knowledge = sum(day.counts.get(key, 0) for day in days for key in set(settings.knowledge))
    history = History(months, first - timedelta(days=1))
    before: list[date] = history.purchase_days() if terms.by_purchase else [day.day for day in history.days]
    if not before:
        return len(days), knowledge, None, False
    silent = (first - before[-1]).days >= terms.lifecycle.silent
    back = silent and any(day.purchases for day in days) if terms.by_purchase else silent and bool(days)
    return len(days), knowledge, silent, back


async def _counts(collection: Any, by: str, ids: Sequence[bytes], query: Mapping[str, Any]) -> Counter[bytes]:
    rows = collection.aggregate(
        [{"$match": {by: {"$in": list(ids)}, **query}}, {"$group": {"_id": f"${by}", "count": {"$sum": 1}}}]
    )
    return Counter({row["_id"]: int(row["count"]) async for row in rows})
