"""When points can be spent, when they lapse, and how far down a balance goes: as members see it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from community.services import Services
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, typed
from tests.support import ProgrammeUnderTest

START = datetime(2027, 1, 31, 12, tzinfo=UTC)
AMOUNT = {"type": "object", "properties": {"amount": {"type": "integer"}}}


def document(**unit: Any) -> dict[str, Any]:
    """A programme with one unit: `buy` earns the amount, `cost` deducts it."""
    return {
        "units": [{"key": "points", **unit}],
        "activity_types": [{"key": key, "properties": AMOUNT} for key in ("buy", "cost", "sent")],
        "rules": [
            {
                "key": "buy",
                "on": ["buy"],
                "effects": [{"points": {"unit": "points", "amount": "activity.amount"}}],
            },
            {
                "key": "cost",
                "on": ["cost"],
                "effects": [{"points": {"unit": "points", "amount": "-activity.amount"}}],
            },
        ],
    }


async def made(programme: MakeProgramme, **unit: Any) -> ProgrammeUnderTest:
    club = await programme(document(**unit), lateness="unlimited")
    club.clock.now = START
    await club.join("ann")
    return club


async def holding(graphql: GraphQL, club: ProgrammeUnderTest) -> dict[str, Any]:
    fields = "active pending spent expired lifetime nextExpiry { amount expiresAt }"
    answer = await graphql.read(
        club.member_actor("ann"), f'{{ me {{ balance(unit: "points") {{ {fields} }} }} }}'
    )
    found: dict[str, Any] = answer["me"]["balance"]
    return found


async def entries(graphql: GraphQL, club: ProgrammeUnderTest) -> list[tuple[str, int, int]]:
    answer = await graphql.read(
        club.member_actor("ann"), "{ me { ledger(last: 100) { nodes { kind amount pending } } } }"
    )
    return [(n["kind"], n["amount"], n["pending"]) for n in reversed(answer["me"]["ledger"]["nodes"])]


async def spend(graphql: GraphQL, club: ProgrammeUnderTest, amount: int, key: str = "s") -> Any:
    stated = {"unit": "points", "amount": amount, "idempotencyKey": key}
    return await graphql.mutate(club.member_actor("ann"), "spendPoints", stated)


async def at_work(club: ProgrammeUnderTest) -> int:
    """Do what the worker does; how many entries Ann got by it."""
    before = await club.account("ann", "points")
    while await club.services.points.settle_pending(club.clock.now):
        pass
    while await club.services.points.expire_lapsed(club.clock.now):
        pass
    after = await club.account("ann", "points")
    return (after.entries if after else 0) - (before.entries if before else 0)


async def is_sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


# -- pending


async def test_points_wait_for_a_period_and_then_can_be_spent(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, pending={"after": "P14D"}, expiry={"after": "P1M"})
    await club.do("buy", "ann", amount=10)
    waiting = await holding(graphql, club)
    short = typed(await spend(graphql, club, 1), "InsufficientPointsError")

    club.clock.advance(timedelta(days=14))
    assert [await at_work(club) for _ in range(2)] == [1, 0]

    assert (waiting["active"], waiting["pending"], waiting["lifetime"]) == (0, 10, 0)
    assert short["available"] == 0
    after = await holding(graphql, club)
    assert (after["active"], after["pending"], after["lifetime"]) == (10, 0, 10)
    # Their month begins when they can be spent: 14 February to the end of 14 March.
    assert after["nextExpiry"] == {"amount": 10, "expiresAt": "2027-03-15T00:00:00.000Z"}
    assert await entries(graphql, club) == [("PENDING", 0, 10), ("EARNED", 10, -10)]
    await is_sound(club)


async def test_a_spending_finds_active_what_is_due_though_no_worker_ran(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, pending={"dates": ["02-14"]})
    await club.do("buy", "ann", amount=10)

    club.clock.now = datetime(2027, 2, 13, 23, 59, 59, 999000, tzinfo=UTC)
    typed(await spend(graphql, club, 10), "InsufficientPointsError")
    club.clock.now = datetime(2027, 2, 14, tzinfo=UTC)
    await graphql.done(
        club.member_actor("ann"), "spendPoints", {"unit": "points", "amount": 10, "idempotencyKey": "x"}
    )

    assert await entries(graphql, club) == [("PENDING", 0, 10), ("EARNED", 10, -10), ("SPENT", -10, 0)]


async def test_late_activity_whose_wait_is_over_is_active_at_once(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, pending={"after": "P14D"})

    await club.do("buy", "ann", amount=10, at=START - timedelta(days=20))

    assert await entries(graphql, club) == [("EARNED", 10, 0)]


CONFIRMED = {"on": ["sent"], "when": "activity.amount > 0", "within": "P30D"}


async def test_an_activity_about_the_same_confirms(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(programme, pending=CONFIRMED)
    await club.do("buy", "ann", amount=10, subject="order:1")
    await club.do("buy", "ann", amount=7, subject="order:2")

    await club.do("sent", "ann", amount=0, subject="order:1")
    await club.do("sent", "ann", amount=1, subject="order:3")
    untouched = await holding(graphql, club)
    await club.do("sent", "ann", amount=1, subject="order:1")
    await club.do("sent", "ann", amount=1, subject="order:1")

    assert (untouched["active"], untouched["pending"]) == (0, 17)
    assert await entries(graphql, club) == [("PENDING", 0, 10), ("PENDING", 0, 7), ("EARNED", 10, -10)]
    await is_sound(club)


async def test_one_batch_earns_and_confirms(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(programme, pending=CONFIRMED)

    await club.record(
        club.activity("buy", "ann", amount=10, subject="order:1"),
        club.activity("sent", "ann", amount=1, subject="order:1"),
    )

    assert await entries(graphql, club) == [("PENDING", 0, 10), ("EARNED", 10, -10)]


async def test_what_is_not_confirmed_in_time_is_cancelled_once(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, pending=CONFIRMED)
    await club.do("buy", "ann", amount=10, subject="order:1")
    club.clock.advance(timedelta(days=30))

    assert [await at_work(club) for _ in range(2)] == [1, 0]
    await club.do("sent", "ann", amount=1, subject="order:1")

    assert await entries(graphql, club) == [("PENDING", 0, 10), ("CANCELLED", 0, -10)]
    assert (await holding(graphql, club))["lifetime"] == 0
    await is_sound(club)


async def test_a_confirmation_that_happened_in_time_counts_though_it_arrives_late(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, pending=CONFIRMED)
    await club.do("buy", "ann", amount=10, subject="order:1")
    club.clock.advance(timedelta(days=31))
    await at_work(club)

    await club.do("sent", "ann", amount=1, subject="order:1", at=START + timedelta(days=29))

    assert (await entries(graphql, club))[1:] == [("CANCELLED", 0, -10), ("EARNED", 10, 0)]
    await is_sound(club)


async def test_taking_back_what_earned_takes_points_from_where_they_are(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, pending=CONFIRMED)
    waiting = await club.do("buy", "ann", amount=10, subject="order:1")
    active = await club.do("buy", "ann", amount=7, subject="order:2")
    await club.do("sent", "ann", amount=1, subject="order:2")

    await club.reverse(waiting)
    await club.reverse(active)
    await club.do("sent", "ann", amount=1, subject="order:1")

    found = await holding(graphql, club)
    assert (found["active"], found["pending"], found["lifetime"]) == (0, 0, 0)
    assert (await entries(graphql, club))[3:] == [("REVERSED", 0, -10), ("REVERSED", -7, 0)]
    await is_sound(club)


async def test_taking_back_the_confirmation_makes_them_wait_again(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, pending=CONFIRMED)
    buy = await club.do("buy", "ann", amount=10, subject="order:1")
    sent = await club.do("sent", "ann", amount=1, subject="order:1")

    await club.reverse(sent)
    assert (await holding(graphql, club))["pending"] == 10
    again = await club.do("sent", "ann", amount=1, subject="order:1")
    assert (await holding(graphql, club))["active"] == 10
    await club.reverse(buy)
    await club.reverse(again)

    found = await holding(graphql, club)
    assert (found["active"], found["pending"], found["lifetime"]) == (0, 0, 0)
    await is_sound(club)


async def test_the_feed_tells_what_waits_and_what_became_of_it(
    graphql: GraphQL, programme: MakeProgramme, live: Services
) -> None:
    club = await made(programme, pending={"after": "P1D"})
    posted = "... on PointsPosted { transfer { kind amount pending } }"
    subscription = f"subscription {{ myProgress {{ __typename {posted} }} }}"
    async with graphql.subscribe(club.member_actor("ann"), subscription) as stream:
        assert (await stream.data())["__typename"] == "ProgressSnapshot"
        await club.do("buy", "ann", amount=10)
        assert (await stream.data())["transfer"] == {"kind": "PENDING", "amount": 0, "pending": 10}
        club.clock.advance(timedelta(days=1))
        await at_work(club)
        assert (await stream.data())["transfer"] == {"kind": "EARNED", "amount": 10, "pending": -10}


async def test_two_workers_and_a_spending_make_active_once(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, pending={"after": "P1D"})
    for amount in (1, 2, 3):
        await club.do("buy", "ann", amount=amount)
    club.clock.advance(timedelta(days=1))

    await asyncio.gather(at_work(club), at_work(club), spend(graphql, club, 4), at_work(club))

    found = await holding(graphql, club)
    assert (found["active"], found["pending"], found["lifetime"], found["spent"]) == (2, 0, 6, 4)
    await is_sound(club)


async def test_points_that_may_be_cancelled_feed_no_board(programme: MakeProgramme) -> None:
    stated = document(pending={"after": "P1D"})
    stated["leaderboards"] = [{"key": "board"}]
    stated["rules"][0]["effects"][0]["points"]["boards"] = ["board"]

    with pytest.raises(Exception, match="pending at first"):
        await programme(stated)


# -- expiry: edge case 8 of the peers' list


async def test_points_that_lapse_soonest_are_spent_first_and_the_rest_lapses_once(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, expiry={"after": "P1M"})
    await club.do("buy", "ann", amount=10)  # 31 January and a month: to the end of 28 February
    await club.do("buy", "ann", amount=20, at=START - timedelta(days=10))
    await spend(graphql, club, 15)
    assert (await holding(graphql, club))["nextExpiry"] == {
        "amount": 5,
        "expiresAt": "2027-02-22T00:00:00.000Z",
    }

    club.clock.now = datetime(2027, 3, 1, tzinfo=UTC)
    assert [await at_work(club) for _ in range(2)] == [2, 0]

    found = await holding(graphql, club)
    assert (found["active"], found["expired"], found["spent"], found["lifetime"]) == (0, 15, 15, 30)
    assert (await entries(graphql, club))[3:] == [("EXPIRED", -5, 0), ("EXPIRED", -10, 0)]
    await is_sound(club)


async def test_at_the_instant_of_expiry_time_goes_first(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(programme, expiry={"after": "P1D"})
    await club.do("buy", "ann", amount=10)
    await club.do("buy", "ann", amount=3, at=START + timedelta(seconds=30))
    end = datetime(2027, 2, 2, tzinfo=UTC)

    club.clock.now = end - timedelta(milliseconds=1)
    await graphql.done(
        club.member_actor("ann"), "spendPoints", {"unit": "points", "amount": 6, "idempotencyKey": "a"}
    )
    club.clock.now = end
    late = typed(await spend(graphql, club, 1), "InsufficientPointsError")

    assert late["available"] == 0
    # A refused spending leaves nothing behind; the worker finds what lapsed.
    assert (await holding(graphql, club))["active"] == 7
    await at_work(club)
    assert (await holding(graphql, club))["expired"] == 7


async def test_spending_and_expiring_at_once_take_each_point_once(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, expiry={"after": "P1D"})
    await club.do("buy", "ann", amount=10)
    await club.do("buy", "ann", amount=10, at=START - timedelta(days=1))
    club.clock.now = datetime(2027, 2, 1, tzinfo=UTC)

    await asyncio.gather(
        *(at_work(club) for _ in range(3)), *(spend(graphql, club, 4, f"s{n}") for n in range(5))
    )

    found = await holding(graphql, club)
    assert (found["active"], found["spent"], found["expired"]) == (2, 8, 10)
    await is_sound(club)


async def test_what_a_reversal_gives_back_keeps_its_expiry(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, expiry={"after": "P1M"})
    await club.do("buy", "ann", amount=10)
    cost = await club.do("cost", "ann", amount=4)
    club.clock.advance(timedelta(days=10))

    await club.reverse(cost)

    assert (await holding(graphql, club))["nextExpiry"] == {
        "amount": 10,
        "expiresAt": "2027-03-01T00:00:00.000Z",
    }


@pytest.mark.parametrize(("grace", "left"), [(None, 6), ("P7D", 10)])
async def test_what_comes_back_after_its_expiry_has_the_grace_that_is_stated(
    graphql: GraphQL, programme: MakeProgramme, grace: str | None, left: int
) -> None:
    club = await made(programme, expiry={"after": "P1M"}, **({"grace": grace} if grace else {}))
    await club.do("buy", "ann", amount=4)
    cost = await club.do("cost", "ann", amount=4)
    club.clock.now = datetime(2027, 3, 10, 12, tzinfo=UTC)
    await club.do("buy", "ann", amount=6)

    await club.reverse(cost)

    found = await holding(graphql, club)
    assert found["active"] == left
    if grace:
        assert found["nextExpiry"] == {"amount": 4, "expiresAt": "2027-03-18T00:00:00.000Z"}
    else:
        assert (await entries(graphql, club))[-2:] == [("REVERSED", 4, 0), ("EXPIRED", -4, 0)]
    await is_sound(club)


async def test_inactivity_lapses_all_and_earning_or_spending_puts_it_off(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, expiry={"idle": "P1M"})
    await club.do("buy", "ann", amount=10)
    club.clock.now = datetime(2027, 2, 20, 12, tzinfo=UTC)
    await spend(graphql, club, 4)
    put_off = await holding(graphql, club)
    await club.do("cost", "ann", amount=1)
    club.clock.now = datetime(2027, 3, 20, 23, 59, tzinfo=UTC)
    assert await at_work(club) == 0
    club.clock.now = datetime(2027, 3, 21, tzinfo=UTC)
    assert await at_work(club) == 1

    assert put_off["nextExpiry"] == {"amount": 6, "expiresAt": "2027-03-21T00:00:00.000Z"}
    assert (await holding(graphql, club))["expired"] == 5
    await is_sound(club)


# -- debts


async def test_a_deduction_may_make_a_debt_that_earnings_pay(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, floor=-50, expiry={"after": "P1M"})
    await club.do("buy", "ann", amount=10)
    await club.do("cost", "ann", amount=30)
    owing = (await holding(graphql, club))["active"]
    typed(await spend(graphql, club, 1), "InsufficientPointsError")
    await club.do("buy", "ann", amount=25)

    assert owing == -20
    found = await holding(graphql, club)
    assert (found["active"], found["nextExpiry"]["amount"]) == (5, 5)
    await is_sound(club)


async def test_a_debt_goes_as_far_as_stated_and_staff_no_further(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, floor=-50)
    await club.do("cost", "ann", amount=80)
    stated = {
        "memberId": member_gid(club, "ann"),
        "unit": "points",
        "amount": -1,
        "reason": "r",
        "idempotencyKey": "a",
    }

    typed(await graphql.mutate(club.operator, "adjustPoints", stated), "InsufficientPointsError")

    assert (await holding(graphql, club))["active"] == -50
    (transfer,) = await club.transfers("ann")
    assert [(limit.kind.value, limit.shortfall) for limit in transfer.limited_by] == [("floor", 30)]


async def test_taking_back_both_an_earning_and_what_used_it_up_ends_at_nothing(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme)
    buy = await club.do("buy", "ann", amount=10)
    cost = await club.do("cost", "ann", amount=10)

    await club.reverse(buy)
    await club.reverse(cost)

    assert (await holding(graphql, club))["active"] == 0
    assert await entries(graphql, club) == [
        ("EARNED", 10, 0),
        ("DEDUCTED", -10, 0),
        ("REVERSED", 0, 0),
        ("REVERSED", 0, 0),
    ]
    await is_sound(club)


async def test_clients_read_what_a_unit_states(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(
        programme,
        floor=-5,
        grace="P7D",
        expiry={"after": "P1Y", "round": "year"},
        pending=CONFIRMED,
        caps=[{"amount": 9, "cycle": "daily"}],
    )
    fields = """floor expiresAfterDays grace expiry { after round dates idle } pending { after dates on within }
        caps { amount per cycle }"""

    answer = await graphql.read(club.member_actor("ann"), f"{{ programme {{ units {{ {fields} }} }} }}")

    assert answer["programme"]["units"] == [
        {
            "floor": -5,
            "expiresAfterDays": None,
            "grace": "P7D",
            "expiry": {"after": "P1Y", "round": "YEAR", "dates": [], "idle": None},
            "pending": {"after": None, "dates": [], "on": ["sent"], "within": "P30D"},
            "caps": [{"amount": 9, "per": "MEMBER", "cycle": "DAILY"}],
        }
    ]


async def test_a_reward_that_waits_goes_with_the_task(graphql: GraphQL, programme: MakeProgramme) -> None:
    stated = document(pending={"after": "P1D"}, caps=[{"amount": 60}])
    stated["tasks"] = [{"key": "t", "goal": 2, "reward": [{"points": {"unit": "points", "amount": 50}}]}]
    stated["rules"].append({"key": "sent", "on": ["sent"], "effects": [{"advance": {"task": "t"}}]})
    club = await programme(stated, lateness="unlimited")
    club.clock.now = START
    await club.join("ann")
    first, _ = await club.do("sent", "ann"), await club.do("sent", "ann")
    waiting = (await holding(graphql, club))["pending"]

    await club.reverse(first)
    gone = (await holding(graphql, club))["pending"]
    again = await club.do("sent", "ann")
    club.clock.advance(timedelta(days=1))
    await at_work(club)
    await club.reverse(again)

    assert (waiting, gone) == (50, 0)
    found = await holding(graphql, club)
    assert (found["active"], found["pending"], found["lifetime"]) == (0, 0, 0)
    await is_sound(club)
