"""What a caller may take: portions drawn ahead, never more than the budget and what they bound."""

import asyncio
import uuid
from datetime import UTC, datetime

import pytest

from api.callers.budgets import PORTIONS, BudgetPolicy, Budgets, Figures, Kind
from api.callers.identity import Audience, Caller, caller_of, network_of
from api.limits import budget_policy, document_limits
from api.settings import load_settings
from gamification.kit.actors import Actor, Role
from resolvers.documents.limits import Limits
from storage.rates import Bucket, Draw, Drawn, Rates
from storage.redis import RedisStore

NEVER = 1e-9
SECRET = "x" * 32


class CountedRates(Rates):
    """Counts the round trips for buckets, and can be made to wait within one."""

    def __init__(self, redis: RedisStore) -> None:
        super().__init__(redis, timeout_s=30)
        self.draws: list[Draw] = []
        self.trips = 0

    async def draw(self, caller: str, draws: list[Draw]) -> Drawn:  # type: ignore[override]
        self.draws += draws
        self.trips += 1
        return await super().draw(caller, draws)


def figures(requests: int = 0, cost: int = 0, granting: int = 0, rate: float = NEVER) -> Figures:
    """Bursts that nothing flows into."""
    return Figures(
        Bucket(rate, requests) if requests else None, Bucket(rate, cost) if cost else None, granting
    )


def someone(audience: Audience = Audience.MEMBER) -> Caller:
    return Caller(uuid.uuid4().hex, audience)


@pytest.fixture
def rates(redis_store: RedisStore) -> CountedRates:
    return CountedRates(redis_store)


async def taken(budgets: Budgets, caller: Caller, times: int, **charge: int) -> int:
    """How many of so many charges at once were taken."""
    answers = await asyncio.gather(*(budgets.charge(caller, **charge) for _ in range(times)))
    return sum(answer is None for answer in answers)


async def test_most_requests_ask_nobody(rates: CountedRates) -> None:
    budgets, caller = Budgets(rates, BudgetPolicy(figures(requests=200, cost=100_000))), someone()

    for _ in range(100):
        assert await budgets.charge(caller, requests=1) is None
        assert await budgets.charge(caller, cost=50) is None

    assert rates.trips == 100 // (200 // PORTIONS)


async def test_requests_and_cost_come_in_one_round_trip(rates: CountedRates) -> None:
    budgets = Budgets(rates, BudgetPolicy(figures(requests=200, cost=100_000)))

    assert await budgets.charge(someone(), requests=1, cost=10) is None

    assert [(draw.name, draw.need, draw.portion) for draw in rates.draws] == [
        ("requests", 1, 20),
        ("cost", 10, 10_000),
    ]


async def test_what_is_used_up_is_said_with_the_time_to_wait(rates: CountedRates) -> None:
    policy = BudgetPolicy(Figures(Bucket(100, 1_000_000), Bucket(0.5, 300)))
    budgets, caller = Budgets(rates, policy), someone()

    assert await budgets.charge(caller, requests=1, cost=300) is None
    denial = await budgets.charge(caller, requests=1, cost=100)

    assert denial is not None
    assert (denial.kind, denial.limit) == (Kind.COST, 30)
    assert 190 <= denial.retry_after_s <= 200
    assert denial.error().extensions == {
        "code": "RATE_LIMITED",
        "limitKind": "cost",
        "limit": 30,
        "retryAfterSeconds": denial.retry_after_s,
    }


async def test_who_is_denied_is_not_asked_about_again_until_then(rates: CountedRates) -> None:
    budgets, caller = Budgets(rates, BudgetPolicy(figures(cost=100))), someone()
    assert await budgets.charge(caller, cost=90) is None
    assert await budgets.charge(caller, cost=20) is not None
    asked = len(rates.draws)

    denials = [await budgets.charge(caller, cost=20 + more) for more in range(50)]

    assert all(denial is not None and denial.kind is Kind.COST for denial in denials)
    assert len(rates.draws) == asked
    assert await budgets.charge(caller, cost=10) is None, "less than was denied may still be had"


