"""Whatever is recorded and reversed, what is left is what the standing activities alone would have made."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gamification.activity.model import NewActivity
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.support import SOURCE, ProgrammeUnderTest, on_servers, statuses

MEMBERS = ["ann", "bob"]
SUBJECTS = ["post:1", "post:2", None]
TYPES = ["vote", "comment"]

# Points are never negative here: where a deduction meets the floor, what is applied depends on the balance at
# that moment, and so does what is taken back. Neither are points or scores taken from counters: they are undone
# as they were applied, not worked out anew. Both are by design, and have tests of their own.
PROGRAMME: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [
        {"key": key, "properties": {"type": "object", "properties": {"v": {"type": "integer"}}}}
        for key in TYPES
    ],
    "counters": [
        {"key": "votes", "on": ["vote"], "per": "subject", "add": "activity.v"},
        {"key": "comments", "on": ["comment"]},
        {"key": "own", "on": ["vote", "comment"], "per": "member_subject", "cycle": "daily"},
    ],
    "badges": [
        {"key": "nice", "repeat": "per_key", "levels": [{"level": 1}, {"level": 2}]},
        {"key": "talker", "levels": [{"level": n} for n in (1, 2, 3)]},
        {"key": "early"},
        {"key": "done"},
    ],
    "tasks": [
        {
            "key": "count",
            "goal": 2,
            "reward": [{"points": {"unit": "points", "amount": 10, "boards": ["rewards"]}}],
        },
        {
            "key": "distinct",
            "measure": "distinct",
            "goal": 2,
            "requires": ["count"],
            "reward": [{"award": {"badge": "done"}}, {"score": {"board": "rewards", "value": 7}}],
        },
        {
            "key": "sum",
            "measure": "sum",
            "goal": 5,
            "requires": ["count", "distinct"],
            "reward": [{"award": {"badge": "talker", "level": 3}}],
        },
        {"key": "daily", "goal": 2, "cycle": "daily", "zone": "member"},
        {
            "key": "gated",
            "goal": 2,
            "cycle": "daily",
            "requires": ["count"],
            "reward": [{"points": {"unit": "points", "amount": 3, "boards": ["rewards"]}}],
        },
        {"key": "counted", "goal": 2, "reward": [{"points": {"unit": "points", "amount": 100}}]},
        {
            "key": "either",
            "goal": 1,
            "prerequisites": {"any_of": ["counted", {"all_of": ["count", "distinct"]}]},
            "reward": [{"points": {"unit": "points", "amount": 5}}],
        },
        {
            "key": "pair",
            "measure": "tasks",
            "parts": ["count", "either"],
            "reward": [{"points": {"unit": "points", "amount": 9, "boards": ["rewards"]}}],
        },
        {
            "key": "some_days",
            "goal": 2,
            "cycle": "weekly",
            "zone": "member",
            "days": [{"weekday": day} for day in ("monday", "tuesday", "thursday", "saturday")],
            "reward": [{"points": {"unit": "points", "amount": 4}}],
        },
    ],
    "leaderboards": [
        *(
            {"key": f"{operator}.{order}", "operator": operator, "order": order, "subscore": True}
            for operator in ("increment", "best", "latest", "set")
            for order in ("ascending", "descending")
        ),
        {"key": "daily", "cycle": "daily"},
        {"key": "rewards"},
    ],
    "rules": [
        {
            "key": "scores",
            "on": TYPES,
            "effects": [
                *(
                    {
                        "score": {
                            "board": f"{operator}.{order}",
                            "value": "activity.v",
                            "subscore": "size(activity.type)",
                        }
                    }
                    for operator in ("increment", "best", "latest", "set")
                    for order in ("ascending", "descending")
                ),
                {"points": {"unit": "points", "amount": "abs(activity.v)", "boards": ["daily"]}},
            ],
        },
        {
            "key": "votes",
            "on": ["vote"],
            "counters": ["votes"],
            "when": "subject.kind == 'post'",
            "effects": [
                {
                    "when": "counters.votes >= 2",
                    "award": {
                        "badge": "nice",
                        "occurrence": "subject.id",
                        "level": "counters.votes >= 4 ? 2 : 1",
                    },
                },
                {"advance": {"task": "distinct", "value": "subject.id"}},
                {"advance": {"task": "gated"}},
                {"when": "counters.votes > 1", "advance": {"task": "counted"}},
            ],
        },
        {
            "key": "comments",
            "on": ["comment"],
            "counters": ["comments", "own"],
            "effects": [
                {
                    "when": "counters.comments >= 2",
                    "award": {"badge": "talker", "level": "counters.comments >= 4 ? 2 : 1"},
                },
                {"advance": {"task": "count"}},
                {"advance": {"task": "sum", "by": "min(counters.own, 3)"}},
            ],
        },
        {
            "key": "any",
            "on": TYPES,
            "effects": [
                {"advance": {"task": "daily"}},
                {"advance": {"task": "either"}},
                {"advance": {"task": "some_days"}},
                {"when": "activity.v == 3", "award": {"badge": "early"}},
            ],
        },
    ],
}


@dataclass(frozen=True)
class Step:
    """An activity, or with `back` the reversal of an earlier one."""

    kind: str
    member: str
    subject: str | None
    value: int
    hours: int
    back: int | None = None


steps = st.builds(
    Step,
    st.sampled_from(TYPES),
    st.sampled_from(MEMBERS),
    st.sampled_from(SUBJECTS),
    st.integers(-2, 3),
    st.sampled_from([0, 1, 30]),
    st.one_of(st.none(), st.none(), st.integers(0, 30)),
)


async def join(club: ProgrammeUnderTest) -> None:
    await club.join("ann", time_zone="Asia/Shanghai")
    await club.join("bob", time_zone="America/New_York")


async def everything(club: ProgrammeUnderTest) -> dict[str, Any]:
    """What members hold, by their names, so that two programmes compare."""
    stores, names = club.services.stores, {member.id: name for name, member in club.members.items()}
    awards, progress, records, balances = {}, {}, dict[tuple[str, ...], Any](), {}
    for name, member in club.members.items():
        for (badge, occurrence), award in (await club.awards(name)).items():
            grounds = {
                "task" if ground.startswith("task:") else ground: level
                for ground, level in award.grounds.items()
            }
            awards[name, badge, occurrence] = (award.level, grounds)
        balances[name] = await club.balance(name, "points")
        for record in await stores.records.of_member(club.key, member.id):
            if record.standing is not None:
                # A reward's instant is that of the activity that first earned it, which may be gone.
                rewarded = record.board == "rewards"
                records[name, record.board, record.period] = (
                    record.standing.score if rewarded else record.standing
                )
    rows = stores.mongo.collection("task_progress").find({"programme_id": club.key})
    async for row in rows:
        if row["value"]:
            done = row["completed_at"] is not None
            progress[names[row["member_id"]], row["task"], row["period"]] = (
                row["value"],
                row.get("distinct"),
                done,
            )
    return {"awards": awards, "progress": progress, "records": records, "balances": balances}


NOTHING: dict[str, Any] = {"awards": {}, "progress": {}, "records": {}, "balances": {"ann": 0, "bob": 0}}


async def agrees(club: ProgrammeUnderTest) -> None:
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []


@given(history=st.lists(steps, min_size=4, max_size=24), data=st.data())
@on_servers(15)
async def test_what_stands_decides_and_nothing_else(
    programme: MakeProgramme, history: list[Step], data: st.DataObject
) -> None:
    club, fresh = await programme(PROGRAMME), await programme(PROGRAMME)
    await join(club)
    await join(fresh)
    start = club.clock.now - timedelta(days=3)
    done: list[NewActivity] = []
    gone: set[int] = set()

    async def reverse(index: int) -> None:
        _, before = await club.services.reversal.reverse(club.service, SOURCE, done[index].source_id, None)
        assert before == (index in gone)
        gone.add(index)

    waiting: list[NewActivity] = []

    async def record() -> None:
        assert set(statuses(await club.record(*waiting))) <= {"recorded"}
        done.extend(waiting)
        waiting.clear()

    for step in history:
        if step.back is None:
            at = start + timedelta(hours=step.hours)
            waiting.append(club.activity(step.kind, step.member, at=at, subject=step.subject, v=step.value))
        else:
            await record()
            if done:
                await reverse(step.back % len(done))
    await record()

    standing = [activity for index, activity in enumerate(done) if index not in gone]
    for part in standing:
        assert statuses(await fresh.record(replace(part))) == ["recorded"]
    assert await everything(club) == await everything(fresh)
    await agrees(club)

    for index in data.draw(st.permutations(range(len(done)))):
        await reverse(index)
    assert await everything(club) == NOTHING
    await agrees(club)
    for board in ("daily", "increment.ascending"):
        assert await club.ranking(board) == []
