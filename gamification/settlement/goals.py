"""Contributing to goals, forth and back, in a member's own transaction.

Nothing that members share is written here: a transaction leaves an entry of what it added, and the worker adds them up
(`goal_keeping`).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gamification.goals.counting import period_named
from gamification.goals.model import GoalContribution, GoalPeriod, contribution_id, run_id
from gamification.kit.causes import Cause
from gamification.kit.numbers import exact_long
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.definitions import Goal
from gamification.settlement.giving import Gift, take_back_rewards
from gamification.settlement.needs import Needs
from gamification.settlement.workspace import Workspace

if TYPE_CHECKING:
    from gamification.settlement.unit import Unit


def contribute(
    space: Workspace, member: Member, goal: Goal, key: str, team: str | None, by: int
) -> GoalContribution:
    """Count what a member contributes in the period of that key, or with a negative amount what they contribute no
    more. Raises: InvalidInput (NOT_EXACT)."""
    period = period_in(space, goal, key, team)
    found = space.goals.contribution(period, member.id)
    value = exact_long(found.value + by, f"goals.{goal.key}")
    has_got = found.value >= goal.least and any(one.stands for one in found.payments)
    changed = evolve(
        found,
        value=value,
        first=found.first or space.sequence,
        updated_at=space.now,
        sequence=space.sequence,
        # Only who may be due something new is looked at anew.
        turn=0 if value >= goal.least and not has_got else found.turn,
    )
    space.goals.put(changed)
    body = {"goal": goal.key, "period": key, "value": changed.value}
    space.tell(member.id, FeedKind.GOAL_CONTRIBUTED, body if team is None else {**body, "team": team})
    return changed


def recount(
    space: Workspace, changes: Iterable[tuple[Member, str, str, str | None, int]], because: Cause
) -> None:
    """Count what changes of contributions, as (member, goal, period, team, by), then take back what was given for those
    that do not suffice any more."""
    changed: dict[bytes, Member] = {}
    for member, key, period, team, by in changes:
        changed[contribute(space, member, space.catalogue.goals[key], period, team, by).id] = member
    for found, member in changed.items():
        contribution = space.goals.contributions[found]
        take_back_unearned(space, member, space.catalogue.goals[contribution.goal], contribution, because)


def take_back_unearned(
    space: Workspace, member: Member, goal: Goal, contribution: GoalContribution, because: Cause
) -> None:
    """Take back what the member got, where they have contributed less than the goal's least; what it gave must be
    loaded."""
    standing = [one for one in contribution.payments if one.stands]
    if contribution.value >= goal.least or not standing:
        return
    for one in standing:
        ground = ground_of(contribution, one.milestone, split=one.share is not None)
        take_back_rewards(space, member, Gift(one.transfers, awards=one.awards), ground, because)
    payments = tuple(
        evolve(one, taken_back_at=space.now) if one.stands else one for one in contribution.payments
    )
    space.goals.put(evolve(contribution, payments=payments))


def ground_of(contribution: GoalContribution, milestone: str, *, split: bool) -> str:
    """The ground on which stands what a member got for a milestone."""
    return f"goal:{contribution.id.hex()}:{'split' if split else 'reward'}:{milestone}"


def period_in(space: Workspace, goal: Goal, key: str, team: str | None) -> GoalPeriod:
    """The goal's period of that key, of all members or a team."""
    catalogue = space.catalogue
    return period_named(catalogue.programme_id, goal, key, catalogue.settings.time_zone, team)


def needed(programme_id: str, goal: str, key: str, team: str | None, member_id: bytes) -> bytes:
    """The id of the contribution that must be loaded."""
    return contribution_id(run_id(programme_id, goal, key, team), member_id)


async def load_contributions(work: "Unit", ids: Iterable[bytes]) -> None:
    """Read contributions that are not at hand yet."""
    book = work.space.goals
    wanted = set(ids) - book.loaded
    found = await work.stores.goals.contributions(wanted, work.tx)
    work.know_all(found)
    book.fill(wanted, found)


async def load_payments(work: "Unit", ids: Iterable[bytes]) -> None:
    """Read what taking back the payments of these contributions touches; they must be at hand."""
    contributions = work.space.goals.contributions
    payments = [one for found in ids if found in contributions for one in contributions[found].payments]
    standing = [one for one in payments if one.stands]
    if standing:
        await work.load(Needs(awards={award for one in standing for award in one.awards}))
        await work.load_transfers(transfer for one in standing for transfer in one.transfers)


async def save_goals(work: "Unit", changed: set[bytes], known: set[bytes]) -> None:
    """Write what changed; it is known from now on."""
    contributions, entries = work.space.goals.write(work.space.catalogue.goals, changed)
    await work.stores.goals.save_contributions(contributions, known, work.tx)
    await work.stores.goals.add_entries(entries, work.tx)
    work.know_all(one.id for one in contributions)