async def test_an_operation_dearer_than_the_burst_takes_all_of_it(rates: CountedRates) -> None:
    budgets, caller = Budgets(rates, BudgetPolicy(figures(cost=100))), someone()

    assert await budgets.charge(caller, cost=10**30) is None
    assert await budgets.charge(caller, cost=1) is not None


async def test_figures_of_nothing_take_everything(rates: CountedRates) -> None:
    budgets, caller = Budgets(rates, BudgetPolicy()), someone()

    assert await taken(budgets, caller, 50, requests=1, cost=10**9, granting=100) == 50
    assert await budgets.wrong_token("192.0.2.1") is None
    assert rates.draws == []


async def test_staff_and_services_have_their_own_figures(rates: CountedRates) -> None:
    policy = BudgetPolicy(figures(requests=1), figures(requests=50))
    budgets = Budgets(rates, policy)

    assert await taken(budgets, someone(Audience.MEMBER), 60, requests=1) == 1
    assert await taken(budgets, someone(Audience.ANONYMOUS), 60, requests=1) == 1
    assert await taken(budgets, someone(Audience.TRUSTED), 60, requests=1) == 50


async def test_charges_at_once_in_many_processes_take_the_budget_and_no_more(redis_store: RedisStore) -> None:
    caller, policy = someone(), BudgetPolicy(figures(requests=200, cost=3_000))
    processes = [Budgets(Rates(redis_store, timeout_s=30), policy) for _ in range(4)]

    counts = await asyncio.gather(
        *(taken(process, caller, 100, requests=1, cost=20) for process in processes)
    )

    portion = 3_000 // PORTIONS
    assert sum(counts) * 20 <= 3_000
    assert sum(counts) * 20 > 3_000 - len(processes) * (portion + 20), "what is left lies in portions"


async def test_a_process_holds_no_more_than_a_portion_however_many_ask_at_once(rates: CountedRates) -> None:
    budgets, caller = Budgets(rates, BudgetPolicy(figures(requests=200, cost=10_000))), someone()

    assert await taken(budgets, caller, 57, requests=1, cost=33) == 57

    requests_held, cost_held = budgets._portions[caller.key].held
    assert 0 <= requests_held <= 200 // PORTIONS
    assert 0 <= cost_held <= 10_000 // PORTIONS


async def test_smaller_charges_can_not_take_what_a_waiting_one_counts_on(redis_store: RedisStore) -> None:
    """While one waits for Redis, others use up what this process holds; nobody may pass unpaid."""
    gate = asyncio.Event()

    class Gated(Rates):
        async def draw(self, caller: str, draws: list[Draw]) -> Drawn:  # type: ignore[override]
            if draws[0].need > 1:
                await gate.wait()
            return await super().draw(caller, draws)

    budgets, caller = Budgets(Gated(redis_store, timeout_s=30), BudgetPolicy(figures(cost=100))), someone()
    assert await budgets.charge(caller, cost=1) is None  # holds 9 more
    large = asyncio.create_task(budgets.charge(caller, cost=91))
    await asyncio.sleep(0)
    small = asyncio.create_task(budgets.charge(caller, cost=9))
    await asyncio.sleep(0)
    gate.set()

    answers = [await large, await small]

    assert answers[0] is None
    assert answers[1] is not None
    assert await budgets.charge(caller, cost=8) is None


async def test_a_cancelled_charge_gives_back_what_was_set_aside(redis_store: RedisStore) -> None:
    class Stuck(Rates):
        async def draw(self, caller: str, draws: list[Draw]) -> Drawn:  # type: ignore[override]
            if draws[0].need > 20:
                await asyncio.Event().wait()
            return await super().draw(caller, draws)

    budgets, caller = Budgets(Stuck(redis_store, timeout_s=30), BudgetPolicy(figures(cost=200))), someone()
    assert await budgets.charge(caller, cost=1) is None
    held = list(budgets._portions[caller.key].held)
    large = asyncio.create_task(budgets.charge(caller, cost=100))
    await asyncio.sleep(0.01)
    large.cancel()
    with pytest.raises(asyncio.CancelledError):
        await large

    assert budgets._portions[caller.key].held == held
    assert await budgets.charge(caller, cost=held[1]) is None


