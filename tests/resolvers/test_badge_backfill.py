"""`backfillBadge`: a preview counts and shows a sample, a real one awards in silence, once, and reversal follows."""

import asyncio
from typing import Any

import pytest

from community.services import Services
from gamification.activity import backfills
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

BASE: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "come"}, {"key": "like"}, {"key": "other"}],
    "counters": [{"key": "comes", "on": ["come"]}],
    "rules": [
        {
            "key": "old",
            "on": ["come"],
            "counters": ["comes"],
            "when": "counters.comes < 0",
            "effects": [{"points": {"unit": "points", "amount": 1}}],
        }
    ],
}
NEW: dict[str, Any] = {
    **BASE,
    "rules": [
        *BASE["rules"],
        {
            "key": "thrice",
            "on": ["come"],
            "counters": ["comes"],
            "when": "counters.comes >= 3",
            "effects": [{"award": {"badge": "regular"}}],
        },
        {"key": "likes", "on": ["like"], "effects": [{"award": {"badge": "liked", "occurrence": "activity.subject"}}]},
    ],
    "badges": [{"key": "regular"}, {"key": "liked", "repeat": "per_key"}, {"key": "plain"}],
    "collections": [{"key": "set", "badges": ["regular"], "reward": [{"points": {"unit": "points", "amount": 9}}]}],
}  # fmt: skip
DRAFTS: dict[str, Any] = {
    **NEW,
    "rules": [NEW["rules"][0], *({**rule, "status": "draft"} for rule in NEW["rules"][1:])],
    "badges": [{**badge, "status": "draft"} for badge in NEW["badges"]],
    "collections": [],
}
SHOWN = (
    "badge preview status scanned passed due sample { member { displayName } occurrence level } finishedAt"
)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few activities take many steps."""
    monkeypatch.setattr(backfills, "STEP", 3)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(BASE)
    await made.join_all("ann", "bob")
    for _ in range(4):
        await made.do("come", "ann")
    for _ in range(2):
        await made.do("come", "bob")
    for subject in ("post:1", "post:1", "post:2"):
        await made.do("like", "bob", subject=subject)
    await made.do("other", "ann")
    return made


async def start(graphql: GraphQL, club: ProgrammeUnderTest, badge: str, key: str, *, preview: bool) -> Any:
    return await graphql.done(
        club.operator,
        "backfillBadge",
        {"badge": badge, "preview": preview, "idempotencyKey": key},
        f"replayed backfill {{ {SHOWN} }}",
    )


async def finished(graphql: GraphQL, club: ProgrammeUnderTest, badge: str) -> dict[str, Any]:
    """The newest job of the badge, once it is done."""
    for _ in range(50):
        await club.services.backfills.run()
        answer = await graphql.read(
            club.operator, f"query ($b: String!) {{ badgeBackfills(badge: $b) {{ {SHOWN} }} }}", {"b": badge}
        )
        job: dict[str, Any] = answer["badgeBackfills"][0]
        if job["status"] == "DONE":
            return job
    raise AssertionError("it goes on for ever")


async def no_differences(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_a_preview_counts_drafts_and_changes_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.apply(DRAFTS)

    for badge in ("regular", "liked"):
        await start(graphql, club, badge, badge, preview=True)
    regular, liked = [await finished(graphql, club, badge) for badge in ("regular", "liked")]

    assert (regular["due"], regular["scanned"], regular["passed"]) == (1, 6, 0)
    assert regular["sample"] == [{"member": {"displayName": "ann"}, "occurrence": None, "level": None}]
    assert regular["finishedAt"] is not None
    assert (liked["due"], liked["scanned"]) == (2, 3)
    assert {found["occurrence"] for found in liked["sample"]} == {"post:1", "post:2"}
    for name in ("ann", "bob"):
        assert await club.awards(name, revoked=True) == {}
    await no_differences(club)


async def test_a_backfill_awards_what_the_preview_counted_and_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.apply(NEW)

    began = await start(graphql, club, "regular", "k", preview=False)
    assert (began["replayed"], began["backfill"]["status"]) == (False, "RUNNING")
    assert (await start(graphql, club, "regular", "k", preview=False))["replayed"]
    job = await finished(graphql, club, "regular")

    assert job["due"] == 1
    award = (await club.awards("ann"))["regular", ""]
    assert award.cause.rule == "thrice"
    assert await club.balance("ann", "points") == 9
    await no_differences(club)
    await start(graphql, club, "regular", "k2", preview=False)
    assert (await finished(graphql, club, "regular"))["due"] == 0
    assert await club.balance("ann", "points") == 9
    await no_differences(club)


async def test_the_sample_is_of_ten(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.record(*(club.activity("like", "ann", subject=f"post:{number}") for number in range(12)))
    await club.apply(NEW)

    await start(graphql, club, "liked", "k", preview=True)
    job = await finished(graphql, club, "liked")

    assert (job["due"], len(job["sample"])) == (14, 10)


async def test_feeds_hear_nothing(graphql: GraphQL, club: ProgrammeUnderTest, live: Services) -> None:
    await club.apply(NEW)
    ann = club.members["ann"]
    before = await club.services.members.head(ann)

    await start(graphql, club, "regular", "k", preview=False)
    await finished(graphql, club, "regular")

    assert ("regular", "") in await club.awards("ann")
    assert await club.services.members.head(ann) == before
    assert await club.services.stores.feed.after(ann.id, before) == []


async def test_two_workers_and_live_activity_at_once_award_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.apply(NEW)
    await start(graphql, club, "regular", "k", preview=False)
    await start(graphql, club, "liked", "l", preview=False)

    await asyncio.gather(
        *(club.services.backfills.run() for _ in range(4)),
        club.do("come", "bob"),
        club.do("like", "bob", subject="post:1"),
    )
    for badge in ("regular", "liked"):
        await finished(graphql, club, badge)

    for name in ("ann", "bob"):
        assert ("regular", "") in await club.awards(name)
        assert await club.balance(name, "points") == 9
    await no_differences(club)


async def test_reversal_takes_back_what_a_backfill_gave(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(BASE)
    await club.join("ann")
    came = [await club.do("come", "ann") for _ in range(4)]
    await club.apply(NEW)
    await start(graphql, club, "regular", "k", preview=False)
    await finished(graphql, club, "regular")

    await club.reverse(came[0])
    assert ("regular", "") in await club.awards("ann")  # three are left
    await no_differences(club)
    await club.reverse(came[3])
    assert await club.awards("ann") == {}
    assert await club.balance("ann", "points") == 0
    await no_differences(club)
    await club.do("come", "ann")
    assert ("regular", "") in await club.awards("ann")
    await no_differences(club)


async def test_activity_that_met_no_such_counter_is_passed_over(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    fresh = {"key": "others", "on": ["other"]}
    rule = {
        "key": "late",
        "on": ["other"],
        "counters": ["others"],
        "when": "counters.others >= 1",
        "effects": [{"award": {"badge": "plain"}}],
    }
    await club.apply({**NEW, "counters": [*BASE["counters"], fresh], "rules": [*NEW["rules"], rule]})

    await start(graphql, club, "plain", "k", preview=False)
    job = await finished(graphql, club, "plain")

    assert (job["scanned"], job["passed"], job["due"]) == (1, 1, 0)
    assert ("plain", "") not in await club.awards("ann")
    await no_differences(club)


async def test_who_is_banned_or_was_revoked_by_hand_gets_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.apply(NEW)
    by_hand = {"memberId": member_gid(club, "ann"), "badge": "regular", "reason": "r"}
    await graphql.done(club.moderator, "awardBadge", {**by_hand, "idempotencyKey": "1"})
    await graphql.done(club.moderator, "revokeBadge", {**by_hand, "idempotencyKey": "2"})
    standing = {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", standing)

    for badge in ("regular", "liked"):
        await start(graphql, club, badge, badge, preview=False)
    regular, liked = [await finished(graphql, club, badge) for badge in ("regular", "liked")]

    assert (regular["due"], regular["passed"]) == (0, 2)
    assert (liked["due"], liked["passed"]) == (0, 3)
    assert await club.awards("ann") == {}
    await no_differences(club)


@pytest.mark.parametrize(
    ("badge", "preview", "kind"),
    [
        ("nope", True, "NotFoundError"),
        ("plain", True, "InvalidInputError"),
        ("regular", False, "InvalidInputError"),
    ],
)
async def test_what_can_not_be_awarded_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, badge: str, preview: bool, kind: str
) -> None:
    await club.apply(DRAFTS)
    stated = {"badge": badge, "preview": preview, "idempotencyKey": "k"}

    typed(await graphql.mutate(club.operator, "backfillBadge", stated), kind, path="badge")


async def test_backfills_are_the_operators(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.apply(NEW)

    for actor in (club.member_actor("ann"), club.moderator, club.service):
        result = await graphql.mutate(actor, "backfillBadge", {"badge": "regular", "idempotencyKey": "k"})
        refused(result, "FORBIDDEN", at="backfillBadge")
        refused(await graphql(actor, '{ badgeBackfills(badge: "regular") { due } }'), "FORBIDDEN")
