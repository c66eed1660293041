"""What a campaign's experiment will be able to see, before it begins: by what its audience did of late."""

from collections.abc import Callable
from datetime import datetime, timedelta

from gamification.campaigning.report import weights_of
from gamification.campaigns.joining import is_for
from gamification.experiments.assignment import BUCKETS, HOLDOUT
from gamification.experiments.means import standard_deviation
from gamification.experiments.model import NotEnough, Share, Sums, sums_of
from gamification.experiments.power import (
    Aim,
    detectable_mean,
    detectable_share,
    members_for_mean,
    members_for_share,
)
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput
from gamification.kit.periods import zone
from gamification.kit.records import record
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Campaign, CampaignExperiment, CampaignRepeat
from gamification.programmes.service import ProgrammeService
from gamification.rollups.history import History
from gamification.rollups.repository import MonthRepository

LOOKED_AT_MAX = 20_000
DAYS_MAX = 400
_PAGE = 500
_THERE = {"erased_at": None, "merged_into": None}


@record(frozen=True, slots=True)
class PlannedComparison:
    """A variant and its control: how many members each will have, and the least rise of conversion (a share) and of spend (a member's
    mean, in the currency's smallest part) that will be found. `conversion_watched`: by daily looks. `needed…`: members of both
    together for the lift that was asked about. None of what can't be said, or of what no number of members finds."""

    variant: str
    control: str
    members: int
    control_members: int
    conversion: float | None
    conversion_watched: float | None
    spend: float | None
    needed_for_conversion: int | None
    needed_for_spend: int | None


@record(frozen=True, slots=True)
class ExperimentPlan:
    """`audience`: how many members it is for now, of `looked_at` ones exactly, else as in a sample. `days`: as many as the campaign
    is measured for, and as were looked back on: the share who converted in them, what a member paid on average and the standard
    deviation of that."""

    audience: int
    looked_at: int
    is_exact: bool
    days: int
    conversion: Share
    mean_spend: float
    deviation: float | NotEnough
    comparisons: tuple[PlannedComparison, ...]


class CampaignPlanning:
    """Looks at up to 20,000 members; keeps nothing."""

    def __init__(
        self,
        programmes: ProgrammeService,
        members: MemberRepository,
        months: MonthRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._programmes = programmes
        self._members = members
        self._months = months
        self._now = now

    async def plan(
        self, actor: Actor, campaign: Campaign, power: float, lift: float | None
    ) -> ExperimentPlan | None:
        """What its experiment would find; None where it has none. `lift`: a relative change to be found, as 0.1 for a tenth more.
        Raises: Forbidden, InvalidInput."""
        actor.require(Permission.CAMPAIGNS_READ)
        if not 0.5 <= power <= 0.99:
            raise InvalidInput("power is 0.5 to 0.99.", path=["power"])
        if lift is not None and not 0 < lift <= 100:
            raise InvalidInput("lift is above 0, and 100 at most.", path=["lift"])
        if campaign.experiment is None:
            return None
        catalogue = await self._programmes.catalogue(actor.programme_id)
        days = measured_days(campaign)
        total = await self._members.count(actor.programme_id, _THERE)
        spends: list[int] = []
        converters = looked_at = 0
        page: list[Member] = []

        async def look() -> None:
            nonlocal converters
            months = await self._months.of_members([one.id for one in page])
            today = self._now().astimezone(zone(catalogue.settings.time_zone)).date()
            for one in page:
                history = History(months[one.id], today)
                spends.append(history.spend(days))
                converters += _converted(catalogue, campaign, history, days)
            page.clear()

        async for member in self._members.some(actor.programme_id, LOOKED_AT_MAX, total):
            if member.is_gone:
                continue
            looked_at += 1
            if is_for(campaign.audience, member):
                page.append(member)
            if len(page) == _PAGE:
                await look()
        await look()
        audience = round(total * len(spends) / looked_at) if looked_at else 0
        share, sums = Share(len(spends), converters), sums_of(spends)
        comparisons = planned(campaign.experiment, audience, share, sums, power, lift)
        mean = sums.y / sums.members if sums.members else 0.0
        is_exact = total <= LOOKED_AT_MAX
        deviation = standard_deviation(sums)
        return ExperimentPlan(audience, looked_at, is_exact, days, share, mean, deviation, comparisons)


def measured_days(campaign: Campaign) -> int:
    """For how many days one time of a campaign is measured, 400 at most."""
    schedule = campaign.schedule
    is_once = schedule.repeat is CampaignRepeat.ONCE
    lasts = schedule.ends_at - schedule.starts_at if is_once else timedelta(days=schedule.lasts)
    whole = lasts + campaign.measured_for
    return max(1, min(DAYS_MAX, -(-whole // timedelta(days=1))))


def _converted(catalogue: Catalogue, campaign: Campaign, history: History, days: int) -> bool:
    types = campaign.measures.converts
    if types:
        return any(history.count(one, days) for one in types if one in catalogue.activity_types)
    return history.purchases(days) > 0


def planned(
    experiment: CampaignExperiment, audience: int, share: Share, sums: Sums, power: float, lift: float | None
) -> tuple[PlannedComparison, ...]:
    """Every comparison that there will be, of an audience of so many who go on as those did: pure."""
    weights = weights_of(experiment)
    sizes = {key: audience * weight // BUCKETS for key, weight in weights.items()}
    control = HOLDOUT if experiment.hold_out else experiment.variants[0].key
    once, watched = Aim(power=power), Aim(power=power, watched=True)
    baseline = share.proportion
    deviation = standard_deviation(sums)
    found = []
    for key, size in sizes.items():
        if key == control:
            continue
        arms = (sizes[control], size)
        part = weights[control] / (weights[control] + weights[key])
        can_convert = min(arms) > 0 and 0 < baseline < 1
        spread = deviation if not isinstance(deviation, NotEnough) and deviation > 0 else None
        more, dearer = baseline * (lift or 0), sums.y / sums.members * (lift or 0) if sums.members else 0
        found.append(
            PlannedComparison(
                key,
                control,
                size,
                sizes[control],
                detectable_share(baseline, *arms, once) if can_convert else None,
                detectable_share(baseline, *arms, watched) if can_convert else None,
                detectable_mean(spread, *arms, once) if spread is not None and min(arms) > 0 else None,
                members_for_share(baseline, more, part, once) if 0 < baseline < baseline + more < 1 else None,
                members_for_mean(spread, dearer, part, once) if spread is not None and dearer else None,
            )
        )
    return tuple(found)
