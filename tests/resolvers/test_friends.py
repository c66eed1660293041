"""`followMember`, `unfollowMember`, and boards among friends."""

import asyncio
from typing import Any

import pytest

from gamification.members import follows
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "activity_types": [{"key": "play"}],
    "leaderboards": [
        {"key": "sum", "group": "member.attributes.country"},
        {"key": "even", "ties": "shared", "subscore": True},
    ],
    "rules": [
        {
            "key": "r",
            "on": ["play"],
            "effects": [
                {"score": {"board": "sum", "value": "activity.v"}},
                {"score": {"board": "even", "value": "activity.v / 2", "subscore": "activity.v % 2"}},
            ],
        }
    ],
}
NAMES = ("ann", "bob", "cat", "dan", "eve")


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Five with scores from 14 down to 10; Cat follows Ann, Dan and one who has none."""
    club = await programme(DOCUMENT)
    for name in (*NAMES, "idle"):
        country = "cn" if name in ("ann", "cat") else "de"
        await club.join(name, display_name=name.title(), attributes={"country": country})
    await club.record(*(club.activity("play", name, v=14 - place) for place, name in enumerate(NAMES)))
    for name in ("ann", "dan", "idle"):
        await follow(club, "cat", name)
    return club


async def follow(club: ProgrammeUnderTest, one: str, other: str) -> None:
    stated = {"memberId": member_gid(club, other)}
    await GraphQL(club.services).done(club.member_actor(one), "followMember", stated)


FRIENDS = """query ($board: String! = "sum", $first: Int, $after: String) { leaderboard(key: $board) { period { friends {
    size viewer { rank score }
    entries(first: $first, after: $after) {
        nodes { rank score subscore member { displayName } } totalCount pageInfo { endCursor hasNextPage } } } } } }"""


async def friends(graphql: GraphQL, club: ProgrammeUnderTest, name: str = "cat", **stated: Any) -> Any:
    answer = await graphql.read(club.member_actor(name), FRIENDS, stated)
    return answer["leaderboard"]["period"]["friends"]


def shown(found: Any) -> list[tuple[int, str]]:
    return [(entry["rank"], entry["member"]["displayName"]) for entry in found["entries"]["nodes"]]


async def test_ranks_a_member_among_those_they_follow(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    found = await friends(graphql, club)

    assert shown(found) == [(1, "Ann"), (2, "Cat"), (3, "Dan")]
    assert (found["size"], found["entries"]["totalCount"]) == (3, 3)
    assert found["viewer"] == {"rank": 2, "score": 12}


async def test_pages_through_friends(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    first = await friends(graphql, club, first=2)
    second = await friends(graphql, club, first=2, after=first["entries"]["pageInfo"]["endCursor"])

    assert (shown(first), first["entries"]["pageInfo"]["hasNextPage"]) == ([(1, "Ann"), (2, "Cat")], True)
    assert (shown(second), second["entries"]["pageInfo"]["hasNextPage"]) == ([(3, "Dan")], False)


async def test_ties_are_the_boards_own(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("play", "dan", v=1)
    found = await friends(graphql, club, board="even")
    # Ann has 7 and 0; Cat 6 and 0; Dan 5 and 1, then 0 and 1 more: 5 and 2.
    assert [(e["rank"], e["score"], e["subscore"]) for e in found["entries"]["nodes"]] == [
        (1, 7, 0),
        (2, 6, 0),
        (3, 5, 2),
    ]
    await follow(club, "cat", "bob")
    await follow(club, "cat", "eve")
    await club.do("play", "bob", v=-1)
    await club.do("play", "eve", v=2)
    found = await friends(graphql, club, board="even")
    # Bob has come to 6 and 0, as have Cat, and Eve.
    assert [entry["rank"] for entry in found["entries"]["nodes"]] == [1, 2, 2, 2, 5]


async def test_friends_of_a_group_are_those_in_it(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = """{ leaderboard(key: "sum") { period { group(key: "cn") { friends {
        entries { nodes { rank member { displayName } } } } } } } }"""
    answer = await graphql.read(club.member_actor("cat"), document)

    assert shown(answer["leaderboard"]["period"]["group"]["friends"]) == [(1, "Ann"), (2, "Cat")]


async def test_who_is_banned_absent_or_under_a_pseudonym_is_no_friend_to_see(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ghost = {"presence": "PSEUDONYM", "pseudonym": "Ghost"}
    await graphql.done(club.member_actor("ann"), "setBoardPresence", ghost)
    assert shown(await friends(graphql, club)) == [(1, "Cat"), (2, "Dan")]
    stated = {"memberId": member_gid(club, "dan"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", stated)
    assert shown(await friends(graphql, club)) == [(1, "Cat")]
    await graphql.done(club.member_actor("cat"), "setBoardPresence", ghost)
    found = await friends(graphql, club)

    assert (shown(found), found["viewer"]["rank"]) == ([(1, "Ghost")], 1)


async def test_staff_have_no_friends(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    answer = await graphql.read(club.operator, FRIENDS)
    assert answer["leaderboard"]["period"]["friends"] is None


async def test_following_is_not_mutual_and_ends(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    assert shown(await friends(graphql, club, "ann")) == [(1, "Ann")]
    stated = {"memberId": member_gid(club, "ann")}
    selection = "member { displayName followedByMe } changed"
    gone = await graphql.done(club.member_actor("cat"), "unfollowMember", stated, selection)
    again = await graphql.done(club.member_actor("cat"), "unfollowMember", stated, selection)

    assert gone == {**gone, "member": {"displayName": "Ann", "followedByMe": False}, "changed": True}
    assert again == {**gone, "changed": False}
    assert shown(await friends(graphql, club)) == [(1, "Cat"), (2, "Dan")]


async def test_lists_whom_a_member_follows_and_who_follows_them(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await follow(club, "bob", "ann")
    document = """query ($id: ID!) { member(id: $id) { followedByMe
        following { nodes { displayName } } followers { nodes { displayName } } } }"""
    cat = await graphql.read(club.member_actor("cat"), document, {"id": member_gid(club, "cat")})
    ann = await graphql.read(club.service, document, {"id": member_gid(club, "ann")})

    names = [one["displayName"] for one in cat["member"]["following"]["nodes"]]
    assert names == ["Idle", "Dan", "Ann"]
    assert [one["displayName"] for one in ann["member"]["followers"]["nodes"]] == ["Bob", "Cat"]
    private = await graphql(club.member_actor("cat"), document, {"id": member_gid(club, "ann")})
    assert {(error.extensions or {})["code"] for error in private.errors or []} == {"FORBIDDEN"}
    assert (private.data or {})["member"]["followedByMe"] is True


async def test_services_follow_for_members_and_members_for_nobody_else(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    stated = {"memberId": member_gid(club, "ann"), "followerId": member_gid(club, "bob")}
    done = await graphql.done(club.service, "followMember", stated, "changed")
    assert done["changed"] is True
    for actor in (club.member_actor("cat"), club.operator):
        refused(await graphql.mutate(actor, "followMember", stated), "FORBIDDEN")


@pytest.mark.parametrize(
    ("whom", "kind"), [("cat", "InvalidInputError"), ("nobody", "NotFoundError"), ("dan", "NotFoundError")]
)
async def test_refuses_oneself_and_who_is_not_there(
    graphql: GraphQL, club: ProgrammeUnderTest, whom: str, kind: str
) -> None:
    stated = {"memberId": member_gid(club, "dan"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", stated)
    gid = member_gid(club, whom) if whom != "nobody" else "TWVtYmVyOjAwMDA"

    result = await graphql.mutate(club.member_actor("cat"), "followMember", {"memberId": gid})
    typed(result, kind, path="memberId")


async def test_twice_at_once_is_once_and_nobody_follows_more_than_the_limit(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follows, "FOLLOWED_MAX", 4)
    cat = club.member_actor("cat")
    for _ in range(2):
        done = await asyncio.gather(
            *(graphql.mutate(cat, "followMember", {"memberId": member_gid(club, "bob")}) for _ in range(3))
        )
        assert [result.errors for result in done] == [None] * 3
    result = await graphql.mutate(cat, "followMember", {"memberId": member_gid(club, "eve")})

    refused(result, "LIMIT_EXCEEDED", field="memberId", limit=4)
    assert len(await club.services.follows.followed_by(club.members["cat"])) == 4


async def test_many_at_once_keep_the_limit(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follows, "FOLLOWED_MAX", 4)
    others = [await club.join(f"o{number}") for number in range(6)]
    await asyncio.gather(
        *(
            graphql.mutate(
                club.member_actor("cat"), "followMember", {"memberId": member_gid(club, other.external_id)}
            )
            for other in others
        )
    )

    assert len(await club.services.follows.followed_by(club.members["cat"])) == 4
