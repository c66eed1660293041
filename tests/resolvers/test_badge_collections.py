"""Collections: completed by the last badge, rewarded once, taken back with any of them."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.services import Services
from gamification.kit.errors import DomainError
from gamification.programmes.document import Problem
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest, on_servers

SET: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": kind} for kind in ("a", "b", "c")],
    "rules": [
        {"key": f"r_{kind}", "on": [kind], "effects": [{"award": {"badge": kind}}]}
        for kind in ("a", "b", "c")
    ],
    "badges": [{"key": key} for key in ("a", "b", "c", "pair", "crown")],
    "collections": [
        {
            "key": "two",
            "name": {"en": "Both"},
            "badges": ["a", "b"],
            "reward": [{"points": {"unit": "points", "amount": 50}}, {"award": {"badge": "pair"}}],
        },
        {
            "key": "top",
            "badges": ["pair", "c"],
            "reward": [{"points": {"unit": "points", "amount": 7}}, {"award": {"badge": "crown"}}],
        },
    ],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(SET)
    await made.join_all("ann", "bob")
    return made


async def held(club: ProgrammeUnderTest, name: str = "ann") -> set[str]:
    return {badge for badge, _ in await club.awards(name)}


async def no_differences(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_the_last_badge_completes_it(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("a", "ann")
    assert await club.balance("ann", "points") == 0

    last = await club.do("b", "ann")

    assert await club.balance("ann", "points") == 50
    assert await held(club) == {"a", "b", "pair"}
    answer = await graphql.read(
        club.member_actor("ann"),
        """{ me { collections { collection { key name size badges { key } reward { amount unit badge } } held
                                completions completedAt cause { collection activity { sourceId } } }
                  ledger { nodes { amount cause { collection } } } } }""",
    )
    two, top = answer["me"]["collections"]
    assert two["collection"] == {
        "key": "two",
        "name": "Both",
        "size": 2,
        "badges": [{"key": "a"}, {"key": "b"}],
        "reward": [
            {"amount": 50, "unit": "points", "badge": None},
            {"amount": None, "unit": None, "badge": "pair"},
        ],
    }
    assert (two["held"], two["completions"]) == (2, 1)
    assert two["cause"] == {"collection": "two", "activity": {"sourceId": last.source_id}}
    assert (top["held"], top["completedAt"], top["completions"], top["cause"]) == (1, None, 0, None)
    assert answer["me"]["ledger"]["nodes"] == [{"amount": 50, "cause": {"collection": "two"}}]
    await no_differences(club)


async def test_one_collection_leads_to_the_next_and_back(club: ProgrammeUnderTest) -> None:
    await club.do("c", "ann")
    first = await club.do("a", "ann")

    await club.do("b", "ann")
    assert await held(club) == {"a", "b", "c", "pair", "crown"}
    assert await club.balance("ann", "points") == 57

    await club.reverse(first)
    assert await held(club) == {"b", "c"}
    assert await club.balance("ann", "points") == 0
    await no_differences(club)

    await club.do("a", "ann")
    assert await club.balance("ann", "points") == 57
    assert await held(club) == {"a", "b", "c", "pair", "crown"}
    await no_differences(club)


async def test_a_whole_batch_completes_it_once(club: ProgrammeUnderTest) -> None:
    await club.record(*(club.activity(kind, name) for kind in "abcabc" for name in ("ann", "bob")))

    for name in ("ann", "bob"):
        assert await club.balance(name, "points") == 57
    await no_differences(club)


async def test_two_at_once_complete_it_once(club: ProgrammeUnderTest) -> None:
    await asyncio.gather(*(club.do(kind, "ann") for kind in "abababab"))

    assert await club.balance("ann", "points") == 50
    assert len(await club.transfers("ann")) == 1
    await no_differences(club)


async def test_a_hand_that_revokes_takes_it_back_with_its_reason(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("a", "ann")
    await club.do("b", "ann")
    revoking = {
        "memberId": member_gid(club, "ann"),
        "badge": "b",
        "reason": "not earned",
        "idempotencyKey": "k",
    }

    for _ in range(2):
        await graphql.done(club.moderator, "revokeBadge", revoking)

    assert await club.balance("ann", "points") == 0
    assert await held(club) == {"a"}
    answer = await graphql.read(
        club.member_actor("ann"),
        "{ me { badgeAwards { nodes { badge { key } revocation { reason collection } } } } }",
    )
    told = {n["badge"]["key"]: n["revocation"] for n in answer["me"]["badgeAwards"]["nodes"]}
    assert told["pair"] == {"reason": "not earned", "collection": "two"}
    await no_differences(club)


async def test_other_grounds_keep_the_badge_that_it_gave(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    first = await club.do("a", "ann")
    await club.do("b", "ann")
    await graphql.done(
        club.moderator,
        "awardBadge",
        {"memberId": member_gid(club, "ann"), "badge": "pair", "reason": "r", "idempotencyKey": "k"},
    )

    await club.reverse(first)

    assert await held(club) == {"b", "pair"}
    assert await club.balance("ann", "points") == 0


async def test_an_edit_takes_nothing_away(club: ProgrammeUnderTest) -> None:
    await club.do("a", "ann")
    await club.do("b", "ann")

    await club.apply({**SET, "collections": [{**SET["collections"][0], "badges": ["a", "b", "c"]}]})
    assert await club.balance("ann", "points") == 50
    await club.do("a", "bob")
    await club.do("b", "bob")
    assert await club.balance("bob", "points") == 0
    await no_differences(club)


async def test_an_archived_collection_gives_nothing_new_and_still_breaks(club: ProgrammeUnderTest) -> None:
    first = await club.do("a", "ann")
    await club.do("b", "ann")
    await club.apply({**SET, "collections": []})

    await club.do("a", "bob")
    await club.do("b", "bob")
    assert await club.balance("bob", "points") == 0
    await club.reverse(first)
    assert await club.balance("ann", "points") == 0
    await no_differences(club)


async def test_the_feed_tells_of_it(graphql: GraphQL, club: ProgrammeUnderTest, live: Services) -> None:
    document = """subscription { myProgress { __typename
        ... on CollectionCompleted { collection { key } } ... on CollectionBroken { collection { key } } } }"""
    async with graphql.subscribe(club.member_actor("ann"), document) as stream:
        assert (await stream.data())["__typename"] == "ProgressSnapshot"
        first = await club.do("a", "ann")
        await club.do("b", "ann")
        await club.reverse(first)
        told = [await stream.data() for _ in range(9)]

    assert [m for m in told if m["__typename"].startswith("Collection")] == [
        {"__typename": "CollectionCompleted", "collection": {"key": "two"}},
        {"__typename": "CollectionBroken", "collection": {"key": "two"}},
    ]


async def test_others_do_not_see_how_far_one_is(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = "query ($id: ID!) { member(id: $id) { collections { held } } }"

    answer = await graphql(club.member_actor("bob"), document, {"id": member_gid(club, "ann")})

    refused(answer, "FORBIDDEN", at="member.collections")


async def test_collections_are_looked_up_and_listed(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    answer = await graphql.read(
        club.member_actor("ann"),
        '{ collection(key: "top") { key } none: collection(key: "nope") { key } collections(first: 1) { nodes { key } totalCount } }',
    )

    assert answer == {
        "collection": {"key": "top"},
        "none": None,
        "collections": {"nodes": [{"key": "two"}], "totalCount": 2},
    }


@pytest.mark.parametrize(
    ("collection", "place"),
    [
        ({"badges": []}, "collections.x.badges"),
        ({"badges": ["a", "a"]}, "collections.x"),
        ({"badges": ["nope"]}, "collections.x.badges"),
        ({"badges": ["each"]}, "collections.x.badges"),
        ({"badges": ["a"], "reward": [{"award": {"badge": "a"}}]}, "collections.x.reward"),
        ({"badges": ["a"], "reward": [{"award": {"badge": "each"}}]}, "collections.x.reward.0.award"),
        ({"badges": ["a"], "reward": [{"score": {"board": "b", "value": 1}}]}, "collections.x"),
        (
            {"badges": ["a"], "reward": [{"points": {"unit": "points", "amount": 1, "boards": ["b"]}}]},
            "collections.x",
        ),
        ({"badges": ["a"], "reward": [{"award": {"badge": "draft"}}]}, "collections.x"),
    ],
)
async def test_a_collection_that_makes_no_sense_is_refused(
    club: ProgrammeUnderTest, collection: dict[str, Any], place: str
) -> None:
    badges = [*SET["badges"], {"key": "each", "repeat": "per_key"}, {"key": "draft", "status": "draft"}]

    with pytest.raises(Problem) as caught:
        await club.apply(
            {
                **SET,
                "badges": badges,
                "leaderboards": [{"key": "b"}],
                "collections": [{"key": "x", **collection}],
            }
        )

    assert caught.value.problems[0][0] == place


async def test_two_collections_do_not_lead_to_each_other(club: ProgrammeUnderTest) -> None:
    circle = [
        {"key": "x", "badges": ["a"], "reward": [{"award": {"badge": "b"}}]},
        {"key": "y", "badges": ["b"], "reward": [{"award": {"badge": "a"}}]},
    ]

    with pytest.raises(DomainError):
        await club.apply({**SET, "collections": circle})


async def test_an_edition_is_fixed_once_made(club: ProgrammeUnderTest) -> None:
    with pytest.raises(DomainError, match="limit is fixed"):
        await club.apply({**SET, "badges": [{**SET["badges"][0], "limit": 5}, *SET["badges"][1:]]})


STEP = st.tuples(st.sampled_from(["do", "undo"]), st.sampled_from("abc"), st.integers(0, 3))


@on_servers(8)
@given(steps=st.lists(STEP, min_size=4, max_size=14))
async def test_whatever_happened_reward_and_badges_agree(
    programme: MakeProgramme, steps: list[tuple[str, str, int]]
) -> None:
    club = await programme(SET)
    await club.join("ann")
    done: list[Any] = []
    for what, kind, index in steps:
        if what == "do":
            done.append(await club.do(kind, "ann"))
        elif done:
            await club.reverse(done[index % len(done)])

    found = await held(club)
    assert ("pair" in found) == ({"a", "b"} <= found)
    assert ("crown" in found) == ({"pair", "c"} <= found)
    assert await club.balance("ann", "points") == 50 * ("pair" in found) + 7 * ("crown" in found)
    await no_differences(club)
    for activity in done:
        await club.reverse(activity)
    assert await held(club) == set()
    assert await club.balance("ann", "points") == 0
