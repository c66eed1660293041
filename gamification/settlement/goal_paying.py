"""Giving contributors what a goal's milestones give: some at a time, each noted with the contribution in the transaction
that gives it, so that it can be given anew by nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gamification.goals.model import GoalContribution, Payment, Reached, Run, RunState, payment_id
from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member, Standing
from gamification.programmes.definitions import Goal, GoalMilestone, Reward, RewardPoints
from gamification.settlement.giving import Grounds, give_rewards
from gamification.settlement.goals import ground_of
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.unit import Unit


@dataclass(frozen=True, slots=True)
class Terms:
    """What a milestone that was reached gives, as it was stated then; with what each gets of what is split, by the
    contribution's id, once that is settled."""

    reached: Reached
    stage: GoalMilestone
    shares: Mapping[bytes, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Due:
    """A payment to be made: `rewards` are all that it gives."""

    terms: Terms
    rewards: tuple[Reward, ...]
    share: int | None = None


async def pay_part(work: Unit, run: Run, goal: Goal, terms: Sequence[Terms], limit: int) -> bool:
    """Give the next contributors what is due for these milestones; whether there are none left. While the run is being
    frozen, put down what each counts for instead."""
    found = await work.stores.goals.unseen(run, limit, work.tx)
    if not found:
        return True
    work.know_all(one.id for one in found)
    work.space.goals.fill([one.id for one in found], {one.id: one for one in found})
    member_ids = sorted({one.member_id for one in found})
    members = await work.stores.members.by_ids(run.programme_id, member_ids, work.tx)
    if run.state is RunState.FREEZING:
        for one in found:
            counts = _takes_part(one, goal, members.get(one.member_id))
            weight = one.weight if one.weight is not None else one.value if counts else 0
            work.space.goals.put(evolve(one, weight=weight, turn=run.turn))
        return False
    due = {
        one.id: _due(one, terms) if _takes_part(one, goal, members.get(one.member_id)) else []
        for one in found
    }
    finder = NeedsFinder(work.space.catalogue)
    for one in found:
        for part in due[one.id]:
            finder.add_rewards(members[one.member_id], work.space.now, part.rewards, occurrence(one))
    await work.load(finder.needs)
    sequence = await work.next_sequence(len(found))
    for offset, one in enumerate(found):
        work.space.begin(sequence + offset)
        paid = one
        for part in due[one.id]:
            paid = _pay(work, members[one.member_id], run, paid, part)
        work.space.goals.put(evolve(paid, turn=run.turn))
    return False


def occurrence(contribution: GoalContribution) -> str:
    """What a repeatable badge is awarded for."""
    return ":".join(filter(None, (contribution.goal, contribution.period, contribution.team)))


def _takes_part(contribution: GoalContribution, goal: Goal, member: Member | None) -> bool:
    gone = member is None or member.is_gone or member.standing is Standing.BANNED
    return not gone and contribution.value >= goal.least


def _due(contribution: GoalContribution, terms: Sequence[Terms]) -> list[_Due]:
    """What the member lacks of what the milestones give."""
    found = []
    for one in terms:
        if contribution.standing(one.stage.key, split=False) is None:
            found.append(_Due(one, one.stage.reward))
        share = one.shares.get(contribution.id)
        if one.stage.split is None or share is None:
            continue
        if contribution.standing(one.stage.key, split=True) is None:
            points = Reward(points=RewardPoints(unit=one.stage.split.unit, amount=share))
            found.append(_Due(one, (points,) if share else (), share))
    return found


def _pay(work: Unit, member: Member, run: Run, contribution: GoalContribution, due: _Due) -> GoalContribution:
    space, milestone, split = work.space, due.terms.stage.key, due.share is not None
    cause = Cause(
        goal=run.goal,
        period=run.period,
        group=run.team,
        milestone=milestone,
        programme_version=due.terms.reached.programme_version,
    )
    gift = give_rewards(
        space,
        member,
        due.rewards,
        Grounds(cause, ground_of(contribution, milestone, split=split), occurrence(contribution), space.now),
        lambda index: payment_id(contribution, milestone, index, split=split),
    )
    body = {
        "goal": run.goal,
        "period": run.period,
        "milestone": milestone,
        "value": due.terms.reached.value,
        "threshold": due.terms.reached.threshold,
        **({"team": run.team} if run.team is not None else {}),
        **({"share": due.share} if due.share is not None else {}),
    }
    space.tell(member.id, FeedKind.GOAL_REACHED, body)
    payment = Payment(milestone, space.now, due.share, gift.transfers, gift.awards)
    return evolve(contribution, payments=(*contribution.payments, payment))
