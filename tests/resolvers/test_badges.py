"""`badge`, `badges`, awards, `awardBadge`, `revokeBadge`."""

from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

AWARD = "replayed award { occurrence level badgeVersion awardedAt revokedAt badge { key } member { displayName } revocation { reason } cause { reason } }"


def awarding(
    club: ProgrammeUnderTest, badge: str = "newcomer", key: str = "k", **more: Any
) -> dict[str, Any]:
    return {
        "memberId": member_gid(club, "ann"),
        "badge": badge,
        "reason": "well done",
        "idempotencyKey": key,
        **more,
    }


async def test_shows_a_badge(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    answer = await graphql.read(
        club.member_actor("ann"),
        """{ badge(key: "champion") { key name description status version repeat levels { level name } awardCount }
             none: badge(key: "nope") { key } }""",
    )

    assert answer == {
        "none": None,
        "badge": {
            "key": "champion",
            "name": "champion",
            "description": None,
            "status": "PUBLISHED",
            "version": 1,
            "repeat": "ONCE",
            "levels": [{"level": 1, "name": None}, {"level": 2, "name": "Gold"}],
            "awardCount": 0,
        },
    }


async def test_lists_badges_by_status_and_repeat(graphql: GraphQL, programme: MakeProgramme) -> None:
    badges = [{"key": "a"}, {"key": "b", "status": "draft"}, {"key": "c", "repeat": "per_key"}]
    club = await programme(
        {**CLUB, "rules": [], "tasks": [], "collections": [], "goals": [], "badges": badges}
    )

    async def keys(actor: Any, arguments: str = "") -> list[str]:
        answer = await graphql.read(actor, f"{{ badges{arguments} {{ nodes {{ key }} totalCount }} }}")
        assert answer["badges"]["totalCount"] == len(answer["badges"]["nodes"])
        return [node["key"] for node in answer["badges"]["nodes"]]

    assert await keys(club.member_actor("ann")) == ["a", "c"]
    assert await keys(club.operator) == ["a", "b", "c"]
    assert await keys(club.operator, "(filter: {status: DRAFT})") == ["b"]
    assert await keys(club.operator, "(filter: {repeat: PER_KEY})") == ["c"]
    assert await graphql.read(club.member_actor("ann"), '{ badge(key: "b") { key } }') == {"badge": None}


async def test_shows_who_holds_a_badge(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await club.do("visit", "bob")
    await club.do("like", "ann", subject="post:1")
    await club.do("like", "ann", subject="post:2")
    document = """{ newcomer: badge(key: "newcomer") { awardCount awards { nodes { member { displayName } } } }
                    liked: badge(key: "liked") { awardCount awards { nodes { occurrence } } }
                    me { badgeAwards { nodes { badge { key awardCount } occurrence } } } }"""

    answer = await graphql.read(club.member_actor("ann"), document)

    assert answer["newcomer"] == {
        "awardCount": 2,
        "awards": {"nodes": [{"member": {"displayName": "Bob"}}, {"member": {"displayName": "Ann"}}]},
    }
    assert answer["liked"] == {
        "awardCount": 2,
        "awards": {"nodes": [{"occurrence": "post:2"}, {"occurrence": "post:1"}]},
    }
    assert answer["me"]["badgeAwards"]["nodes"] == [
        {"badge": {"key": "liked", "awardCount": 2}, "occurrence": "post:2"},
        {"badge": {"key": "liked", "awardCount": 2}, "occurrence": "post:1"},
        {"badge": {"key": "newcomer", "awardCount": 2}, "occurrence": None},
    ]


async def test_awards_and_revokes_by_hand(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = awarding(club, "champion", level=2)

    given = await graphql.done(club.moderator, "awardBadge", stated, AWARD)
    again = await graphql.done(club.moderator, "awardBadge", stated, AWARD)
    taken = await graphql.done(
        club.moderator, "revokeBadge", awarding(club, "champion", "r", reason="an error"), AWARD
    )

    award = given["award"]
    assert (award["level"], award["badgeVersion"], award["revokedAt"]) == (2, 1, None)
    assert (award["badge"], award["member"], award["cause"]) == (
        {"key": "champion"},
        {"displayName": "Ann"},
        {"reason": "well done"},
    )
    assert again == {**given, "replayed": True}
    assert taken["award"]["revokedAt"] is not None
    assert taken["award"]["revocation"] == {"reason": "an error"}


async def test_counts_are_of_the_moment_within_one_request(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    document = """mutation ($a: AwardBadgeInput!, $b: AwardBadgeInput!) {
        a: awardBadge(input: $a) { ... on AwardBadgeSuccess { award { badge { awardCount } } } }
        b: awardBadge(input: $b) { ... on AwardBadgeSuccess { award { badge { awardCount } } } }
    }"""
    stated = {"a": awarding(club), "b": awarding(club, key="2", memberId=member_gid(club, "bob"))}

    answer = await graphql.read(club.moderator, document, stated)

    assert [answer[name]["award"]["badge"]["awardCount"] for name in "ab"] == [1, 2]


async def test_who_may_see_revoked_awards(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await graphql.done(club.moderator, "awardBadge", awarding(club))
    await graphql.done(club.moderator, "revokeBadge", awarding(club, key="r"))
    document = "query ($id: ID!) { member(id: $id) { badgeAwards { nodes { badge { key } } } } }"

    for actor, count in ((club.member_actor("ann"), 1), (club.moderator, 1), (club.member_actor("bob"), 0)):
        answer = await graphql.read(actor, document, {"id": member_gid(club, "ann")})
        assert len(answer["member"]["badgeAwards"]["nodes"]) == count


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"memberId": "nobody"}, "NotFoundError", "memberId"),
    ({"badge": "nope"}, "NotFoundError", "badge"),
    ({"badge": "liked"}, "InvalidInputError", "occurrence"),
    ({"occurrence": "post:1"}, "InvalidInputError", "occurrence"),
    ({"badge": "liked", "occurrence": ""}, "InvalidInputError", "occurrence"),
    ({"level": 1}, "InvalidInputError", "level"),
    ({"badge": "champion", "level": 3}, "InvalidInputError", "level"),
    ({"badge": "champion", "level": -1}, "InvalidInputError", "level"),
    ({"reason": " "}, "InvalidInputError", "reason"),
    ({"reason": "x" * 501}, "InvalidInputError", "reason"),
    ({"idempotencyKey": ""}, "InvalidInputError", "idempotencyKey"),
]


@pytest.mark.parametrize(("changed", "kind", "path"), BAD)
async def test_refuses_an_award_that_makes_no_sense(
    graphql: GraphQL, club: ProgrammeUnderTest, changed: dict[str, Any], kind: str, path: str
) -> None:
    typed(await graphql.mutate(club.moderator, "awardBadge", {**awarding(club), **changed}), kind, path=path)

    assert await club.awards("ann", revoked=True) == {}


@pytest.mark.parametrize(
    ("changed", "kind", "path"),
    [
        ({"memberId": "nobody"}, "NotFoundError", "memberId"),
        ({"badge": "nope"}, "NotFoundError", "badge"),
        ({"badge": "faithful"}, "NotFoundError", "badge"),
        ({"badge": "liked", "occurrence": "post:9"}, "NotFoundError", "badge"),
        ({"reason": ""}, "InvalidInputError", "reason"),
        ({"idempotencyKey": "x" * 201}, "InvalidInputError", "idempotencyKey"),
    ],
)
async def test_refuses_a_revocation_that_makes_no_sense(
    graphql: GraphQL, club: ProgrammeUnderTest, changed: dict[str, Any], kind: str, path: str
) -> None:
    await club.do("visit", "ann")

    typed(await graphql.mutate(club.moderator, "revokeBadge", {**awarding(club), **changed}), kind, path=path)

    assert list(await club.awards("ann")) == [("newcomer", "")]


async def test_a_key_awards_one_thing_only(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await graphql.done(club.moderator, "awardBadge", awarding(club))

    for field in ("awardBadge", "revokeBadge"):
        answer = await graphql.mutate(club.moderator, field, awarding(club, reason="another"))
        typed(answer, "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT", "idempotencyKey")


async def test_members_award_nothing(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")

    for field in ("awardBadge", "revokeBadge"):
        refused(await graphql.mutate(club.member_actor("ann"), field, awarding(club)), "FORBIDDEN", at=field)

    assert list(await club.awards("ann")) == [("newcomer", "")]
