"""Whatever happens to redemptions, everything adds up, and what is counted wrongly is found."""

import secrets
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.errors import DomainError
from gamification.rewards.checkout import Cart
from gamification.rewards.model import RedemptionStatus
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.reward_world import mall
from tests.support import ProgrammeUnderTest, on_servers

REWARDS = ("tenner", "last", "mug", "luck", "lounge", "daily", "spin")
STEPS = st.one_of(
    st.tuples(st.just("redeem"), st.sampled_from("ab"), st.sampled_from(REWARDS)),
    st.tuples(st.just("visit"), st.sampled_from("ab")),
    st.tuples(st.just("reverse"), st.integers(0, 5)),
    st.tuples(
        st.just("advance"), st.integers(0, 9), st.sampled_from(["PROCESSING", "SHIPPED", "DONE", "FAILED"])
    ),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("use"), st.integers(0, 9)),
    st.tuples(st.just("roll back"), st.integers(0, 5)),
)


class World:
    def __init__(self, club: ProgrammeUnderTest) -> None:
        self.club = club
        self.made: list[bytes] = []
        self.visits: list[Any] = []
        self.orders: list[str] = []

    async def step(self, what: tuple[Any, ...]) -> None:
        club, services, key = self.club, self.club.services, secrets.token_hex(8)
        name, *stated = what
        if name == "redeem":
            member, reward = stated
            address = "Here" if reward == "mug" else None
            actor = club.member_actor(member)
            redemption, _ = await services.redemptions.redeem(actor, None, reward, address, key)
            self.made.append(redemption.id)
        elif name == "visit":
            self.visits.append(await club.do("visit", stated[0]))
        elif name == "reverse" and self.visits:
            await club.reverse(self.visits[stated[0] % len(self.visits)])
        elif name == "roll back" and self.orders:
            await services.coupons.roll_back(club.service, self.orders[stated[0] % len(self.orders)], key)
        elif self.made and name in ("advance", "cancel", "use"):
            one = self.made[stated[0] % len(self.made)]
            if name == "advance":
                status = RedemptionStatus[stated[1]]
                await services.redemptions.advance(club.operator, one, status, None, None, key)
            elif name == "cancel":
                await services.redemptions.cancel(club.operator, one, "r", key)
            else:
                await self._use(one, key)

    async def _use(self, redemption_id: bytes, key: str) -> None:
        stores = self.club.services.stores
        redemption = (await stores.rewards.by_ids([redemption_id]))[redemption_id]
        if redemption.coupon is not None:
            coupon = (await stores.rewards.coupons([redemption.coupon]))[redemption.coupon]
            cart = Cart(f"order {key}", "CNY", 5000)
            await self.club.services.coupons.redeem(self.club.service, [coupon.code], cart, None, key)
            self.orders.append(cart.order)


@given(st.lists(STEPS, min_size=5, max_size=25))
@on_servers(12)
async def test_everything_adds_up_after_any_history(
    programme: MakeProgramme, steps: list[tuple[Any, ...]]
) -> None:
    club = await mall(programme, "a", "b", points=300)
    world = World(club)
    for what in steps:
        try:
            await world.step(what)
        except DomainError:
            continue  # a refusal leaves everything as it was

    report = await VerificationService(club.services).verify(club.key)

    assert report.differences == []
    for name in "ab":
        account = await club.account(name, "points")
        assert account is not None
        assert account.active + account.held == account.lifetime - account.spent - account.expired


async def test_what_does_not_add_up_is_found(programme: MakeProgramme, mongo: Mongo) -> None:
    club = await mall(programme, "a", "b")
    world = World(club)
    for reward in ("mug", "luck", "tenner"):
        await world.step(("redeem", "a", reward))
    await mongo.collection("reward_tallies").update_many({"programme_id": club.key}, {"$inc": {"taken": 100}})
    await mongo.collection("reward_packets").update_many({"programme_id": club.key}, {"$inc": {"left": 1}})
    await mongo.collection("reward_coupons").update_many(
        {"programme_id": club.key}, {"$set": {"state": "available", "code": "OTHER1"}}
    )
    await mongo.collection("transfers").delete_many({"programme_id": club.key, "cause.reward": "tenner"})

    report = await VerificationService(club.services).verify(club.key)

    for sentence in (
        "stock of reward mug",
        "were issued",
        "red packet luck",
        "state: stored",
        "id: stored",
        "its transfer is missing",
    ):
        assert any(sentence in found for found in report.differences), (sentence, report.differences)
