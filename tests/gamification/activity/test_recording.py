"""Recording: each once, a bad one without harm to its neighbours."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.activity.model import ActivityStatus
from gamification.kit.errors import ErrorCode, Forbidden, LimitExceeded
from gamification.kit.numbers import LONG_MAX
from gamification.members.model import Standing
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, statuses

SHOP: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [
        {"key": "visit"},
        {
            "key": "buy",
            "properties": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
        },
    ],
    "counters": [
        {"key": "buys", "on": ["buy"]},
        {"key": "spent", "on": ["buy"], "add": "activity.n"},
        {"key": "today", "on": ["buy"], "cycle": "daily"},
        {"key": "votes", "on": ["visit"], "per": "subject"},
        {"key": "own_votes", "on": ["visit"], "per": "member_subject"},
    ],
    "rules": [
        {"key": "visits", "on": ["visit"], "effects": [{"points": {"unit": "points", "amount": 5}}]},
        {
            "key": "buys",
            "on": ["buy"],
            "counters": ["buys", "today"],
            "effects": [
                {"score": {"board": "total", "value": "activity.n"}},
                {"score": {"board": "nth", "value": "counters.buys"}},
                {"score": {"board": "nth_today", "value": "counters.today"}},
                {"when": "activity.n == 13", "points": {"unit": "points", "amount": "1 / (activity.n - 13)"}},
            ],
        },
        {
            "key": "votes",
            "on": ["visit"],
            "counters": ["votes", "own_votes"],
            "when": "subject.kind == 'post'",
            "effects": [
                {"score": {"board": "votes", "value": "counters.votes"}},
                {"score": {"board": "own", "value": "counters.own_votes"}},
            ],
        },
    ],
    "leaderboards": [
        {"key": "total"},
        *({"key": key, "operator": "set"} for key in ("nth", "nth_today", "votes", "own")),
    ],
}


@pytest.fixture
async def shop(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(SHOP)
    await made.join_all("ann", "bob")
    return made


async def test_records_each_activity_once(shop: ProgrammeUnderTest) -> None:
    visit = shop.activity("visit", "ann")

    first = await shop.record(visit, visit)
    second = await shop.record(visit)

    assert statuses([*first, *second]) == ["recorded", "duplicate", "duplicate"]
    assert second[0].activity == first[0].activity == first[1].activity
    assert await shop.balance("ann", "points") == 5


async def test_a_name_belongs_to_its_source(shop: ProgrammeUnderTest) -> None:
    visit = shop.activity("visit", "ann")

    outcomes = await shop.record(visit, replace(visit, source="other"))

    assert statuses(outcomes) == ["recorded", "recorded"]


async def test_a_repeat_with_other_content_is_a_duplicate_all_the_same(shop: ProgrammeUnderTest) -> None:
    visit = shop.activity("visit", "ann")
    await shop.record(visit)

    (outcome,) = await shop.record(replace(visit, member_external_id="bob"))

    assert outcome.status is ActivityStatus.DUPLICATE
    assert outcome.activity is not None
    assert outcome.activity.member_id == shop.id_of("ann")
    assert await shop.balance("bob", "points") == 0


async def test_bad_ones_are_told_and_their_neighbours_count(shop: ProgrammeUnderTest) -> None:
    await shop.join("eve")
    await shop.services.moderation.set_standing(shop.moderator, shop.id_of("eve"), Standing.BANNED, "spam")
    now = shop.clock.now
    batch = [
        shop.activity("buy", "ann", n=1),
        shop.activity("sell", "ann"),
        shop.activity("buy", "ann", n="1"),
        shop.activity("buy", "ann"),
        shop.activity("buy", "ann", n=1, text="x" * 16_400),
        shop.activity("buy", "ann", n=float("nan")),
        shop.activity("buy", "nobody", n=1),
        shop.activity("buy", "eve", n=1),
        shop.activity("buy", "ann", n=1, at=now + timedelta(minutes=2)),
        shop.activity("buy", "ann", n=1, at=now - timedelta(days=31)),
        shop.activity("buy", "ann", n=13),
        shop.activity("buy", "ann", n=2, source_id=" "),
        shop.activity("buy", "ann", n=2, source_id="x" * 201),
        shop.activity("buy", "ann", n=2, subject="\x00"),
        shop.activity("buy", "bob", n=3),
        shop.activity("buy", "ann", n=4),
    ]

    outcomes = await shop.record(*batch)

    assert statuses(outcomes) == [
        "recorded",
        "UNKNOWN_ACTIVITY_TYPE",
        "SCHEMA_MISMATCH",
        "SCHEMA_MISMATCH",
        "TOO_LARGE",
        "NOT_EXACT",
        "UNKNOWN_MEMBER",
        "MEMBER_BANNED",
        "IN_FUTURE",
        "TOO_LATE",
        "RULE_FAILED",
        "INVALID_INPUT",
        "TOO_LARGE",
        "INVALID_INPUT",
        "recorded",
        "recorded",
    ]
    assert [outcome.index for outcome in outcomes] == list(range(16))
    for outcome in outcomes:
        if outcome.error:
            assert outcome.error.path is not None
            assert outcome.error.path[:2] == ["activities", str(outcome.index)]
    assert await shop.ranking("total") == [(1, "ann", 5), (2, "bob", 3)]
    assert await shop.ranking("nth") == [(1, "ann", 2), (2, "bob", 1)]
    assert await shop.services.activities.count(shop.key) == 3


async def test_what_cannot_be_held_exactly_is_refused_and_neighbours_count_on(
    shop: ProgrammeUnderTest,
) -> None:
    outcomes = await shop.record(
        shop.activity("buy", "ann", n=LONG_MAX),
        shop.activity("buy", "ann", n=0),
        shop.activity("buy", "bob", n=7),
    )
    more = await shop.record(
        shop.activity("buy", "ann", n=1),
        shop.activity("buy", "bob", n=1),
        shop.activity("buy", "ann", n=-1),
    )

    assert statuses([*outcomes, *more]) == ["recorded"] * 3 + ["NOT_EXACT"] + ["recorded"] * 2
    assert await shop.ranking("total") == [(1, "ann", LONG_MAX - 1), (2, "bob", 8)]
    # What was refused was not counted either.
    assert await shop.ranking("nth") == [(1, "ann", 3), (2, "bob", 2)]


async def test_one_that_only_its_settlement_refuses_leaves_nothing_behind(programme: MakeProgramme) -> None:
    club = await programme(
        {
            "units": [{"key": "points"}],
            "activity_types": [{"key": "a"}],
            "counters": [{"key": "c", "on": ["a"]}],
            "badges": [{"key": "b"}],
            "leaderboards": [{"key": "sum"}, {"key": "nth", "operator": "set"}],
            "rules": [
                {
                    "key": "r",
                    "on": ["a"],
                    "counters": ["c"],
                    "effects": [
                        {"points": {"unit": "points", "amount": 3}},
                        {"score": {"board": "nth", "value": "counters.c"}},
                        {"award": {"badge": "b"}},
                        {"score": {"board": "sum", "value": "activity.n"}},
                    ],
                }
            ],
        }
    )
    await club.join_all("ann", "bob")

    outcomes = await club.record(
        club.activity("a", "bob", n=LONG_MAX),
        club.activity("a", "ann", n=LONG_MAX + 0.0),
        club.activity("a", "bob", n=1),
        club.activity("a", "bob", n=-1),
    )

    assert statuses(outcomes) == ["recorded", "recorded", "NOT_EXACT", "recorded"]
    assert await club.balance("bob", "points") == 6
    assert [t.entry for t in await club.transfers("bob")] == [1, 2]
    assert {name: score for _, name, score in await club.ranking("nth")} == {"ann": 1, "bob": 2}


async def test_a_repeat_of_one_that_was_rejected_is_rejected_like_it(shop: ProgrammeUnderTest) -> None:
    unlucky = shop.activity("buy", "ann", n=13)

    outcomes = await shop.record(unlucky, shop.activity("buy", "ann", n=1), unlucky)

    assert statuses(outcomes) == ["RULE_FAILED", "recorded", "RULE_FAILED"]
    assert outcomes[0].error is not None
    assert outcomes[0].error.path is not None
    assert outcomes[0].error.path[:2] == ["activities", "0"]
    assert outcomes[2].error is not None
    assert outcomes[2].error.path is not None
    assert outcomes[2].error.path[:2] == ["activities", "2"]


async def test_what_was_rejected_may_be_sent_again(shop: ProgrammeUnderTest) -> None:
    visit = shop.activity("visit", "cat")
    first = await shop.record(visit)
    await shop.join("cat")

    assert statuses([*first, *(await shop.record(visit))]) == ["UNKNOWN_MEMBER", "recorded"]


async def test_takes_500_and_not_one_more(shop: ProgrammeUnderTest) -> None:
    batch = [shop.activity("visit", "ann" if n % 2 else "bob") for n in range(501)]

    with pytest.raises(LimitExceeded) as refused:
        await shop.record(*batch)
    outcomes = await shop.record(*batch[:500])

    assert (refused.value.limit, refused.value.code) == (500, ErrorCode.LIMIT_EXCEEDED)
    assert set(statuses(outcomes)) == {"recorded"}
    assert (await shop.balance("ann", "points"), await shop.balance("bob", "points")) == (1250, 1250)
    assert await shop.record() == []


async def test_only_services_record(shop: ProgrammeUnderTest) -> None:
    for actor in (shop.operator, shop.moderator, shop.member_actor("ann")):
        with pytest.raises(Forbidden):
            await shop.services.recording.record(actor, [shop.activity("visit", "ann")])


async def test_late_activity_counts_in_the_period_when_it_happened(programme: MakeProgramme) -> None:
    shop = await programme(SHOP, lateness="P2D")
    await shop.join("ann")
    shop.clock.now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    yesterday = shop.clock.now - timedelta(days=1)

    await shop.do("buy", "ann", n=1)
    await shop.do("buy", "ann", n=1, at=yesterday)
    outcomes = await shop.record(
        shop.activity("buy", "ann", n=1, at=shop.clock.now - timedelta(days=2)),
        shop.activity("buy", "ann", n=1, at=shop.clock.now - timedelta(days=2, milliseconds=1)),
    )

    assert statuses(outcomes) == ["recorded", "TOO_LATE"]
    assert outcomes[1].error is not None
    assert outcomes[1].error.limit == 2 * 24 * 3600
    assert await shop.ranking("nth_today") == [(1, "ann", 1)]
    assert await shop.ranking("nth") == [(1, "ann", 3)]


async def test_history_is_taken_whatever_the_lateness(programme: MakeProgramme) -> None:
    shop = await programme(SHOP, lateness="PT0S")
    await shop.join("ann")
    old = [shop.activity("visit", "ann", at=datetime(year, 1, 1, tzinfo=UTC)) for year in (1899, 1900, 2008)]

    assert statuses(await shop.record(*old)) == ["TOO_LATE"] * 3
    assert statuses(await shop.record(*old, historic=True)) == ["TOO_LATE", "recorded", "recorded"]


async def test_unlimited_lateness_takes_any_past(programme: MakeProgramme) -> None:
    shop = await programme(SHOP, lateness="unlimited", time_zone="America/New_York")
    await shop.join("ann")

    outcomes = await shop.record(
        shop.activity("visit", "ann", at=datetime(1901, 5, 5, tzinfo=UTC)),
        shop.activity("buy", "ann", n=1, at=datetime(1, 1, 1, tzinfo=UTC)),
    )

    assert statuses(outcomes) == ["recorded", "TOO_LATE"]


async def test_a_senders_clock_may_run_a_minute_ahead(shop: ProgrammeUnderTest) -> None:
    shop.clock.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    outcomes = await shop.record(
        shop.activity("visit", "ann", at=shop.clock.now + timedelta(seconds=60)),
        shop.activity("visit", "ann", at=shop.clock.now + timedelta(seconds=61)),
    )

    assert statuses(outcomes) == ["recorded", "IN_FUTURE"]


async def test_time_is_kept_to_the_millisecond(shop: ProgrammeUnderTest) -> None:
    at = (shop.clock.now - timedelta(days=1)).replace(microsecond=123_999)

    activity = await shop.do("visit", "ann", at=at)
    stored = (await shop.services.activities.by_ids(shop.key, [activity.id]))[activity.id]

    assert stored == activity
    assert stored.occurred_at.microsecond % 1000 == 0


async def test_counters_count_per_member_and_per_subject(shop: ProgrammeUnderTest) -> None:
    await shop.record(
        shop.activity("visit", "ann", subject="post:1"),
        shop.activity("visit", "bob", subject="post:1"),
        shop.activity("visit", "ann", subject="post:2"),
        shop.activity("visit", "ann"),
        shop.activity("visit", "ann", subject="post:1"),
        shop.activity("visit", "ann", subject="user:1"),
    )

    assert await shop.ranking("votes") == [(1, "ann", 3), (2, "bob", 2)]
    assert await shop.ranking("own") == [(1, "ann", 2), (2, "bob", 1)]


async def test_activities_of_a_programme_are_in_one_order(shop: ProgrammeUnderTest) -> None:
    await shop.record(*(shop.activity("visit", "ann") for _ in range(3)))
    await shop.do("visit", "bob")

    sequences = [activity.sequence async for activity in shop.services.activities.stream(shop.key)]

    assert sequences == sorted(set(sequences))
    assert len(sequences) == 4


async def test_programmes_know_nothing_of_each_other(programme: MakeProgramme) -> None:
    here, there = await programme(SHOP), await programme(SHOP)
    await here.join("ann")
    await there.join("ann")
    visit = here.activity("visit", "ann")

    assert statuses([*(await here.record(visit)), *(await there.record(visit))]) == ["recorded", "recorded"]
    assert await here.services.activity.find(there.service, "tests", "nope") is None
    assert await here.balance("ann", "points") == await there.balance("ann", "points") == 5


async def test_odd_names_in_properties_are_kept(shop: ProgrammeUnderTest) -> None:
    odd: dict[str, Any] = {"$set": 1, "a.b": {"$x": [None, True, 1.5]}, "type": "mine", "语": "言"}

    activity = await shop.do("visit", "ann", **odd)
    stored = (await shop.services.activities.by_ids(shop.key, [activity.id]))[activity.id]
    await shop.reverse(activity)

    assert stored.properties == odd
