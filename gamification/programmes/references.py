"""What one definition says of another: each reference names a definition that is there, and one that fits."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gamification.programmes.belonging import belonging_faults
from gamification.programmes.definitions import (
    TARGET,
    AdvanceEffect,
    Badge,
    Budget,
    Campaign,
    CatalogueReward,
    CheckIn,
    CheckInItem,
    Collection,
    Contest,
    ContributeEffect,
    Draw,
    FlashSale,
    Goal,
    GoalMeasure,
    Ladder,
    Leaderboard,
    Measure,
    Operator,
    PointsEffect,
    PostKind,
    ReferralOffer,
    Repeat,
    Reward,
    RewardItems,
    RewardPoints,
    Rule,
    ScreeningRule,
    Space,
    Status,
    Survey,
    Task,
    TaskCycle,
    TaskPool,
    TierGate,
    Unit,
)
from gamification.programmes.definitions.campaigns import Includes
from gamification.programmes.document import SECTIONS, Document

_CHAIN_MAX = 50

Faults = Iterator[tuple[str, str]]
"""(place, message) pairs."""


def dangling(document: Document) -> Faults:
    """Every reference must name a definition of the document, and one that fits. What is archived takes no
    effect, and what it refers to may have changed since."""
    references = References(document)
    yield from references.of_points(document)
    acts = document.programme.community.activities.types
    yield from references.all_in("activity_types", acts, "programme.community.activities")
    reached = [key for key in (document.programme.campaigns.reached,) if key]
    yield from references.all_in("activity_types", reached, "programme.campaigns")
    passages = [key for key in (document.programme.segments.entered, document.programme.segments.left) if key]
    yield from references.all_in("activity_types", passages, "programme.segments")
    yield from belonging_faults(document)
    bounty = document.programme.community.questions.bounty
    if bounty is not None:
        yield from references.all_in("units", [bounty.unit], "programme.community.questions.bounty.unit")
    for counter in document.counters:
        yield from references.all_in("activity_types", counter.on, f"counters.{counter.key}.on")
    for task in document.tasks:
        yield from references.of_requirements(task)
    for section, look in references.looks().items():
        for definition in document.section(section):
            if definition.status is not Status.ARCHIVED:
                yield from look(definition)
    yield from _cycles(document)
    yield from _collected_circles(document)


class References:
    """The definitions of a document by section and key, and what is wrong with references to them."""

    def __init__(self, document: Document) -> None:
        self._keys = {section: {d.key: d for d in document.section(section)} for section in SECTIONS}

    def looks(self) -> dict[str, Callable[[Any], Faults]]:
        """What looks at one definition that takes effect or may, by section."""
        return {
            "rules": self.of_rule,
            "tasks": self.of_task,
            "task_pools": self.of_pool,
            "goals": self.of_goal,
            "leaderboards": self.of_prizes,
            "collections": self.of_collection,
            "referrals": self.of_referral,
            "check_ins": self.of_check_in,
            "draws": self.of_draw,
            "ladders": self.of_ladder,
            "rewards": self.of_catalogue_reward,
            "flash_sales": self.of_sale,
            "spaces": self.of_space,
            "screening": self.of_screening,
            "surveys": self.of_survey,
            "contests": self.of_contest,
            "campaigns": self.of_campaign,
        }

    def of_points(self, document: Document) -> Faults:
        for unit in document.units:
            if unit.pending is not None and unit.status is not Status.ARCHIVED:
                yield from self.all_in("activity_types", unit.pending.on, f"units.{unit.key}.pending.on")
        for budget in document.budgets:
            yield from self.all_in("units", [budget.unit], f"budgets.{budget.key}.unit")
        for cause in document.causes:
            yield from self.all_in("units", [cause.unit], f"causes.{cause.key}.unit")

    def of_ladder(self, ladder: Ladder) -> Faults:
        for measure in ladder.measures:
            place = f"ladders.{ladder.key}.measures.{measure.key}"
            yield from self.all_in("units", [measure.unit] if measure.unit else [], f"{place}.unit")
            yield from self.all_in(
                "counters", [measure.counter] if measure.counter else [], f"{place}.counter"
            )
        for tier in ladder.tiers:
            place = f"ladders.{ladder.key}.tiers.{tier.key}.multipliers"
            yield from self.all_in("units", tier.multipliers, place)

    def of_rule(self, rule: Rule) -> Faults:
        if rule.campaign is not None:
            yield from self.all_in("campaigns", [rule.campaign], f"rules.{rule.key}.campaign")
        yield from self.all_in("activity_types", rule.on, f"rules.{rule.key}.on")
        yield from self.all_in("counters", rule.counters, f"rules.{rule.key}.counters")
        for index, effect in enumerate(rule.effects):
            place = f"rules.{rule.key}.effects.{index}"
            if effect.points:
                yield from self._points(effect.points, place)
            elif effect.advance:
                yield from self._advance(effect.advance, place)
            elif effect.contribute:
                yield from self._contribute(effect.contribute, place)
            elif effect.award:
                award = effect.award
                yield from self._badge(
                    award.badge, f"{place}.award", award.occurrence is not None, award.level
                )
            elif effect.score:
                yield from self.all_in("leaderboards", [effect.score.board], f"{place}.score.board")
            elif effect.check_in_item:
                yield from self._items(effect.check_in_item, f"{place}.check_in_item")
            elif effect.reward:
                yield from self.all_in("rewards", [effect.reward.reward], f"{place}.reward.reward")
            elif effect.qualify:
                yield from self.all_in("referrals", [effect.qualify.referral], f"{place}.qualify.referral")

    def of_task(self, task: Task) -> Faults:
        yield from self.of_tasks_tier(task)
        if task.approval is not None:
            place = f"tasks.{task.key}.approval.activity"
            yield from self.all_in("activity_types", [task.approval.activity], place)
        yield from self.of_rewards(task.reward, f"tasks.{task.key}.reward")

    def of_goal(self, goal: Goal) -> Faults:
        for stage in goal.stages:
            place = f"goals.{goal.key}" if stage.key == TARGET else f"goals.{goal.key}.milestones.{stage.key}"
            yield from self.of_rewards(stage.reward, f"{place}.reward")
            yield from self.all_in("units", [stage.split.unit] if stage.split else [], f"{place}.split.unit")

    def of_requirements(self, task: Task) -> Faults:
        grouped = task.prerequisites.every_key() if task.prerequisites else ()
        yield from self._required(task, task.requires, f"tasks.{task.key}.requires")
        yield from self._required(task, tuple(grouped), f"tasks.{task.key}.prerequisites")
        place = f"tasks.{task.key}.parts"
        yield from self.all_in("tasks", task.parts, place)
        for key in task.parts:
            part = self._keys["tasks"].get(key)
            if isinstance(part, Task) and (part.cycle, part.zone) != (task.cycle, task.zone):
                yield place, f"{key!r} must have the same cycle and zone"

    def of_pool(self, pool: TaskPool) -> Faults:
        place = f"task_pools.{pool.key}"
        yield from self.all_in("tasks", pool.tasks, f"{place}.tasks")
        if pool.tier is not None:
            yield from self._gate(pool.tier, f"{place}.tier")
        for other in self._keys["task_pools"].values():
            if isinstance(other, TaskPool) and other.key > pool.key and other.status is not Status.ARCHIVED:
                for key in sorted({*pool.tasks} & {*other.tasks}):
                    yield f"{place}.tasks", f"{key!r} is in the pool {other.key!r} as well"
        for key in pool.tasks:
            task = self._keys["tasks"].get(key)
            if not isinstance(task, Task):
                continue
            if (task.cycle, task.zone) != (pool.cycle, pool.zone):
                yield f"{place}.tasks", f"{key!r} must have the pool's cycle and zone"
            if task.measure is Measure.TASKS:
                yield f"{place}.tasks", f"{key!r} is made of tasks; put those in the pool"
            if task.is_gated:
                yield (
                    f"{place}.tasks",
                    f"{key!r} is for some members only; state `tier` or `when` of the pool",
                )

    def of_tasks_tier(self, task: Task) -> Faults:
        if task.tier is not None:
            yield from self._gate(task.tier, f"tasks.{task.key}.tier")

    def _required(self, task: Task, keys: Iterable[str], place: str) -> Faults:
        yield from self.all_in("tasks", keys, place)
        for required in keys:
            other = self._keys["tasks"].get(required)
            # Only then a period of the one task belongs to exactly one of the other.
            once = isinstance(other, Task) and other.cycle is TaskCycle.ONCE
            if isinstance(other, Task) and not once and (other.cycle, other.zone) != (task.cycle, task.zone):
                yield place, f"{required!r} must be done once, or have the same cycle and zone"

    def of_referral(self, offer: ReferralOffer) -> Faults:
        for field, rewards in offer.all_rewards():
            place = f"referrals.{offer.key}.{field}"
            yield from self.of_rewards(rewards, place)
            for index, part in enumerate(rewards):
                given = self._keys["badges"].get(part.award.badge) if part.award else None
                if isinstance(given, Badge) and given.repeat is not Repeat.ONCE:
                    yield (
                        f"{place}.{index}.award",
                        f"{given.key!r} repeats {given.repeat}; give one awarded once",
                    )

    def of_collection(self, collection: Collection) -> Faults:
        place = f"collections.{collection.key}"
        yield from self.all_in("badges", collection.badges, f"{place}.badges")
        for key in collection.badges:
            found = self._keys["badges"].get(key)
            if isinstance(found, Badge) and found.repeat is not Repeat.ONCE:
                yield (
                    f"{place}.badges",
                    f"{key!r} repeats {found.repeat}; a collection is of badges awarded once",
                )
        yield from self.of_rewards(collection.reward, f"{place}.reward")
        for index, part in enumerate(collection.reward):
            given = self._keys["badges"].get(part.award.badge) if part.award else None
            if isinstance(given, Badge) and given.repeat is not Repeat.ONCE:
                yield (
                    f"{place}.reward.{index}.award",
                    f"{given.key!r} repeats {given.repeat}; give one awarded once",
                )

    def of_check_in(self, check_in: CheckIn) -> Faults:
        place = f"check_ins.{check_in.key}"
        yield from self.all_in("activity_types", [check_in.activity], f"{place}.activity")
        for item in CheckInItem:
            terms = check_in.terms_of(item)
            if terms is not None and terms.price is not None:
                name = "make_up" if item is CheckInItem.MAKE_UP_CARD else "freeze"
                yield from self.all_in("units", [terms.price.unit], f"{place}.{name}.price.unit")
        for where, rewards in check_in.all_rewards():
            yield from self.of_rewards(rewards, f"{place}.{where}")

    def of_catalogue_reward(self, reward: CatalogueReward) -> Faults:
        place = f"rewards.{reward.key}"
        if reward.price is not None:
            yield from self.all_in("units", [reward.price.unit], f"{place}.price.unit")
        if reward.ticket is not None:
            yield from self.all_in("units", [reward.ticket.unit], f"{place}.ticket.unit")
        if reward.tier is not None:
            yield from self._gate(reward.tier, f"{place}.tier")

    def of_sale(self, sale: FlashSale) -> Faults:
        place = f"flash_sales.{sale.key}"
        yield from self.all_in("rewards", [sale.reward], f"{place}.reward")
        if sale.price is not None:
            yield from self.all_in("units", [sale.price.unit], f"{place}.price.unit")

    def of_screening(self, rule: ScreeningRule) -> Faults:
        yield from self.all_in("spaces", rule.spaces, f"screening.{rule.key}.spaces")

    def of_space(self, space: Space) -> Faults:
        if space.tier is not None:
            yield from self._gate(space.tier, f"spaces.{space.key}.tier")

    def of_contest(self, contest: Contest) -> Faults:
        place = f"contests.{contest.key}"
        yield from self.all_in("spaces", [contest.space], f"{place}.space")
        space = self._keys["spaces"].get(contest.space)
        if isinstance(space, Space) and PostKind.STORY not in space.kinds:
            yield f"{place}.space", f"the space {contest.space!r} takes no stories"
        for index, prize in enumerate(contest.prizes):
            yield from self.of_rewards(prize.reward, f"{place}.prizes.{index}.reward")

    def of_survey(self, survey: Survey) -> Faults:
        if survey.tier is not None:
            yield from self._gate(survey.tier, f"surveys.{survey.key}.tier")

    def of_campaign(self, campaign: Campaign) -> Faults:
        place = f"campaigns.{campaign.key}"
        audience = campaign.audience
        yield from self.all_in("segments", audience.segments, f"{place}.audience.segments")
        yield from self.all_in("segments", audience.not_in, f"{place}.audience.not_in")
        for index, one in enumerate(campaign.multiply):
            yield from self.all_in("units", [one.unit], f"{place}.multiply.{index}.unit")
            yield from self.all_in("rules", one.rules, f"{place}.multiply.{index}.rules")
        yield from self.all_in(
            "units", [one.unit for one in campaign.budget.points], f"{place}.budget.points"
        )
        budgeted = [one.reward for one in campaign.budget.rewards]
        yield from self.all_in("rewards", budgeted, f"{place}.budget.rewards")
        measures = campaign.measures
        yield from self.all_in("activity_types", measures.participates, f"{place}.measures.participates")
        yield from self.all_in("activity_types", measures.converts, f"{place}.measures.converts")
        if campaign.survey is not None:
            yield from self.all_in("surveys", [campaign.survey], f"{place}.survey")
        for section in Includes.model_fields:
            yield from self.all_in(
                section, getattr(campaign.includes, section), f"{place}.includes.{section}"
            )
        yield from self._costs(campaign)

    def _costs(self, campaign: Campaign) -> Faults:
        """A budget of money goes by what rewards say that they cost."""
        if campaign.budget.money is None:
            return
        for rule in self._keys["rules"].values():
            if isinstance(rule, Rule) and rule.campaign == campaign.key:
                for effect in rule.effects:
                    reward = self._keys["rewards"].get(effect.reward.reward) if effect.reward else None
                    if isinstance(reward, CatalogueReward) and reward.cost is None:
                        yield (
                            f"campaigns.{campaign.key}.budget.money",
                            f"the reward {reward.key!r} states no cost",
                        )

    def _gate(self, gate: TierGate, place: str) -> Faults:
        yield from self.all_in("ladders", [gate.ladder], f"{place}.ladder")
        ladder = self._keys["ladders"].get(gate.ladder)
        if isinstance(ladder, Ladder) and ladder.index(gate.least) < 0:
            yield f"{place}.least", f"{ladder.key!r} has no tier {gate.least!r}"

    def of_draw(self, draw: Draw) -> Faults:
        place = f"draws.{draw.key}"
        if draw.ticket is not None:
            yield from self.all_in("units", [draw.ticket.unit], f"{place}.ticket.unit")
            if draw.ticket.price is not None:
                price = draw.ticket.price.unit
                yield from self.all_in("units", [price], f"{place}.ticket.price.unit")
                if price == draw.ticket.unit:
                    yield f"{place}.ticket.price.unit", "tickets can't be bought for themselves"
        for gate in draw.gates:
            yield from self._gate(gate, f"{place}.tier")
        for prize in draw.prizes:
            yield from self.of_rewards(prize.reward, f"{place}.prizes.{prize.key}.reward")

    def of_prizes(self, board: Leaderboard) -> Faults:
        for field, prizes in (("prizes", board.prizes), ("group_prizes", board.group_prizes)):
            for index, prize in enumerate(prizes):
                yield from self.of_rewards(prize.reward, f"leaderboards.{board.key}.{field}.{index}.reward")

    def of_rewards(self, rewards: Iterable[Reward], place: str) -> Faults:
        """The faults of what is given for something; `place` is where its list stands."""
        for index, reward in enumerate(rewards):
            here = f"{place}.{index}"
            if reward.points:
                yield from self._points(reward.points, here)
            elif reward.award:
                yield from self._badge(reward.award.badge, f"{here}.award", None, reward.award.level)
            elif reward.score:
                yield from self.all_in("leaderboards", [reward.score.board], f"{here}.score.board")
            elif reward.reward:
                yield from self.all_in("rewards", [reward.reward.reward], f"{here}.reward.reward")
            elif reward.check_in_item:
                yield from self._items(reward.check_in_item, f"{here}.check_in_item")

    def _items(self, items: RewardItems, place: str) -> Faults:
        yield from self.all_in("check_ins", [items.check_in], f"{place}.check_in")
        found = self._keys["check_ins"].get(items.check_in)
        if isinstance(found, CheckIn) and found.terms_of(items.item) is None:
            yield f"{place}.item", f"{found.key!r} has no {items.item}s"

    def all_in(self, section: str, keys: Iterable[str], place: str) -> Faults:
        """A fault for each key that the section lacks."""
        for key in keys:
            if key not in self._keys[section]:
                yield place, f"{key!r} is not among the {section.replace('_', ' ')}"

    def _points(self, points: PointsEffect | RewardPoints, place: str) -> Faults:
        yield from self.all_in("units", [points.unit], f"{place}.points.unit")
        yield from self.all_in("budgets", points.budgets, f"{place}.points.budgets")
        for key in points.budgets:
            budget = self._keys["budgets"].get(key)
            if isinstance(budget, Budget) and budget.unit != points.unit:
                yield f"{place}.points.budgets", f"{key!r} is a budget of {budget.unit!r}"
        place = f"{place}.points.boards"
        unit = self._keys["units"].get(points.unit)
        if points.boards and isinstance(unit, Unit) and unit.pending is not None:
            yield (
                place,
                f"{unit.key!r} are pending at first, and may be cancelled; write a score with what confirms them",
            )
        for board in points.boards:
            yield from self.all_in("leaderboards", [board], place)
            found = self._keys["leaderboards"].get(board)
            if isinstance(found, Leaderboard) and found.operator is not Operator.INCREMENT:
                yield place, f"{board!r} has the operator {found.operator}; points feed increment boards only"
            if isinstance(found, Leaderboard) and found.attempts is not None:
                yield place, f"{board!r} counts attempts; points are none"

    def _advance(self, advance: AdvanceEffect, place: str) -> Faults:
        yield from self.all_in("tasks", [advance.task], f"{place}.advance.task")
        task = self._keys["tasks"].get(advance.task)
        distinct = isinstance(task, Task) and task.measure is Measure.DISTINCT
        if isinstance(task, Task) and distinct != (advance.value is not None):
            yield f"{place}.advance", "state `value` exactly for a task that counts distinct values"
        if isinstance(task, Task) and task.measure is Measure.TASKS:
            yield f"{place}.advance.task", f"{task.key!r} is made of tasks; advance those"
        if isinstance(task, Task) and task.approval is not None:
            yield f"{place}.advance.task", f"{task.key!r} is advanced by approvals alone"

    def _contribute(self, effect: ContributeEffect, place: str) -> Faults:
        yield from self.all_in("goals", [effect.goal], f"{place}.contribute.goal")
        goal = self._keys["goals"].get(effect.goal)
        if isinstance(goal, Goal) and goal.measure is GoalMeasure.COUNT and effect.by != 1:
            yield f"{place}.contribute.by", f"{goal.key!r} counts activities: `by` is of goals that sum"

    def _badge(self, badge: str, place: str, per_key: object, level: object) -> Faults:
        yield from self.all_in("badges", [badge], place)
        found = self._keys["badges"].get(badge)
        if not isinstance(found, Badge):
            return
        if per_key is not None and (found.repeat is Repeat.PER_KEY) != per_key:
            yield place, f"{badge!r} repeats {found.repeat}: state an occurrence exactly for per_key badges"
        if level is not None and not found.levels:
            yield place, f"{badge!r} has no levels"
        if isinstance(level, int) and found.levels and level not in {known.level for known in found.levels}:
            yield place, f"{badge!r} has no level {level}"


def _cycles(document: Document) -> Faults:
    """Take out, again and again, the tasks that require none of those still there; a circle is never taken out."""
    waiting = {task.key: {*task.awaits} for task in document.tasks}
    for _ in range(_CHAIN_MAX):
        waiting = {key: needed & waiting.keys() for key, needed in waiting.items() if needed & waiting.keys()}
    if waiting:
        yield (
            f"tasks.{next(iter(waiting))}.requires",
            f"a task may not require itself, directly or through others, nor through more than {_CHAIN_MAX}",
        )


def _collected_circles(document: Document) -> Faults:
    """A collection's reward must not lead back to one of its own badges: it would hold itself up."""
    badges = {collection.key: {*collection.badges} for collection in document.collections}
    gives = {c.key: {part.award.badge for part in c.reward if part.award} for c in document.collections}
    waiting = {
        key: {other for other, parts in badges.items() if parts & given} for key, given in gives.items()
    }
    for _ in range(_CHAIN_MAX):
        waiting = {key: found & waiting.keys() for key, found in waiting.items() if found & waiting.keys()}
    if waiting:
        yield (
            f"collections.{next(iter(waiting))}.reward",
            f"a collection may not lead to itself, directly or through others, nor through more than {_CHAIN_MAX}",
        )
