"""Whatever members did before, at the same time and after: who is erased leaves nothing, and everything adds up."""

import secrets
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.errors import DomainError
from gamification.rewards.model import RedemptionStatus
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, brought
from tests.support import ProgrammeUnderTest, on_servers

NAMES = "abc"
WHO = st.sampled_from(NAMES)
STEPS = st.one_of(
    st.tuples(st.just("visit"), WHO),
    st.tuples(st.just("buy"), WHO, st.sampled_from([5, 50, 1000])),
    st.tuples(st.just("like"), WHO),
    st.tuples(st.just("reverse"), st.integers(0, 9)),
    st.tuples(st.just("spend"), WHO, st.integers(1, 40)),
    st.tuples(st.just("give"), WHO, WHO, st.integers(1, 20)),
    st.tuples(st.just("hold"), WHO, st.integers(1, 20)),
    st.tuples(st.just("redeem"), WHO, st.sampled_from(["tenner", "parcel", "luck"])),
    st.tuples(st.just("advance"), st.integers(0, 9), st.sampled_from(["PROCESSING", "SHIPPED", "FAILED"])),
    st.tuples(st.just("bring"), WHO, WHO),
    st.tuples(st.just("follow"), WHO, WHO),
    st.tuples(st.just("draw"), WHO),
    st.tuples(st.just("check in"), WHO),
    st.tuples(st.just("erase"), WHO),
    st.tuples(st.just("part"), st.integers(1, 4)),
)


class World:
    def __init__(self, club: ProgrammeUnderTest) -> None:
        self.club = club
        self.activities: list[Any] = []
        self.made: list[bytes] = []
        self.erased: set[str] = set()

    async def step(self, what: tuple[Any, ...]) -> None:
        club, services, key = self.club, self.club.services, secrets.token_hex(8)
        name, *stated = what
        if name in ("visit", "buy", "like"):
            properties = {"amount": stated[1], "note": "words"} if name == "buy" else {}
            new = club.activity(name, stated[0], subject="post", **properties)
            (outcome,) = await club.record(new)
            self.activities += [outcome.activity] if outcome.activity else []
        elif name == "reverse" and self.activities:
            await club.reverse(self.activities[stated[0] % len(self.activities)])
        elif name == "spend":
            await services.points.spend(club.member_actor(stated[0]), None, "points", stated[1], "words", key)
        elif name == "give":
            to = club.id_of(stated[1])
            await services.generosity.give(
                club.member_actor(stated[0]), None, to, "points", stated[2], "words", key
            )
        elif name == "hold":
            one = club.id_of(stated[0])
            await services.holds.authorise(
                club.service, one, "points", stated[1], timedelta(days=1), "words", key
            )
        elif name in ("redeem", "advance"):
            await self._reward(name, stated, key)
        elif name in ("erase", "part"):
            await self._erase(name, stated)
        elif name == "bring" and stated[1] not in self.erased:  # who is gone has no code
            await brought(club, stated[0], stated[1])
        elif name == "follow":
            await services.follows.follow(club.service, club.id_of(stated[0]), club.id_of(stated[1]))
        elif name == "draw":
            await services.drawing.draw(club.service, club.id_of(stated[0]), "wheel", "seed", key)
        elif name == "check in":
            await services.check_ins.check_in(club.member_actor(stated[0]), None, "daily", None, key)

    async def _reward(self, name: str, stated: list[Any], key: str) -> None:
        club, redemptions = self.club, self.club.services.redemptions
        if name == "redeem":
            address = "words" if stated[1] == "parcel" else None
            redemption, _ = await redemptions.redeem(
                club.member_actor(stated[0]), None, stated[1], address, key
            )
            self.made.append(redemption.id)
        elif self.made:
            one, status = self.made[stated[0] % len(self.made)], RedemptionStatus[stated[1]]
            await redemptions.advance(club.operator, one, status, "words", None, key)

    async def _erase(self, name: str, stated: list[Any]) -> None:
        erasures = self.club.services.erasures
        if name == "part":
            await erasures.run_open()
        else:
            await erasures.erase(self.club.operator, self.club.id_of(stated[0]), stated[0])
            self.erased.add(stated[0])


@given(st.lists(STEPS, min_size=10, max_size=30), WHO)
@on_servers(8)
async def test_everything_adds_up_whoever_is_erased_in_the_middle_of_anything(
    programme: MakeProgramme, steps: list[tuple[Any, ...]], last: str
) -> None:
    club = await programme(CLUB)
    world = World(club)
    for name in NAMES:
        await club.join(name)
        await world.step(("buy", name, 50))
    for what in [*steps, ("erase", last)]:
        try:
            await world.step(what)
        except DomainError:
            continue  # a refusal leaves everything as it was
    await club.services.erasures.run_open()

    report = await VerificationService(club.services).verify(club.key)

    assert report.differences == []
    shown = {member for _, member, _ in await club.ranking_ids("total")}
    for name in world.erased:
        accounts = await club.services.stores.ledger.accounts_of(club.key, [club.id_of(name)])
        assert {(one.pending, one.held) for one in accounts} <= {(0, 0)}
        assert all(one.active <= 0 for one in accounts)
        assert club.id_of(name) not in shown
