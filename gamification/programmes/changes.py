"""What a new document changes in the old one, and the versions its definitions get."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.programmes.definitions import Definition, Ladder, Status, Survey, SurveyQuestion
from gamification.programmes.document import SECTIONS, Document, section_limit


class ChangeKind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Change:
    """One definition that differs; `fields` are the names of the fields that did, `version` its new version."""

    section: str
    key: str
    kind: ChangeKind
    version: int
    fields: tuple[str, ...] = ()


def merge(old: Document | None, new: Document) -> tuple[Document, list[Change]]:
    """`new` with definition versions set from `old`, and the changes in file order.

    A definition that `new` no longer states is archived, never deleted: what it granted must stay readable.
    Raises: InvalidInput where a change would alter the meaning of what is stored.
    """
    changes: list[Change] = []
    if old is None or old.programme != new.programme:
        kind = ChangeKind.ADDED if old is None else ChangeKind.CHANGED
        fields = () if old is None else _differing(old.programme.model_dump(), new.programme.model_dump())
        changes.append(Change("programme", new.programme.key, kind, 1, fields))
    sections: dict[str, Any] = {}
    for name in SECTIONS:
        before = {d.key: d for d in old.section(name)} if old else {}
        merged: list[Definition] = []
        for definition in new.section(name):
            kept, change = _versioned(name, before.pop(definition.key, None), definition)
            merged.append(kept)
            if change:
                changes.append(change)
        for gone in before.values():
            if gone.status is Status.ARCHIVED:
                merged.append(gone)
                continue
            archived = gone.model_copy(update={"status": Status.ARCHIVED, "version": gone.version + 1})
            merged.append(archived)
            changes.append(Change(name, gone.key, ChangeKind.ARCHIVED, archived.version, ("status",)))
        if len(merged) > section_limit(name):
            raise InvalidInput(
                f"{name} would hold {len(merged)} definitions, archived ones included.",
                code=ErrorCode.TOO_LARGE,
                path=[name],
                limit=section_limit(name),
            )
        sections[name] = tuple(merged)
    return new.model_copy(update=sections), changes


def check_boards(old: Document | None, new: Document, now: datetime) -> None:
    """Seasons that closed stay as they are: their standings are frozen. And attempts are counted from a board's
    beginning, or never. Raises: InvalidInput."""
    boards = {board.key: board for board in new.leaderboards}
    for before in old.leaderboards if old else ():
        if (before.attempts is None) != (boards[before.key].attempts is None):
            raise InvalidInput(
                f"leaderboards.{before.key}: attempts can be made more or fewer, but were they not counted from the "
                "beginning, they can't be from now on, nor can that end; archive this board and make another.",
                path=["leaderboards", before.key, "attempts"],
            )
        if before.settles_after is None:
            continue
        after = {season.key: season for season in boards[before.key].seasons}
        for season in before.seasons:
            kept = after.get(season.key)
            same = kept is not None and (kept.starts_at, kept.ends_at) == (season.starts_at, season.ends_at)
            if season.ends_at + before.settles_after <= now and not same:
                raise InvalidInput(
                    f"leaderboards.{before.key}: the season {season.key!r} is closed; it can't be moved or taken out.",
                    path=["leaderboards", before.key, "seasons"],
                )


def check_goals(old: Document | None, new: Document, now: datetime) -> None:
    """A goal that closed stays closed, and one that closes does so in the future. Raises: InvalidInput."""
    goals = {goal.key: goal for goal in new.goals}
    for before in old.goals if old else ():
        after = goals[before.key]
        if after.ends_at == before.ends_at:
            continue
        for closing, text in (
            (before.closing(before.ends_at), "it has closed; its end can't be moved any more"),
            (after.closing(after.ends_at), "it would have closed already; end it later, or archive it"),
        ):
            if closing is not None and closing <= now:
                raise InvalidInput(f"goals.{after.key}: {text}.", path=["goals", after.key, "ends_at"])


_BEGUN = ("space", "entries_from", "entries_until", "votes_from", "votes_until", "entries", "votes", "least")


def check_contests(old: Document | None, new: Document, now: datetime) -> None:
    """What members entered a contest by stays once it has begun, and so do its prizes once it has ended. Raises:
    InvalidInput."""
    contests = {contest.key: contest for contest in new.contests}
    for before in old.contests if old else ():
        after = contests[before.key]
        if before.status is Status.DRAFT or before.entries_from > now:
            continue
        fixed = (*_BEGUN, *(("prizes",) if before.votes_until <= now else ()))
        for name in fixed:
            if getattr(before, name) != getattr(after, name):
                raise InvalidInput(
                    f"contests.{after.key}: it has begun; {name} stays as it is.",
                    path=["contests", after.key, name],
                )


def check_tiers(before: Definition, after: Definition) -> None:
    """A ladder's tiers may be added to, but members hold those there are: none goes, and none changes places. Measures
    may come and go, but one key means one thing. Raises: InvalidInput."""
    if not isinstance(before, Ladder) or not isinstance(after, Ladder):
        return
    kept = [tier.key for tier in after.tiers if before.index(tier.key) >= 0]
    if kept != [tier.key for tier in before.tiers]:
        raise InvalidInput(
            f"ladders.{after.key}: tiers may be added, not taken out or moved, since members hold them; archive this "
            "ladder and make another.",
            path=["ladders", after.key, "tiers"],
        )
    known = {measure.key: measure for measure in before.measures}
    for measure in after.measures:
        earlier = known.get(measure.key, measure)
        if earlier.model_dump(exclude={"name"}) != measure.model_dump(exclude={"name"}):
            raise InvalidInput(
                f"ladders.{after.key}: the measure {measure.key!r} is fixed once made, since members were measured by it; "
                "make another.",
                path=["ladders", after.key, "measures"],
            )


def check_surveys(before: Definition, after: Definition) -> None:
    """Members answered a survey as it was from its publication on: questions and options may be added, not taken out, and what
    an answer means stays. What was promised to who answers stays, too. Raises: InvalidInput."""
    if not isinstance(before, Survey) or not isinstance(after, Survey) or before.status is Status.DRAFT:
        return
    place = ["surveys", after.key]
    if after.anonymous != before.anonymous or (before.anonymous and after.group_least < before.group_least):
        raise InvalidInput(
            f"surveys.{after.key}: it is published; anonymous stays as it is, and group_least may only rise.",
            path=[*place, "anonymous"],
        )
    for question in before.questions:
        kept = after.question(question.key)
        if kept is None or _meaning(kept) != _meaning(question):
            raise InvalidInput(
                f"surveys.{after.key}: the question {question.key!r} may have been answered; it can't be taken out, nor "
                "its kind and bounds be changed. Retire it, and ask another.",
                path=[*place, "questions"],
            )
        if set(question.option_keys) - set(kept.option_keys):
            raise InvalidInput(
                f"surveys.{after.key}: options of {question.key!r} may have been chosen; they may be added, not taken out.",
                path=[*place, "questions"],
            )


def _meaning(question: SurveyQuestion) -> tuple[object, ...]:
    return question.kind, question.bounds, question.decimals, question.satisfied


def _versioned(
    section: str, before: Definition | None, after: Definition
) -> tuple[Definition, Change | None]:
    if before is None:
        fresh = after.model_copy(update={"version": 1})
        return fresh, Change(section, after.key, ChangeKind.ADDED, 1)
    fields = _differing(before.model_dump(exclude=_MADE), after.model_dump(exclude=_MADE))
    if not fields:
        return before, None
    check_tiers(before, after)
    check_surveys(before, after)
    frozen = sorted(set(fields) & set(_FROZEN.get(section, ())))
    if frozen:
        raise InvalidInput(
            f"{section}.{after.key}: {frozen[0]} is fixed once made, since stored records were kept by it; "
            "archive this one and make another.",
            path=[section, after.key, frozen[0]],
        )
    kept = after.model_copy(update={"version": before.version + 1})
    archived = after.status is Status.ARCHIVED and before.status is not Status.ARCHIVED
    kind = ChangeKind.ARCHIVED if archived else ChangeKind.CHANGED
    return kept, Change(section, after.key, kind, kept.version, fields)


_MADE = {"version", "terms"}
"""What `apply` makes of a definition, whatever a document says."""
_FROZEN = {
    "leaderboards": (
        "operator",
        "order",
        "ties",
        "cycle",
        "time_zone",
        "subscore",
        "settles_after",
        "group",
        "teams",
    ),
    "tasks": ("measure", "cycle", "zone", "parts", "finishers"),
    "task_pools": ("cycle", "zone"),
    "goals": ("measure", "group", "cycle", "time_zone", "least", "pays", "settles_after"),
    "badges": ("repeat", "limit"),
    "counters": ("per", "cycle"),
    "check_ins": ("zone", "day_start"),
    "budgets": ("unit", "per", "cycle"),
    "causes": ("unit",),
    "draws": ("kind",),
    "rewards": ("red_packet",),
    "flash_sales": ("reward", "stock"),
}


def _differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in after if before.get(name) != after[name])
