"""What an approval causes: it counts like any other activity, in the period in which the evidence was handed in."""

from datetime import UTC, datetime, timedelta

import pytest

from gamification.activity.model import ActivityStatus, NewActivity
from gamification.kit.actors import Actor, Role
from gamification.members.model import ProfileChange
from storage.paging import Window
from tests.conftest import MakeProgramme
from tests.resolvers.evidence_world import (
    NOON,
    PROGRAMME,
    approve,
    differences,
    hand_in,
    on,
    queue,
)
from tests.resolvers.harness import GraphQL, typed
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(PROGRAMME)
    await made.join("ann")
    await made.join("bob")
    made.clock.now = NOON
    return made


async def test_what_is_approved_counts_and_completes_the_task(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    handed_in = await hand_in(graphql, club)
    club.clock.advance(timedelta(hours=1))

    approved = await approve(graphql, club, handed_in, note="A fine shelf")

    assert (approved["state"], approved["version"]) == ("APPROVED", 2)
    assert await club.balance("ann", "points") == 100
    assert await club.balance("ann", "gems") == 1  # by a rule on the type that approvals are recorded as
    assert ("seen", "") in await club.awards("ann")
    assert await club.ranking("photographers") == [(1, "ann", 1)]
    progress = await club.progress("ann", "photo")
    assert progress is not None
    assert progress.completed_at == NOON  # when it was handed in, not when somebody looked
    assert await differences(club) == []


async def test_it_is_explained_which_approval_caused_what(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    approved = await approve(graphql, club, await hand_in(graphql, club))
    document = """query ($id: ID!) { me { taskProgress(first: 1) { nodes { cause {
        rule { key } activity { type source subject transfers { amount } } } } } }
        node(id: $id) { ... on TaskSubmission { activity { type occurredAt } } } }"""

    answer = await graphql.read(club.member_actor("ann"), document, {"id": approved["id"]})

    (progress,) = answer["me"]["taskProgress"]["nodes"]
    assert progress["cause"]["rule"] == {"key": "tasks.photo.approval"}
    assert progress["cause"]["activity"] == {
        "type": "photo_approved",
        "source": "task-approval:photo",
        "subject": "task:photo",
        "transfers": [{"amount": 1}],
    }
    assert answer["node"]["activity"]["type"] == "photo_approved"


async def test_no_evidence_is_copied_to_the_activity(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await approve(graphql, club, await hand_in(graphql, club, text="Mine, in Basel"))

    (activity,) = (await club.services.activity.page(club.service, club.members["ann"], Window(10))).rows

    assert activity.properties == {"task": "photo", "period": "all"}


async def test_it_counts_in_the_period_in_which_it_was_handed_in(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.services.members.update_profile(
        club.service, club.id_of("ann"), ProfileChange(time_zone="Asia/Shanghai")
    )
    shanghai = datetime(
        NOON.year, NOON.month, NOON.day, 15, 30, tzinfo=UTC
    )  # half past eleven in the evening
    today, tomorrow = (shanghai.date() + timedelta(days=n) for n in (0, 1))
    club.clock.now = shanghai
    first = await hand_in(graphql, club, key="1", task="diary", text="one")
    second_one = await hand_in(graphql, club, key="2", task="diary", text="two")
    club.clock.advance(timedelta(hours=1))
    third = await hand_in(graphql, club, key="3", task="diary", text="three")
    assert [one["period"] for one in (first, second_one, third)] == [
        today.isoformat(),
        today.isoformat(),
        tomorrow.isoformat(),
    ]
    assert [one["number"] for one in (first, second_one, third)] == [1, 2, 1]

    # By the time somebody looks the member lives elsewhere, where it is still the day before.
    await club.services.members.update_profile(
        club.service, club.id_of("ann"), ProfileChange(time_zone="America/Los_Angeles")
    )
    for one in (third, second_one, first):
        await approve(graphql, club, one)

    progress = [await club.progress("ann", "diary", day.isoformat()) for day in (today, tomorrow)]
    assert [(one.value, one.is_complete) for one in progress if one] == [(2, True), (1, False)]
    assert await club.balance("ann", "points") == 10
    assert await differences(club) == []


async def test_a_goal_of_several_takes_as_many_approvals(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    links = [f"https://a.example/{number}" for number in range(4)]
    handed_in = [
        await hand_in(graphql, club, key=str(n), task="pairs", link=link) for n, link in enumerate(links[:3])
    ]
    for number, one in enumerate(handed_in):
        progress = await club.progress("ann", "pairs")
        assert (progress.value if progress else 0) == number
        await approve(graphql, club, one)
    progress = await club.progress("ann", "pairs")
    assert progress is not None
    assert (progress.value, progress.is_complete) == (3, True)
    assert await differences(club) == []


@pytest.mark.parametrize("walks_first", [True, False])
async def test_activity_and_approval_together(
    graphql: GraphQL, club: ProgrammeUnderTest, walks_first: bool
) -> None:
    async def walk() -> None:
        for _ in range(2):
            await club.do("walk", "ann")

    async def show() -> None:
        await approve(graphql, club, await hand_in(graphql, club, task="walk_shown", text="Uphill"))

    first, then = (walk, show) if walks_first else (show, walk)
    await first()
    assert await club.balance("ann", "points") == 0
    await then()

    assert await club.balance("ann", "points") == 50
    assert await differences(club) == []


async def test_first_finishers_are_those_approved_first_and_claim_in_time(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("cec")
    handed_in = {
        name: await hand_in(graphql, club, name, task="first_two", text=name)
        for name in ("ann", "bob", "cec")
    }
    club.clock.advance(timedelta(days=2))
    for name in ("cec", "bob", "ann"):
        await approve(graphql, club, handed_in[name])

    places = {}
    for name in handed_in:
        progress = await club.progress(name, "first_two")
        assert progress is not None
        places[name] = (progress.place, progress.missed)
    assert places == {"cec": (1, False), "bob": (2, False), "ann": (None, True)}
    claim = {"task": "first_two", "idempotencyKey": "c"}
    await graphql.done(club.member_actor("cec"), "claimTask", claim)
    typed(await graphql.mutate(club.member_actor("ann"), "claimTask", claim), "ConflictError")
    club.clock.advance(timedelta(days=3))  # the time to claim began as it was approved
    typed(
        await graphql.mutate(club.member_actor("bob"), "claimTask", claim),
        "ConflictError",
        "TASK_CLAIM_LAPSED",
    )
    assert await differences(club) == []


async def test_what_was_handed_in_before_the_tier_was_lost_counts_and_rests(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    tiers, ann = club.services.tier_keeping, club.id_of("ann")
    await tiers.set_tier(club.operator, ann, "club", "gold", None, "a test", "up")
    handed_in = await hand_in(graphql, club, task="gilded", text="x")
    await tiers.set_tier(club.operator, ann, "club", "basic", None, "a test", "down")
    told = "subscription { myProgress { __typename } }"

    async with graphql.subscribe(club.member_actor("ann"), told) as stream:
        await stream.data()
        await approve(graphql, club, handed_in)
        assert await stream.until_quiet(0.5) == []  # not a word of a task that is not there

    progress = await club.progress("ann", "gilded")
    assert progress is not None
    assert (progress.value, progress.is_complete) == (1, False)
    assert await differences(club) == []


async def test_an_approval_stays_and_can_be_revoked_whatever_becomes_of_the_task(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    approved = await approve(graphql, club, await hand_in(graphql, club))
    await graphql.done(club.operator, "archiveDefinition", {"kind": "TASK", "key": "photo"})
    assert await differences(club) == []

    await graphql.done(club.moderator, "revokeTaskApproval", on(approved, reason="A copy"))

    assert await club.balance("ann", "points") == 0
    assert await differences(club) == []


async def test_an_approval_that_its_rules_refuse_leaves_everything_as_it_was(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    rule = {
        "key": "failing",
        "on": ["photo_approved"],
        "effects": [{"points": {"unit": "gems", "amount": "1 / (properties.period == 'all' ? 0 : 1)"}}],
    }
    club = await programme({**PROGRAMME, "rules": [rule, PROGRAMME["rules"][0]]})
    await club.join("ann")
    handed_in = await hand_in(graphql, club)

    answer = await graphql.mutate(club.moderator, "approveTaskEvidence", on(handed_in))

    typed(answer, "InvalidInputError", "RULE_FAILED")
    assert [one["id"] for one in await queue(graphql, club.moderator)] == [handed_in["id"]]
    assert await club.progress("ann", "photo") is None
    assert await differences(club) == []


async def test_activity_of_that_type_from_elsewhere_is_no_approval(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    handed_in = await hand_in(graphql, club)
    properties = {"task": "photo", "period": "all"}
    sent = NewActivity(
        "photo_approved", "task-approval:photo", "made-up", "ann", NOON, "task:photo", properties
    )

    (outcome,) = await club.record(sent)

    assert outcome.status is ActivityStatus.RECORDED
    assert await club.progress("ann", "photo") is None
    assert [one["id"] for one in await queue(graphql, club.moderator)] == [handed_in["id"]]
    assert await differences(club) == []


async def test_of_merged_accounts_an_approval_goes_on_counting_and_can_be_revoked(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    approved = await approve(graphql, club, await hand_in(graphql, club, "ann"))
    await club.services.merges.merge(club.operator, club.id_of("ann"), club.id_of("bob"), "one person", "m")
    assert await club.balance("bob", "points") == 100
    assert await differences(club) == []
    old_name = Actor(club.key, "ann", Role.MODERATOR)
    stated = on(approved, reason="A copy")
    typed(await graphql.mutate(old_name, "revokeTaskApproval", stated), "ConflictError", "OWN_SUBMISSION")

    await graphql.done(club.moderator, "revokeTaskApproval", stated)

    assert await club.balance("bob", "points") == 0
    progress = await club.progress("bob", "photo")
    assert progress is not None
    assert not progress.is_complete
    assert await differences(club) == []
