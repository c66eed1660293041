"""Check-ins over GraphQL: programmes, `checkIn`, cards, freezes, pauses, the calendar, and what the member is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
"""A Tuesday."""


def points(amount: int) -> dict[str, Any]:
    return {"points": {"unit": "points", "amount": amount}}


DAILY: dict[str, Any] = {
    "key": "daily",
    "name": {"en": "Daily check-in", "zh": "每日签到"},
    "activity": "check_in",
    "offline": "P3D",
    "cycle": [{"reward": [points(amount)]} for amount in (1, 2, 3, 5)],
    "after_cycle": "stay",
    "milestones": [{"streak": 3, "reward": [points(100), {"award": {"badge": "keen"}}]}],
    "make_up": {"days": 5, "initial": 1, "held_max": 3, "price": {"unit": "points", "amount": 10}},
    "freeze": {"held_max": 2, "price": {"unit": "points", "amount": 20}},
    "pauses": {"days_max": 10, "days_a_year": 12},
}
HALL: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "check_in"}],
    "badges": [{"key": "keen"}],
    "leaderboards": [{"key": "diligent"}],
    "tasks": [{"key": "thrice", "goal": 3, "reward": [points(1000)]}],
    "rules": [
        {
            "key": "come",
            "on": ["check_in"],
            "effects": [{"advance": {"task": "thrice"}}, {"score": {"board": "diligent", "value": 1}}],
        }
    ],
    "check_ins": [DAILY],
}
STANDING = """today beginsAt endsAt checkedIn streak streakBegan longest total lastDay makeUpCards freezes
    pauses { first last }"""
DAY = "day state position checkedInAt timeZone canMakeUp"


def stated(key: str, **more: Any) -> dict[str, Any]:
    return {"checkIn": "daily", "idempotencyKey": key, **more}


@pytest.fixture
async def hall(programme: MakeProgramme) -> ProgrammeUnderTest:
    hall = await programme(HALL)
    hall.clock.now = NOON - timedelta(days=30)
    await hall.join("ann", display_name="Ann")
    await hall.join("bob")
    hall.clock.now = NOON
    return hall


async def check_in(graphql: GraphQL, hall: ProgrammeUnderTest, name: str = "ann", **more: Any) -> Any:
    key = f"{name} {hall.clock.now} {more}"
    return await graphql.done(
        hall.member_actor(name),
        "checkIn",
        stated(key, **more),
        f"replayed day {{ {DAY} }} standing {{ {STANDING} }}",
    )


async def standing(graphql: GraphQL, hall: ProgrammeUnderTest, name: str = "ann") -> Any:
    answer = await graphql.read(hall.member_actor(name), f"{{ me {{ checkIns {{ {STANDING} }} }} }}")
    (found,) = answer["me"]["checkIns"]
    return found


async def calendar(graphql: GraphQL, hall: ProgrammeUnderTest, month: str = "2026-11") -> dict[int, str]:
    answer = await graphql.read(
        hall.member_actor("ann"),
        f'{{ me {{ checkIns {{ calendar(month: "{month}") {{ {DAY} }} }} }} }}',
    )
    days = answer["me"]["checkIns"][0]["calendar"]
    return {int(day["day"][-2:]): day["state"] for day in days}


async def sweep(hall: ProgrammeUnderTest) -> None:
    while await hall.services.check_in_terms.close_days(hall.clock.now):
        pass


async def test_checks_in_and_shows_what_it_gave(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    answer = await check_in(graphql, hall)

    assert answer == {
        "__typename": "CheckInSuccess",
        "replayed": False,
        "day": {
            "day": "2026-11-10",
            "state": "CHECKED_IN",
            "position": 1,
            "checkedInAt": "2026-11-10T12:00:00.000Z",
            "timeZone": "UTC",
            "canMakeUp": False,
        },
        "standing": {
            "today": "2026-11-10",
            "beginsAt": "2026-11-10T00:00:00.000Z",
            "endsAt": "2026-11-11T00:00:00.000Z",
            "checkedIn": True,
            "streak": 1,
            "streakBegan": "2026-11-10",
            "longest": 1,
            "total": 1,
            "lastDay": "2026-11-10",
            "makeUpCards": 1,
            "freezes": 0,
            "pauses": [],
        },
    }
    assert await hall.balance("ann", "points") == 1


async def test_a_growing_cycle_and_a_milestone(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    held = []
    for _ in range(6):
        await check_in(graphql, hall)
        held.append(await hall.balance("ann", "points"))
        hall.clock.advance(timedelta(days=1))

    # 1, 2, 3 with 100 of the milestone and 1000 of the task, then 5 for good.
    assert held == [1, 3, 1106, 1111, 1116, 1121]
    assert ("keen", "") in await hall.awards("ann")
    assert await hall.ranking("diligent") == [(1, "ann", 6)]


async def test_a_second_check_in_of_a_day_is_refused_and_the_same_one_replayed(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    ann = hall.member_actor("ann")
    await graphql.done(ann, "checkIn", stated("a"))
    hall.clock.now = NOON.replace(hour=23, minute=59, second=59, microsecond=999_000)
    again = await graphql.done(ann, "checkIn", stated("a"), "replayed day { day }")
    typed(await graphql.mutate(ann, "checkIn", stated("b")), "ConflictError", "ALREADY_CHECKED_IN", "checkIn")
    hall.clock.now = NOON.replace(hour=0) + timedelta(days=1)
    replayed = await graphql.done(ann, "checkIn", stated("a"), "replayed day { day }")
    typed(
        await graphql.mutate(ann, "checkIn", stated("a", occurredAt=NOON.isoformat())),
        "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT", "idempotencyKey",
    )  # fmt: skip

    assert again["replayed"] is True
    assert again["day"] == replayed["day"] == {"day": "2026-11-10"}
    assert (await graphql.done(ann, "checkIn", stated("c"), "day { day position }"))["day"] == {
        "day": "2026-11-11",
        "position": 2,
    }


async def test_a_missed_day_ends_the_streak_and_is_told(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    await check_in(graphql, hall)
    hall.clock.advance(timedelta(days=1))
    await check_in(graphql, hall)
    hall.clock.now = NOON + timedelta(days=2, hours=11, minutes=59)
    await sweep(hall)
    assert (await standing(graphql, hall))["streak"] == 2
    hall.clock.now = NOON + timedelta(days=2, hours=12)
    unswept = await standing(graphql, hall)
    await sweep(hall)

    assert await standing(graphql, hall) == unswept
    assert (unswept["streak"], unswept["longest"], unswept["streakBegan"]) == (0, 2, None)
    feed = await hall.services.stores.feed.after(hall.id_of("ann"), 0)
    ended = [one.body for one in feed if one.body.get("state") == "missed"]
    assert ended == [
        {"check_in": "daily", "day": "2026-11-12", "state": "missed", "streak": 2, "position": 0}
    ]


async def test_a_make_up_card_mends_the_streak(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    await check_in(graphql, hall)
    hall.clock.advance(timedelta(days=2))
    await check_in(graphql, hall)
    assert await hall.balance("ann", "points") == 2

    answer = await graphql.done(
        hall.member_actor("ann"),
        "makeUpCheckIn",
        stated("m", day="2026-11-11"),
        f"replayed day {{ {DAY} }} standing {{ {STANDING} }}",
    )

    assert (answer["day"]["state"], answer["day"]["position"]) == ("MADE_UP", 2)
    assert (answer["standing"]["streak"], answer["standing"]["makeUpCards"]) == (3, 0)
    # As if all three had been checked in: 1 + 2 + 3 and the milestone; nothing was done on that day, so no task.
    assert await hall.balance("ann", "points") == 106
    progress = await hall.progress("ann", "thrice")
    assert progress is not None
    assert progress.value == 2


@pytest.mark.parametrize(
    ("changed", "kind", "code", "path"),
    [
        ({"day": "2026-11-10"}, "ConflictError", "ALREADY_CHECKED_IN", "day"),
        ({"day": "2026-11-12"}, "InvalidInputError", "IN_FUTURE", "day"),
        ({"day": "2026-11-06"}, "InvalidInputError", "TOO_LATE", "day"),
        ({"day": "2026-11-11", "checkIn": "nope"}, "NotFoundError", "NOT_FOUND", "checkIn"),
        ({"day": "2026-11-11", "memberId": "nobody"}, "NotFoundError", "NOT_FOUND", "memberId"),
        ({"day": "2026-11-11", "idempotencyKey": ""}, "InvalidInputError", "INVALID_INPUT", "idempotencyKey"),
    ],
)
async def test_refuses_what_cannot_be_made_up(
    graphql: GraphQL, hall: ProgrammeUnderTest, changed: dict[str, Any], kind: str, code: str, path: str
) -> None:
    await check_in(graphql, hall)
    hall.clock.advance(timedelta(days=2))
    asked = {**stated("m"), **changed}

    typed(await graphql.mutate(hall.member_actor("ann"), "makeUpCheckIn", asked), kind, code, path)

    assert (await standing(graphql, hall))["makeUpCards"] == 1


async def test_without_a_card_nothing_is_made_up(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    ann = hall.member_actor("ann")
    await check_in(graphql, hall)
    hall.clock.advance(timedelta(days=3))
    await graphql.done(ann, "makeUpCheckIn", stated("m1", day="2026-11-11"))

    typed(
        await graphql.mutate(ann, "makeUpCheckIn", stated("m2", day="2026-11-12")),
        "ConflictError", "NO_MAKE_UP_CARD", "checkIn",
    )  # fmt: skip
    assert (await calendar(graphql, hall))[12] == "MISSED"


async def test_buys_cards_and_freezes_with_points(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    ann = hall.member_actor("ann")
    grant = {"memberId": member_gid(hall, "ann"), "unit": "points", "amount": 70, "reason": "r"}
    await graphql.done(hall.operator, "adjustPoints", {**grant, "idempotencyKey": "p"})

    async def buy(key: str, item: str, count: int) -> Any:
        return await graphql.mutate(
            ann,
            "buyCheckInItems",
            stated(key, item=item, count=count),
            "replayed standing { makeUpCards freezes }",
        )

    first = typed(await buy("1", "FREEZE", 2), "BuyCheckInItemsSuccess")
    again = typed(await buy("1", "FREEZE", 2), "BuyCheckInItemsSuccess")
    typed(await buy("2", "FREEZE", 1), "ConflictError", "ITEMS_FULL", "count")
    short = typed(await buy("3", "MAKE_UP_CARD", 4), "ConflictError", "ITEMS_FULL")
    poor = typed(await buy("4", "MAKE_UP_CARD", 3), "BuyCheckInItemsSuccess")
    typed(await buy("5", "MAKE_UP_CARD", 0), "InvalidInputError", "INVALID_INPUT", "count", 1000)
    typed(
        await graphql.mutate(ann, "buyCheckInItems", stated("6", checkIn="nope", item="FREEZE")),
        "NotFoundError", "NOT_FOUND", "checkIn",
    )  # fmt: skip

    assert first["standing"] == {"makeUpCards": 0, "freezes": 2}
    assert again == {**first, "replayed": True}
    assert short["message"].startswith("0 are held")
    assert poor["standing"] == {"makeUpCards": 3, "freezes": 2}
    assert await hall.balance("ann", "points") == 0


async def test_cards_are_not_sold_on_credit(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    answer = await graphql.mutate(
        hall.member_actor("ann"), "buyCheckInItems", stated("1", item="FREEZE", count=1)
    )

    error = typed(answer, "InsufficientPointsError", "INSUFFICIENT_POINTS")
    assert (error["available"], error["requested"]) == (0, 20)
    assert (await standing(graphql, hall))["freezes"] == 0


async def test_staff_grant_and_take_away(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    on_ann = {"memberId": member_gid(hall, "ann"), "item": "FREEZE", "reason": "an outage of ours"}

    async def grant(key: str, count: int, **more: Any) -> Any:
        return await graphql.mutate(
            hall.operator,
            "grantCheckInItems",
            stated(key, **{**on_ann, "count": count, **more}),
            "replayed standing { freezes }",
        )

    assert typed(await grant("1", 2), "GrantCheckInItemsSuccess")["standing"] == {"freezes": 2}
    assert typed(await grant("1", 2), "GrantCheckInItemsSuccess")["replayed"] is True
    typed(await grant("2", 1), "ConflictError", "ITEMS_FULL", "count")
    assert typed(await grant("3", -1), "GrantCheckInItemsSuccess")["standing"] == {"freezes": 1}
    typed(await grant("4", -2), "ConflictError", "CONFLICT", "count")
    typed(await grant("5", 0), "InvalidInputError", "INVALID_INPUT", "count", 1000)
    typed(await grant("6", 1, reason=" "), "InvalidInputError", "INVALID_INPUT", "reason")
    typed(await grant("7", 1, memberId="nobody"), "NotFoundError", "NOT_FOUND", "memberId")
    typed(await grant("8", 1, checkIn="nope"), "NotFoundError", "NOT_FOUND", "checkIn")
    typed(await grant("1", 1), "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT", "idempotencyKey")


async def test_a_freeze_is_used_at_the_members_midnight_once(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    await check_in(graphql, hall)
    on_ann = {"memberId": member_gid(hall, "ann"), "item": "FREEZE", "count": 2, "reason": "r"}
    await graphql.done(hall.service, "grantCheckInItems", stated("g", **on_ann))
    hall.clock.now = NOON + timedelta(days=1, hours=12, milliseconds=-1)
    await sweep(hall)
    assert (await standing(graphql, hall))["freezes"] == 2
    hall.clock.now = NOON + timedelta(days=1, hours=12)
    for _ in range(3):
        await sweep(hall)
        assert (await standing(graphql, hall))["freezes"] == 1
    answer = await check_in(graphql, hall)

    assert (answer["day"]["position"], answer["standing"]["streak"]) == (2, 2)
    assert (await calendar(graphql, hall))[11] == "FROZEN"
    feed = await hall.services.stores.feed.after(hall.id_of("ann"), 0)
    assert [one.body["day"] for one in feed if one.body.get("state") == "frozen"] == ["2026-11-11"]


async def test_a_freeze_bought_after_midnight_comes_too_late_however_late_the_day_is_closed(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    await check_in(graphql, hall)
    hall.clock.now = NOON + timedelta(days=1, hours=12)  # the 12th has begun, and nobody has closed the 11th
    on_ann = {"memberId": member_gid(hall, "ann"), "item": "FREEZE", "count": 1, "reason": "r"}
    answer = await graphql.done(
        hall.service, "grantCheckInItems", stated("g", **on_ann), "standing { streak freezes }"
    )

    assert answer["standing"] == {"streak": 0, "freezes": 1}
    assert (await calendar(graphql, hall))[11] == "MISSED"


async def test_a_pause_goes_before_a_freeze_and_is_for_days_to_come(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    ann = hall.member_actor("ann")
    await check_in(graphql, hall)
    on_ann = {"memberId": member_gid(hall, "ann"), "item": "FREEZE", "count": 1, "reason": "r"}
    await graphql.done(hall.service, "grantCheckInItems", stated("g", **on_ann))

    async def pause(first: int, last: int, **more: Any) -> Any:
        days = {"first": f"2026-11-{first}", "last": f"2026-11-{last}"}
        return await graphql.mutate(
            ann, "pauseCheckIns", {"checkIn": "daily", **days, **more}, "standing { pauses { first last } }"
        )

    typed(await pause(10, 12), "InvalidInputError", "TOO_LATE", "first")
    typed(await pause(12, 11), "InvalidInputError", "INVALID_INPUT", "last")
    typed(await pause(11, 21), "InvalidInputError", "TOO_LARGE", "last", 10)
    done = typed(await pause(11, 13), "PauseCheckInsSuccess")
    assert typed(await pause(11, 13), "PauseCheckInsSuccess") == done
    typed(await pause(13, 14), "ConflictError", "CONFLICT", "first")
    refused(await pause(15, 24), "LIMIT_EXCEEDED", limit=12)
    typed(await pause(15, 16, checkIn="nope"), "NotFoundError", "NOT_FOUND", "checkIn")
    hall.clock.now = NOON + timedelta(days=5)
    await sweep(hall)
    now = await standing(graphql, hall)

    assert done["standing"]["pauses"] == [{"first": "2026-11-11", "last": "2026-11-13"}]
    assert (now["streak"], now["freezes"]) == (1, 0)
    assert [(await calendar(graphql, hall))[day] for day in range(9, 18)] == [
        "MISSED", "CHECKED_IN", "PAUSED", "PAUSED", "PAUSED", "FROZEN", "OPEN", "FUTURE", "FUTURE",
    ]  # fmt: skip


async def test_a_pause_can_be_given_up_from_the_next_day_on(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    ann = hall.member_actor("ann")
    await check_in(graphql, hall)
    for first, last in ((11, 14), (20, 21)):
        days = {"first": f"2026-11-{first}", "last": f"2026-11-{last}"}
        await graphql.done(ann, "pauseCheckIns", {"checkIn": "daily", **days})
    hall.clock.advance(timedelta(days=2))

    async def cancel(first: int) -> Any:
        asked = {"checkIn": "daily", "first": f"2026-11-{first}"}
        return await graphql.mutate(ann, "cancelCheckInPause", asked, "standing { pauses { first last } }")

    begun = typed(await cancel(11), "CancelCheckInPauseSuccess")
    whole = typed(await cancel(20), "CancelCheckInPauseSuccess")
    typed(await cancel(11), "ConflictError", "CONFLICT", "first")
    typed(await cancel(20), "NotFoundError", "NOT_FOUND", "first")

    assert begun["standing"]["pauses"][0] == {"first": "2026-11-11", "last": "2026-11-12"}
    assert whole["standing"]["pauses"] == [{"first": "2026-11-11", "last": "2026-11-12"}]


async def test_an_offline_check_in_counts_for_the_day_on_which_it_happened(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    await check_in(graphql, hall)
    hall.clock.now = NOON + timedelta(days=2)
    await check_in(graphql, hall)
    assert await hall.balance("ann", "points") == 2

    answer = await check_in(graphql, hall, occurredAt=(NOON + timedelta(days=1)).isoformat())

    assert (answer["day"]["day"], answer["day"]["position"]) == ("2026-11-11", 2)
    assert answer["standing"]["streak"] == 3
    # As if it had arrived in time: 1 + 2 + 3, the milestone, and the task.
    assert await hall.balance("ann", "points") == 1106
    assert ("keen", "") in await hall.awards("ann")


@pytest.mark.parametrize(
    ("late", "kind", "code"),
    [
        (timedelta(minutes=-2), "InvalidInputError", "IN_FUTURE"),
        (timedelta(days=3, minutes=2), "InvalidInputError", "TOO_LATE"),
        (timedelta(days=3), "CheckInSuccess", None),
        (timedelta(seconds=-30), "CheckInSuccess", None),
    ],
)
async def test_offline_check_ins_arrive_within_a_window(
    graphql: GraphQL, hall: ProgrammeUnderTest, late: timedelta, kind: str, code: str | None
) -> None:
    asked = stated("k", occurredAt=(NOON - late).isoformat())

    typed(await graphql.mutate(hall.member_actor("ann"), "checkIn", asked), kind, code)


async def test_a_card_comes_back_where_the_member_had_checked_in_after_all(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    await check_in(graphql, hall)
    hall.clock.advance(timedelta(days=2))
    await graphql.done(hall.member_actor("ann"), "makeUpCheckIn", stated("m", day="2026-11-11"))
    answer = await check_in(graphql, hall, occurredAt=(NOON + timedelta(days=1)).isoformat())

    assert answer["day"]["state"] == "CHECKED_IN"
    assert (answer["standing"]["makeUpCards"], answer["standing"]["streak"]) == (1, 2)
    assert await hall.balance("ann", "points") == 3


async def test_reversing_the_activity_takes_the_day_back_with_all_it_gave(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    for _ in range(3):
        await check_in(graphql, hall)
        hall.clock.advance(timedelta(days=1))
    assert await hall.balance("ann", "points") == 1106
    second = f"{hall.id_of('ann').hex()}:2026-11-11"
    asked = {"source": "check-in:daily", "sourceId": second, "reason": "an emulator"}
    await graphql.done(hall.operator, "reverseActivity", asked)
    await graphql.done(hall.operator, "reverseActivity", asked)

    # Two streaks of one: twice the first step; no milestone, no task.
    assert await hall.balance("ann", "points") == 2
    assert await hall.awards("ann") == {}
    assert await hall.ranking("diligent") == [(1, "ann", 2)]
    now = await standing(graphql, hall)
    assert (now["streak"], now["longest"], now["total"]) == (1, 1, 2)
    assert (await calendar(graphql, hall))[11] == "WITHDRAWN"


async def test_a_day_that_was_taken_back_can_be_checked_in_again(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    for times in range(3):
        await check_in(graphql, hall, occurredAt=(NOON - timedelta(seconds=times)).isoformat())
        again = f":{times}" if times else ""
        source_id = f"{hall.id_of('ann').hex()}:2026-11-10{again}"
        await graphql.done(
            hall.service, "reverseActivity", {"source": "check-in:daily", "sourceId": source_id}
        )
    await check_in(graphql, hall)

    assert await hall.balance("ann", "points") == 1
    assert (await standing(graphql, hall))["total"] == 1


async def test_shows_the_programme(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    answer = await graphql.read(
        hall.member_actor("ann"),
        """{ checkIn(key: "daily") { key name description status version activityType zone dayStart offlineSeconds
              cycle { position reward { unit amount } } afterCycle
              milestones { streak repeat reward { amount badge } }
              items { item heldMax initial priceUnit price days rewarded } pauseDaysMax pauseDaysAYear }
            checkIns { nodes { key } totalCount } none: checkIn(key: "nope") { key } }""",
    )

    assert answer["none"] is None
    assert answer["checkIns"] == {"nodes": [{"key": "daily"}], "totalCount": 1}
    shown = answer["checkIn"]
    assert (shown["name"], shown["activityType"], shown["zone"], shown["dayStart"], shown["offlineSeconds"]) == (
        "Daily check-in", "check_in", "MEMBER", "00:00", 259_200,
    )  # fmt: skip
    assert [step["reward"] for step in shown["cycle"]] == [
        [{"unit": "points", "amount": amount}] for amount in (1, 2, 3, 5)
    ]
    assert shown["milestones"][0]["reward"] == [
        {"amount": 100, "badge": None},
        {"amount": None, "badge": "keen"},
    ]
    assert [tuple(item.values()) for item in shown["items"]] == [
        ("MAKE_UP_CARD", 3, 1, "points", 10, 5, True),
        ("FREEZE", 2, 0, "points", 20, None, None),
    ]
    assert (shown["pauseDaysMax"], shown["pauseDaysAYear"]) == (10, 12)


async def test_shows_what_comes_next(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    async def following() -> list[int | None]:
        answer = await graphql.read(
            hall.member_actor("ann"), "{ me { checkIns { nextReward { amount badge } } } }"
        )
        return [part["amount"] or part["badge"] for part in answer["me"]["checkIns"][0]["nextReward"]]

    seen = []
    for _ in range(3):
        seen.append(await following())
        await check_in(graphql, hall)
        hall.clock.advance(timedelta(days=1))

    assert seen == [[1], [2], [3, 100, "keen"]]


async def test_the_calendar_is_of_any_month(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    await check_in(graphql, hall)

    november, october = await calendar(graphql, hall), await calendar(graphql, hall, "2026-10")
    assert (len(november), len(october)) == (30, 31)
    assert {november[day] for day in range(11, 31)} == {"FUTURE"}
    assert (november[9], november[10]) == ("MISSED", "CHECKED_IN")
    assert (october[10], october[11]) == ("BEFORE", "MISSED")
    answer = await graphql(
        hall.member_actor("ann"), '{ me { checkIns { calendar(month: "2026-13") { day } } } }'
    )
    refused(answer, "INVALID_INPUT", field="month")


async def test_a_calendar_says_which_days_can_be_made_up(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    await check_in(graphql, hall)
    answer = await graphql.read(
        hall.member_actor("ann"), "{ me { checkIns { calendar { day canMakeUp } } } }"
    )

    found = [day["day"] for day in answer["me"]["checkIns"][0]["calendar"] if day["canMakeUp"]]
    assert found == [f"2026-11-{day:02}" for day in range(5, 10)]


async def test_a_service_checks_in_for_a_member_and_nobody_else_for_another(
    graphql: GraphQL, hall: ProgrammeUnderTest
) -> None:
    on_bob = stated("k", memberId=member_gid(hall, "bob"))
    for actor in (hall.member_actor("ann"), hall.moderator, hall.operator):
        refused(await graphql.mutate(actor, "checkIn", on_bob), "FORBIDDEN")
    await graphql.done(hall.service, "checkIn", on_bob)

    assert (await standing(graphql, hall, "bob"))["streak"] == 1
    answer = await graphql(
        hall.member_actor("ann"),
        "query ($id: ID!) { member(id: $id) { checkIns { streak } } }",
        {"id": member_gid(hall, "bob")},
    )
    refused(answer, "FORBIDDEN", at="member.checkIns")


async def test_several_programmes_stand_side_by_side(graphql: GraphQL, programme: MakeProgramme) -> None:
    weekly = {"key": "gym", "activity": "workout", "cycle": [{"reward": [points(7)]}]}
    types = [{"key": "check_in"}, {"key": "workout"}]
    hall = await programme({**HALL, "activity_types": types, "check_ins": [DAILY, weekly]})
    await hall.join("ann")
    ann = hall.member_actor("ann")
    await graphql.done(ann, "checkIn", stated("a"))
    await graphql.done(ann, "checkIn", stated("b", checkIn="gym"))

    answer = await graphql.read(
        ann, '{ me { all: checkIns { checkIn { key } streak } gym: checkIns(key: "gym") { freezes total } } }'
    )
    assert answer["me"] == {
        "all": [{"checkIn": {"key": "daily"}, "streak": 1}, {"checkIn": {"key": "gym"}, "streak": 1}],
        "gym": [{"freezes": 0, "total": 1}],
    }
    assert await hall.balance("ann", "points") == 8
    for mutation, more in (
        ("makeUpCheckIn", {"day": "2026-11-09"}),
        ("buyCheckInItems", {"item": "FREEZE"}),
    ):
        asked = stated("c", checkIn="gym", **more)
        typed(await graphql.mutate(ann, mutation, asked), "NotFoundError", "NOT_FOUND")
    days = {"checkIn": "gym", "first": "2030-01-01", "last": "2030-01-02"}
    typed(await graphql.mutate(ann, "pauseCheckIns", days), "NotFoundError", "NOT_FOUND", "checkIn")


async def test_the_member_hears_of_days_and_items(graphql: GraphQL, hall: ProgrammeUnderTest) -> None:
    document = """subscription { myProgress { __typename
        ... on ProgressSnapshot { checkIns { streak checkIn { key } } }
        ... on CheckInMoment { checkIn { name } }
        ... on CheckInDayChanged { day state streak position }
        ... on CheckInItemsChanged { item count held }
    } }"""
    async with graphql.subscribe(hall.member_actor("ann"), document) as progress:
        snapshot = await progress.data()
        await check_in(graphql, hall)
        told = [await progress.data() for _ in range(4)]

    assert snapshot["checkIns"] == [{"streak": 0, "checkIn": {"key": "daily"}}]
    assert [one for one in told if one["__typename"].startswith("CheckIn")] == [
        {
            "__typename": "CheckInItemsChanged",
            "checkIn": {"name": "Daily check-in"},
            "item": "MAKE_UP_CARD",
            "count": 1,
            "held": 1,
        },
        {
            "__typename": "CheckInDayChanged",
            "checkIn": {"name": "Daily check-in"},
            "day": "2026-11-10",
            "state": "CHECKED_IN",
            "streak": 1,
            "position": 1,
        },
    ]
