"""Whatever two accounts did before, and do after: merged they are one, everything adds up, and all of it can be taken
back."""

import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.errors import DomainError
from gamification.merging.model import MergeBlocked
from tests.conftest import MakeProgramme
from tests.gamification.privacy.test_random_erasures import World
from tests.merge_world import SHOP, sound
from tests.resolvers.harness import CLUB
from tests.support import SOURCE, ProgrammeUnderTest, on_servers

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
NAMES = "abcd"
WHO = st.sampled_from(NAMES)
STEPS = st.one_of(
    st.tuples(st.just("visit"), WHO),
    st.tuples(st.just("buy"), WHO, st.sampled_from([5, 50, 1000])),
    st.tuples(st.just("like"), WHO),
    st.tuples(st.just("reverse"), st.integers(0, 19)),
    st.tuples(st.just("spend"), WHO, st.integers(1, 40)),
    st.tuples(st.just("give"), WHO, WHO, st.integers(1, 20)),
    st.tuples(st.just("redeem"), WHO, st.sampled_from(["tenner", "parcel", "luck"])),
    st.tuples(st.just("advance"), st.integers(0, 9), st.sampled_from(["PROCESSING", "SHIPPED", "FAILED"])),
    st.tuples(st.just("bring"), WHO, WHO),
    st.tuples(st.just("follow"), WHO, WHO),
    st.tuples(st.just("draw"), WHO),
    st.tuples(st.just("check in"), st.sampled_from("ab")),
    st.tuples(st.just("claim"), WHO),
)


async def merged(world: World, one: str, other: str) -> bool:
    """Merge; what is on its way is called off before. Whether it could be done."""
    club, services = world.club, world.club.services
    for _ in range(2):
        try:
            await services.merges.merge(
                club.operator, club.id_of(one), club.id_of(other), "words", secrets.token_hex(8)
            )
            return True
        except MergeBlocked:
            for number in range(len(world.made)):
                await tried(world, ("advance", number, "CANCELLED"))
    return False


async def tried(world: World, what: tuple[Any, ...]) -> None:
    """A refusal leaves everything as it was."""
    club = world.club
    try:
        if what[0] == "claim":
            await club.services.claims.claim(
                club.member_actor(what[1]), None, "collector", None, secrets.token_hex(8)
            )
        else:
            await world.step(what)
    except DomainError:
        pass


@given(
    st.lists(STEPS, min_size=12, max_size=35),
    st.lists(STEPS, min_size=3, max_size=12),
    st.booleans(),
)
@on_servers(8)
async def test_whatever_both_did_they_are_one_and_everything_adds_up_and_can_be_taken_back(
    programme: MakeProgramme, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]], further: bool
) -> None:
    club = await programme(CLUB)
    world = World(club)
    for name in NAMES:
        await club.join(name)
        await tried(world, ("buy", name, 50))
    for what in before:
        await tried(world, what)
    held = sum([await club.balance(name, "points") for name in NAMES])

    done = await merged(world, "a", "b")

    await sound(club)
    if done:
        assert await club.balance("a", "points") == 0
        if not world.made:
            assert sum([await club.balance(name, "points") for name in NAMES]) >= held - 1000
    for what in after:
        await tried(world, what)
    await sound(club)
    if further:
        await merged(world, "b", "c")
        await sound(club)
    for number in range(len(world.activities)):
        await tried(world, ("reverse", number))
    await sound(club)


DAYS = st.integers(0, 40)
SHOPPING = st.one_of(
    st.tuples(st.just("buy"), WHO, DAYS, st.sampled_from([20, 60, 120])),
    st.tuples(st.just("buy"), WHO, DAYS, st.sampled_from([20, 60, 120])),
    st.tuples(st.just("visit"), WHO, DAYS, st.sampled_from("xyz")),
    st.tuples(st.just("play"), WHO, DAYS, st.integers(1, 9)),
    st.tuples(st.just("like"), WHO, DAYS, st.sampled_from("xyz")),
    st.tuples(st.just("reverse"), st.integers(0, 29)),
    st.tuples(st.just("refund"), st.integers(0, 29), st.integers(1, 50)),
    st.tuples(st.just("spend"), WHO, st.integers(1, 80)),
    st.tuples(st.just("merge"), WHO, WHO),
    st.tuples(st.just("wait"), st.integers(1, 12)),
)


class Shop:
    """A programme with counters, editions, places, closing boards and ladders."""

    def __init__(self, club: ProgrammeUnderTest) -> None:
        self.club = club
        self.activities: list[Any] = []

    async def step(self, what: tuple[Any, ...]) -> None:
        club, key = self.club, secrets.token_hex(8)
        name, *stated = what
        if name in ("buy", "visit", "play", "like"):
            one, days, value = stated
            of = {"buy": {"amount": value}, "play": {"score": value}}.get(name, {"subject": value})
            at = club.clock.now - timedelta(days=days)
            self.activities.append(await club.do(name, one, at=at, source_id=key, **of))
        elif name == "reverse" and self.activities:
            await club.reverse(self.activities[stated[0] % len(self.activities)])
        elif name == "refund" and self.activities:
            one = self.activities[stated[0] % len(self.activities)]
            if one.type == "buy":
                refund: tuple[Any, ...] = (Decimal(stated[1]), [], key, "r")
                await club.services.refunds.refund(club.service, SOURCE, one.source_id, *refund)
        elif name == "spend":
            await club.services.points.spend(
                club.member_actor(stated[0]), None, "points", stated[1], "r", key
            )
        elif name == "merge":
            one, other = club.id_of(stated[0]), club.id_of(stated[1])
            await club.services.merges.merge(club.operator, one, other, "r", key)
        elif name == "wait":
            club.clock.advance(timedelta(days=stated[0]))
            await club.services.points.settle_pending(club.clock.now)
            await club.services.closing.close_due()
            await club.services.tier_keeping.review(club.clock.now, programmes=[club.key])


@given(st.lists(SHOPPING, min_size=15, max_size=45), WHO, WHO)
@on_servers(8)
async def test_counters_editions_places_closed_boards_and_tiers_add_up_whenever_accounts_are_merged(
    programme: MakeProgramme, steps: list[tuple[Any, ...]], one: str, other: str
) -> None:
    club = await programme(SHOP, lateness="unlimited")
    club.clock.now = NOON
    shop = Shop(club)
    await club.join_all(*NAMES)
    for what in [*steps, ("merge", one, other)]:
        try:
            await shop.step(what)
        except DomainError:
            continue  # a refusal leaves everything as it was
        if what[0] == "merge":
            await sound(club)
    await sound(club)
    for number in range(len(shop.activities)):
        await shop.step(("reverse", number))
    await sound(club)
    assert not [award for name in NAMES for award in await club.awards(name)]
