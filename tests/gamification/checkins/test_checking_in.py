"""Checking in on the real servers: at once from two devices, late and out of order, across zones, through failures."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.checkins.model import CheckInDay, CheckInState, state_id
from gamification.checkins.repository import CheckInRepository
from gamification.kit.errors import Conflict, DomainError, ErrorCode, InsufficientPoints
from gamification.members.model import ProfileChange
from gamification.programmes.definitions import CheckInItem
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, on_servers

START = datetime(2026, 11, 10, 12, tzinfo=UTC)
DAILY: dict[str, Any] = {
    "key": "daily",
    "activity": "check_in",
    "offline": "P3D",
    "cycle": [
        {"reward": [{"points": {"unit": "points", "amount": amount, "boards": ["sum"]}}]}
        for amount in (1, 10, 100)
    ],
    "milestones": [
        {"streak": 2, "repeat": "once", "reward": [{"points": {"unit": "points", "amount": 10_000}}]},
        {"streak": 3, "reward": [{"award": {"badge": "keen"}}, {"score": {"board": "best", "value": 3}}]},
    ],
    "make_up": {"days": 5, "held_max": 9, "price": {"unit": "gems", "amount": 5}},
    "freeze": {"held_max": 90, "price": {"unit": "gems", "amount": 5}},
    "pauses": {},
}
DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points"}, {"key": "gems"}],
    "activity_types": [{"key": "check_in"}],
    "badges": [{"key": "keen", "repeat": "per_key"}],
    "leaderboards": [{"key": "sum"}, {"key": "best", "operator": "best"}, {"key": "days"}],
    "tasks": [{"key": "twice", "goal": 2, "reward": [{"points": {"unit": "points", "amount": 1_000_000}}]}],
    "rules": [
        {
            "key": "come",
            "on": ["check_in"],
            "effects": [{"advance": {"task": "twice"}}, {"score": {"board": "days", "value": 1}}],
        }
    ],
    "check_ins": [DAILY],
}


@pytest.fixture
async def hall(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await opened(programme)


async def opened(programme: MakeProgramme, *names: str, **changed: Any) -> ProgrammeUnderTest:
    hall = await programme({**DOCUMENT, "check_ins": [{**DAILY, **changed}]})
    hall.clock.now = START - timedelta(days=40)
    await hall.join_all(*(names or ("ann", "bob")))
    hall.clock.now = START
    return hall


async def check_in(
    hall: ProgrammeUnderTest, name: str = "ann", *, at: datetime | None = None, key: str | None = None
) -> tuple[CheckInDay, bool]:
    actor = hall.member_actor(name)
    return await hall.services.check_ins.check_in(actor, None, "daily", at, key or f"{hall.clock.now} {at}")


async def standing(hall: ProgrammeUnderTest, name: str = "ann") -> CheckInState:
    wanted = state_id(hall.key, hall.id_of(name), "daily")
    return (await hall.services.stores.check_ins.by_ids([wanted]))[wanted]


async def days(hall: ProgrammeUnderTest, name: str = "ann") -> dict[date, tuple[str, int]]:
    found = await hall.services.stores.check_ins.days_of(hall.id_of(name), "daily")
    return {day.day: (day.state.value, day.position) for day in found}


async def grant(hall: ProgrammeUnderTest, item: CheckInItem, count: int, key: str, name: str = "ann") -> None:
    terms = hall.services.check_in_terms
    await terms.grant(hall.operator, hall.id_of(name), "daily", item, count, "r", key)


async def move(hall: ProgrammeUnderTest, name: str, zone: str) -> None:
    change = ProfileChange(time_zone=zone)
    await hall.services.members.update_profile(hall.member_actor(name), None, change)


async def sweep(hall: ProgrammeUnderTest) -> int:
    done = 0
    while count := await hall.services.check_in_terms.close_days(hall.clock.now):
        done += count
    return done


async def differences(hall: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(hall.services).verify(hall.key)).differences


def code(outcome: object) -> str:
    if isinstance(outcome, DomainError):
        return outcome.code.value
    assert not isinstance(outcome, BaseException), outcome
    return "done"


# -- at once


async def test_two_devices_at_once_check_in_once(hall: ProgrammeUnderTest) -> None:
    outcomes = await asyncio.gather(
        *(check_in(hall, key=f"device {number}") for number in range(12)), return_exceptions=True
    )

    assert Counter(map(code, outcomes)) == {"done": 1, ErrorCode.ALREADY_CHECKED_IN.value: 11}
    assert await hall.balance("ann", "points") == 1
    assert (await standing(hall)).run.total == 1
    assert await differences(hall) == []


async def test_a_double_click_checks_in_once_and_both_are_told(hall: ProgrammeUnderTest) -> None:
    outcomes = await asyncio.gather(*(check_in(hall, key="click") for _ in range(8)))

    assert sorted(replayed for _, replayed in outcomes) == [False] + [True] * 7
    assert len({day.id for day, _ in outcomes}) == 1
    assert await hall.balance("ann", "points") == 1


async def test_two_workers_use_one_freeze(hall: ProgrammeUnderTest) -> None:
    await check_in(hall)
    await grant(hall, CheckInItem.FREEZE, 3, "g")
    hall.clock.now = START + timedelta(days=1, hours=12)
    await asyncio.gather(*(sweep(hall) for _ in range(6)))

    assert (await standing(hall)).run.freezes == 2
    assert await days(hall) == {date(2026, 11, 10): ("checked_in", 1), date(2026, 11, 11): ("frozen", 0)}
    assert await differences(hall) == []


async def test_a_late_check_in_meets_the_end_of_its_day(hall: ProgrammeUnderTest) -> None:
    await check_in(hall)
    await grant(hall, CheckInItem.FREEZE, 1, "g")
    late = START + timedelta(days=1, hours=11, minutes=59)
    hall.clock.now = START + timedelta(days=1, hours=12)
    await asyncio.gather(check_in(hall, at=late), sweep(hall), sweep(hall))
    await sweep(hall)

    run = (await standing(hall)).run
    assert (run.streak, run.freezes) == (2, 1)
    assert await days(hall) == {date(2026, 11, 10): ("checked_in", 1), date(2026, 11, 11): ("checked_in", 2)}
    assert await differences(hall) == []


async def test_one_card_makes_one_day_up(hall: ProgrammeUnderTest) -> None:
    await check_in(hall)
    await grant(hall, CheckInItem.MAKE_UP_CARD, 1, "g")
    hall.clock.now = START + timedelta(days=3)
    service, ann = hall.services.check_ins, hall.member_actor("ann")
    wanted = [date(2026, 11, 11 + number % 2) for number in range(8)]
    outcomes = await asyncio.gather(
        *(service.make_up(ann, None, "daily", day, f"m{number}") for number, day in enumerate(wanted)),
        return_exceptions=True,
    )

    assert Counter(map(code, outcomes))["done"] == 1
    assert {code(outcome) for outcome in outcomes} <= {"done", "ALREADY_CHECKED_IN", "NO_MAKE_UP_CARD"}
    assert (await standing(hall)).make_up_cards == 0
    assert await differences(hall) == []


async def test_points_for_one_buy_one(hall: ProgrammeUnderTest) -> None:
    await hall.services.points.adjust(hall.operator, hall.id_of("ann"), "gems", 7, "r", "p")
    terms, ann = hall.services.check_in_terms, hall.member_actor("ann")
    outcomes = await asyncio.gather(
        *(terms.buy(ann, None, "daily", CheckInItem.FREEZE, 1, f"b{number}") for number in range(8)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, InsufficientPoints) for outcome in outcomes) == 7
    assert (await standing(hall)).run.freezes == 1
    assert await hall.balance("ann", "gems") == 2
    assert await differences(hall) == []


# -- failures in between


@pytest.mark.parametrize("failing", ["save", "save_days"])
async def test_a_failure_in_between_leaves_nothing_and_the_retry_does_it_once(
    hall: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError(failing)

    with monkeypatch.context() as patched:
        patched.setattr(CheckInRepository, failing, broken)
        with pytest.raises(RuntimeError, match=failing):
            await check_in(hall, key="k")
    assert await hall.transfers("ann") == []
    assert await days(hall) == {}
    found = await hall.services.activity.find(
        hall.service, "check-in:daily", f"{hall.id_of('ann').hex()}:2026-11-10"
    )
    assert found is None

    _, replayed = await check_in(hall, key="k")
    assert not replayed
    assert await hall.balance("ann", "points") == 1
    assert await differences(hall) == []


# -- across zones


async def test_over_the_date_line_westward_no_day_is_gained(programme: MakeProgramme) -> None:
    hall = await opened(programme)
    auckland, honolulu = ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")
    await move(hall, "ann", "Pacific/Auckland")
    hall.clock.now = datetime(2026, 11, 22, 9, tzinfo=auckland)
    first, _ = await check_in(hall)
    hall.clock.now = datetime(2026, 11, 22, 10, tzinfo=auckland)
    await move(hall, "ann", "Pacific/Honolulu")
    for hour in (11, 20, 23):  # the 21st and then the 22nd in Honolulu: days that the member has had
        for day in (21, 22):
            hall.clock.now = datetime(2026, 11, day, hour, 59, tzinfo=honolulu)
            if hall.clock.now > datetime(2026, 11, 22, 10, tzinfo=auckland):
                with pytest.raises(Conflict):
                    await check_in(hall)
    hall.clock.now = datetime(2026, 11, 23, 0, 0, tzinfo=honolulu)
    second, _ = await check_in(hall)

    assert (first.day, first.zone, first.position) == (date(2026, 11, 22), "Pacific/Auckland", 1)
    assert (second.day, second.zone, second.position) == (date(2026, 11, 23), "Pacific/Honolulu", 2)
    assert await differences(hall) == []


async def test_over_the_date_line_eastward_no_day_is_lost(programme: MakeProgramme) -> None:
    hall = await opened(programme)
    auckland, honolulu = ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")
    await move(hall, "ann", "Pacific/Honolulu")
    hall.clock.now = datetime(2026, 11, 20, 20, tzinfo=honolulu)
    await check_in(hall)
    hall.clock.now = datetime(2026, 11, 22, 7, tzinfo=auckland)  # landed, 11 hours later
    await move(hall, "ann", "Pacific/Auckland")
    hall.clock.now = datetime(2026, 11, 22, 20, tzinfo=auckland)
    await sweep(hall)
    second, _ = await check_in(hall)

    assert (second.day, second.position) == (date(2026, 11, 22), 2)
    assert (await days(hall))[date(2026, 11, 21)] == ("excused", 0)
    assert await differences(hall) == []


async def test_a_day_begins_at_its_stated_start(programme: MakeProgramme) -> None:
    hall = await opened(programme, day_start="04:00")
    await move(hall, "ann", "Asia/Shanghai")
    shanghai = ZoneInfo("Asia/Shanghai")
    found = []
    for when in (
        datetime(2026, 11, 22, 3, 59, 59, 999_000, tzinfo=shanghai),
        datetime(2026, 11, 22, 4, tzinfo=shanghai),
        datetime(2026, 11, 24, 3, 59, 59, 999_000, tzinfo=shanghai),
    ):
        hall.clock.now = when
        await sweep(hall)
        day, _ = await check_in(hall)
        found.append((day.day.day, day.position))

    assert found == [(21, 1), (22, 2), (23, 3)]


@pytest.mark.parametrize(
    ("zone", "first"), [("Europe/Berlin", date(2026, 10, 24)), ("America/New_York", date(2027, 3, 13))]
)
async def test_days_of_23_and_25_hours_are_days(programme: MakeProgramme, zone: str, first: date) -> None:
    hall = await opened(programme)
    await move(hall, "ann", zone)
    for number in range(3):
        day = first + timedelta(days=number)
        late = datetime(day.year, day.month, day.day, 23, 59, 59, 999_000, tzinfo=ZoneInfo(zone))
        hall.clock.now = late
        assert (await check_in(hall))[0].position == number + 1
        hall.clock.now = late + timedelta(milliseconds=1)
        await sweep(hall)
        assert (await standing(hall)).run.streak == number + 1


async def test_a_programmes_own_calendar_is_everyones(programme: MakeProgramme) -> None:
    hall = await opened(programme, zone="programme")
    await move(hall, "ann", "Pacific/Kiritimati")
    hall.clock.now = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)

    assert (await check_in(hall))[0].day == date(2026, 11, 22)


# -- any history


@dataclass(frozen=True)
class Told:
    """One thing that happens: `after` so many minutes, and to whom does it late by so many more."""

    after: int
    kind: str
    late: int = 0
    zone: str = "UTC"


ZONES = ["Pacific/Auckland", "Pacific/Honolulu", "Europe/Berlin", "Asia/Shanghai", "Pacific/Kiritimati"]
told = st.builds(
    Told,
    after=st.integers(0, 12 * 24 * 60),
    kind=st.sampled_from(["in", "in", "in", "in", "move", "freeze", "sweep"]),
    late=st.integers(0, 3 * 24 * 60),
    zone=st.sampled_from(ZONES),
)


@on_servers(25)
@given(history=st.lists(told, min_size=3, max_size=16))
async def test_late_and_disordered_check_ins_end_as_punctual_ones(
    programme: MakeProgramme, history: list[Told]
) -> None:
    """Ann is online; Bob, who does the same, is offline: what he does arrives up to three days later, in any order."""
    hall = await opened(programme)
    begin = START - timedelta(days=20)
    now: list[tuple[datetime, int, str, Told, datetime]] = []
    for number, one in enumerate(sorted(history, key=lambda one: one.after)):
        at = begin + timedelta(minutes=one.after)
        late = at + timedelta(minutes=one.late if one.kind == "in" else 0)
        now.append((at, number, "ann", one, at))
        now.append((late, number, "bob", one, at))
    for when, number, name, one, at in sorted(now, key=lambda step: step[:3]):
        hall.clock.now = when
        if one.kind == "in":
            with suppress(Conflict):  # a second time on that day
                await check_in(hall, name, at=at, key=f"{number}")
        elif one.kind == "move":
            await move(hall, name, one.zone)
        elif one.kind == "freeze":
            await grant(hall, CheckInItem.FREEZE, 1, f"{name} {number}", name)
        elif one.kind == "sweep":
            await sweep(hall)
    hall.clock.now = begin + timedelta(days=16)
    await sweep(hall)

    ann, bob = [await settled(hall, name) for name in ("ann", "bob")]
    assert ann == bob
    for board in ("sum", "best", "days"):
        ranked = await hall.ranking(board)
        assert [score for _, _, score in ranked] == [score for _, _, score in ranked[:1]] * len(ranked)
        assert len(ranked) in (0, 2)
    assert await differences(hall) == []


async def settled(hall: ProgrammeUnderTest, name: str) -> tuple[Any, ...]:
    """All that a history comes to. That a day was frozen for a while, and then was not, is no difference."""
    wanted = state_id(hall.key, hall.id_of(name), "daily")
    state = (await hall.services.stores.check_ins.by_ids([wanted])).get(wanted)
    found = {day: became for day, became in (await days(hall, name)).items() if became[0] != "missed"}
    held = [await hall.balance(name, unit) for unit in ("points", "gems")]
    return state.run if state else None, found, held, set(await hall.awards(name))


@on_servers(12)
@given(
    present=st.sets(st.integers(0, 9), min_size=1),
    order=st.permutations(range(10)),
    freezes=st.integers(0, 2),
)
async def test_reversing_everything_returns_to_nothing(
    programme: MakeProgramme, present: set[int], order: list[int], freezes: int
) -> None:
    hall = await opened(programme, "ann")
    for number in sorted(present):
        hall.clock.now = START + timedelta(days=number)
        await check_in(hall)
        if freezes:
            await grant(hall, CheckInItem.FREEZE, freezes, f"g{number}")
    for number in order:
        if number in present:
            day = (START + timedelta(days=number)).date()
            source_id = f"{hall.id_of('ann').hex()}:{day}"
            await hall.services.reversal.reverse(hall.operator, "check-in:daily", source_id, None)

    state = await standing(hall)
    assert (state.run.streak, state.run.longest, state.run.total) == (0, 0, 0)
    assert await hall.balance("ann", "points") == 0
    assert await hall.awards("ann") == {}
    assert [await hall.ranking(board) for board in ("sum", "best", "days")] == [[], [], []]
    assert await differences(hall) == []


async def test_a_day_long_past_is_taken_back_too(hall: ProgrammeUnderTest) -> None:
    for number in range(60):
        hall.clock.now = START + timedelta(days=number)
        await check_in(hall)
    assert (await standing(hall)).run.streak == 60
    source_id = f"{hall.id_of('ann').hex()}:2026-11-12"
    await hall.services.reversal.reverse(hall.operator, "check-in:daily", source_id, "a robot")

    run = (await standing(hall)).run
    assert (run.streak, run.longest, run.total) == (57, 57, 59)
    found = await days(hall)
    assert (found[date(2026, 11, 12)], found[date(2026, 11, 13)]) == (("withdrawn", 0), ("checked_in", 1))
    assert await differences(hall) == []


async def test_a_changed_definition_leaves_what_was_given(programme: MakeProgramme) -> None:
    hall = await opened(programme)
    await check_in(hall)
    richer = {"cycle": [{"reward": [{"points": {"unit": "points", "amount": 50}}]}]}
    await hall.apply({**DOCUMENT, "check_ins": [{**DAILY, **richer}]})
    assert await hall.balance("ann", "points") == 1
    hall.clock.advance(timedelta(days=1))
    await check_in(hall)

    # 1, then 50 by the new cycle, and what two days in a row give.
    assert await hall.balance("ann", "points") == 1 + 50 + 10_000 + 1_000_000
    assert await differences(hall) == []


# -- given by rewards


def item(count: int, kind: str = "freeze") -> dict[str, Any]:
    return {"check_in_item": {"check_in": "daily", "item": kind, "count": count}}


async def test_rewards_give_cards_and_freezes_up_to_what_can_be_held(programme: MakeProgramme) -> None:
    terms = {"freeze": {"held_max": 3}, "cycle": [{"reward": [item(2)]}]}
    hall = await opened(programme, **terms)
    for number in range(3):
        hall.clock.now = START + timedelta(days=number)
        await check_in(hall)

    found = await hall.services.stores.check_ins.items_of(hall.id_of("ann"), "daily")
    assert [(entry.count, entry.held) for entry in found] == [(2, 2), (1, 3)]
    assert (await standing(hall)).run.freezes == 3
    assert await differences(hall) == []


async def test_a_task_gives_cards_and_its_reversal_takes_them_back_once(programme: MakeProgramme) -> None:
    hall = await programme(
        {
            **DOCUMENT,
            "activity_types": [{"key": "check_in"}, {"key": "visit"}],
            "tasks": [{"key": "twice", "goal": 2, "reward": [item(2, "make_up_card"), item(1)]}],
            "rules": [{"key": "v", "on": ["visit"], "effects": [{"advance": {"task": "twice"}}]}],
        }
    )
    await hall.join("ann")
    first, _ = [await hall.do("visit", "ann") for _ in range(2)]
    state = await standing(hall)
    assert (state.make_up_cards, state.run.freezes) == (2, 1)

    await hall.reverse(first)
    await hall.reverse(first)
    state = await standing(hall)
    assert (state.make_up_cards, state.run.freezes) == (0, 0)
    await hall.do("visit", "ann")
    state = await standing(hall)
    assert (state.make_up_cards, state.run.freezes) == (2, 1)
    assert await differences(hall) == []


async def test_a_rule_gives_freezes_and_reversing_its_activity_takes_them_back(
    programme: MakeProgramme,
) -> None:
    rule = {"key": "v", "on": ["visit"], "effects": [item(2), item(1, "make_up_card")]}
    types = [{"key": "check_in"}, {"key": "visit"}]
    hall = await programme({**DOCUMENT, "activity_types": types, "rules": [rule]})
    await hall.join_all("ann", "bob")
    first = await hall.do("visit", "ann")
    await hall.record(*(hall.activity("visit", name) for name in ("ann", "bob", "ann")))
    state = await standing(hall)
    assert (state.run.freezes, state.make_up_cards) == (6, 3)
    await hall.reverse(first)
    await hall.reverse(first)

    state = await standing(hall)
    assert (state.run.freezes, state.make_up_cards) == (4, 2)
    entries = await hall.services.stores.check_ins.items_of(hall.id_of("ann"), "daily")
    assert (entries[0].cause.rule, entries[0].cause.activity_id) == ("v", first.id)
    assert await differences(hall) == []


async def test_a_used_card_stays_used_when_its_reason_goes(programme: MakeProgramme) -> None:
    hall = await opened(programme, cycle=[{"reward": [item(1, "make_up_card")]}, {"reward": []}])
    await check_in(hall)
    hall.clock.now = START + timedelta(days=2)
    service, ann = hall.services.check_ins, hall.member_actor("ann")
    await service.make_up(ann, None, "daily", date(2026, 11, 11), "m")
    source_id = f"{hall.id_of('ann').hex()}:2026-11-10"
    await hall.services.reversal.reverse(hall.operator, "check-in:daily", source_id, None)

    state = await standing(hall)
    # The made-up day is the first of its streak now, and what the withdrawn one gave is its own: the card it used.
    assert (state.run.streak, state.make_up_cards) == (1, 0)
    assert await differences(hall) == []


async def test_recording_costs_no_more_where_nothing_is_checked_in(
    programme: MakeProgramme, hall: ProgrammeUnderTest, mongo: Mongo
) -> None:
    plain = await programme({**DOCUMENT, "check_ins": []})
    await plain.join("ann")
    await plain.do("check_in", "ann")

    for name in ("check_in_states", "check_in_days", "check_in_items"):
        assert await mongo.collection(name).count_documents({"programme_id": plain.key}) == 0


# -- verify


@pytest.mark.parametrize(
    ("collection", "change", "said"),
    [
        ("check_in_states", {"$set": {"run.streak": 9}}, "streak"),
        ("check_in_states", {"$inc": {"make_up_cards": 1}}, "make-up cards"),
        ("check_in_states", {"$inc": {"entries": 1}}, "entries"),
        ("check_in_days", {"$set": {"position": 7}}, "position"),
        ("check_in_days", {"$set": {"state": "missed"}}, "streak"),
        ("check_in_days", {"$set": {"activity_id": b"\0" * 16}}, "no activity stands"),
        ("check_in_days", {"$set": {"transfers": [b"\0" * 16]}}, "is missing"),
        ("check_in_items", {"$inc": {"count": 1}}, "cards"),
    ],
)
async def test_verify_finds_damage(
    hall: ProgrammeUnderTest, mongo: Mongo, collection: str, change: dict[str, Any], said: str
) -> None:
    await check_in(hall)
    await grant(hall, CheckInItem.MAKE_UP_CARD, 1, "g")
    assert await differences(hall) == []
    await mongo.collection(collection).update_one({"programme_id": hall.key}, change)

    assert any(said in sentence for sentence in await differences(hall))
