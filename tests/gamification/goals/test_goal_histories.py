"""Whatever is contributed and taken back, in whatever order, what is left is what the standing activities alone would have
made; and where all is taken back, nothing is."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gamification.members.model import ProfileChange
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.goal_world import CLOSED, CLOSING, NOW, balances, document, keep, points, walk_goal
from tests.support import ProgrammeUnderTest, on_servers

MEMBERS = ["ann", "bob", "cec"]
TEAMS = ["red", "blue"]
SPLIT = {"unit": "points", "amount": 100}
GOALS = (
    walk_goal(
        target=40,
        least=5,
        pays="close",
        reward=[*points(10), {"award": {"badge": "walker"}}],
        split=SPLIT,
        milestones=[{"key": "half", "percent": 50, "split": {**SPLIT, "by": "evenly"}}],
        **CLOSING,
    ),
    walk_goal(key="teams", target=20, group="member.attributes.team", pays="close", reward=points(3), **CLOSING),
    walk_goal(key="members", measure="members", target=2, least=10, pays="close", reward=points(7), **CLOSING),
    {"key": "weekly", "target": 4, "cycle": "weekly"},
)  # fmt: skip


@dataclass(frozen=True)
class Walk:
    member: str
    km: int
    days_ago: int
    is_reversed: bool


WALKS = st.lists(
    st.builds(Walk, st.sampled_from(MEMBERS), st.integers(0, 25), st.integers(0, 9), st.booleans()),
    max_size=12,
)


async def club_of(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(document(*GOALS))
    club.clock.now = NOW
    for number, name in enumerate(MEMBERS):
        await club.join(name, attributes={"team": TEAMS[number % 2]})
    return club


async def lived(programme: MakeProgramme, walks: list[Walk], *, keeps: bool) -> ProgrammeUnderTest:
    """Walk, and take back what is taken back at once or later; with `keeps` the worker is there all the time."""
    club = await club_of(programme)
    later = []
    for number, walk in enumerate(walks):
        at = NOW - timedelta(days=walk.days_ago)
        activity = await club.do("walk", walk.member, km=walk.km, at=at)
        if keeps:
            await keep(club)
        if walk.is_reversed and number % 2:
            await club.reverse(activity)
        elif walk.is_reversed:
            later.append(activity)
    for activity in reversed(later):
        await club.reverse(activity)
    await keep(club)
    return club


async def state(club: ProgrammeUnderTest) -> dict[str, Any]:
    runs = await club.services.stores.goals.all_runs(club.key)
    sums = {
        (run.goal, run.period, run.team): (
            run.total,
            run.contributors,
            run.participants,
            tuple(one.milestone for one in run.reached) if run.goal != "weekly" else None,
            run.state,
        )
        for run in runs
        if run.total
    }
    return {
        "sums": sums,
        "balances": await balances(club, *MEMBERS),
        "awards": {name: sorted(await club.awards(name)) for name in MEMBERS},
    }


async def verified(club: ProgrammeUnderTest) -> None:
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []


@given(WALKS, st.randoms(use_true_random=False))
@on_servers(6)
async def test_reversals_and_order_come_to_what_stands(
    programme: MakeProgramme, walks: list[Walk], random: Any
) -> None:
    standing = [walk for walk in walks if not walk.is_reversed]
    random.shuffle(standing)
    first = await lived(programme, walks, keeps=True)
    second = await lived(programme, standing, keeps=False)
    first.clock.now = CLOSED
    for club in (first, second):
        await keep(club)
        await verified(club)

    one, other = await state(first), await state(second)
    # Who walked first decides a tie of two who walked as much, and with the order so does what is left of a sum.
    assert abs(sum(one["balances"]) - sum(other["balances"])) == 0
    assert one["sums"] == other["sums"]
    assert one["awards"] == other["awards"]
    for mine, theirs in zip(one["balances"], other["balances"], strict=True):
        assert abs(mine - theirs) <= 2


@given(WALKS, st.booleans())
@on_servers(6)
async def test_taking_everything_back_comes_to_nothing(
    programme: MakeProgramme, walks: list[Walk], is_closed: bool
) -> None:
    club = await club_of(programme)
    made = []
    for number, walk in enumerate(walks):
        made.append(await club.do("walk", walk.member, km=walk.km, at=NOW - timedelta(days=walk.days_ago)))
        if number == 4:  # moved to the other team
            change = ProfileChange(attributes={"team": "blue"})
            await club.services.members.update_profile(club.service, club.id_of("ann"), change)
    await keep(club)
    if is_closed:
        club.clock.now = CLOSED
        await keep(club)

    for activity in made:
        await club.reverse(activity)
    await keep(club)

    assert await balances(club, *MEMBERS) == [0, 0, 0]
    assert [await club.awards(name) for name in MEMBERS] == [{}, {}, {}]
    runs = await club.services.stores.goals.all_runs(club.key)
    assert {(run.total, run.contributors, run.participants) for run in runs} <= {(0, 0, 0)}
    await verified(club)
