"""`recordActivities`, `activity`, and a member's `activities`: each once, bad ones without harm to neighbours."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from resolvers.scalars import format_instant
from tests.resolvers.harness import GraphQL, member_gid, refused, stated_activity, succeeded
from tests.support import ProgrammeUnderTest

OUTCOMES = """
    recorded duplicates rejected
    outcomes {
        index status activity { sourceId }
        error { __typename code message path ... on InvalidInputError { limit } }
    }
"""


class Sender:
    """A service that records and reads back."""

    def __init__(self, graphql: GraphQL, club: ProgrammeUnderTest) -> None:
        self.graphql, self.club = graphql, club

    def visit(self, source_id: str, **changed: Any) -> dict[str, Any]:
        return {**stated_activity("visit", "ann", source_id, self.club.clock.now), **changed}

    async def send(self, *batch: dict[str, Any], selection: str = OUTCOMES) -> dict[str, Any]:
        result = await self.graphql.mutate(
            self.club.service, "recordActivities", {"activities": list(batch)}, selection
        )
        answer: dict[str, Any] = succeeded(result)["recordActivities"]
        return answer

    async def recorded(self) -> list[str]:
        """The source ids of all that ann and bob did, oldest first."""
        answer = await self.graphql.read(
            self.club.service,
            """{ ann: member(externalId: "ann") { activities(first: 100) { nodes { sourceId } } }
                 bob: member(externalId: "bob") { activities(first: 100) { nodes { sourceId } } } }""",
        )
        return [n["sourceId"] for name in ("ann", "bob") for n in answer[name]["activities"]["nodes"][::-1]]


@pytest.fixture
def sender(graphql: GraphQL, club: ProgrammeUnderTest) -> Sender:
    return Sender(graphql, club)


async def test_records_a_batch_and_shows_what_it_caused(sender: Sender) -> None:
    club = sender.club
    stated = stated_activity(
        "buy", "ann", "1", club.clock.now, subject="order:7", properties={"amount": 12.7, "note": "tea"}
    )

    answer = await sender.send(
        stated,
        selection="""recorded duplicates rejected outcomes { index status error { code } activity {
            id type source sourceId subject occurredAt recordedAt properties reversedAt reversalReason
            member { externalId } transfers { amount kind balanceAfter unit { key } } } }""",
    )

    assert (answer["recorded"], answer["duplicates"], answer["rejected"]) == (1, 0, 0)
    (outcome,) = answer["outcomes"]
    assert (outcome["index"], outcome["status"], outcome["error"]) == (0, "RECORDED", None)
    activity = outcome["activity"]
    assert activity.pop("recordedAt") >= activity["occurredAt"]
    assert activity.pop("id")
    assert activity == {
        "type": "buy",
        "source": "tests",
        "sourceId": "1",
        "subject": "order:7",
        "occurredAt": format_instant(datetime.fromisoformat(stated["occurredAt"])),
        "properties": {"amount": 12.7, "note": "tea"},
        "reversedAt": None,
        "reversalReason": None,
        "member": {"externalId": "ann"},
        "transfers": [{"amount": 12, "kind": "EARNED", "balanceAfter": 12, "unit": {"key": "points"}}],
    }


async def test_the_same_activity_counts_once(sender: Sender) -> None:
    first = await sender.send(sender.visit("1"), sender.visit("1"))
    second = await sender.send(sender.visit("1"), sender.visit("2"))

    assert [o["status"] for o in first["outcomes"]] == ["RECORDED", "DUPLICATE"]
    assert [o["status"] for o in second["outcomes"]] == ["DUPLICATE", "RECORDED"]
    assert all(o["activity"]["sourceId"] in ("1", "2") for o in first["outcomes"] + second["outcomes"])
    assert (second["recorded"], second["duplicates"], second["rejected"]) == (1, 1, 0)
    assert await sender.recorded() == ["1", "2"]


async def test_an_empty_batch_records_nothing(sender: Sender) -> None:
    assert (await sender.send())["outcomes"] == []


BUY: dict[str, Any] = {"type": "buy"}
NESTED: Any = None
for _ in range(20):
    NESTED = [NESTED]

BAD: list[tuple[str, dict[str, Any], str, str, int | None]] = [
    ("type", {"type": "nope"}, "UNKNOWN_ACTIVITY_TYPE", "type", None),
    ("schema", {**BUY, "properties": {"amount": "ten"}}, "SCHEMA_MISMATCH", "properties.amount", None),
    ("missing", {**BUY, "properties": {}}, "SCHEMA_MISMATCH", "properties", None),
    ("no object", {"properties": [1, 2]}, "SCHEMA_MISMATCH", "properties", None),
    ("text", {"properties": "abc"}, "SCHEMA_MISMATCH", "properties", None),
    ("member", {"memberExternalId": "nobody"}, "UNKNOWN_MEMBER", "memberExternalId", None),
    ("banned", {"memberExternalId": "bad"}, "MEMBER_BANNED", "memberExternalId", None),
    ("large", {"properties": {"note": "x" * 16_400}}, "TOO_LARGE", "properties", 16 * 1024),
    ("deep", {"properties": {"note": NESTED}}, "TOO_LARGE", "properties.note" + ".0" * 16, 16),
    ("nan", {**BUY, "properties": {"amount": float("nan")}}, "NOT_EXACT", "properties.amount", None),
    ("inf", {**BUY, "properties": {"amount": float("inf")}}, "NOT_EXACT", "properties.amount", None),
    ("-inf", {"properties": {"a": [1, float("-inf")]}}, "NOT_EXACT", "properties.a.1", None),
    ("nan text", {**BUY, "properties": {"amount": "NaN"}}, "SCHEMA_MISMATCH", "properties.amount", None),
    ("beyond", {**BUY, "properties": {"amount": 2**53}}, "NOT_EXACT", "properties.amount", 2**53 - 1),
    ("too much", {**BUY, "properties": {"amount": 1e300}}, "RULE_FAILED", "", None),
    ("source", {"source": ""}, "INVALID_INPUT", "source", None),
    ("long source", {"source": "s" * 201}, "TOO_LARGE", "source", 200),
    ("long id", {"sourceId": "s" * 201}, "TOO_LARGE", "sourceId", 200),
    ("subject", {"subject": "a\x00b"}, "INVALID_INPUT", "subject", None),
]


@pytest.mark.parametrize(("name", "changed", "code", "path", "limit"), BAD, ids=[row[0] for row in BAD])
async def test_refuses_one_and_records_its_neighbours(
    sender: Sender, name: str, changed: dict[str, Any], code: str, path: str, limit: int | None
) -> None:
    club = sender.club
    await club.join("bad")
    banning = {"memberId": member_gid(club, "bad"), "standing": "BANNED", "reason": "spam"}
    await sender.graphql.done(club.moderator, "setMemberStanding", banning)

    answer = await sender.send(sender.visit("before"), sender.visit("bad", **changed), sender.visit("after"))

    assert [o["status"] for o in answer["outcomes"]] == ["RECORDED", "REJECTED", "RECORDED"]
    assert (answer["recorded"], answer["duplicates"], answer["rejected"]) == (2, 0, 1)
    refusal = answer["outcomes"][1]
    assert refusal["activity"] is None
    error = refusal["error"]
    assert (error["__typename"], error["code"]) == ("InvalidInputError", code)
    assert error["message"]
    if path:
        assert ".".join(error["path"]) == f"activities.1.{path}"
    if limit is not None:
        assert error["limit"] == limit
    assert await sender.recorded() == ["before", "after"]
    assert await club.balance("ann", "points") == 5 + 5 + 100


async def test_refuses_what_lies_in_the_future_or_too_far_back(sender: Sender) -> None:
    now = sender.club.clock.now
    soon, late = now + timedelta(seconds=90), now - timedelta(days=31)

    answer = await sender.send(
        sender.visit("1"),
        sender.visit("2", occurredAt=soon.isoformat()),
        sender.visit("3", occurredAt=late.isoformat()),
        sender.visit("4", occurredAt="0001-01-01T00:00:00Z"),
        sender.visit("5", occurredAt=(now - timedelta(days=29)).isoformat()),
    )

    errors = [o["error"] for o in answer["outcomes"]]
    assert [e and (e["code"], e["path"], e["limit"]) for e in errors[1:4]] == [
        ("IN_FUTURE", ["activities", "1", "occurredAt"], 60),
        ("TOO_LATE", ["activities", "2", "occurredAt"], 30 * 24 * 3600),
        ("TOO_LATE", ["activities", "3", "occurredAt"], 1900),
    ]
    assert await sender.recorded() == ["1", "5"]


async def test_refuses_a_batch_of_more_than_500(sender: Sender) -> None:
    batch = [sender.visit(str(n)) for n in range(501)]

    refused(
        await sender.graphql.mutate(sender.club.service, "recordActivities", {"activities": batch}, OUTCOMES),
        "LIMIT_EXCEEDED", at="recordActivities", field="activities", limit=500,
    )  # fmt: skip
    assert await sender.recorded() == []
    assert (await sender.send(*batch[:500]))["recorded"] == 500


async def test_a_time_without_a_zone_is_none(sender: Sender) -> None:
    for at in ("2026-11-20T10:00:00", "yesterday", "2026-02-30T10:00:00Z", "", 12):
        batch = [sender.visit("1"), sender.visit("2", occurredAt=at)]
        result = await sender.graphql.mutate(
            sender.club.service, "recordActivities", {"activities": batch}, OUTCOMES
        )
        refused(result, "INVALID_INPUT", field="activities.1.occurredAt")
    assert await sender.recorded() == []


async def test_finds_an_activity_by_its_senders_name_for_it(sender: Sender) -> None:
    await sender.send(sender.visit("1"))
    document = '{ activity(source: "tests", sourceId: "1") { type member { displayName } } }'
    club, found = sender.club, {"type": "visit", "member": {"displayName": "Ann"}}

    for actor in (club.service, club.moderator, club.operator):
        assert await sender.graphql.read(actor, document) == {"activity": found}
    assert await sender.graphql.read(club.member_actor("ann"), document) == {"activity": None}
    assert await sender.graphql.read(club.service, document.replace("1", "2")) == {"activity": None}


async def test_a_member_reads_their_own_activities(sender: Sender) -> None:
    await sender.send(sender.visit("1"), sender.visit("2"))
    ann = sender.club.member_actor("ann")

    answer = await sender.graphql.read(
        ann, "{ me { activities { nodes { sourceId member { externalId } } totalCount } } }"
    )

    assert answer["me"]["activities"]["totalCount"] is None
    assert [n["sourceId"] for n in answer["me"]["activities"]["nodes"]] == ["2", "1"]
