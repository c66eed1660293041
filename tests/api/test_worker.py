import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from api import worker
from api.worker import Worker, every, pause_seconds
from community.gatherings.limits import Stated
from community.gatherings.model import RsvpState
from community.services import Services
from community.webhooks.service import EndpointChanges
from storage.redis import RedisStore
from tests.support import Clock, ProgrammeUnderTest
from tests.webhook_world import receiving

DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points", "expires_after": "P1D"}],
    "activity_types": [{"key": "visit"}],
    "rules": [
        {
            "key": "visits",
            "on": ["visit"],
            "effects": [{"points": {"unit": "points", "amount": 5, "boards": ["all"]}}],
        }
    ],
    "leaderboards": [
        {"key": "all", "operator": "increment", "order": "descending", "ties": "shared", "cycle": "all_time"}
    ],
}


async def until(check: Callable[[], Any]) -> None:
    for _ in range(500):
        if await check():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not happen within ten seconds")


async def test_work_goes_on_after_failures() -> None:
    done = asyncio.Event()
    rounds = 0

    async def work() -> int:
        nonlocal rounds
        rounds += 1
        if rounds < 3:
            raise RuntimeError("not now")
        done.set()
        return 1

    task = asyncio.create_task(every(0.001, "test", work))
    await asyncio.wait_for(done.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_waits_longer_after_each_failure() -> None:
    assert [pause_seconds(1, failures) for failures in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert pause_seconds(60, 3) == 60
    assert pause_seconds(1, 10_000) == 30


async def test_goals_are_added_up_and_paid(
    services: Services, programme: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "GOALS_SECONDS", 0.05)
    reward = [{"points": {"unit": "points", "amount": 7}}]
    made: ProgrammeUnderTest = await programme(
        {
            **DOCUMENT,
            "rules": [{"key": "visits", "on": ["visit"], "effects": [{"contribute": {"goal": "together"}}]}],
            "goals": [{"key": "together", "target": 2, "reward": reward}],
        }
    )
    await made.join_all("ada", "bea")
    for name in ("ada", "bea"):
        await made.do("visit", name)
    running = Worker(services)
    running.start()
    try:
        await until(lambda: _paid(made, "ada", "bea"))
    finally:
        await running.stop()


async def test_who_goes_to_a_gathering_is_reminded(
    services: Services, programme: Callable[..., Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "GATHERINGS_SECONDS", 0.05)
    made: ProgrammeUnderTest = await programme({**DOCUMENT, "spaces": [{"key": "square"}]})
    ada = (await made.join("ada")).id
    starts_at = clock.now + timedelta(hours=25)
    stated = Stated("Tea", "Come", starts_at, starts_at + timedelta(hours=1), "UTC", "Here")
    gathering, _ = await services.gatherings.create(made.service, "square", stated, "k")
    await services.rsvps.rsvp(made.service, ada, gathering.id, RsvpState.GOING)
    running = Worker(services)
    running.start()
    try:
        clock.now = starts_at - timedelta(hours=24)
        await until(lambda: _reminded(services, ada))
    finally:
        await running.stop()


async def _reminded(services: Services, member_id: bytes) -> bool:
    messages = await services.stores.feed.after(member_id, 0)
    return [one.body.get("notice") for one in messages] == ["reminder"]


async def _paid(made: ProgrammeUnderTest, *members: str) -> bool:
    return [await made.balance(name, "points") for name in members] == [7] * len(members)


async def test_boards_come_back_after_redis_lost_them(
    services: Services,
    redis_store: RedisStore,
    programme: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "RESTORE_SECONDS", 0.05)
    made: ProgrammeUnderTest = await programme(DOCUMENT)
    await made.join("ada")
    await made.do("visit", "ada")
    period = await made.period("all")
    await services.rankings.forget(period)
    assert not await services.rankings.is_ready(period)
    running = Worker(services)
    running.start()
    try:
        await until(lambda: services.rankings.is_ready(period))
    finally:
        await running.stop()
    assert await made.ranking("all") == [(1, "ada", 5)]


async def test_what_a_crash_left_behind_is_delivered(
    services: Services,
    services_without_redis: Services,
    programme: Callable[..., Any],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.05)
    made: ProgrammeUnderTest = await programme(DOCUMENT)
    await made.join("ada")
    await made.do("visit", "ada")
    left = made.activity("visit", "ada")
    await services_without_redis.recording.record(made.service, [left])
    clock.advance(timedelta(seconds=5))
    running = Worker(services)
    running.start()
    try:

        async def is_delivered() -> bool:
            return await services.delivery.lag() == timedelta()

        await until(is_delivered)
    finally:
        await running.stop()
    assert await made.ranking("all") == [(1, "ada", 10)]


async def test_reservations_that_are_over_go_back_on_sale(
    services: Services, programme: Callable[..., Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RESERVATION_SECONDS", 0.05)
    sale = {"key": "rush", "reward": "gift", "stock": 1, "reserve": "PT10M"}
    window = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z"}
    rewards = [{"key": "gift", "content": {"text": {"en": "Hello"}}}]
    made: ProgrammeUnderTest = await programme(
        {**DOCUMENT, "rewards": rewards, "flash_sales": [{**sale, **window}]}
    )
    await made.join("ada")
    await services.flash_claims.reserve(made.member_actor("ada"), None, "rush", "k")
    clock.advance(timedelta(minutes=10))
    running = Worker(services)
    running.start()
    try:

        async def is_back() -> bool:
            return (await services.flash_sales.left(made.operator, ["rush"])) == {"rush": 1}

        await until(is_back)
    finally:
        await running.stop()


async def test_periods_are_closed(
    services: Services, programme: Callable[..., Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CLOSE_SECONDS", 0.05)
    board: dict[str, Any] = {"key": "cup", "cycle": "daily", "time_zone": "UTC", "settles_after": "PT12H"}
    board["prizes"] = [{"ranks": [1, 1], "reward": [{"points": {"unit": "points", "amount": 1000}}]}]
    rule = {"key": "cup", "on": ["visit"], "effects": [{"score": {"board": "cup", "value": 1}}]}
    made: ProgrammeUnderTest = await programme(
        {**DOCUMENT, "leaderboards": [*DOCUMENT["leaderboards"], board], "rules": [*DOCUMENT["rules"], rule]}
    )
    await made.join("ada")
    await made.do("visit", "ada")
    before = await made.balance("ada", "points")
    clock.advance(timedelta(hours=37))
    running = Worker(services)
    running.start()
    try:

        async def is_paid() -> bool:
            return any(transfer.amount == 1000 for transfer in await made.transfers("ada", "points"))

        await until(is_paid)
    finally:
        await running.stop()
    assert before == 5


async def test_points_lapse(
    services: Services, programme: Callable[..., Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "EXPIRE_SECONDS", 0.05)
    made: ProgrammeUnderTest = await programme(DOCUMENT)
    await made.join("ada")
    await made.do("visit", "ada")
    clock.advance(timedelta(days=3))
    running = Worker(services)
    running.start()
    try:

        async def is_expired() -> bool:
            return await made.balance("ada", "points") == 0

        await until(is_expired)
    finally:
        await running.stop()


async def test_what_happens_is_told_to_the_programmes_servers(
    services: Services, programme: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FOLLOW_SECONDS", 0.05)
    monkeypatch.setattr(worker, "WEBHOOKS_SECONDS", 0.05)
    made: ProgrammeUnderTest = await programme(DOCUMENT)
    await made.join("ada")
    running = Worker(services)
    async with receiving() as shop:
        await services.webhooks.endpoints.create(
            made.operator, shop.url, EndpointChanges(types=("points.posted",)), enabled=True
        )
        running.start()
        try:
            await made.do("visit", "ada")
            await asyncio.wait_for(shop.arrived.wait(), 30)
        finally:
            await running.stop()
        assert shop.types == ["points.posted"]
