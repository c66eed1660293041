"""What belongs to a campaign, as whoever asks finds it, and when it is on for them next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.gathering_world import NOW, held, seen
from tests.gathering_world import stated as gathering_input
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.resolvers.test_campaigns_that_meet import DOCUMENT, ENDS, FESTIVAL
from tests.support import ProgrammeUnderTest

ALWAYS = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}
FULL: dict[str, Any] = {
    **DOCUMENT,
    "tasks": [{"key": "taste", "goal": 1}, {"key": "hidden", "goal": 1, "when": 'member.locale == "fr"'}],
    "rewards": [{"key": "cup", "price": {"unit": "points", "amount": 5}, "goods": {}}],
    "draws": [
        {
            "key": "wheel",
            "kind": "instant",
            "ticket": {"unit": "growth"},
            "prizes": [{"key": "pin", "weight": 1, "stock": 9}],
        }
    ],
    "flash_sales": [
        {"key": "rush", "reward": "cup", "stock": 3, "price": {"unit": "points", "amount": 1}, **ALWAYS}
    ],
    "goals": [{"key": "together", "target": 9, **ALWAYS}],
    "leaderboards": [{"key": "guests"}],
    "campaigns": [
        {
            **FESTIVAL,
            "includes": {
                "tasks": ["taste", "hidden"],
                "rewards": ["cup"],
                "draws": ["wheel"],
                "flash_sales": ["rush"],
                "goals": ["together"],
                "leaderboards": ["guests"],
                "spaces": ["square", "circle"],
            },
        },
        {
            "key": "later",
            "kind": "social",
            "schedule": {
                "starts_at": (ENDS + timedelta(days=5)).isoformat(),
                "ends_at": (ENDS + timedelta(days=9)).isoformat(),
            },
        },
    ],
}
INCLUDES = """{ campaign(key: "festival") {
    survey { key }
    includes {
        tasks { key } rewards { key } draws { key } flashSales { key } goals { key } leaderboards { key } spaces { key }
        gatherings { nodes { title } }
    } } }"""
BELONGS = "id version campaign { key }"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(FULL)
    club.clock.now = NOW
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    owner = {"space": "square", "memberId": member_gid(club, "ann"), "role": "OWNER"}
    await GraphQL(club.services).done(club.operator, "setSpaceRole", owner)
    return club


def keys(found: Any) -> dict[str, list[str]]:
    """The keys of each kind."""
    return {kind: [one["key"] for one in rows] for kind, rows in found.items() if kind != "gatherings"}


async def test_what_belongs_to_a_campaign_is_shown_as_far_as_it_is_there(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await held(graphql, club, title="Opening", campaign="festival")
    await held(graphql, club, title="Behind doors", space="circle", campaign="festival")
    await held(graphql, club, title="Something else")

    for_bob = (await graphql.read(club.member_actor("bob"), INCLUDES))["campaign"]
    for_staff = (await graphql.read(club.operator, INCLUDES))["campaign"]

    assert for_bob["survey"] == {"key": "how_was_it"}
    own = {
        "tasks": ["taste"],
        "rewards": ["cup"],
        "draws": ["wheel"],
        "flashSales": ["rush"],
        "goals": ["together"],
        "leaderboards": ["guests"],
        "spaces": ["square", "circle"],
    }
    # That there is a private space is no secret; what is held in it is. A task's gate hides it from who is not let in.
    assert keys(for_bob["includes"]) == own
    assert for_bob["includes"]["gatherings"]["nodes"] == [{"title": "Opening"}]
    assert keys(for_staff["includes"]) == {**own, "tasks": ["taste", "hidden"]}
    assert len(for_staff["includes"]["gatherings"]["nodes"]) == 2


async def test_a_campaign_without_anything_has_empty_lists(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    bare = {**FESTIVAL}
    del bare["includes"], bare["survey"]
    club = await programme({**DOCUMENT, "campaigns": [bare]})
    club.clock.now = NOW
    found = (await graphql.read(club.operator, INCLUDES))["campaign"]
    assert found["survey"] is None
    assert not any(keys(found["includes"]).values())


async def test_gatherings_are_found_by_their_campaign(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await held(graphql, club, title="Opening", campaign="festival")
    await held(graphql, club, title="Other")
    document = """query ($filter: GatheringFilter) { gatherings(filter: $filter) { nodes { title campaign { key } } } }"""
    found = await graphql.read(club.member_actor("bob"), document, {"filter": {"campaign": "festival"}})
    assert found["gatherings"]["nodes"] == [{"title": "Opening", "campaign": {"key": "festival"}}]
    none = await graphql.read(club.member_actor("bob"), document, {"filter": {"campaign": "nope"}})
    assert none["gatherings"]["nodes"] == []


async def test_a_page_of_gatherings_reads_campaigns_once(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await held(graphql, club, title=f"Meeting {number}", campaign="festival")
    await held(graphql, club, title="Other")
    reads = []
    runs = club.services.campaigns._runs
    of = runs.of

    async def counted(*stated: Any) -> Any:
        reads.append(stated)
        return await of(*stated)

    monkeypatch.setattr(runs, "of", counted)
    document = "{ gatherings { nodes { title campaign { key name } } } }"
    found = (await graphql.read(club.member_actor("bob"), document))["gatherings"]["nodes"]
    assert [one["campaign"] and one["campaign"]["key"] for one in found].count("festival") == 3
    assert len(reads) == 2  # compiled, and by the library


async def test_staff_say_to_which_campaign_a_gathering_belongs_and_hosts_leave_it_as_it_is(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    made = await held(graphql, club, campaign="festival")
    assert await seen(graphql, ann, made, BELONGS) == {
        "id": made["id"],
        "version": 1,
        "campaign": {"key": "festival"},
    }

    edit = {"gatheringId": made["id"], "version": 1, "gathering": gathering_input(title="More tea")}
    await graphql.done(ann, "editGathering", edit)
    assert (await seen(graphql, ann, made, BELONGS))["campaign"] == {"key": "festival"}

    of_ann = {"space": "square", "gathering": gathering_input(campaign="festival"), "idempotencyKey": "a"}
    refused(await graphql.mutate(ann, "createGathering", of_ann), "FORBIDDEN")
    unknown = {"space": "square", "gathering": gathering_input(campaign="nope"), "idempotencyKey": "n"}
    typed(
        await graphql.mutate(club.moderator, "createGathering", unknown),
        "InvalidInputError",
        "INVALID_INPUT",
        "campaign",
    )

    out = {**edit, "version": 2, "gathering": gathering_input(title="More tea")}
    await graphql.done(club.moderator, "editGathering", out)
    assert (await seen(graphql, ann, made, BELONGS))["campaign"] is None


async def test_a_campaign_that_is_not_there_yet_is_not_named_by_its_gathering(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, campaign="later")
    assert (await seen(graphql, club.member_actor("bob"), made, BELONGS))["campaign"] is None
    assert (await seen(graphql, club.operator, made, BELONGS))["campaign"] == {"key": "later"}


NEXT = """{ campaigns { nodes { key nextTime { key startsAt endsAt } } } }"""


async def test_a_client_is_told_when_a_campaign_is_on_next(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    weekly = {"repeat": "weekly", "days": [3]}
    club = await programme(
        {
            **DOCUMENT,
            "surveys": [],
            "rules": [],
            "campaigns": [
                {"key": "wednesdays", "kind": "benefit", "schedule": {**ALWAYS, **weekly}},
                {"key": "birthday", "kind": "benefit", "schedule": {**ALWAYS, "repeat": "birthday"}},
                {
                    "key": "over",
                    "kind": "benefit",
                    "schedule": {**ALWAYS, "ends_at": "2026-02-01T00:00:00Z"},
                },
            ],
        }
    )
    club.clock.now = datetime(2026, 3, 10, 12, tzinfo=UTC)  # a Tuesday
    await club.join("ann", time_zone="Asia/Tokyo")
    await graphql.done(
        club.service, "updateProfile", {"memberId": member_gid(club, "ann"), "birthday": "05-01"}
    )

    async def told(actor: Any) -> dict[str, Any]:
        nodes = (await graphql.read(actor, NEXT))["campaigns"]["nodes"]
        return {one["key"]: one["nextTime"] for one in nodes}

    for_ann = await told(club.member_actor("ann"))
    assert for_ann["wednesdays"] == {
        "key": "2026-03-11",
        "startsAt": "2026-03-11T00:00:00.000Z",
        "endsAt": "2026-03-12T00:00:00.000Z",
    }
    assert for_ann["birthday"]["startsAt"] == "2026-04-30T15:00:00.000Z"
    assert for_ann["over"] is None
    assert (await told(club.operator))["birthday"] is None
    club.clock.now = datetime(2026, 3, 11, 5, tzinfo=UTC)
    assert (await told(club.member_actor("ann")))["wednesdays"]["key"] == "2026-03-11"
    await graphql.done(club.operator, "endCampaign", {"campaign": "wednesdays"})
    assert (await told(club.member_actor("ann")))["wednesdays"] is None
