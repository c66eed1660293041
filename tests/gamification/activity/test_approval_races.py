"""Who is first with what was handed in for a task: each thing happens once, and the others are told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gamification.kit.actors import Actor, Role
from gamification.kit.errors import Conflict, DomainError, ErrorCode, NotFound
from gamification.tasks.submissions import Submission, SubmissionMoved, SubmissionState
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

PROGRAMME: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "approved"}],
    "leaderboards": [{"key": "board"}],
    "tasks": [
        {
            "key": "photo",
            "goal": 1,
            "approval": {"activity": "approved"},
            "reward": [{"points": {"unit": "points", "amount": 100, "boards": ["board"]}}],
        }
    ],
}
AT_ONCE = 6


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(PROGRAMME)
    await made.join("ann")
    return made


async def hand_in(club: ProgrammeUnderTest, key: str = "1", text: str = "x") -> Submission:
    submission, _ = await club.services.evidence.submit(
        club.member_actor("ann"), None, "photo", text, None, None, key
    )
    return submission


async def now(club: ProgrammeUnderTest, submission: Submission) -> Submission:
    found = await club.services.stores.submissions.by_ids(club.key, [submission.id])
    return found[submission.id]


async def outcomes(*doing: Awaitable[Any]) -> tuple[list[Any], list[DomainError]]:
    """What was done, and the errors of those who came too late."""
    done, late = list[Any](), list[DomainError]()
    for answer in await asyncio.gather(*doing, return_exceptions=True):
        if isinstance(answer, BaseException):
            assert isinstance(answer, DomainError), answer
            late.append(answer)
        else:
            done.append(answer)
    return done, late


async def sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


def moderator(club: ProgrammeUnderTest, number: int) -> Actor:
    return Actor(club.key, f"mod{number}", Role.MODERATOR)


async def test_of_moderators_who_approve_at_once_one_does(club: ProgrammeUnderTest) -> None:
    waiting = await hand_in(club)

    done, late = await outcomes(
        *(
            club.services.approvals.approve(moderator(club, n), waiting.id, 1, None, "k")
            for n in range(AT_ONCE)
        )
    )

    assert len(done) == 1
    first = done[0][0].decisions[0].actor
    for error in late:
        assert isinstance(error, SubmissionMoved)
        assert error.submission.decisions[0].actor == first
    assert await club.balance("ann", "points") == 100
    await sound(club)


async def test_a_double_click_approves_once(club: ProgrammeUnderTest) -> None:
    waiting = await hand_in(club)

    done, late = await outcomes(
        *(club.services.approvals.approve(club.moderator, waiting.id, 1, None, "k") for _ in range(AT_ONCE))
    )

    assert late == []
    assert sorted(replayed for _, replayed in done) == [False] + [True] * (AT_ONCE - 1)
    assert await club.balance("ann", "points") == 100
    await sound(club)


Rival = Callable[[ProgrammeUnderTest, Submission], Awaitable[Any]]
RIVALS: dict[str, Rival] = {
    "reject": lambda club, waiting: club.services.approvals.reject(
        moderator(club, 2), waiting.id, 1, "No", None, "r"
    ),
    "withdraw": lambda club, waiting: club.services.evidence.withdraw(
        club.member_actor("ann"), waiting.id, "w"
    ),
    "replace": lambda club, waiting: club.services.evidence.submit(
        club.member_actor("ann"), None, "photo", "y", None, waiting.id, "s"
    ),
}


@pytest.mark.parametrize("rival", RIVALS)
@pytest.mark.parametrize("turn", range(3))
async def test_of_an_approval_and_what_contradicts_it_one_happens(
    club: ProgrammeUnderTest, rival: str, turn: int
) -> None:
    waiting = await hand_in(club)
    doing = [
        club.services.approvals.approve(club.moderator, waiting.id, 1, None, "k"),
        RIVALS[rival](club, waiting),
    ]

    done, late = await outcomes(*(doing if turn % 2 else doing[::-1]))

    assert (len(done), len(late)) == (1, 1)
    assert isinstance(late[0], SubmissionMoved) or (
        rival == "replace" and isinstance(late[0], Conflict)  # approved, so there is nothing to hand in for
    )
    approved = (await now(club, waiting)).state is SubmissionState.APPROVED
    assert await club.balance("ann", "points") == (100 if approved else 0)
    await sound(club)


async def test_of_two_who_take_an_approval_back_one_does(club: ProgrammeUnderTest) -> None:
    waiting = await hand_in(club)
    approved, _ = await club.services.approvals.approve(club.moderator, waiting.id, 1, None, "k")

    done, late = await outcomes(
        *(
            club.services.approvals.revoke(moderator(club, n), approved.id, 2, "A copy", "r")
            for n in range(AT_ONCE)
        )
    )
    before = await club.services.reversal.reverse(
        club.operator, "task-approval:photo", approved.id.hex(), None
    )

    assert len(done) == 1
    assert all(isinstance(error, SubmissionMoved) for error in late)
    assert before[1] is True
    assert await club.balance("ann", "points") == 0
    await sound(club)


async def test_a_revocation_and_a_reversal_at_once_take_back_once(club: ProgrammeUnderTest) -> None:
    waiting = await hand_in(club)
    approved, _ = await club.services.approvals.approve(club.moderator, waiting.id, 1, None, "k")

    done, late = await outcomes(
        club.services.approvals.revoke(club.moderator, approved.id, 2, "A copy", "r"),
        club.services.reversal.reverse(club.operator, "task-approval:photo", approved.id.hex(), "A mistake"),
    )

    # Who reverses what is reversed is told so; who revokes what is revoked is too late.
    assert len(done) == 2 or isinstance(late[0], SubmissionMoved)
    found = await now(club, approved)
    assert (found.state, found.version) == (SubmissionState.REVOKED, 3)
    assert await club.balance("ann", "points") == 0
    await sound(club)


async def test_of_those_handed_in_at_once_as_many_wait_as_are_asked_for(club: ProgrammeUnderTest) -> None:
    done, late = await outcomes(*(hand_in(club, f"k{n}", f"{n}") for n in range(AT_ONCE)))

    assert len(done) == 1
    assert {error.code for error in late} == {ErrorCode.SUBMISSION_WAITING}
    await sound(club)


@pytest.mark.parametrize("turn", range(4))
async def test_a_member_who_is_erased_is_not_approved_afterwards(club: ProgrammeUnderTest, turn: int) -> None:
    waiting = await hand_in(club)
    doing: list[Awaitable[Any]] = [
        club.services.approvals.approve(club.moderator, waiting.id, 1, "fine", "k"),
        club.services.erasures.erase(club.member_actor("ann"), None, "ann"),
    ]

    done, late = await outcomes(*(doing if turn % 2 else doing[::-1]))

    found = await now(club, waiting)
    if late:
        assert isinstance(late[0], NotFound | SubmissionMoved)
        assert found.state is SubmissionState.WITHDRAWN
    else:
        assert found.state is SubmissionState.APPROVED
    assert (found.text, found.link, found.reason) == (None, None, None)
    assert all((one.reason, one.note) == (None, None) for one in found.decisions)
    assert len(done) + len(late) == 2
    for act in (
        club.services.approvals.approve(club.moderator, waiting.id, found.version, None, "late"),
        club.services.approvals.revoke(club.moderator, waiting.id, found.version, "x", "late too"),
    ):
        with pytest.raises(NotFound):
            await act
    await sound(club)
