"""What a transaction works on is gone as it ends. Were its objects to form a ring, all of them would stay until Python's garbage
collector looks: many a hundred thousand under load, through which it then goes for most of a second while everybody waits."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from gamification.settlement.workspace import Workspace
from tests.conftest import MakeProgramme

SHOP = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "visit"}],
    "goals": [{"key": "together", "target": 9, "reward": [{"points": {"unit": "points", "amount": 1}}]}],
    "tasks": [{"key": "thrice", "goal": 3}],
    "leaderboards": [{"key": "all"}],
    "rules": [
        {
            "key": "visits",
            "on": ["visit"],
            "effects": [
                {"points": {"unit": "points", "amount": 5, "boards": ["all"]}},
                {"advance": {"task": "thrice"}},
                {"contribute": {"goal": "together"}},
            ],
        }
    ],
}


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Nobody looks for rings."""
    gc.disable()
    yield
    gc.enable()


async def test_the_states_of_a_transaction_go_with_it(
    programme: MakeProgramme, no_collector: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Workspace]] = []

    class Seen(Workspace):
        def __init__(self, *stated: object) -> None:
            super().__init__(*stated)  # type: ignore[arg-type]
            made.append(weakref.ref(self))

    monkeypatch.setattr("gamification.settlement.service.Workspace", Seen)
    shop = await programme(SHOP)
    await shop.join("ann")
    await shop.do("visit", "ann")

    assert await shop.balance("ann", "points") == 5
    assert made
    assert [one for one in made if one() is not None] == []
