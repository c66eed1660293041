"""What a campaign's report compares, and how sure it is of it."""

import pytest

from gamification.campaigning.model import ArmTotals
from gamification.campaigning.report import Figures, figures_of
from gamification.experiments.assignment import HOLDOUT
from gamification.experiments.model import Effect
from gamification.programmes.definitions import Campaign

CAMPAIGN = Campaign.model_validate(
    {
        "key": "two",
        "kind": "growth",
        "schedule": {"starts_at": "2026-03-09T00:00:00Z", "ends_at": "2026-03-16T00:00:00Z"},
        "experiment": {
            "hold_out": 20,
            "variants": [{"key": "a", "percent": 40}, {"key": "b", "percent": 40}],
        },
    }
)


def arm(variant: str, members: int, participants: int, converters: int, each: int) -> ArmTotals:
    """Each converter paid the same."""
    sums = (converters * each, converters * each**2, converters * each**3)
    return ArmTotals(variant, members, members, participants, converters, *sums, {}, {}, 0)


def figures(*, is_final: bool) -> Figures:
    arms = [
        arm("a", 400, 130, 63, 500),
        arm("b", 400, 110, 41, 520),
        arm(HOLDOUT, 200, 40, 20, 510),
    ]
    return figures_of(CAMPAIGN, arms, is_final=is_final)


def p_values(found: Figures) -> list[tuple[float, float | None]]:
    """Each with its corrected one, the least first."""
    all_of = [
        (watched.effect.p_value, watched.corrected)
        for one in found.comparisons
        for watched in (one.participation, one.conversion, one.spend)
        if watched is not None and isinstance(watched.effect, Effect)
    ]
    return sorted(all_of, key=lambda pair: pair[0])


def test_at_the_end_p_values_are_corrected_for_all_that_is_compared() -> None:
    found = p_values(figures(is_final=True))

    assert len(found) == 6
    least = 0.0
    for place, (plain, corrected) in enumerate(found):
        least = max(least, min(1.0, plain * (6 - place)))
        assert corrected == pytest.approx(least)
    # One that would count by itself does not beside five others.
    assert any(plain < 0.05 <= (corrected or 0) for plain, corrected in found)


def test_while_it_runs_nothing_is_corrected_and_spend_waits() -> None:
    found = figures(is_final=False)

    assert {corrected for _, corrected in p_values(found)} == {None}
    assert [one.spend for one in found.comparisons] == [None, None]
    assert all(one.participation.look is not None for one in found.comparisons)