async def test_granting_mutations_are_counted_one_by_one(rates: CountedRates) -> None:
    budgets, caller = Budgets(rates, BudgetPolicy(figures(granting=10))), someone()

    assert await budgets.charge(caller, granting=7) is None
    denial = await budgets.charge(caller, granting=4)
    assert denial is not None
    assert (denial.kind, denial.limit) == (Kind.GRANTING, 10)
    assert 1 <= denial.retry_after_s <= 60
    assert await budgets.charge(caller, granting=3) is None


async def test_wrong_tokens_are_counted_by_address(rates: CountedRates) -> None:
    budgets = Budgets(rates, BudgetPolicy(wrong_tokens_per_minute=3))
    first, second = uuid.uuid4().bytes[:2]
    address, neighbour = f"198.51.{first}.{second}", f"198.52.{first}.{second}"

    answers = [await budgets.wrong_token(address) for _ in range(4)]

    assert [answer is None for answer in answers] == [True, True, True, False]
    assert answers[3] is not None
    assert answers[3].kind is Kind.WRONG_TOKENS
    assert await budgets.wrong_token(neighbour) is None


async def test_without_redis_budgets_hold_in_each_process(dead_redis: RedisStore) -> None:
    policy = BudgetPolicy(figures(requests=20, granting=2), wrong_tokens_per_minute=2)
    budgets, caller = Budgets(Rates(dead_redis), policy), someone()

    assert await taken(budgets, caller, 30, requests=1) == 20
    assert [await budgets.charge(caller, granting=1) is None for _ in range(3)] == [True, True, False]
    assert await budgets.charge(someone(), requests=1, granting=1) is None
    assert [await budgets.wrong_token("192.0.2.7") is None for _ in range(3)] == [True, True, False]


def test_a_caller_is_a_role_a_programme_and_a_subject() -> None:
    ann = Actor("p", "ann", Role.MEMBER)
    keys = {
        caller_of(actor, None).key
        for actor in (
            ann,
            Actor("p", "ann", Role.SERVICE),
            Actor("q", "ann", Role.MEMBER),
            Actor("p", "ben", Role.MEMBER),
            Actor("p ann", "x", Role.MEMBER),
            Actor("p", "ann x", Role.MEMBER),
        )
    }

    assert len(keys) == 6
    assert caller_of(ann, "192.0.2.1") == caller_of(
        Actor("p", "ann", Role.MEMBER, datetime.now(UTC)), "192.0.2.2"
    )
    assert caller_of(ann, None).audience is Audience.MEMBER
    assert caller_of(Actor("p", "m", Role.MODERATOR), None).audience is Audience.TRUSTED
    assert caller_of(None, "192.0.2.1").audience is Audience.ANONYMOUS
    assert caller_of(None, "192.0.2.1") != caller_of(None, "192.0.2.2")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        (None, "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_an_address_stands_for_all_that_one_client_has(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_settings_state_every_figure() -> None:
    assert document_limits(load_settings(jwt_secret=SECRET)) == Limits()
    policy = budget_policy(load_settings(jwt_secret=SECRET))
    assert policy.members == Figures(Bucket(100, 200), Bucket(50_000 / 60, 100_000), 10)
    assert policy.wrong_tokens_per_minute == 20
    assert policy.trusted.requests is not None


def test_any_figure_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIMIT_DEPTH", "REQUESTS_PER_SECOND", "COST_PER_MINUTE", "GRANTING_PER_MINUTE"):
        monkeypatch.setenv(f"STARGUILD_{name}", "off")
    monkeypatch.setenv("STARGUILD_LIMIT_COST", "0")
    settings = load_settings(jwt_secret=SECRET)

    assert document_limits(settings).depth == 0
    assert document_limits(settings).cost == 0
    assert budget_policy(settings).members == Figures()
