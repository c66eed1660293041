"""Whatever is handed in, decided, withdrawn, taken back and erased: what counts is what stands approved."""

import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.errors import DomainError
from gamification.members.model import ProfileChange
from gamification.tasks.submissions import Submission, SubmissionState
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, on_servers

REWARD = [{"points": {"unit": "points", "amount": 10, "boards": ["board"]}}]
PROGRAMME: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "approved"}, {"key": "walk"}],
    "rules": [
        {"key": "walks", "on": ["walk"], "effects": [{"advance": {"task": "walked"}}]},
        {"key": "each", "on": ["approved"], "effects": [{"points": {"unit": "points", "amount": 1}}]},
    ],
    "leaderboards": [{"key": "board"}],
    "tasks": [
        {"key": "walked", "goal": 2},
        {"key": "once", "goal": 1, "approval": {"activity": "approved"}, "reward": REWARD},
        {
            "key": "daily",
            "goal": 2,
            "cycle": "daily",
            "zone": "member",
            "requires": ["walked"],
            "approval": {"activity": "approved", "resubmissions": 5},
            "reward": REWARD,
        },
    ],
}
WHO = st.sampled_from(["ann", "bob"])
STEPS = st.one_of(
    st.tuples(st.just("submit"), WHO, st.sampled_from(["once", "daily"])),
    st.tuples(st.just("replace"), st.integers(0, 9)),
    st.tuples(st.sampled_from(["approve", "approve", "reject", "withdraw", "revoke", "reverse"]), st.integers(0, 9)),
    st.tuples(st.just("walk"), WHO),
    st.tuples(st.just("zone"), WHO, st.sampled_from(["Asia/Shanghai", "Pacific/Niue"])),
    st.tuples(st.just("wait"), st.integers(1, 30)),
)  # fmt: skip
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class World:
    def __init__(self, club: ProgrammeUnderTest) -> None:
        self.club = club
        self.made: list[Submission] = []

    async def step(self, name: str, *stated: Any) -> None:
        club, services, key = self.club, self.club.services, secrets.token_hex(8)
        found = self.made[stated[0] % len(self.made)] if self.made and isinstance(stated[0], int) else None
        if name == "submit":
            actor = club.member_actor(stated[0])
            made, _ = await services.evidence.submit(actor, None, stated[1], "x", None, None, key)
            self.made.append(made)
        elif name == "walk":
            await club.do("walk", stated[0])
        elif name == "zone":
            change = ProfileChange(time_zone=stated[1])
            await services.members.update_profile(club.service, club.id_of(stated[0]), change)
        elif name == "wait":
            club.clock.advance(timedelta(hours=stated[0]))
        elif found is not None:
            await self._decide(name, await self.now(found), key)

    async def _decide(self, name: str, found: Submission, key: str) -> None:
        services, club, mod = self.club.services, self.club, self.club.moderator
        if name == "approve":
            await services.approvals.approve(mod, found.id, found.version, None, key)
        elif name == "reject":
            await services.approvals.reject(mod, found.id, found.version, "no", None, key)
        elif name == "revoke":
            await services.approvals.revoke(mod, found.id, found.version, "no", key)
        elif name == "withdraw":
            await services.evidence.withdraw(club.service, found.id, key)
        elif name == "reverse":
            source = (f"task-approval:{found.task}", found.id.hex())
            await services.reversal.reverse(club.service, *source, None)
        elif name == "replace":
            made, _ = await services.evidence.submit(
                club.service, found.member_id, found.task, "y", None, found.id, key
            )
            self.made.append(made)

    async def now(self, found: Submission) -> Submission:
        return (await self.club.services.stores.submissions.by_ids(self.club.key, [found.id]))[found.id]


@given(st.lists(STEPS, min_size=8, max_size=30))
@on_servers(8)
async def test_what_counts_is_what_stands_approved(programme: MakeProgramme, steps: list[Any]) -> None:
    club = await programme(PROGRAMME)
    await club.join_all("ann", "bob")
    club.clock.now = START
    world = World(club)
    refused = Counter[str]()
    for what in steps:
        try:
            await world.step(*what)
        except DomainError as error:
            refused[error.code] += 1

    states = [await world.now(one) for one in world.made]
    for name in ("ann", "bob"):
        own = [one for one in states if one.member_id == club.id_of(name)]
        approved = Counter((one.task, one.period) for one in own if one.state is SubmissionState.APPROVED)
        waiting = Counter((one.task, one.period) for one in own if one.state is SubmissionState.PENDING)
        completed = 0
        for (task, period), count in approved.items():
            goal = 1 if task == "once" else 2
            assert count + waiting[task, period] <= goal
            progress = await club.progress(name, task, period)
            assert progress is not None
            assert progress.value == count
            completed += progress.is_complete
        assert await club.balance(name, "points") == approved.total() + 10 * completed
    assert (await VerificationService(club.services).verify(club.key)).differences == []

    for one in states:
        if one.state is SubmissionState.APPROVED:
            await club.services.approvals.revoke(
                club.moderator, one.id, one.version, "all of it", one.id.hex()
            )
    assert [await club.balance(name, "points") for name in ("ann", "bob")] == [0, 0]
    assert (await VerificationService(club.services).verify(club.key)).differences == []
