"""Joining, profiles and who sees whom."""

import asyncio
from typing import Any

import pytest

from gamification.kit.errors import Conflict, Forbidden, InvalidInput, NotFound
from gamification.members.model import Identity, NewMember, ProfileChange, Standing
from gamification.members.service import MemberFilter, MemberOrder
from storage.paging import Window
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

GITHUB = Identity("github", "ann")


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await programme({}, locale="zh", time_zone="Asia/Shanghai")


async def test_joining_again_changes_nothing(club: ProgrammeUnderTest) -> None:
    members = club.services.members

    first, joined = await members.join(club.member_actor("ann"), NewMember("ann", display_name="Ann"))
    again, joined_again = await members.join(club.member_actor("ann"), NewMember("ann", display_name="Other"))

    assert (joined, joined_again) == (True, False)
    assert first == again
    assert (first.display_name, first.locale, first.time_zone) == ("Ann", "zh", "Asia/Shanghai")


async def test_the_same_member_joining_many_times_at_once_is_one(club: ProgrammeUnderTest) -> None:
    results = await asyncio.gather(
        *(club.services.members.join(club.service, NewMember("ann")) for _ in range(8))
    )

    assert len({member.id for member, _ in results}) == 1
    assert sorted(joined for _, joined in results) == [False] * 7 + [True]


async def test_a_list_may_name_somebody_twice(club: ProgrammeUnderTest) -> None:
    await club.join("bob")

    joined = await club.services.members.ensure(
        club.service,
        [NewMember("ann"), NewMember("bob"), NewMember("ann", display_name="Second"), NewMember("cat")],
    )

    assert [(member.external_id, member.display_name) for member in joined] == [
        ("ann", "ann"),
        ("cat", "cat"),
    ]


