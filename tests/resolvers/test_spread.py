"""Caps and spread rules: two friends who like each other all day gain what one like gives, many people more."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from gamification.programmes.definitions import Cap, Unit
from tests.conftest import MakeProgramme
from tests.moderation_world import MODERATED, Desk
from tests.resolvers.harness import GraphQL

LIKED: dict[str, Any] = {
    "key": "liking",
    "on": ["community.liked"],
    "effects": [
        {
            "points": {
                "unit": "points",
                "amount": 1,
                "caps": [{"amount": 2, "each": "by", "cycle": "weekly"}, {"amount": 5, "cycle": "daily"}],
            }
        }
    ],
}
"""Two points a week from each person at most, five a day in all."""


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    others = [rule for rule in MODERATED["rules"] if rule["key"] == "growing"]
    club = await programme({**MODERATED, "rules": [*others, LIKED]})
    for name in ("ann", "bob", "cyd", "dee", "eve"):
        await club.join(name, display_name=name.title())
    return Desk(graphql, club)


async def test_two_friends_gain_little_however_much_they_like_each_other(desk: Desk) -> None:
    for number in range(6):
        for author, friend in (("ann", "bob"), ("bob", "ann")):
            await desk.react(friend, await desk.post(author, f"{author} {number}"))

    assert [await desk.club.balance(name, "points") for name in ("ann", "bob")] == [2, 2]
    # Taking a like back makes room for another, and gives nothing twice.
    post = await desk.post("ann", "Last")
    for _ in range(3):
        await desk.react("bob", post)
        await desk.react("bob", post, None)
    assert await desk.club.balance("ann", "points") == 2
    await desk.sound()


async def test_different_people_count_each_until_the_days_cap(desk: Desk) -> None:
    posts = [await desk.post("ann", f"Post {number}") for number in range(3)]
    await asyncio.gather(*(desk.react(name, post) for name in ("bob", "cyd", "dee", "eve") for post in posts))
    assert await desk.club.balance("ann", "points") == 5

    desk.club.clock.advance(timedelta(days=7))
    later = [await desk.post("ann", f"Later {number}") for number in range(3)]
    for post in later:
        await desk.react("bob", post)
    assert await desk.club.balance("ann", "points") == 7
    await desk.sound()


def test_only_an_effects_cap_is_counted_apart() -> None:
    with pytest.raises(ValidationError, match="each"):
        Unit(key="points", caps=(Cap(amount=1, each="by"),))
    with pytest.raises(ValidationError, match="transaction"):
        Cap.model_validate({"amount": 1, "per": "transaction", "each": "by"})
