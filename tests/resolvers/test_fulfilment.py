"""`advanceRedemption`, `cancelRedemption`: how a redemption goes on, and what comes back when it does not."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor
from gamification.ledger.model import TransferKind
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, refused, succeeded, typed
from tests.resolvers.reward_world import REDEMPTION, mall, redeem
from tests.support import ProgrammeUnderTest

SELECTION = f"replayed redemption {{ {REDEMPTION} }}"


async def step(
    graphql: GraphQL, actor: Actor, redemption: dict[str, Any], status: str, **more: Any
) -> dict[str, Any]:
    stated = {"redemption": redemption["id"], "status": status, "idempotencyKey": status, **more}
    answer = await graphql.done(actor, "advanceRedemption", stated, SELECTION)
    found: dict[str, Any] = answer["redemption"]
    return found


def cancelling(redemption: dict[str, Any], key: str = "cancel") -> dict[str, Any]:
    return {"redemption": redemption["id"], "reason": "no more", "idempotencyKey": key}


async def mug(graphql: GraphQL, club: ProgrammeUnderTest, key: str = "k") -> dict[str, Any]:
    return await redeem(graphql, club.member_actor("ann"), "mug", key, deliverTo="1 Road")


async def left(graphql: GraphQL, club: ProgrammeUnderTest, key: str) -> int:
    answer = await graphql.read(
        club.operator, "query ($key: String!) { reward(key: $key) { left } }", {"key": key}
    )
    found: int = answer["reward"]["left"]
    return found


async def test_goods_wait_with_their_points_set_aside(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")

    got = await mug(graphql, club)

    assert (got["status"], got["deliverTo"], got["payment"]["isHeld"]) == ("PENDING", "1 Road", True)
    account = await club.account("ann", "points")
    assert account is not None
    assert (account.active, account.held, account.spent) == (940, 60, 0)
    stated = {"reward": "mug", "idempotencyKey": "nowhere"}
    typed(
        await graphql.mutate(club.member_actor("ann"), "redeemReward", stated),
        "InvalidInputError", "INVALID_INPUT", "deliverTo",
    )  # fmt: skip


async def test_it_is_paid_once_it_is_under_way(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    got = await mug(graphql, club)

    await step(graphql, club.operator, got, "PROCESSING")
    account = await club.account("ann", "points")
    shipped = await step(graphql, club.service, got, "SHIPPED", reference="PARCEL-1", note="on its way")
    done = await step(graphql, club.service, got, "DONE")

    assert account is not None
    assert (account.active, account.held, account.spent) == (940, 0, 60)
    assert shipped["steps"][-1] == {"status": "SHIPPED", "note": "on its way", "reference": "PARCEL-1"}
    assert [one["status"] for one in done["steps"]] == ["PENDING", "PROCESSING", "SHIPPED", "DONE"]


async def test_the_queue_shows_what_waits(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    got = await mug(graphql, club)
    document = (
        '{ redemptions(status: PENDING, reward: "mug") { nodes { id deliverTo member { externalId } } } }'
    )

    waiting = await graphql.read(club.operator, document)
    refused(await graphql(club.member_actor("ann"), document), "FORBIDDEN")
    await step(graphql, club.operator, got, "PROCESSING")

    assert waiting["redemptions"]["nodes"] == [
        {"id": got["id"], "deliverTo": "1 Road", "member": {"externalId": "ann"}}
    ]
    assert (await graphql.read(club.operator, document))["redemptions"]["nodes"] == []


async def test_a_member_cancels_what_is_pending_and_has_all_back(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann")
    got = await mug(graphql, club)
    ann = club.member_actor("ann")

    answer = await graphql.done(ann, "cancelRedemption", cancelling(got), SELECTION)
    again = await graphql.done(ann, "cancelRedemption", cancelling(got), SELECTION)
    typed(
        await graphql.mutate(club.operator, "cancelRedemption", cancelling(got, "2")),
        "ConflictError",
        "REDEMPTION_STATE",
    )

    assert answer["redemption"]["status"] == "CANCELLED"
    assert answer["redemption"]["payment"]["refunded"] == 60
    assert again["replayed"] is True
    account = await club.account("ann", "points")
    assert account is not None
    assert (account.active, account.held, account.spent) == (1000, 0, 0)
    assert await left(graphql, club, "mug") == 5
    for key in ("x", "y"):
        await mug(graphql, club, key)


async def test_later_only_staff_can_and_what_is_stated_comes_back(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann")
    got = await mug(graphql, club)
    await mug(graphql, club, "second")
    await step(graphql, club.operator, got, "PROCESSING")

    refused(await graphql.mutate(club.member_actor("ann"), "cancelRedemption", cancelling(got)), "FORBIDDEN")
    answer = await graphql.done(club.operator, "cancelRedemption", cancelling(got), SELECTION)

    assert answer["redemption"]["payment"]["refunded"] == 30
    account = await club.account("ann", "points")
    assert account is not None
    assert (account.active, account.held, account.spent) == (910, 60, 30)
    (returned,) = [t for t in await club.transfers("ann") if t.kind is TransferKind.RETURNED]
    assert returned.amount == 30
    assert await left(graphql, club, "mug") == 4
    stated = {"reward": "mug", "deliverTo": "x", "idempotencyKey": "third"}
    typed(
        await graphql.mutate(club.member_actor("ann"), "redeemReward", stated),
        "ConflictError",
        "REWARD_LIMIT_REACHED",
    )


async def test_what_fails_comes_back_with_its_old_expiry(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    before = await club.account("ann", "points")
    got = await mug(graphql, club)
    await step(graphql, club.operator, got, "SHIPPED")
    club.clock.advance(timedelta(days=40))

    failed = await step(graphql, club.operator, got, "FAILED", note="lost by the post")

    after = await club.account("ann", "points")
    assert before is not None
    assert after is not None
    assert (failed["status"], failed["payment"]["refunded"]) == ("FAILED", 60)
    assert after.lots == before.lots
    assert await left(graphql, club, "mug") == 5


async def test_what_was_shipped_does_not_go_back_to_the_stock(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann")
    got = await mug(graphql, club)
    await step(graphql, club.operator, got, "SHIPPED")

    await graphql.done(club.operator, "cancelRedemption", cancelling(got), SELECTION)

    assert await club.balance("ann", "points") == 1000
    assert await left(graphql, club, "mug") == 4


async def test_a_status_never_goes_back(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    got = await mug(graphql, club)
    await step(graphql, club.operator, got, "DONE")

    for status in ("PENDING", "PROCESSING", "FAILED"):
        stated = {"redemption": got["id"], "status": status, "idempotencyKey": f"to {status}"}
        typed(
            await graphql.mutate(club.operator, "advanceRedemption", stated),
            "ConflictError",
            "REDEMPTION_STATE",
        )
    stated = {"redemption": got["id"], "status": "CANCELLED", "idempotencyKey": "no"}
    typed(
        await graphql.mutate(club.operator, "advanceRedemption", stated), "InvalidInputError", "INVALID_INPUT"
    )
    stated = {"redemption": "nothing", "status": "DONE", "idempotencyKey": "none"}
    typed(await graphql.mutate(club.operator, "advanceRedemption", stated), "NotFoundError", "NOT_FOUND")


async def test_another_member_learns_nothing(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann", "bob")
    got = await mug(graphql, club)

    answer = await graphql.mutate(club.member_actor("bob"), "cancelRedemption", cancelling(got))

    typed(answer, "NotFoundError", "NOT_FOUND")
    shown = await graphql.read(
        club.member_actor("bob"), "query ($id: ID!) { node(id: $id) { id } }", {"id": got["id"]}
    )
    assert shown["node"] is None


async def test_a_cancelled_share_goes_back_to_the_sum(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, *"abcd")
    shares = {name: await redeem(graphql, club.member_actor(name), "luck") for name in "abc"}

    await graphql.done(club.member_actor("b"), "cancelRedemption", cancelling(shares["b"]))
    fourth = await redeem(graphql, club.member_actor("d"), "luck")

    assert fourth["amount"] == shares["b"]["amount"]


async def test_a_cancelled_coupon_is_void_for_good(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    got = await redeem(graphql, club.member_actor("ann"), "last")

    answer = await graphql.done(club.operator, "cancelRedemption", cancelling(got), SELECTION)

    assert answer["redemption"]["coupon"]["state"] == "VOID"
    assert await club.balance("ann", "points") == 1000
    assert await left(graphql, club, "last") == 0


async def test_two_endings_at_once_refund_once(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    got = await mug(graphql, club)
    failing = {"redemption": got["id"], "status": "FAILED", "idempotencyKey": "fail"}

    answers = await asyncio.gather(
        graphql.mutate(club.member_actor("ann"), "cancelRedemption", cancelling(got)),
        graphql.mutate(club.operator, "cancelRedemption", cancelling(got)),
        graphql.mutate(club.service, "advanceRedemption", failing),
        return_exceptions=True,
    )

    won = [a for a in answers if not isinstance(a, BaseException) and not a.errors]
    kinds = [next(iter(succeeded(a).values()))["__typename"] for a in won]
    assert sum(kind.endswith("Success") for kind in kinds) == 1
    assert await club.balance("ann", "points") == 1000
    assert await left(graphql, club, "mug") == 5


@pytest.mark.parametrize(("reward", "days"), [("lounge", 5)])
async def test_a_member_is_reminded_once_before_it_expires(
    graphql: GraphQL, programme: MakeProgramme, reward: str, days: int
) -> None:
    club = await mall(programme, "ann")
    ann, services = club.member_actor("ann"), club.services
    club.clock.now = club.clock.now
    await redeem(graphql, ann, reward)
    document = "subscription { myProgress { __typename ... on RewardExpiring { redemption { flag } } } }"

    async with graphql.subscribe(ann, document) as stream:
        await stream.data()
        club.clock.advance(timedelta(days=days - 1, hours=23))
        await services.redemptions.remind_due(club.clock.now)
        club.clock.advance(timedelta(hours=1))
        await services.redemptions.remind_due(club.clock.now)
        await services.redemptions.remind_due(club.clock.now)
        told = await stream.until_quiet(0.5)

    assert told == [{"__typename": "RewardExpiring", "redemption": {"flag": "lounge"}}]


async def test_tickets_for_a_draw_are_posted_and_taken_back(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann")
    got = await redeem(graphql, club.member_actor("ann"), "spin")
    before = await club.balance("ann", "gems")
    await club.services.points.spend(club.service, club.id_of("ann"), "gems", 1, "a spin", "spin")

    await graphql.done(club.operator, "cancelRedemption", cancelling(got), SELECTION)

    assert (got["status"], got["kind"], before) == ("DONE", "TICKET", 3)
    assert await club.balance("ann", "gems") == 0
    assert await club.balance("ann", "points") == 1000
    (taken,) = [t for t in await club.transfers("ann", "gems") if t.kind is TransferKind.REVERSED]
    assert [(limit.kind.value, limit.shortfall) for limit in taken.limited_by] == [("floor", 1)]


async def test_what_was_released_by_hand_is_not_sent(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    got = await mug(graphql, club)
    answer = await graphql.read(club.member_actor("ann"), "{ me { holds { nodes { id } } } }")
    (hold,) = answer["me"]["holds"]["nodes"]
    await graphql.done(club.operator, "releasePoints", {"holdId": hold["id"], "idempotencyKey": "by hand"})

    stated = {"redemption": got["id"], "status": "SHIPPED", "idempotencyKey": "send"}
    typed(await graphql.mutate(club.operator, "advanceRedemption", stated), "ConflictError", "HOLD_NOT_OPEN")
    await graphql.done(club.operator, "cancelRedemption", cancelling(got))

    assert await club.balance("ann", "points") == 1000


async def test_what_was_captured_by_hand_is_paid(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    got = await mug(graphql, club)
    answer = await graphql.read(club.member_actor("ann"), "{ me { holds { nodes { id } } } }")
    (hold,) = answer["me"]["holds"]["nodes"]
    capturing = {"holdId": hold["id"], "amount": 40, "idempotencyKey": "by hand"}
    await graphql.done(club.operator, "capturePoints", capturing)

    answer = await graphql.done(club.operator, "cancelRedemption", cancelling(got), SELECTION)

    assert answer["redemption"]["payment"]["refunded"] == 40
    assert await club.balance("ann", "points") == 1000