async def test_nobody_joins_for_another(club: ProgrammeUnderTest) -> None:
    for actor in (club.member_actor("bob"), club.moderator, club.operator):
        with pytest.raises(Forbidden):
            await club.services.members.join(actor, NewMember("ann"))


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ({"external_id": ""}, "externalId"),
        ({"external_id": "x" * 201}, "externalId"),
        ({"external_id": "a\x00b"}, "externalId"),
        ({"display_name": "x" * 101}, "displayName"),
        ({"display_name": " "}, "displayName"),
        ({"avatar_url": "javascript:alert(1)"}, "avatarUrl"),
        ({"avatar_url": "https://"}, "avatarUrl"),
        ({"avatar_url": "http://[::1"}, "avatarUrl"),
        ({"locale": "english!"}, "locale"),
        ({"time_zone": "Mars/Olympus"}, "timeZone"),
        ({"attributes": {"x": float("nan")}}, "attributes.x"),
        ({"attributes": {"x": "y" * 17_000}}, "attributes"),
        ({"identities": tuple(Identity("p", str(n)) for n in range(21))}, "identities"),
        ({"identities": (Identity("", "x"),)}, "identities.provider"),
    ],
)
async def test_a_field_that_cannot_be_taken_is_named(
    club: ProgrammeUnderTest, stated: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await club.services.members.join(club.service, NewMember(**{"external_id": "ann", **stated}))

    assert ".".join(refused.value.path or []) == path


async def test_an_identity_belongs_to_one_member(club: ProgrammeUnderTest) -> None:
    members = club.services.members
    await club.join("ann", identities=(GITHUB, Identity("mail", "a@example.org")))
    await club.join("bob", identities=(Identity("github", "bob"),))

    with pytest.raises(Conflict):
        await club.join("cat", identities=(GITHUB,))
    with pytest.raises(Conflict):
        await members.update_profile(club.service, club.id_of("bob"), ProfileChange(identities=(GITHUB,)))
    with pytest.raises(Conflict):
        await members.ensure(
            club.service, [NewMember(name, identities=(Identity("x", "1"),)) for name in ("dan", "eve")]
        )

    found = await members.by_identity(club.service, GITHUB)
    assert found is not None
    assert found.external_id == "ann"
    assert await members.by_identity(club.member_actor("bob"), GITHUB) is None
    assert await members.by_external_id(club.service, "dan") is None


async def test_a_profile_changes_where_something_is_stated(club: ProgrammeUnderTest) -> None:
    await club.join("ann", avatar_url="https://example.org/a.png", attributes={"$tier": 1, "a.b": 2})
    ann, members = club.member_actor("ann"), club.services.members

    changed = await members.update_profile(ann, None, ProfileChange(display_name="Ann", avatar_url=""))

    assert (changed.display_name, changed.avatar_url, changed.attributes) == (
        "Ann",
        None,
        {"$tier": 1, "a.b": 2},
    )
    assert await members.me(ann) == changed
    with pytest.raises(Forbidden):
        await members.update_profile(ann, None, ProfileChange(attributes={}))
    with pytest.raises(Forbidden):
        await members.update_profile(club.member_actor("ann"), None, ProfileChange(identities=()))


async def test_nobody_changes_anothers_profile(club: ProgrammeUnderTest) -> None:
    await club.join_all("ann", "bob")
    members, change = club.services.members, ProfileChange(display_name="X")

    for actor in (club.member_actor("bob"), club.moderator):
        with pytest.raises(Forbidden):
            await members.update_profile(actor, club.id_of("ann"), change)
    with pytest.raises(NotFound):
        await members.update_profile(club.member_actor("nobody"), None, change)
    with pytest.raises(NotFound):
        await members.update_profile(club.operator, b"x" * 12, change)
    assert (await members.update_profile(club.operator, club.id_of("ann"), change)).display_name == "X"


async def test_who_is_banned_is_seen_by_staff_and_themselves_only(club: ProgrammeUnderTest) -> None:
    await club.join_all("ann", "bob")
    ann, members = club.id_of("ann"), club.services.members
    await club.services.moderation.set_standing(club.moderator, ann, Standing.BANNED, "spam")

    assert await members.by_ids(club.member_actor("bob"), [ann]) == {}
    assert set(await members.by_ids(club.member_actor("ann"), [ann])) == {ann}
    assert set(await members.by_ids(club.moderator, [ann])) == {ann}
    with pytest.raises(Forbidden):
        await members.update_profile(club.member_actor("ann"), None, ProfileChange(display_name="X"))


async def test_only_moderators_and_operators_moderate(club: ProgrammeUnderTest) -> None:
    await club.join("ann")
    moderation = club.services.moderation

    for actor in (club.service, club.member_actor("ann")):
        with pytest.raises(Forbidden):
            await moderation.set_standing(actor, club.id_of("ann"), Standing.HIDDEN, "shy")
    with pytest.raises(NotFound):
        await moderation.set_standing(club.operator, b"x" * 12, Standing.HIDDEN, "shy")
    with pytest.raises(InvalidInput):
        await moderation.set_standing(club.operator, club.id_of("ann"), Standing.HIDDEN, "")
    assert (
        await moderation.set_standing(club.operator, club.id_of("ann"), Standing.HIDDEN, "shy")
    ).standing_reason


async def test_lists_are_filtered_ordered_and_paged(club: ProgrammeUnderTest) -> None:
    for name in ("bob", "ann", "anna", "cat"):
        await club.join(name)
    await club.services.moderation.set_standing(club.moderator, club.id_of("cat"), Standing.HIDDEN, "shy")
    members = club.services.members

    async def listed(wanted: MemberFilter, *, descending: bool = False, size: int = 10) -> list[str]:
        page = await members.page(
            club.moderator, wanted, MemberOrder.DISPLAY_NAME, descending=descending, window=Window(size)
        )
        return [member.external_id for member in page.rows]

    assert await listed(MemberFilter()) == ["ann", "anna", "bob", "cat"]
    assert await listed(MemberFilter(), descending=True, size=2) == ["cat", "bob"]
    assert await listed(MemberFilter(display_name_prefix="ann")) == ["ann", "anna"]
    assert await listed(MemberFilter(standing=Standing.HIDDEN)) == ["cat"]
    assert await members.count(club.moderator, MemberFilter(standing=Standing.ACTIVE)) == 3
    with pytest.raises(Forbidden):
        await members.page(
            club.member_actor("ann"),
            MemberFilter(),
            MemberOrder.JOINED_AT,
            descending=False,
            window=Window(1),
        )
