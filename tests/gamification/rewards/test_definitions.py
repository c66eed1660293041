"""What the programme file may state of rewards and flash sales."""

from typing import Any

import pytest

from gamification.kit.errors import InvalidInput
from tests.conftest import MakeProgramme

UNITS = [{"key": "points"}, {"key": "later", "status": "draft"}]
GIFT = {"key": "gift", "content": {"text": {"en": "Hello"}}}
PACKET = {"currency": "CNY", "total": 100, "shares": 10}
SALE = {
    "key": "rush",
    "reward": "gift",
    "stock": 5,
    "starts_at": "2020-01-01T00:00:00Z",
    "ends_at": "2100-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("reward", "said"),
    [
        ({"key": "x"}, "exactly one of"),
        ({**GIFT, "goods": {}}, "exactly one of"),
        ({"key": "x", "coupon": {}}, "exactly one of off, percent, free_item"),
        ({"key": "x", "coupon": {"off": 5}}, "state the currency"),
        ({"key": "x", "coupon": {"percent": 101}}, "less than or equal to 100"),
        ({"key": "x", "coupon": {"percent": 5, "codes": {"length": 6}}}, "greater than or equal to 12"),
        ({"key": "x", "coupon": {"percent": 5, "lasts": "P1D", "until": "2030-01-01T00:00:00Z"}}, "not both"),
        ({"key": "x", "red_packet": {**PACKET, "minimum": 11}}, "does not reach"),
        ({"key": "x", "content": {}}, "a text or a url"),
        ({**GIFT, "starts_at": "2030-01-01T00:00:00Z", "ends_at": "2029-01-01T00:00:00Z"}, "ends after"),
        ({**GIFT, "caps": [{"count": 1}, {"count": 2}]}, "count the same"),
        ({**GIFT, "price": {"unit": "none", "amount": 1}}, "'none' is not among the units"),
        ({**GIFT, "price": {"unit": "later", "amount": 1}}, "still a draft"),
        ({**GIFT, "tier": {"ladder": "none", "least": "x"}}, "'none' is not among the ladders"),
        ({**GIFT, "when": "member."}, "rewards.gift.when"),
        ({**GIFT, "when": "activity.x == 1"}, "decided by the member alone"),
        ({"key": "x", "ticket": {"unit": "none"}}, "'none' is not among the units"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    programme: MakeProgramme, reward: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        await programme({"units": UNITS, "rewards": [reward]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reward": "none"}, "'none' is not among the rewards"),
        ({"ends_at": "2019-01-01T00:00:00Z"}, "ends after"),
        ({"price": {"unit": "none", "amount": 1}}, "'none' is not among the units"),
    ],
)
async def test_a_sale_that_makes_no_sense_is_refused(
    programme: MakeProgramme, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        await programme({"rewards": [GIFT], "flash_sales": [{**SALE, **change}]})


async def test_what_gives_a_reward_names_one_that_is_there(programme: MakeProgramme) -> None:
    task = {"key": "t", "goal": 1, "reward": [{"reward": {"reward": "none"}}]}
    with pytest.raises(InvalidInput, match="'none' is not among the rewards"):
        await programme({"tasks": [task]})
    with pytest.raises(InvalidInput, match="gift is still a draft"):
        await programme(
            {
                "tasks": [{**task, "reward": [{"reward": {"reward": "gift"}}]}],
                "rewards": [{**GIFT, "status": "draft"}],
            }
        )


async def test_what_is_counted_by_is_fixed_once_made(programme: MakeProgramme) -> None:
    packet = {"key": "luck", "red_packet": PACKET}
    club = await programme({"rewards": [GIFT, packet], "flash_sales": [SALE]})

    with pytest.raises(InvalidInput, match="red_packet is fixed"):
        await club.apply({"rewards": [GIFT, {**packet, "red_packet": {**PACKET, "total": 200}}]})
    with pytest.raises(InvalidInput, match="stock is fixed"):
        await club.apply({"rewards": [GIFT, packet], "flash_sales": [{**SALE, "stock": 6}]})
