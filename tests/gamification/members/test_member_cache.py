"""Members in memory: as old as stated and no older, never what this process has changed, one read for all who ask."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from community import services as wiring
from community.services import Services
from gamification.members.cache import MemberCache
from gamification.members.model import Member, NewMember, ProfileChange, Standing
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.support import Clock, ProgrammeUnderTest


class Source:
    """Members that can change under the cache, by a clock that is set by hand."""

    def __init__(self) -> None:
        self.names: dict[bytes, str] = {number.to_bytes(12, "big"): f"m{number}" for number in range(20)}
        self.asked: list[list[bytes]] = []
        self.now = 100.0
        self.slow = asyncio.Event()
        self.slow.set()

    async def read(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Member]:
        self.asked.append(list(ids))
        found = {i: member(i, self.names[i]) for i in ids if i in self.names and programme_id == "p"}
        await self.slow.wait()
        return found

    def cache(self, fresh_s: float = 1.0, size_max: int = 10) -> MemberCache:
        return MemberCache(self.read, fresh_s, size_max, clock=lambda: self.now)


def member(member_id: bytes, name: str) -> Member:
    return Member(member_id, "p", f"x{name}", name, datetime(2026, 1, 1, tzinfo=UTC), "en", "UTC")


A, B, C = (number.to_bytes(12, "big") for number in (1, 2, 3))


async def test_held_until_they_are_too_old() -> None:
    source = Source()
    cache = source.cache()
    assert cache.held("p", [A]) is None

    await cache.by_ids("p", [A])
    source.names[A] = "new"
    source.now += 0.9
    held = cache.held("p", [A])
    assert held is not None
    assert held[A].display_name == "m1"
    assert (await cache.by_ids("p", [A]))[A].display_name == "m1"
    assert cache.held_by_external_id("p", "xm1") == held[A]

    source.now += 0.2
    assert cache.held("p", [A]) is None
    assert cache.held_by_external_id("p", "xm1") is None
    assert (await cache.by_ids("p", [A]))[A].display_name == "new"


async def test_age_counts_from_when_the_reading_began() -> None:
    source = Source()
    cache = source.cache()
    source.slow.clear()
    asked = asyncio.create_task(cache.by_ids("p", [A]))
    await asyncio.sleep(0.01)
    source.now += 5
    source.slow.set()
    await asked

    assert cache.held("p", [A]) is None


async def test_only_who_is_missing_is_read_and_all_of_one_turn_together() -> None:
    source = Source()
    cache = source.cache()
    await cache.by_ids("p", [A])

    found = await asyncio.gather(*(cache.by_ids("p", ids) for ids in ([A, B], [B, C], [A], [C, b"?" * 12])))

    assert source.asked == [[A], [B, C, b"?" * 12]]
    assert [sorted(one) for one in found] == [[A, B], [B, C], [A], [C]]


async def test_another_programme_sees_nothing() -> None:
    source = Source()
    cache = source.cache()
    await cache.by_ids("p", [A])

    assert cache.held("q", [A]) is None
    assert cache.held_by_external_id("q", "xm1") is None
    assert await cache.by_ids("q", [A]) == {}


async def test_no_more_are_held_than_stated_and_the_oldest_go_first() -> None:
    source = Source()
    cache = source.cache()
    for number in range(20):
        await cache.by_ids("p", [number.to_bytes(12, "big")])

    held = [number for number in range(20) if cache.held("p", [number.to_bytes(12, "big")])]

    assert held == list(range(10, 20))
    assert len(cache._ids) == len(cache._held) == 10


async def test_who_is_being_written_is_read_every_time_also_by_who_began_before() -> None:
    source = Source()
    cache = source.cache()
    await cache.by_ids("p", [A, B])
    source.slow.clear()
    source.now += 2
    early = asyncio.create_task(cache.by_ids("p", [A, B]))
    await asyncio.sleep(0.01)

    cache.leave_out(A)
    source.names[A] = "new"
    source.slow.set()
    await early

    assert cache.held("p", [A]) is None
    assert cache.held("p", [B]) is not None
    assert (await cache.by_ids("p", [A]))[A].display_name == "new"
    assert cache.held("p", [A]) is None
    source.now += 100
    await cache.by_ids("p", [B])
    await cache.by_ids("p", [A])
    assert cache.held("p", [A]) is not None
    assert cache._writing == {}


async def test_an_answer_that_comes_late_does_not_replace_a_newer_one() -> None:
    source = Source()
    cache = source.cache(fresh_s=10)
    old = member(A, "old")
    cache.hold(105.0, [member(A, "newer")])

    cache.hold(101.0, [old])

    held = cache.held("p", [A])
    assert held is not None
    assert held[A].display_name == "newer"


async def test_without_a_time_to_be_fresh_nothing_is_held() -> None:
    source = Source()
    cache = source.cache(fresh_s=0)
    await cache.by_ids("p", [A])

    assert cache.held("p", [A]) is None
    assert cache._held == {}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme({})
    await made.join_all("ann", "bob")
    return made


@pytest.fixture
def remembering(mongo: Mongo, redis_store: RedisStore, session_clock: Clock) -> Services:
    """A process that holds members for an hour."""
    return wiring.build(mongo, redis_store, session_clock, definitions_fresh_s=3600, members_fresh_s=3600)


async def test_what_a_process_changes_it_sees_at_once(
    club: ProgrammeUnderTest, remembering: Services
) -> None:
    ann, actor = club.id_of("ann"), club.member_actor("ann")
    members = remembering.members
    assert await members.me(actor) == (await members.by_ids(actor, [ann]))[ann]
    assert members.held_by_ids(actor, [ann]) is not None

    await members.update_profile(actor, None, ProfileChange(display_name="Ann the Second"))

    assert members.held_by_ids(actor, [ann]) is None
    assert (await members.by_ids(actor, [ann]))[ann].display_name == "Ann the Second"
    found = await members.me(actor)
    assert found is not None
    assert found.display_name == "Ann the Second"


async def test_who_is_banned_vanishes_at_once_for_those_who_may_not_see_them(
    club: ProgrammeUnderTest, remembering: Services
) -> None:
    ann, members = club.id_of("ann"), remembering.members
    for actor in (club.member_actor("bob"), club.moderator):
        assert set(await members.by_ids(actor, [ann])) == {ann}

    await remembering.moderation.set_standing(club.moderator, ann, Standing.BANNED, "spam")

    assert await members.by_ids(club.member_actor("bob"), [ann]) == {}
    assert set(await members.by_ids(club.moderator, [ann])) == {ann}


async def test_permissions_apply_to_what_is_held_for_everyone(
    club: ProgrammeUnderTest, remembering: Services
) -> None:
    ann, members = club.id_of("ann"), remembering.members
    await club.services.moderation.set_standing(club.moderator, ann, Standing.BANNED, "spam")

    assert set(await members.by_ids(club.moderator, [ann])) == {ann}

    assert members.held_by_ids(club.member_actor("bob"), [ann]) == {}
    held = members.held_ranked_by_ids(club.member_actor("bob"), [ann])
    assert held is not None
    assert set(held) == {ann}
    assert await members.by_external_id(club.member_actor("bob"), "ann") is None
    assert await members.by_external_id(club.moderator, "ann") is not None


async def test_a_use_case_decides_by_what_is_stored_now(
    club: ProgrammeUnderTest, remembering: Services
) -> None:
    from gamification.kit.errors import Forbidden

    actor = club.member_actor("ann")
    assert await remembering.members.me(actor) is not None
    await club.services.moderation.set_standing(
        club.moderator, club.id_of("ann"), Standing.BANNED, "elsewhere"
    )

    with pytest.raises(Forbidden):
        await remembering.members.update_profile(actor, None, ProfileChange(display_name="still here"))


async def test_who_joins_is_found_at_once(programme: MakeProgramme, remembering: Services) -> None:
    club = await programme({})
    actor = club.member_actor("new")
    assert await remembering.members.me(actor) is None

    joined, _ = await remembering.members.join(actor, NewMember("new"))

    assert await remembering.members.me(actor) == joined


async def test_definitions_that_are_fresh_are_at_hand(
    club: ProgrammeUnderTest, remembering: Services
) -> None:
    programmes = remembering.programmes
    assert programmes.held(club.key) is None

    first = await programmes.catalogue(club.key)

    assert programmes.held(club.key) is first
    assert await programmes.catalogue(club.key) is first
    applied = await programmes.apply(
        club.operator, {"programme": {"key": club.key}, "units": [{"key": "points"}]}
    )
    assert programmes.held(club.key) is None
    assert (await programmes.catalogue(club.key)).version == applied.version
    assert programmes.held(club.key) is not None
