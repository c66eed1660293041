"""What a goal can state, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from gamification.kit.errors import InvalidInput
from gamification.programmes.definitions import TARGET, Goal
from tests.conftest import MakeProgramme

NOW = datetime(2026, 11, 22, tzinfo=UTC)
END = NOW + timedelta(days=10)
CLOSING = {"ends_at": END.isoformat(), "settles_after": "P1D"}
SPLIT = {"unit": "points", "amount": 100}


def goal(**stated: Any) -> dict[str, Any]:
    return {"key": "clean", "target": 100, **stated}


def test_the_target_is_the_milestone_at_a_hundred_percent() -> None:
    stated = Goal.model_validate(
        goal(milestones=[{"key": "more", "percent": 120}, {"key": "half", "percent": 50}], **CLOSING)
    )

    assert [(one.key, one.percent) for one in stated.stages] == [("half", 50), (TARGET, 100), ("more", 120)]


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ({"split": SPLIT}, "settles_after"),
        ({"pays": "close"}, "settles_after"),
        ({"milestones": [{"key": "half", "percent": 50, "split": SPLIT}]}, "settles_after"),
        ({"settles_after": "P1D"}, "ends_at"),
        ({"settles_after": "P1D", "cycle": "weekly"}, "time_zone"),
        ({"starts_at": END.isoformat(), "ends_at": NOW.isoformat()}, "after"),
        ({"milestones": [{"key": "a", "percent": 100}]}, "percents"),
        ({"milestones": [{"key": TARGET, "percent": 50}]}, "keys"),
        ({"milestones": [{"key": "a", "percent": 5}, {"key": "a", "percent": 6}]}, "keys"),
        ({"milestones": [{"key": "a", "percent": 0}]}, "greater"),
        ({"reward": [{"score": {"board": "b", "value": 1}}]}, "scores"),
        ({"reward": [{"points": {"unit": "points", "amount": 1, "boards": ["b"]}}]}, "scores"),
        ({"reward": [{"points": {"unit": "points", "amount": -1}}]}, "takes none"),
        ({"target": 0}, "greater"),
        ({"least": 0}, "greater"),
        ({"split": {**SPLIT, "amount": 0}, **CLOSING}, "greater"),
    ],
)
def test_what_makes_no_sense_is_refused(stated: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Goal.model_validate(goal(**stated))


DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "walk"}],
    "rules": [{"key": "walks", "on": ["walk"], "effects": [{"contribute": {"goal": "clean"}}]}],
    "goals": [goal()],
}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"goals": [goal(reward=[{"points": {"unit": "none", "amount": 1}}])]}, "goals.clean.reward.0.points.unit"),
        ({"goals": [goal(split={"unit": "none", "amount": 1}, **CLOSING)]}, "goals.clean.split.unit"),
        (
            {"goals": [goal(milestones=[{"key": "m", "percent": 1, "split": {"unit": "none", "amount": 1}}], **CLOSING)]},
            "goals.clean.milestones.m.split.unit",
        ),
        ({"goals": [goal(group="activity.type")]}, "goals.clean.group"),
        ({"goals": [goal(group="member.tiers.club")]}, "goals.clean.group"),
        ({"goals": [goal(group="member.(")]}, "goals.clean.group"),
        ({"goals": [goal(status="draft")]}, "rules.walks"),
        ({"goals": []}, "rules.walks.effects.0.contribute.goal"),
        (
            {"rules": [{"key": "walks", "on": ["walk"], "effects": [{"contribute": {"goal": "clean", "by": 2}}]}]},
            "rules.walks.effects.0.contribute.by",
        ),
        (
            {
                "goals": [goal(measure="sum")],
                "rules": [{"key": "walks", "on": ["walk"], "effects": [{"contribute": {"goal": "clean", "by": "1 +"}}]}],
            },
            "rules.walks.effects.0.contribute.by",
        ),
    ],
)  # fmt: skip
async def test_a_document_that_does_not_fit_is_refused_with_the_place(
    programme: MakeProgramme, change: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await programme({**DOCUMENT, **change})

    assert ".".join(refusal.value.path or []) == place


@pytest.mark.parametrize(
    "change",
    [
        {"measure": "sum"},
        {"group": "member.attributes.team"},
        {"cycle": "weekly", "time_zone": "UTC"},
        {"time_zone": "Asia/Shanghai"},
        {"least": 2},
        {"pays": "close"},
        {"settles_after": "P2D"},
    ],
)
async def test_what_stored_sums_were_kept_by_is_fixed(
    programme: MakeProgramme, change: dict[str, Any]
) -> None:
    club = await programme({**DOCUMENT, "goals": [goal(**CLOSING)]})

    with pytest.raises(InvalidInput, match="fixed once made"):
        await club.apply({**DOCUMENT, "goals": [goal(**{**CLOSING, **change})]})


async def test_target_times_and_rewards_can_be_changed(programme: MakeProgramme) -> None:
    club = await programme({**DOCUMENT, "goals": [goal(**CLOSING)]})
    club.clock.now = NOW
    later = (END + timedelta(days=1)).isoformat()

    await club.apply(
        {
            **DOCUMENT,
            "goals": [
                goal(**{**CLOSING, "ends_at": later, "target": 7, "starts_at": NOW.isoformat()}, split=SPLIT)
            ],
        }
    )

    assert (await club.services.programmes.catalogue(club.key)).goals["clean"].target == 7


async def test_the_end_of_what_has_closed_cant_be_moved(programme: MakeProgramme) -> None:
    club = await programme({**DOCUMENT, "goals": [goal(**CLOSING)]})
    club.clock.now = END + timedelta(days=1)

    with pytest.raises(InvalidInput, match="has closed"):
        await club.apply(
            {**DOCUMENT, "goals": [goal(**{**CLOSING, "ends_at": (END + timedelta(days=9)).isoformat()})]}
        )


async def test_an_end_can_not_be_put_where_it_would_have_closed_already(programme: MakeProgramme) -> None:
    club = await programme({**DOCUMENT, "goals": [goal(**CLOSING)]})
    club.clock.now = END - timedelta(days=1)

    with pytest.raises(InvalidInput, match="would have closed already"):
        await club.apply(
            {**DOCUMENT, "goals": [goal(**{**CLOSING, "ends_at": (NOW + timedelta(days=1)).isoformat()})]}
        )
