"""Limited editions, secret badges, rarity and showcases."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gamification.verification.service import VerificationService
from resolvers.relay import encode_id
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

HALL: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "come"}, {"key": "find"}, {"key": "like"}],
    "rules": [
        {"key": "r_first", "on": ["come"], "effects": [{"award": {"badge": "pioneer"}}]},
        {"key": "r_find", "on": ["find"], "effects": [{"award": {"badge": "egg"}}]},
        {
            "key": "r_like",
            "on": ["like"],
            "effects": [{"award": {"badge": "liked", "occurrence": "activity.subject"}}],
        },
    ],
    "tasks": [{"key": "dig", "goal": 1, "reward": [{"award": {"badge": "egg"}}]}],
    "badges": [
        {"key": "pioneer", "limit": 3},
        {"key": "egg", "secret": True},
        {"key": "liked", "repeat": "per_key", "limit": 2},
        {"key": "open"},
    ],
    "collections": [{"key": "all", "badges": ["egg", "open"], "reward": [{"award": {"badge": "pioneer"}}]}],
}


@pytest.fixture
async def hall(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(HALL)
    await made.join_all("ann", "bob", "cec", "dan", "eve")
    return made


async def no_differences(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


def by_hand(club: ProgrammeUnderTest, member: str, badge: str, key: str, **more: Any) -> dict[str, Any]:
    return {
        "memberId": member_gid(club, member),
        "badge": badge,
        "reason": "r",
        "idempotencyKey": key,
        **more,
    }


# -- limited editions


async def test_an_edition_is_numbered_and_ends(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    for name in ("ann", "bob", "cec", "dan"):
        await hall.do("come", name)

    answer = await graphql.read(
        hall.member_actor("ann"),
        '{ badge(key: "pioneer") { limit issued awardCount awards { nodes { number member { displayName } } } }'
        '  open: badge(key: "open") { limit issued } }',
    )

    assert answer == {
        "badge": {
            "limit": 3,
            "issued": 3,
            "awardCount": 3,
            "awards": {
                "nodes": [
                    {"number": 3, "member": {"displayName": "cec"}},
                    {"number": 2, "member": {"displayName": "bob"}},
                    {"number": 1, "member": {"displayName": "ann"}},
                ]
            },
        },
        "open": {"limit": None, "issued": None},
    }
    mine = await graphql.read(hall.member_actor("dan"), "{ me { badgeAwards { nodes { id } } } }")
    assert mine == {"me": {"badgeAwards": {"nodes": []}}}
    await no_differences(hall)


async def test_a_number_is_kept_through_a_revocation_and_never_given_again(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    first = await hall.do("come", "ann")
    for name in ("bob", "cec"):
        await hall.do("come", name)
    await hall.reverse(first)
    await hall.do("come", "dan")
    assert await hall.awards("dan") == {}

    again = await hall.do("come", "ann")

    assert (await hall.awards("ann"))["pioneer", ""].number == 1
    await hall.reverse(again)
    await no_differences(hall)
    answer = await graphql.read(hall.service, '{ badge(key: "pioneer") { issued awardCount } }')
    assert answer == {"badge": {"issued": 3, "awardCount": 2}}


async def test_of_many_at_once_exactly_as_many_get_it_as_there_are(hall: ProgrammeUnderTest) -> None:
    names = [f"m{number}" for number in range(40)]
    await hall.join_all(*names)

    outcomes = await asyncio.gather(*(hall.record(hall.activity("come", name)) for name in names))

    assert [o.status for (o,) in outcomes] == ["recorded"] * 40
    held = [award for name in names for award in (await hall.awards(name)).values()]
    assert sorted(award.number or 0 for award in held) == [1, 2, 3]
    await no_differences(hall)


async def test_hands_and_rules_share_one_edition(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    await asyncio.gather(
        *(
            graphql.mutate(hall.moderator, "awardBadge", by_hand(hall, name, "pioneer", name))
            for name in ("ann", "bob", "cec", "dan", "eve")
        ),
        hall.do("come", "ann"),
        hall.do("come", "eve"),
    )

    numbers = [
        award.number
        for name in hall.members
        for award in (await hall.awards(name)).values()
        if award.badge == "pioneer"
    ]
    assert sorted(number or 0 for number in numbers) == [1, 2, 3]
    await no_differences(hall)


async def test_awarding_a_used_up_edition_by_hand_is_refused(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    for name in ("ann", "bob", "cec"):
        await hall.do("come", name)

    answer = await graphql.mutate(hall.moderator, "awardBadge", by_hand(hall, "dan", "pioneer", "k"))

    typed(answer, "ConflictError", "EDITION_EXHAUSTED", "badge")
    assert await hall.awards("dan", revoked=True) == {}
    done = await graphql.done(
        hall.moderator, "awardBadge", by_hand(hall, "ann", "pioneer", "k2"), "award { number }"
    )
    assert done["award"] == {"number": 1}
    revoking = by_hand(hall, "dan", "pioneer", "k3")
    typed(await graphql.mutate(hall.moderator, "revokeBadge", revoking), "NotFoundError")


async def test_an_edition_of_a_repeating_badge_counts_every_award(hall: ProgrammeUnderTest) -> None:
    for subject in ("post:1", "post:1", "post:2", "post:3"):
        await hall.do("like", "ann", subject=subject)

    assert {k: a.number for k, a in (await hall.awards("ann")).items()} == {
        ("liked", "post:1"): 1,
        ("liked", "post:2"): 2,
    }
    await no_differences(hall)


async def test_what_was_missed_is_no_node(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    for name in ("ann", "bob", "cec", "dan"):
        await hall.do("come", name)
    missed = [a async for a in hall.services.stores.awards.stream(hall.key) if a.missed]
    assert len(missed) == 1

    answer = await graphql.read(
        hall.operator,
        "query ($id: ID!) { node(id: $id) { id } }",
        {"id": encode_id("BadgeAward", missed[0].id)},
    )

    assert answer == {"node": None}


async def test_verify_finds_a_number_that_is_not_there(hall: ProgrammeUnderTest, mongo: Any) -> None:
    await hall.do("come", "ann")
    await mongo.collection("badge_editions").update_one({"programme_id": hall.key}, {"$set": {"issued": 2}})

    found = (await VerificationService(hall.services).verify(hall.key)).differences

    assert found == ["edition pioneer numbers: stored 2, computed [1]"]


# -- secret badges

EVERYWHERE = """query ($badge: ID!, $award: ID!, $ann: ID!) {
    badge(key: "egg") { key }
    badges { nodes { key } totalCount }
    node(id: $badge) { id }
    award: node(id: $award) { id }
    nodes(ids: [$badge, $award]) { id }
    member(id: $ann) { badgeAwards { nodes { badge { key } } } showcase { badge { key } } }
    task(key: "dig") { reward { badge } }
    collection(key: "all") { size badges { key } }
}"""


async def looked(graphql: GraphQL, hall: ProgrammeUnderTest, actor: Any) -> dict[str, Any]:
    award = (await hall.awards("ann", revoked=True))["egg", ""]
    return await graphql.read(
        actor,
        EVERYWHERE,
        {
            "badge": encode_id("Badge", "egg"),
            "award": encode_id("BadgeAward", award.id),
            "ann": member_gid(hall, "ann"),
        },
    )


async def test_a_secret_badge_is_nowhere_until_one_has_it(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    await hall.do("find", "ann")
    await hall.do("come", "ann")
    ann = hall.member_actor("ann")
    awards = [encode_id("BadgeAward", a.id) for a in (await hall.awards("ann")).values()]
    await graphql.done(ann, "setShowcase", {"awards": awards})

    seen = await looked(graphql, hall, hall.member_actor("bob"))

    assert "egg" not in str(seen)
    assert seen == {
        "badge": None,
        "badges": {"nodes": [{"key": "pioneer"}, {"key": "liked"}, {"key": "open"}], "totalCount": 3},
        "node": None,
        "award": None,
        "nodes": [None, None],
        "member": {
            "badgeAwards": {"nodes": [{"badge": {"key": "pioneer"}}]},
            "showcase": [{"badge": {"key": "pioneer"}}],
        },
        "task": {"reward": [{"badge": None}]},
        "collection": {"size": 2, "badges": [{"key": "open"}]},
    }
    # Who has not joined holds nothing either.
    assert "egg" not in str(await looked(graphql, hall, hall.member_actor("stranger")))


async def test_who_has_it_and_staff_see_a_secret_badge(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    found = await hall.do("find", "ann")
    await hall.do("find", "bob")

    for actor in (hall.member_actor("ann"), hall.member_actor("bob"), hall.moderator, hall.operator):
        seen = await looked(graphql, hall, actor)
        assert seen["badge"] == {"key": "egg"}
        assert None not in (seen["node"], seen["award"], *seen["nodes"])
        assert seen["task"] == {"reward": [{"badge": "egg"}]}

    # Who had it knows it.
    await hall.reverse(found)
    assert (await looked(graphql, hall, hall.member_actor("ann")))["badge"] == {"key": "egg"}


async def test_a_secret_badge_stays_secret_by_reward(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    tasks = await graphql.read(
        hall.member_actor("ann"),
        "{ tasks { nodes { reward { badge } } } me { currentTasks { task { reward { badge } } } } }",
    )

    assert "egg" not in str(tasks)


# -- rarity

RARITY = '{ badge(key: "pioneer") { rarity { holders members share asOf } } liked: badge(key: "liked") { rarity { holders share } } }'


async def test_rarity_is_the_share_of_members(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    await hall.do("come", "ann")
    for subject in ("post:1", "post:2"):
        await hall.do("like", "bob", subject=subject)
    await graphql.done(
        hall.moderator,
        "setMemberStanding",
        {"memberId": member_gid(hall, "eve"), "standing": "BANNED", "reason": "r"},
    )

    answer = await graphql.read(hall.member_actor("cec"), RARITY)

    assert answer["badge"]["rarity"] | {"asOf": None} == {
        "holders": 1,
        "members": 4,
        "share": 0.25,
        "asOf": None,
    }
    assert answer["liked"]["rarity"] == {"holders": 1, "share": 0.25}


async def test_rarity_is_counted_anew_after_five_minutes(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    hall.clock.now = hall.clock.now
    before = await graphql.read(hall.service, RARITY)
    await hall.do("come", "ann")

    assert await graphql.read(hall.service, RARITY) == before
    hall.clock.advance(timedelta(minutes=5))
    answer = await graphql.read(hall.service, RARITY)
    assert answer["badge"]["rarity"]["holders"] == 1


async def test_the_rarity_of_nobody_is_nothing(graphql: GraphQL, programme: MakeProgramme) -> None:
    empty = await programme(HALL)

    answer = await graphql.read(empty.operator, RARITY)

    assert answer["badge"]["rarity"]["share"] == 0.0


# -- revocations


async def test_staff_find_what_was_revoked_and_why(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    came = await hall.do("come", "ann")
    await hall.do("come", "bob")
    await hall.reverse(came, "refunded")
    await graphql.done(hall.moderator, "revokeBadge", by_hand(hall, "bob", "pioneer", "k", reason="cheated"))
    document = '{ badge(key: "pioneer") { revocations { nodes { number revokedAt revocation { reason actor { role } activity { sourceId } } } } } }'

    answer = await graphql.read(hall.moderator, document)

    told = [node["revocation"] for node in answer["badge"]["revocations"]["nodes"]]
    assert told == [
        {"reason": "cheated", "actor": {"role": "moderator"}, "activity": None},
        {"reason": "refunded", "actor": {"role": "service"}, "activity": {"sourceId": came.source_id}},
    ]
    refused(await graphql(hall.member_actor("ann"), document), "FORBIDDEN", at="badge.revocations")


# -- showcases


async def test_others_see_the_showcase_in_the_members_order(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    await hall.do("come", "ann")
    liked = await hall.do("like", "ann", subject="post:1")
    awards = await hall.awards("ann")
    chosen = [encode_id("BadgeAward", awards[k].id) for k in (("liked", "post:1"), ("pioneer", ""))]
    document = "query ($id: ID!) { member(id: $id) { showcase { badge { key } } } }"

    async def shown() -> list[str]:
        answer = await graphql.read(hall.member_actor("bob"), document, {"id": member_gid(hall, "ann")})
        return [award["badge"]["key"] for award in answer["member"]["showcase"]]

    assert await shown() == []
    for order, expected in ((chosen, ["liked", "pioneer"]), (chosen[::-1], ["pioneer", "liked"])):
        done = await graphql.done(
            hall.member_actor("ann"),
            "setShowcase",
            {"awards": order},
            "member { showcase { badge { key } } }",
        )
        assert [award["badge"]["key"] for award in done["member"]["showcase"]] == expected
        assert await shown() == expected

    await hall.reverse(liked)
    assert await shown() == ["pioneer"]
    await graphql.done(hall.member_actor("ann"), "setShowcase", {"awards": []})
    assert await shown() == []


async def test_only_ones_own_standing_awards_are_shown(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    came = await hall.do("come", "ann")
    await hall.do("come", "bob")
    mine, theirs = [
        encode_id("BadgeAward", (await hall.awards(name))["pioneer", ""].id) for name in ("ann", "bob")
    ]

    for awards, path in (
        ([theirs], "awards.0"),
        ([mine, "nothing"], "awards.1"),
        ([mine, mine], "awards"),
        ([f"{number}" for number in range(13)], "awards"),
    ):
        answer = await graphql.mutate(hall.member_actor("ann"), "setShowcase", {"awards": awards})
        typed(answer, "InvalidInputError", path=path)
    await hall.reverse(came)
    answer = await graphql.mutate(hall.member_actor("ann"), "setShowcase", {"awards": [mine]})
    typed(answer, "InvalidInputError", path="awards.0")
    nobody = await graphql.mutate(hall.member_actor("nobody"), "setShowcase", {"awards": []})
    typed(nobody, "NotFoundError")
    typed(await graphql.mutate(hall.service, "setShowcase", {"awards": []}), "NotFoundError")
