"""What takes effect refers to what takes effect: a draft may be incomplete, but nothing published may need one."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gamification.programmes.definitions import (
    Budget,
    Campaign,
    CatalogueReward,
    CheckIn,
    Collection,
    Contest,
    Draw,
    Effect,
    FlashSale,
    Goal,
    GoodCause,
    Ladder,
    Leaderboard,
    ReferralOffer,
    Reward,
    Rule,
    ScreeningRule,
    Space,
    Status,
    Survey,
    Task,
    TaskPool,
    Unit,
)
from gamification.programmes.document import SECTIONS, Document

Target = tuple[str, str]
"""A section and a key in it."""


def drafts_needed(document: Document) -> Iterator[tuple[str, str]]:
    """A problem, with its place, for each draft that something published needs."""
    drafts = {
        (section, definition.key)
        for section in SECTIONS
        for definition in document.section(section)
        if definition.status is Status.DRAFT
    }
    if not drafts:
        return
    for section, needs in _NEEDS.items():
        for definition in document.section(section):
            if definition.status is not Status.PUBLISHED:
                continue
            for needed, key in needs(definition):
                if (needed, key) in drafts:
                    place = f"{section}.{definition.key}"
                    yield place, f"it is published, but {needed}.{key} is still a draft"


def _given(parts: Iterable[Effect | Reward]) -> list[Target]:
    """What effects or rewards give to."""
    return [target for part in parts for target in _given_by(part)]


def _given_by(part: Effect | Reward) -> Iterator[Target]:
    if part.points:
        yield "units", part.points.unit
        yield from (("budgets", budget) for budget in part.points.budgets)
        yield from (("leaderboards", board) for board in part.points.boards)
    if part.award:
        yield "badges", part.award.badge
    if part.score:
        yield "leaderboards", part.score.board
    if part.reward:
        yield "rewards", part.reward.reward
    if part.check_in_item:
        yield "check_ins", part.check_in_item.check_in


def _of_unit(unit: Unit) -> list[Target]:
    return [("activity_types", key) for key in unit.pending.on] if unit.pending else []


def _of_one_unit(definition: Budget | GoodCause) -> list[Target]:
    return [("units", definition.unit)]


def _of_rule(rule: Rule) -> list[Target]:
    needed = [("counters", key) for key in rule.counters] + _given(rule.effects)
    for effect in rule.effects:
        if effect.advance:
            needed.append(("tasks", effect.advance.task))
        if effect.contribute:
            needed.append(("goals", effect.contribute.goal))
        if effect.qualify:
            needed.append(("referrals", effect.qualify.referral))
    return needed


def _of_task(task: Task) -> list[Target]:
    gates = [("ladders", task.tier.ladder)] if task.tier else []
    gates += [("activity_types", task.approval.activity)] if task.approval else []
    return [("tasks", key) for key in task.awaits] + gates + _given(task.reward)


def _of_goal(goal: Goal) -> list[Target]:
    splits: list[Target] = [("units", stage.split.unit) for stage in goal.stages if stage.split]
    return splits + _given(part for stage in goal.stages for part in stage.reward)


def _of_pool(pool: TaskPool) -> list[Target]:
    gates = [("ladders", pool.tier.ladder)] if pool.tier else []
    return [("tasks", key) for key in pool.tasks] + gates


def _of_board(board: Leaderboard) -> list[Target]:
    return _given(part for prize in (*board.prizes, *board.group_prizes) for part in prize.reward)


def _of_collection(collection: Collection) -> list[Target]:
    return [("badges", key) for key in collection.badges] + _given(collection.reward)


def _of_referral(referral: ReferralOffer) -> list[Target]:
    return _given(part for _, rewards in referral.all_rewards() for part in rewards)


def _of_check_in(check_in: CheckIn) -> list[Target]:
    prices = [terms.price for terms in (check_in.make_up, check_in.freeze) if terms]
    return [
        ("activity_types", check_in.activity),
        *_given(part for _, rewards in check_in.all_rewards() for part in rewards),
        *(("units", price.unit) for price in prices if price),
    ]


def _of_ladder(ladder: Ladder) -> list[Target]:
    return [
        *(("units", measure.unit) for measure in ladder.measures if measure.unit),
        *(("counters", measure.counter) for measure in ladder.measures if measure.counter),
        *(("units", unit) for tier in ladder.tiers for unit in tier.multipliers),
    ]


def _of_draw(draw: Draw) -> list[Target]:
    needed = _given(part for prize in draw.prizes for part in prize.reward)
    if draw.ticket is not None:
        needed.append(("units", draw.ticket.unit))
        needed += [("units", draw.ticket.price.unit)] if draw.ticket.price else []
    return needed


def _of_reward(reward: CatalogueReward) -> list[Target]:
    units: list[Target] = [("units", terms.unit) for terms in (reward.price, reward.ticket) if terms]
    return units + ([("ladders", reward.tier.ladder)] if reward.tier else [])


def _of_sale(sale: FlashSale) -> list[Target]:
    return [("rewards", sale.reward), *([("units", sale.price.unit)] if sale.price else [])]


def _of_space(space: Space) -> list[Target]:
    return [("ladders", space.tier.ladder)] if space.tier else []


def _of_contest(contest: Contest) -> list[Target]:
    return [("spaces", contest.space), *_given(part for prize in contest.prizes for part in prize.reward)]


def _of_survey(survey: Survey) -> list[Target]:
    return [("ladders", survey.tier.ladder)] if survey.tier else []


def _of_screening(rule: ScreeningRule) -> list[Target]:
    return [("spaces", key) for key in rule.spaces]


def _of_campaign(campaign: Campaign) -> list[Target]:
    return [
        *(("segments", key) for key in (*campaign.audience.segments, *campaign.audience.not_in)),
        *(("units", one.unit) for one in campaign.multiply),
        *(("rules", key) for one in campaign.multiply for key in one.rules),
        *([("surveys", campaign.survey)] if campaign.survey else []),
    ]


_NEEDS: dict[str, Callable[[Any], list[Target]]] = {
    "units": _of_unit,
    "budgets": _of_one_unit,
    "causes": _of_one_unit,
    "rules": _of_rule,
    "tasks": _of_task,
    "task_pools": _of_pool,
    "goals": _of_goal,
    "leaderboards": _of_board,
    "collections": _of_collection,
    "referrals": _of_referral,
    "check_ins": _of_check_in,
    "ladders": _of_ladder,
    "draws": _of_draw,
    "rewards": _of_reward,
    "flash_sales": _of_sale,
    "spaces": _of_space,
    "screening": _of_screening,
    "surveys": _of_survey,
    "contests": _of_contest,
    "campaigns": _of_campaign,
}
