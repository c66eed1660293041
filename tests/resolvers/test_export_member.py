"""`exportMember`: all that is held of a member, in pages, for themselves, operators and services."""

from typing import Any

import orjson
import pytest

from gamification.kit.actors import Actor, Role
from gamification.privacy.sections import ExportSection
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, member_gid, refused
from tests.resolvers.lived_in_world import ANN, NAME
from tests.support import ProgrammeUnderTest

EXPORT = """query ($section: MemberExportSection!, $id: ID, $first: Int, $after: String) {
    exportMember(section: $section, memberId: $id, first: $first, after: $after) {
        nodes { data } pageInfo { hasNextPage endCursor }
    }
}"""


async def exported(
    graphql: GraphQL, actor: Actor, section: str, size: int = 100, **stated: Any
) -> list[dict[str, Any]]:
    """A whole section, page by page."""
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        answer = await graphql.read(
            actor, EXPORT, {"section": section, "first": size, "after": after, **stated}
        )
        page = answer["exportMember"]
        assert len(page["nodes"]) <= size
        rows += [node["data"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


async def test_members_take_along_all_that_is_held_of_them(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    ann = world.member_actor(ANN)
    await world.services.follows.follow(world.service, world.id_of(ANN), world.id_of("bob"))

    sections = {one.name: await exported(graphql, ann, one.name) for one in ExportSection}

    empty = {name for name, rows in sections.items() if not rows}
    assert empty == {"PENDING_POINTS"}
    (profile,) = sections["PROFILE"]
    assert (profile["externalId"], profile["displayName"]) == (ANN, NAME)
    assert profile["attributes"] == {"note": "secret-attribute"}
    assert profile["identities"] == [{"provider": "secret-provider", "subject": "secret-subject"}]
    assert len(sections["TRANSFERS"]) == len(await world.transfers(ANN))
    bought = next(one for one in sections["ACTIVITIES"] if one["sourceId"] == "secret-buy")
    assert bought["properties"] == {"amount": 7, "note": "secret-note"}
    assert "secret-address" in {one.get("deliverTo") for one in sections["REDEMPTIONS"]}
    assert sections["FOLLOWING"][0]["followed"] == world.id_of("bob").hex()
    # Of staff and of checks on fraud nothing.
    text = orjson.dumps(sections)
    for word in (b"operator:", b"moderator:", b"service:", b'"flags"', b'"signals"', b"secret-banned"):
        assert word not in text


async def test_points_that_wait_are_exported(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(
        {
            "units": [{"key": "points", "pending": {"after": "P1D"}}],
            "activity_types": [{"key": "visit"}],
            "rules": [
                {"key": "r", "on": ["visit"], "effects": [{"points": {"unit": "points", "amount": 5}}]}
            ],
        }
    )
    await club.join("ann")
    await club.do("visit", "ann")

    (waiting,) = await exported(graphql, club.member_actor("ann"), "PENDING_POINTS")

    assert (waiting["unit"], waiting["amount"], waiting["state"]) == ("points", 5, "waiting")


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_pages_of_any_size_make_the_same_export(
    graphql: GraphQL, world: ProgrammeUnderTest, size: int
) -> None:
    ann = world.member_actor(ANN)

    for section in ("TRANSFERS", "ACTIVITIES", "AWARDS", "CHECK_INS", "REDEMPTIONS", "BALANCES"):
        assert await exported(graphql, ann, section, size) == await exported(graphql, ann, section)


async def test_operators_and_services_export_anyone_and_others_nobody(
    graphql: GraphQL, world: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    gid = member_gid(world, ANN)
    own = await exported(graphql, world.member_actor(ANN), "TRANSFERS")

    for actor in (world.operator, world.service):
        assert await exported(graphql, actor, "TRANSFERS", id=gid) == own
    for actor in (world.moderator, world.member_actor("bob")):
        refused(await graphql(actor, EXPORT, {"section": "PROFILE", "id": gid}), "FORBIDDEN")
    refused(await graphql(None, EXPORT, {"section": "PROFILE", "id": gid}), "UNAUTHENTICATED")
    other = await programme(CLUB)
    refused(await graphql(other.operator, EXPORT, {"section": "PROFILE", "id": gid}), "NOT_FOUND")
    nobody = Actor(world.key, "nobody", Role.MEMBER)
    refused(await graphql(nobody, EXPORT, {"section": "PROFILE"}), "NOT_FOUND")


async def test_another_sections_cursor_and_too_large_pages_are_refused(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    ann = world.member_actor(ANN)
    page = await graphql.read(ann, EXPORT, {"section": "ACTIVITIES", "first": 1})
    cursor = page["exportMember"]["pageInfo"]["endCursor"]

    other = await graphql(ann, EXPORT, {"section": "HOLDS", "first": 1, "after": cursor})
    large = await graphql(ann, EXPORT, {"section": "HOLDS", "first": 101})

    refused(other, "INVALID_INPUT")
    refused(large, "LIMIT_EXCEEDED", limit=100)
