"""Segments: kept up as members act and every day, lists, previews, overlaps, and what their passages cause."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHOP: dict[str, Any] = {
    "programme": {
        "money": {"currency": "EUR", "digits": 2},
        "segments": {"entered": "segment.entered", "left": "segment.left"},
    },
    "units": [{"key": "points"}],
    "activity_types": [
        {"key": "visit"},
        {
            "key": "buy",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "number"}},
                "required": ["amount"],
            },
            "refund": {"amount": "amount"},
            "spend": "amount",
        },
        {"key": "segment.entered"},
        {"key": "segment.left"},
    ],
    "rules": [
        {
            "key": "welcome_back",
            "on": ["segment.entered"],
            "when": 'activity.segment == "spenders"',
            "effects": [{"points": {"unit": "points", "amount": 50}}],
        },
        {
            "key": "for_insiders",
            "on": ["visit"],
            "when": '"insiders" in member.segments',
            "effects": [{"points": {"unit": "points", "amount": 7}}],
        },
    ],
    "segments": [
        {"key": "spenders", "name": {"en": "Spenders", "zh": "高消费"}, "when": "spend(30) >= 10000"},
        {"key": "silent", "when": 'lifecycle == "silent"'},
        {"key": "regulars", "when": 'count("visit", 7) >= 2 && active_days(7) >= 2'},
        {"key": "chinese", "when": 'member.locale.startsWith("zh") && "vip" in member.tags'},
        {"key": "insiders"},
    ],
}


@pytest.fixture
async def shop(programme: MakeProgramme) -> ProgrammeUnderTest:
    shop = await programme(SHOP)
    shop.clock.now = NOON
    await shop.join_all("ann", "bob", "cem")
    return shop


async def segments_of(graphql: GraphQL, shop: ProgrammeUnderTest, name: str) -> list[str]:
    """The keys of the segments that a member is in, as an operator sees them."""
    found = await graphql.read(
        shop.operator,
        "query($id: ID!) { member(id: $id) { segments { passages since segment { key } } } }",
        {"id": member_gid(shop, name)},
    )
    return [one["segment"]["key"] for one in found["member"]["segments"]]


async def inside(graphql: GraphQL, shop: ProgrammeUnderTest, key: str) -> tuple[int, list[str]]:
    """How many are in a segment, and who, in the order of their ids."""
    found = await graphql.read(
        shop.operator,
        "query($key: String!) { segment(key: $key) { size members(first: 50) { nodes { member { externalId } } } } }",
        {"key": key},
    )
    names = [one["member"]["externalId"] for one in found["segment"]["members"]["nodes"]]
    return found["segment"]["size"], sorted(names)


async def sweep(shop: ProgrammeUnderTest) -> int:
    return await shop.services.segment_keeping.sweep_due(shop.key)


async def test_members_come_to_a_live_segment_as_they_act_and_what_that_causes(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    await shop.do("buy", "ann", amount=60.0)
    await shop.catch_up()
    assert await inside(graphql, shop, "spenders") == (0, [])

    await shop.do("buy", "ann", amount=40.0)
    await shop.catch_up()

    assert await inside(graphql, shop, "spenders") == (1, ["ann"])
    assert await segments_of(graphql, shop, "ann") == ["spenders"]
    assert await shop.balance("ann", "points") == 50


async def test_a_refund_takes_them_out_again_and_that_is_told_once(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    bought = await shop.do("buy", "ann", amount=100.0)
    await shop.catch_up()
    assert await segments_of(graphql, shop, "ann") == ["spenders"]

    await shop.reverse(bought)
    await shop.catch_up()
    await shop.catch_up()

    assert await segments_of(graphql, shop, "ann") == []
    activities = await graphql.read(
        shop.operator,
        "query($id: ID!) { member(id: $id) { activities(first: 10) { nodes { type subject } } } }",
        {"id": member_gid(shop, "ann")},
    )
    told = [(one["type"], one["subject"]) for one in activities["member"]["activities"]["nodes"]]
    assert told == [
        ("segment.left", "segment:spenders"),
        ("segment.entered", "segment:spenders"),
        ("buy", None),
    ]


async def test_a_part_that_is_refunded_counts_no_more(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    bought = await shop.do("buy", "ann", amount=100.0)
    await shop.services.refunds.refund(
        shop.service, bought.source, bought.source_id, Decimal("0.01"), (), None, "r1"
    )
    await shop.catch_up()

    assert await segments_of(graphql, shop, "ann") == []
    facts = await graphql.read(
        shop.operator,
        "query($id: ID!) { member(id: $id) { facts { lifetimeSpend lifetimePurchases } } }",
        {"id": member_gid(shop, "ann")},
    )
    assert facts["member"]["facts"] == {"lifetimeSpend": 9999, "lifetimePurchases": 1}


async def test_time_alone_makes_members_silent_and_a_missed_sweep_is_done_once(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    await shop.do("buy", "ann", amount=5.0)
    await shop.catch_up()
    await sweep(shop)
    shop.clock.now = NOON + 89 * DAY
    assert await sweep(shop) == 0

    # The worker was away for weeks.
    shop.clock.now = NOON + 120 * DAY
    assert await sweep(shop) == 1
    assert await sweep(shop) == 0
    await shop.catch_up()

    assert await segments_of(graphql, shop, "ann") == ["silent"]
    entered = await graphql.read(
        shop.operator,
        "query($id: ID!) { member(id: $id) { activities(first: 10) { nodes { type occurredAt } } } }",
        {"id": member_gid(shop, "ann")},
    )
    kinds = [one["type"] for one in entered["member"]["activities"]["nodes"]]
    assert kinds.count("segment.entered") == 1
    # What the platform did to them is nothing that they did.
    assert await segments_of(graphql, shop, "bob") == []
    await shop.do("buy", "ann", amount=5.0)
    await shop.catch_up()
    assert await segments_of(graphql, shop, "ann") == []


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        ([], "PROSPECT"),
        ([0], "NEW"),
        ([29], "NEW"),
        ([30], "ACTIVE"),
        ([59], "ACTIVE"),
        ([60], "AT_RISK"),
        ([89], "AT_RISK"),
        ([90], "SILENT"),
        ([120, 30], "ACTIVE"),
        ([120, 29], "RETURNED"),
        ([200, 100, 5], "RETURNED"),
        ([100, 11, 0], "ACTIVE"),
    ],
)
async def test_lifecycle(graphql: GraphQL, shop: ProgrammeUnderTest, days: list[int], stage: str) -> None:
    purchases = [shop.activity("buy", "ann", at=NOON - ago * DAY, amount=1.0) for ago in days]
    if purchases:
        await shop.record(*purchases, historic=True)
    await shop.catch_up()

    found = await graphql.read(
        shop.operator,
        "query($id: ID!) { member(id: $id) { facts { lifecycle daysSincePurchase } } }",
        {"id": member_gid(shop, "ann")},
    )

    assert found["member"]["facts"] == {
        "lifecycle": stage,
        "daysSincePurchase": min(days) if days else None,
    }


async def test_days_are_those_of_the_programmes_zone(programme: MakeProgramme, graphql: GraphQL) -> None:
    shop = await programme(SHOP, time_zone="Asia/Shanghai")
    shop.clock.now = datetime(2026, 3, 2, 17, tzinfo=UTC)  # the 3rd, there
    await shop.join("ann")
    await shop.do("visit", "ann", at=datetime(2026, 3, 2, 15, 30, tzinfo=UTC))
    await shop.catch_up()
    assert await segments_of(graphql, shop, "ann") == []

    await shop.do("visit", "ann", at=datetime(2026, 3, 2, 16, 30, tzinfo=UTC))
    await shop.catch_up()

    assert await segments_of(graphql, shop, "ann") == ["regulars"]


async def test_a_changed_profile_is_looked_at_at_once(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    for change in ({"locale": "zh-Hans"}, {"tags": ["vip", "vip", "early"]}):
        await graphql.done(
            shop.service,
            "updateProfile",
            {"memberId": member_gid(shop, "bob"), **change},
            "member { tags }",
        )
    await shop.catch_up()

    assert await segments_of(graphql, shop, "bob") == ["chinese"]
    await shop.catch_up()
    await graphql.done(
        shop.service, "updateProfile", {"memberId": member_gid(shop, "bob"), "tags": []}, "member { tags }"
    )
    await shop.catch_up()
    assert await segments_of(graphql, shop, "bob") == []


async def test_lists_are_kept_by_staff_and_rules_read_them(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    put = {"segment": "insiders", "externalIds": ["ann", "nobody", "ann", "bob"]}
    success = await graphql.done(
        shop.operator, "putIntoSegment", put, "changed unknown segment { key size isLive condition }"
    )
    assert success == {
        "__typename": "SegmentListSuccess",
        "changed": 2,
        "unknown": ["nobody"],
        "segment": {"key": "insiders", "size": 2, "isLive": False, "condition": None},
    }
    again = await graphql.done(shop.operator, "putIntoSegment", put, "changed")
    assert again["changed"] == 0

    await shop.do("visit", "ann")
    await shop.do("visit", "cem")
    assert [await shop.balance(name, "points") for name in ("ann", "cem")] == [7, 0]

    out = await graphql.done(
        shop.service, "takeOutOfSegment", {**put, "externalIds": ["ann", "cem"]}, "changed"
    )
    assert out["changed"] == 1
    await shop.do("visit", "ann")
    assert await shop.balance("ann", "points") == 7
    # The daily sweep leaves lists alone.
    await sweep(shop)
    assert await inside(graphql, shop, "insiders") == (1, ["bob"])


async def test_a_live_segment_is_not_changed_by_hand(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    for operation in ("putIntoSegment", "takeOutOfSegment"):
        result = await graphql.mutate(
            shop.operator, operation, {"segment": "silent", "externalIds": ["ann"]}, "changed"
        )
        typed(result, "ConflictError")
        result = await graphql.mutate(
            shop.operator, operation, {"segment": "none", "externalIds": []}, "changed"
        )
        typed(result, "NotFoundError")


async def test_who_puts_the_same_members_in_at_once_lets_each_come_once(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    put = {"segment": "insiders", "externalIds": ["ann", "bob", "cem"]}
    changed = await asyncio.gather(
        *(graphql.done(shop.operator, "putIntoSegment", put, "changed") for _ in range(5))
    )

    assert sum(one["changed"] for one in changed) == 3
    assert await inside(graphql, shop, "insiders") == (3, ["ann", "bob", "cem"])


async def test_a_preview_counts_and_shows_some_and_says_of_whom_it_cannot_tell(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    await shop.do("buy", "ann", amount=20.0)
    await shop.join("dee", attributes={"plan": "gold"})
    await shop.catch_up()
    asked = """query($when: String!) { segmentPreview(when: $when, sample: 1) {
        isExact members lookedAt matching undecided estimate faults sample { externalId } } }"""

    found = await graphql.read(shop.operator, asked, {"when": "lifetime.purchases == 0"})
    assert found["segmentPreview"] | {"sample": None} == {
        "isExact": True,
        "members": 4,
        "lookedAt": 4,
        "matching": 3,
        "undecided": 0,
        "estimate": 3,
        "faults": [],
        "sample": None,
    }
    assert found["segmentPreview"]["sample"][0]["externalId"] in {"bob", "cem", "dee"}

    found = await graphql.read(shop.operator, asked, {"when": 'member.attributes.plan == "gold"'})
    preview = found["segmentPreview"]
    assert (preview["matching"], preview["undecided"]) == (1, 3)
    assert preview["sample"] == [{"externalId": "dee"}]
    assert len(preview["faults"]) == 1
    # Nothing is kept.
    assert await segments_of(graphql, shop, "dee") == []


@pytest.mark.parametrize(
    "when",
    [
        "spend(1 + 2) > 0",
        "spend(0) > 0",
        "spend(401) > 0",
        "nonsense > 1",
        "spend(",
        "evil(3)",
        "counters.x > 1",
    ],
)
async def test_a_condition_that_cannot_be_taken_is_refused(
    graphql: GraphQL, shop: ProgrammeUnderTest, when: str
) -> None:
    result = await graphql(
        shop.operator, "query($w: String!) { segmentPreview(when: $w) { matching } }", {"w": when}
    )
    refused(result, "INVALID_INPUT")
    bad = {**SHOP, "segments": [*SHOP["segments"], {"key": "bad", "when": when}]}
    with pytest.raises(Exception, match=r"segments\.bad\.when"):
        await shop.apply(bad)


async def test_two_segments_overlap(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    await graphql.done(
        shop.operator, "putIntoSegment", {"segment": "insiders", "externalIds": ["ann", "bob"]}, "changed"
    )
    for name in ("bob", "cem"):
        await shop.do("buy", name, amount=100.0)
    await shop.catch_up()

    found = await graphql.read(
        shop.operator,
        '{ segmentOverlap(key: "insiders", other: "spenders") { both onlyThis onlyOther } '
        'same: segmentOverlap(key: "insiders", other: "insiders") { both onlyThis onlyOther } }',
    )

    assert found == {
        "segmentOverlap": {"both": 1, "onlyThis": 1, "onlyOther": 1},
        "same": {"both": 2, "onlyThis": 0, "onlyOther": 0},
    }


async def test_what_flaps_rests_until_the_next_day(programme: MakeProgramme, graphql: GraphQL) -> None:
    """A rule that gives something for coming may be what makes a member leave again."""
    shop = await programme(
        {
            **SHOP,
            "rules": [
                {
                    "key": "flap",
                    "on": ["segment.entered", "segment.left"],
                    "effects": [{"points": {"unit": "points", "amount": 1}}],
                }
            ],
            "segments": [{"key": "odd", "when": 'member.attributes.n == 1 && count("visit", 1) % 2 == 1'}],
        }
    )
    shop.clock.now = NOON
    await shop.join("ann", attributes={"n": 1})
    for _ in range(20):
        await shop.do("visit", "ann")
        await shop.catch_up()

    assert await shop.balance("ann", "points") == 6


async def test_an_archived_segment_is_left_by_all(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "ann", amount=100.0)
    await shop.catch_up()
    await graphql.done(
        shop.operator, "putIntoSegment", {"segment": "insiders", "externalIds": ["ann"]}, "changed"
    )
    await shop.apply({**SHOP, "rules": [], "segments": SHOP["segments"][1:-1]})
    shop.clock.now = NOON + DAY
    await sweep(shop)

    assert await segments_of(graphql, shop, "ann") == []
    assert (await inside(graphql, shop, "spenders"))[0] == 0


async def test_a_rule_that_fails_keeps_nobody_out(programme: MakeProgramme, graphql: GraphQL) -> None:
    shop = await programme(
        {
            **SHOP,
            "rules": [
                {
                    "key": "fails",
                    "on": ["segment.entered"],
                    "effects": [{"points": {"unit": "points", "amount": "int(activity.nothing)"}}],
                }
            ],
        }
    )
    shop.clock.now = NOON
    await shop.join("ann")
    await shop.do("buy", "ann", amount=100.0)
    await shop.catch_up()

    assert await segments_of(graphql, shop, "ann") == ["spenders"]


async def test_segments_are_read_by_operators_and_services_alone(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    await shop.do("buy", "ann", amount=100.0)
    await shop.catch_up()
    for actor in (shop.member_actor("ann"), shop.moderator):
        for asked in (
            '{ segment(key: "spenders") { size } }',
            "{ segments(first: 1) { nodes { key } } }",
            '{ segmentPreview(when: "true") { matching } }',
            '{ segmentOverlap(key: "spenders", other: "silent") { both } }',
            "{ segmentSweep { day } }",
        ):
            refused(await graphql(actor, asked), "FORBIDDEN")
    own = await graphql(shop.member_actor("ann"), "{ me { segments { since } facts { lifecycle } } }")
    assert own.data == {"me": {"segments": None, "facts": None}}


async def test_a_birthday_is_stated_once_by_the_member_and_changed_by_staff(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    ann = shop.member_actor("ann")
    for bad in ("1990-02-30", "13-01", "yesterday", "1850-01-01", "2-3", "19900228"):
        result = await graphql.mutate(ann, "updateProfile", {"birthday": bad}, "member { birthday }")
        typed(result, "InvalidInputError")
    done = await graphql.done(ann, "updateProfile", {"birthday": "02-29"}, "member { birthday }")
    assert done["member"] == {"birthday": "02-29"}
    same = await graphql.done(ann, "updateProfile", {"birthday": "02-29"}, "member { birthday }")
    assert same == done
    for other in ("03-01", ""):
        result = await graphql.mutate(ann, "updateProfile", {"birthday": other}, "member { birthday }")
        typed(result, "ConflictError")
    staff = await graphql.done(
        shop.operator,
        "updateProfile",
        {"memberId": member_gid(shop, "ann"), "birthday": "1990-03-01"},
        "member { birthday tags }",
    )
    assert staff["member"] == {"birthday": "1990-03-01", "tags": []}
    seen = await graphql(
        shop.member_actor("bob"),
        "query($id: ID!) { member(id: $id) { birthday tags } }",
        {"id": member_gid(shop, "ann")},
    )
    assert seen.data == {"member": {"birthday": None, "tags": None}}
