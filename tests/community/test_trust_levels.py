"""Which level and layer behaviour comes to: pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from community.trust.levels import Behaviour, assessed, kept_level, layer_of, level_of
from community.trust.model import Layer, Trust
from gamification.kit.records import evolve
from gamification.programmes.definitions import Layers, TrustRequirement, TrustSettings

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SETTINGS = TrustSettings(
    levels=(
        TrustRequirement(joined=1, days=2, texts=3),
        TrustRequirement(joined=15, days=10, texts=20, likers=5, removed=2),
        TrustRequirement(joined=50, days=50, texts=60, likers=20, removed=1),
    ),
    held=timedelta(days=14),
)
THIRD = Behaviour(joined_days=90, days=50, texts=60, likers=20)
behaviours = st.builds(
    Behaviour,
    joined_days=st.integers(0, 100),
    days=st.integers(0, 60),
    texts=st.integers(0, 80),
    likers=st.integers(0, 30),
    removed=st.integers(0, 4),
)


@pytest.mark.parametrize(
    ("behaviour", "level"),
    [
        (Behaviour(0), 0),
        (Behaviour(1, 2, 3), 1),
        (Behaviour(1, 2, 2), 0),
        (Behaviour(100, 50, 60, 4), 1),
        (Behaviour(15, 10, 20, 5, 2), 2),
        (Behaviour(15, 10, 20, 5, 3), 1),
        (THIRD, 3),
    ],
)
def test_a_level_takes_all_that_it_states_and_all_below(behaviour: Behaviour, level: int) -> None:
    assert level_of(SETTINGS, behaviour) == level


def test_who_lacks_a_little_keeps_their_level_and_who_lacks_more_falls() -> None:
    known = Trust(b"m", "club", 3, NOW)
    later = NOW + timedelta(days=14)
    little, more = evolve(THIRD, days=40), evolve(THIRD, days=39)

    assert assessed(SETTINGS, known, little, later).level == 3
    assert assessed(SETTINGS, known, more, later).level == 2
    # Not before they have had it for a while.
    assert assessed(SETTINGS, known, more, later - timedelta(seconds=1)).level == 3
    # Removed texts are not softened.
    assert assessed(SETTINGS, known, evolve(THIRD, removed=2), later).level == 2


@given(behaviour=behaviours, level=st.integers(0, 3), days=st.integers(0, 60))
def test_nobody_moves_up_and_down_by_the_same(behaviour: Behaviour, level: int, days: int) -> None:
    known = Trust(b"m", "club", level, NOW)
    now = NOW + timedelta(days=days)
    once = assessed(SETTINGS, known, behaviour, now)
    again = assessed(SETTINGS, once, behaviour, now + timedelta(days=100))

    assert again.level == once.level or (once.level == level and again.level < level)
    settled = assessed(SETTINGS, again, behaviour, now + timedelta(days=200))
    assert settled.level == again.level
    assert level_of(SETTINGS, behaviour) <= again.level <= max(level, level_of(SETTINGS, behaviour))


@given(behaviour=behaviours, level=st.integers(0, 3))
def test_what_is_earned_is_kept(behaviour: Behaviour, level: int) -> None:
    earned = level_of(SETTINGS, behaviour)
    assert kept_level(SETTINGS, behaviour, max(level, earned)) >= earned


def test_what_staff_set_stays() -> None:
    pinned = Trust(b"m", "club", 4, NOW, pinned=True)
    after = assessed(SETTINGS, pinned, Behaviour(0, lately=5), NOW + timedelta(days=99))
    assert (after.level, after.layer) == (4, Layer.ACTIVE)
    # Let go again, a level that nobody reaches by themselves is lost, with what lies below it.
    assert assessed(SETTINGS, evolve(pinned, pinned=False), THIRD, NOW + timedelta(days=99)).level == 3


@pytest.mark.parametrize(
    ("lately", "likers", "layer"),
    [
        (0, 0, Layer.PERIPHERY),
        (1, 9, Layer.PERIPHERY),
        (2, 0, Layer.ACTIVE),
        (20, 4, Layer.ACTIVE),
        (20, 5, Layer.LEADER),
    ],
)
def test_layers_are_by_what_they_did_lately(lately: int, likers: int, layer: Layer) -> None:
    assert layer_of(Layers(), Behaviour(9, lately=lately, likers_lately=likers)) is layer


def test_a_higher_level_takes_no_less() -> None:
    with pytest.raises(ValidationError, match="higher level"):
        TrustSettings(levels=(TrustRequirement(texts=3), TrustRequirement(texts=2)))
