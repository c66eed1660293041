"""What a campaign brought and cost, and whether it made a difference: pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from gamification.campaigning.model import ArmTotals
from gamification.experiments.assignment import BUCKETS, HOLDOUT
from gamification.experiments.means import effect_on_mean
from gamification.experiments.model import Effect, NotEnough, Share, Sums
from gamification.experiments.power import share_error
from gamification.experiments.ratio import RatioCheck, ratio_check
from gamification.experiments.sequential import Look, Plan, look
from gamification.experiments.several import holm
from gamification.experiments.shares import effect_on_share
from gamification.kit.records import evolve, record
from gamification.programmes.definitions import Campaign, CampaignExperiment


@record(frozen=True, slots=True)
class Watched:
    """An effect: while the campaign runs with what `look`s on every day say of it; at the end without, and `corrected`: its p-value
    beside all others that the campaign is asked for."""

    effect: Effect | NotEnough
    look: Look | NotEnough | None
    corrected: float | None = None


@record(frozen=True, slots=True)
class Comparison:
    """A variant beside the control."""

    variant: str
    control: str
    participation: Watched
    conversion: Watched
    spend: Watched | None


@record(frozen=True, slots=True)
class Figures:
    """What a campaign brought: by variant and in all. `costs`: what the rewards it gave cost. `return_on_cost`: what more was
    spent by those it was for than by as many of those who were kept out, for each part of its cost, less that part; None
    without a hold-out or a cost. Budgets: what is used of each."""

    arms: tuple[ArmTotals, ...]
    members: int
    reached: int
    participants: int
    converters: int
    spend: int
    points: Mapping[str, int]
    rewards: Mapping[str, int]
    cost: int
    extra_spend: float | None
    return_on_cost: float | None
    ratio: RatioCheck | NotEnough | None
    comparisons: tuple[Comparison, ...]


def figures_of(campaign: Campaign, arms: Sequence[ArmTotals], *, is_final: bool) -> Figures:
    """A campaign's figures. Effects are compared as at one look where it `is_final`; before, as they may be at any."""
    treated = [arm for arm in arms if arm.variant != HOLDOUT]
    points: Counter[str] = Counter()
    rewards: Counter[str] = Counter()
    for arm in arms:
        points.update(arm.points)
        rewards.update(arm.rewards)
    extra = _extra_spend(arms, treated)
    cost = sum(arm.cost for arm in arms)
    return Figures(
        tuple(arms),
        sum(arm.members for arm in treated),
        sum(arm.reached for arm in treated),
        sum(arm.participants for arm in treated),
        sum(arm.converters for arm in treated),
        sum(arm.spend for arm in treated),
        dict(points),
        dict(rewards),
        cost,
        extra,
        (extra - cost) / cost if extra is not None and cost else None,
        _ratio(campaign.experiment, arms),
        _comparisons(campaign.experiment, arms, is_final=is_final),
    )


def _extra_spend(arms: Sequence[ArmTotals], treated: Sequence[ArmTotals]) -> float | None:
    """What those it was for spent beyond what as many of the hold-out did."""
    kept_out = next((arm for arm in arms if arm.variant == HOLDOUT and arm.members), None)
    members = sum(arm.members for arm in treated)
    if kept_out is None or not members:
        return None
    return sum(arm.spend for arm in treated) - kept_out.spend / kept_out.members * members


def weights_of(experiment: CampaignExperiment) -> dict[str, int]:
    """Basis points of each arm; of those who are in none nothing."""
    percent = BUCKETS // 100
    weights = {one.key: one.percent * percent for one in experiment.variants}
    if not experiment.variants:
        weights[""] = BUCKETS - experiment.hold_out * percent
    if experiment.hold_out:
        weights[HOLDOUT] = experiment.hold_out * percent
    return weights


def _ratio(experiment: CampaignExperiment | None, arms: Sequence[ArmTotals]) -> RatioCheck | NotEnough | None:
    if experiment is None:
        return None
    return ratio_check({arm.variant: arm.members for arm in arms}, weights_of(experiment))


def _comparisons(
    experiment: CampaignExperiment | None, arms: Sequence[ArmTotals], *, is_final: bool
) -> tuple[Comparison, ...]:
    """Each variant beside the hold-out, or without one beside the first variant."""
    if experiment is None:
        return ()
    by_key = {arm.variant: arm for arm in arms}
    control = by_key.get(HOLDOUT if experiment.hold_out else experiment.variants[0].key)
    if control is None:
        return ()
    found = []
    for key in weights_of(experiment):
        arm = by_key.get(key)
        if arm is None or arm is control:
            continue
        spend = effect_on_mean(_sums(control), _sums(arm))
        found.append(
            Comparison(
                key,
                control.variant,
                _watched(experiment, control, arm, control.participants, arm.participants, is_final=is_final),
                _watched(experiment, control, arm, control.converters, arm.converters, is_final=is_final),
                Watched(spend, None) if is_final else None,
            )
        )
    return _corrected(found) if is_final else tuple(found)


def _corrected(found: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """With p-values that stand beside each other: the more is compared, the more often chance alone shines."""
    asked = {
        f"{one.variant}\0{name}": watched.effect.p_value
        for one in found
        for name in _MEASURES
        if (watched := getattr(one, name)) is not None and isinstance(watched.effect, Effect)
    }
    known = holm(asked)
    return tuple(
        evolve(
            one,
            **{
                name: evolve(watched, corrected=known.get(f"{one.variant}\0{name}"))
                for name in _MEASURES
                if (watched := getattr(one, name)) is not None
            },
        )
        for one in found
    )


_MEASURES = ("participation", "conversion", "spend")


def _watched(
    experiment: CampaignExperiment,
    control: ArmTotals,
    arm: ArmTotals,
    before: int,
    after: int,
    *,
    is_final: bool,
) -> Watched:
    effect = effect_on_share(Share(control.members, before), Share(arm.members, after))
    if is_final or isinstance(effect, NotEnough):
        return Watched(effect, None)
    smaller = min(control.members, arm.members)
    return Watched(effect, look(effect, plan_of(experiment), smaller))


def plan_of(experiment: CampaignExperiment) -> Plan:
    """What looks at the experiment are prepared for: two arms as large as planned."""
    members = experiment.planned_members
    return Plan(share_error(experiment.planned_percent / 100, members, members))


def _sums(arm: ArmTotals) -> Sums:
    return Sums(arm.members, arm.spend, arm.squares, arm.cubes)
