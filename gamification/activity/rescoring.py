"""Scores that lost a contribution, folded anew from what still stands."""

from collections.abc import Mapping

from gamification.activity.repository import ActivityRepository
from gamification.leaderboards.model import record_id
from gamification.leaderboards.scoring import fold
from gamification.members.model import Member
from gamification.settlement.needs import Needs
from gamification.settlement.unit import Unit


async def rescore(work: Unit, activities: ActivityRepository, members: Mapping[bytes, Member]) -> None:
    """Recompute every stale score of the workspace from activities, tasks, check-ins and referrals, in the programme's order. What
    changed must have been flushed before."""
    space, stores = work.space, work.stores
    absent = {member_id for member_id, _, _ in space.stale} - members.keys()
    if absent:
        found = await stores.members.by_ids(space.catalogue.programme_id, sorted(absent), work.tx)
        members = {**members, **found}
    for member_id, board, period in sorted(space.stale):
        await work.load(Needs(records={record_id(space.catalogue.programme_id, board, period, member_id)}))
        parts = await activities.contributions(member_id, board, period, work.tx)
        rewarded = [
            (p.reward_sequence, p.scores)
            for p in await stores.progress.rewarded_with_scores(member_id, work.tx)
        ]
        if space.catalogue.document.referrals:
            rewarded += [
                (sequence, given.scores)
                for sequence, given in await stores.referrals.with_scores(member_id, work.tx)
            ]
        if space.catalogue.document.check_ins:
            rewarded += [
                (day.reward_sequence, day.scores)
                for day in await stores.check_ins.days_with_scores(member_id, work.tx)
            ]
        parts += [
            (sequence, score)
            for sequence, scores in rewarded
            for score in scores
            if (score.board, score.period) == (board, period)
        ]
        parts.sort(key=lambda part: (part[0], part[1].place))
        standing = fold(space.catalogue.leaderboards[board], [score for _, score in parts])
        space.set_standing(members[member_id], board, period, standing, len(parts))
