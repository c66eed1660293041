"""What a programme file may state of draws; every fault is named with its place."""

from typing import Any

import pytest

from gamification.programmes.checks import check
from gamification.programmes.document import Problem
from gamification.programmes.parsing import parse
from tests.lottery_world import RAFFLE, WHEEL, changed, fair


def faults(draw: dict[str, Any], **sections: Any) -> str:
    try:
        check(parse({**fair(draw, **sections), "programme": {"key": "p"}}))
    except Problem as error:
        return "; ".join(f"{place}: {message}" for place, message in error.problems)
    return ""


def prize(**stated: Any) -> dict[str, Any]:
    return {"key": "mug", **stated}


@pytest.mark.parametrize("draw", [WHEEL, RAFFLE], ids=["instant", "scheduled"])
def test_takes_sound_draws(draw: dict[str, Any]) -> None:
    assert faults(draw) == ""


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ({"prizes": [prize()]}, "every prize of an instant draw has a weight"),
        ({"prizes": [prize(weight=1), prize(weight=2)]}, "prizes have keys of their own"),
        ({"prizes": [prize(weight=0)]}, "greater than or equal to 1"),
        ({"prizes": [prize(weight=1, cost=5)]}, "state budget or daily_budget"),
        ({"ticket": None}, "nobody can draw"),
        ({"beacon": "x"}, "of scheduled draws"),
        ({"entry": "per_member"}, "of scheduled draws"),
        ({"wins": "each"}, "of scheduled draws"),
        ({"rounds": RAFFLE["rounds"]}, "of scheduled draws"),
        ({"guarantee": {"after": 3, "prizes": ["yacht"]}}, "'yacht', which is not among the prizes"),
        ({"opens_at": "2026-12-01T00:00:00Z", "closes_at": "2026-11-01T00:00:00Z"}, "closes after it opens"),
        ({"opens_at": "2026-12-01T00:00:00"}, "timezone"),
        ({"ticket": {"unit": "none"}}, "draws.wheel.ticket.unit: 'none' is not among the units"),
        ({"ticket": {"unit": "spins", "price": {"unit": "none", "amount": 1}}}, "ticket.price.unit: 'none'"),
        ({"ticket": {"unit": "spins", "price": {"unit": "spins", "amount": 1}}}, "bought for themselves"),
        ({"tier": {"ladder": "none", "least": "gold"}}, "'none' is not among the ladders"),
        ({"prizes": [prize(weight=1, reward=[{"award": {"badge": "none"}}])]}, "prizes.mug.reward.0.award"),
        (
            {
                "prizes": [
                    prize(weight=1, reward=[{"points": {"unit": "gems", "amount": 1, "boards": ["b"]}}])
                ]
            },
            "a prize writes no scores",
        ),
        ({"blanks": 1}, "Extra inputs"),
    ],
)
def test_names_what_is_wrong_with_an_instant_draw(stated: dict[str, Any], fault: str) -> None:
    assert fault in faults(changed(WHEEL, **stated))


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ({"prizes": [prize()]}, "has a stock: how many there are in each round"),
        ({"prizes": [prize(stock=1, weight=1)]}, "neither weight nor daily"),
        ({"prizes": [prize(stock=5001)]}, "at most 5000 prizes"),
        ({"prizes": [prize(stock=3, cost=10)], "budget": 29}, "cost more than its budget"),
        ({"blank": 1}, "of instant draws"),
        ({"free_daily": 1}, "of instant draws"),
        ({"daily_limit": 1}, "of instant draws"),
        ({"rounds": []}, "a scheduled draw has a ticket and rounds"),
        ({"ticket": None}, "a scheduled draw has a ticket and rounds"),
        ({"rounds": RAFFLE["rounds"] * 2}, "rounds have keys of their own"),
        ({"rounds": [{**RAFFLE["rounds"][0], "closes_at": "2026-10-01T00:00:00Z"}]}, "closes after it opens"),
        ({"closes_at": "2026-12-01T00:00:00Z"}, "by its rounds"),
        ({"beacon": "气象"}, "pattern"),
    ],
)
def test_names_what_is_wrong_with_a_scheduled_draw(stated: dict[str, Any], fault: str) -> None:
    assert fault in faults(changed(RAFFLE, **stated))


def test_a_published_draw_needs_what_it_gives_published_too() -> None:
    units = [{"key": "points"}, {"key": "spins", "status": "draft"}, {"key": "entries"}, {"key": "gems"}]
    assert "draws.wheel: it is published, but units.spins is still a draft" in faults(WHEEL, units=units)
