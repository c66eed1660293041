"""`reverseActivity`: what an activity caused goes, once; what others justify stays."""

from typing import Any

import pytest

from tests.resolvers.harness import GraphQL, refused, typed
from tests.support import SOURCE, ProgrammeUnderTest

STATE = """{
    member(externalId: "ann") {
        balance(unit: "points") { active lifetime }
        standing(leaderboard: "total") { score }
        badgeAwards { nodes { badge { key } revokedAt } }
        taskProgress(filter: {task: "regular"}) { nodes { value completedAt claimable } }
    }
}"""


async def test_takes_back_what_an_activity_caused(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    kept = await club.do("visit", "ann")
    before = await graphql.read(club.service, STATE)
    undone = await club.do("visit", "ann")
    stated = {"source": SOURCE, "sourceId": undone.source_id, "reason": "a mistake"}

    answer = await graphql.done(
        club.operator, "reverseActivity", stated, "replayed activity { reversedAt reversalReason sourceId }"
    )

    assert answer["replayed"] is False
    assert answer["activity"]["sourceId"] == undone.source_id != kept.source_id
    assert answer["activity"]["reversalReason"] == "a mistake"
    assert answer["activity"]["reversedAt"] is not None
    after = (await graphql.read(club.service, STATE))["member"]
    awards = {n["badge"]["key"]: n["revokedAt"] for n in after["badgeAwards"]["nodes"]}
    assert awards["newcomer"] is None
    assert awards["faithful"] is not None
    assert after["taskProgress"]["nodes"] == [{"value": 1, "completedAt": None, "claimable": False}]
    assert (after["balance"], after["standing"]) == (
        before["member"]["balance"],
        before["member"]["standing"],
    )


async def test_twice_is_the_same_as_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    undone = await club.do("visit", "ann")
    stated = {"source": SOURCE, "sourceId": undone.source_id}

    first = await graphql.done(club.service, "reverseActivity", stated, "replayed activity { reversedAt }")
    state = await graphql.read(club.service, STATE)
    second = await graphql.done(
        club.service, "reverseActivity", {**stated, "reason": "again"}, "replayed activity { reversedAt }"
    )

    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["activity"] == second["activity"]
    assert await graphql.read(club.service, STATE) == state


@pytest.mark.parametrize(
    ("changed", "kind", "path"),
    [
        ({"sourceId": "nope"}, "NotFoundError", "sourceId"),
        ({"source": "nope"}, "NotFoundError", "sourceId"),
        ({"reason": ""}, "InvalidInputError", "reason"),
        ({"reason": "x" * 501}, "InvalidInputError", "reason"),
    ],
)
async def test_refuses_what_cannot_be_reversed(
    graphql: GraphQL, club: ProgrammeUnderTest, changed: dict[str, Any], kind: str, path: str
) -> None:
    done = await club.do("visit", "ann")
    stated = {"source": SOURCE, "sourceId": done.source_id, **changed}

    typed(await graphql.mutate(club.service, "reverseActivity", stated), kind, path=path)

    assert await club.balance("ann", "points") == 5


async def test_is_for_operators_and_services(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    done = await club.do("visit", "ann")
    stated = {"source": SOURCE, "sourceId": done.source_id}

    for actor in (club.member_actor("ann"), club.moderator):
        refused(await graphql.mutate(actor, "reverseActivity", stated), "FORBIDDEN")

    assert await club.balance("ann", "points") == 5
