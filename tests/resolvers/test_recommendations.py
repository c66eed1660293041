"""Recommendations: what is shown and never shown, why, cold start, dismissal, opting out, and what operators learn."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from community.following.service import Topic
from community.posts.service import NewPost
from community.sanctions.model import SanctionKind
from gamification.members.model import BoardPresence
from gamification.programmes.definitions import PostKind
from tests.conftest import MakeProgramme
from tests.recommendation_world import (
    CLUB,
    CROWD,
    commented,
    gid,
    keys,
    learnt,
    liked,
    name_of,
    redeem,
    shown,
    why,
    wrote,
)
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(CLUB)
    club.clock.now = NOON
    await club.join_all("ann", "bob", *CROWD)
    return club


async def rich(club: ProgrammeUnderTest, *names: str) -> None:
    """Let members have 100 points and 90 growth."""
    for name in names:
        await club.do("earn", name)


# -- by rule


async def test_tasks_come_first_that_wait_to_be_claimed_and_then_those_nearly_done(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for kind in ("visit", "visit", "visit", "study", "study"):
        await club.do(kind, "ann")

    found = await shown(graphql, club.member_actor("ann"), "TASK")

    assert [name_of(one) for one in found[:2]] == ["scholar", "regular"]
    assert why(found, "scholar") == ("CLAIMABLE", "Done: its reward waits for you.")
    assert why(found, "regular") == ("NEARLY_DONE", "Only 1 more to go.")
    assert why(found, "climb")[0] == "OPEN"


async def test_a_task_says_that_it_brings_the_next_tier_within_reach(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann")

    found = await shown(graphql, club.member_actor("ann"), "TASK")

    assert why(found, "climb") == ("TIER_WITHIN_REACH", "10 growth to Gold; this gives 10.")


async def test_the_reason_is_said_in_the_language_of_who_looks(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("mei", locale="zh-Hans")
    for _ in range(3):
        await club.do("visit", "mei")
    await rich(club, "mei")

    found = await shown(graphql, club.member_actor("mei"))

    assert why(found, "regular") == ("NEARLY_DONE", "还差 1 即可完成。")
    assert why(found, "climb") == ("TIER_WITHIN_REACH", "距离金卡还差 10 成长值，完成可得 10。")


async def test_rewards_that_can_be_had_for_points_that_lapse_are_shown_and_wishes_before_them(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann")
    actor = club.member_actor("ann")
    assert why(await shown(graphql, actor, "REWARD"), "tea") == ("AFFORDABLE", "You can have it now.")

    club.clock.advance(40 * DAY)
    await club.services.rewards.wish(actor, "mug", wished=True)
    found = await shown(graphql, actor, "REWARD")

    assert name_of(found[0]) == "mug"
    assert why(found, "mug") == ("WISHED", "On your wish list, and you can have it now.")
    assert why(found, "tea") == (
        "POINTS_LAPSE",
        "100 of your points lapse on May 2, 2026; this costs 10.",
    )


async def test_points_that_have_lapsed_buy_nothing_even_before_the_worker_takes_them(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann")
    club.clock.advance(61 * DAY)

    assert await keys(graphql, club, "ann", "reward") == {"gone"}


async def test_a_question_that_nobody_answered_is_shown_to_who_answers_such_questions(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    asked = await wrote(club, "bob", "How to knit?", "square", "wool", question=True)
    await commented(club, asked, "ann")
    open_one = await wrote(club, "bob", "Which wool?", "square", "wool", question=True)
    await wrote(club, "bob", "Which paint?", "square", "paint", question=True)
    await learnt(club)

    found = await shown(graphql, club.member_actor("ann"), "POST")
    assert name_of(found[0]) == "Which wool?"
    assert found[0]["reason"] == {
        "code": "UNANSWERED",
        "text": "Nobody has answered yet, and you have answered questions about “wool”.",
    }

    # The words are of now: what somebody has answered since is called unanswered no more.
    await commented(club, open_one, "m1")
    found = await shown(graphql, club.member_actor("ann"), "POST")
    assert why(found, "Which wool?")[0] == "FRESH"


async def test_a_space_for_members_of_ones_tier_says_so(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for _ in range(2):
        await rich(club, "ann")

    found = await shown(graphql, club.member_actor("ann"), "SPACE")

    assert why(found, "lounge") == ("SPACE_OF_TIER", "For members from Gold on, like you.")
    assert why(found, "makers") == ("JOINABLE", "You can join it.")
    assert why(found, "salon") == ("REQUESTABLE", "You can ask to join it.")


async def test_a_campaign_that_is_on_for_a_member_is_shown_and_one_that_is_not_for_them_is_not(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    schedule = {"starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-03-10T00:00:00Z"}
    festival = {"key": "festival", "kind": "benefit", "schedule": schedule}
    inside = {**festival, "key": "inside", "audience": {"segments": ["insiders"]}}
    later = {**festival, "key": "later", "schedule": {**schedule, "starts_at": "2026-03-05T00:00:00Z"}}
    club = await programme({**CLUB, "campaigns": [festival, inside, later]})
    club.clock.now = NOON
    await club.join_all("ann", "zoe")
    await club.services.segments.put(club.operator, "insiders", ["zoe"], is_in=True)

    found = await shown(graphql, club.member_actor("ann"), "CAMPAIGN")

    assert [name_of(one) for one in found] == ["festival"]
    assert why(found, "festival") == ("IS_ON", "On now, until Mar 10, 2026.")
    assert await keys(graphql, club, "zoe", "campaign") == {"festival", "inside"}


# -- from behaviour


async def test_what_those_chose_who_chose_the_same_is_shown_with_what_they_chose(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann", *CROWD)
    for name in CROWD:
        await redeem(club, name, "tea")
    for name in CROWD[:5]:
        await redeem(club, name, "mug")
    await redeem(club, "ann", "tea")
    await learnt(club)

    found = await shown(graphql, club.member_actor("ann"), "REWARD")

    assert why(found, "mug") == ("ALSO_CHOSEN", "Members who chose “Tea” also chose this.")


async def test_what_fewer_than_five_did_is_told_of_nobody(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await rich(club, "ann", *CROWD)
    for name in CROWD[:4]:
        await redeem(club, name, "tea")
        await redeem(club, name, "mug")
    await redeem(club, "ann", "tea")
    await learnt(club)

    found = await shown(graphql, club.member_actor("ann"), "REWARD")

    assert why(found, "mug") == ("AFFORDABLE", "You can have it now.")


async def test_whom_those_follow_is_shown_who_follow_the_same_member(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for name in CROWD[:6]:
        for followed in ("bob", "m7"):
            await club.services.follows.follow(club.service, club.id_of(name), club.id_of(followed))
    await club.services.follows.follow(club.service, club.id_of("ann"), club.id_of("bob"))
    await learnt(club)

    found = await shown(graphql, club.member_actor("ann"), "MEMBER")

    assert why(found, "m7") == ("ALSO_CHOSEN", "Members who like what bob does like what they do, too.")


async def test_the_title_of_what_one_took_part_in_is_said_as_long_as_one_may_read_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    first, second = await wrote(club, "bob", "Bread"), await wrote(club, "m7", "Butter")
    await liked(club, first, "ann", *CROWD[:5])
    await liked(club, second, *CROWD[:5])
    await learnt(club)
    ann = club.member_actor("ann")
    assert why(await shown(graphql, ann, "POST"), "Butter") == (
        "ALSO_CHOSEN",
        "Members who took part in “Bread” took part in this too.",
    )

    await club.services.post_keeping.remove(club.moderator, first, "Spam")

    code, text = why(await shown(graphql, ann, "POST"), "Butter")
    assert code == "FRESH"
    assert "Bread" not in text


# -- cold start


async def test_who_has_done_nothing_is_shown_what_is_popular_with_who_is_like_them(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.services.segments.put(club.operator, "insiders", [*CROWD[:6], "ann"], is_in=True)
    await rich(club, "ann", "bob", *CROWD)
    for name in CROWD[:5]:
        await redeem(club, name, "mug")
    await learnt(club)

    like_them = await shown(graphql, club.member_actor("ann"), "REWARD")
    assert name_of(like_them[0]) == "mug"
    assert why(like_them, "mug") == ("LIKE_YOU", "Popular of late with members who are like you.")

    # Who joined since has nothing stored; what they are in is looked at as they ask.
    await club.join("new")
    await club.services.segments.put(club.operator, "insiders", ["new"], is_in=True)
    await rich(club, "new")
    assert why(await shown(graphql, club.member_actor("new"), "REWARD"), "mug")[0] == "LIKE_YOU"


async def test_new_posts_are_shown_to_who_is_new(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await wrote(club, "bob", "Hello")
    await learnt(club)

    assert why(await shown(graphql, club.member_actor("ann"), "POST"), "Hello") == ("FRESH", "New.")


async def test_no_author_and_no_kind_fills_the_list(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for number in range(8):
        await wrote(club, "bob", f"Bob {number}")
    await wrote(club, "m1", "Somebody else")
    await learnt(club)

    posts = await shown(graphql, club.member_actor("ann"), "POST", first=3)
    assert "Somebody else" in [name_of(one) for one in posts]

    mixed = await shown(graphql, club.member_actor("ann"), first=6)
    assert len({one["kind"] for one in mixed}) >= 3


# -- never


async def test_nothing_is_shown_that_one_may_not_see_has_done_or_cannot_afford(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann", *CROWD)
    await redeem(club, "m7", "gone")
    await redeem(club, "ann", "tea")
    for _ in range(4):
        await club.do("visit", "ann")
    await club.services.spaces.join(club.service, "makers", club.id_of("ann"))

    assert await keys(graphql, club, "ann", "task") == {"scholar", "climb", "advanced"}
    assert await keys(graphql, club, "ann", "reward") == {"mug"}
    assert await keys(graphql, club, "ann", "space") == {"square", "salon"}


async def test_posts_are_left_out_that_one_may_not_read_or_had_to_do_with_at_the_moment_of_asking(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    services, ann = club.services, club.id_of("ann")
    await services.spaces.admit(club.operator, "circle", club.id_of("m0"))
    await services.spaces.admit(club.operator, "circle", ann)
    posts = {
        name: await wrote(club, name, f"By {name}")
        for name in ("ann", "bob", *(f"m{i}" for i in range(1, 7)))
    }
    posts["private"] = await wrote(club, "m0", "In private", "circle")
    draft = NewPost("square", PostKind.DISCUSSION, "A draft", "Text", draft=True)
    await services.posts.create(club.service, club.id_of("m0"), draft, "draft")
    await learnt(club)
    everything = {"By bob", "In private", *(f"By m{i}" for i in range(1, 7))}
    assert await keys(graphql, club, "ann", "post") == everything

    # What is so by now counts, and not what was so when the candidates were made.
    await liked(club, posts["bob"], "ann")
    await services.blocks.block(club.service, club.id_of("m1"), ann)
    await services.moderating.sanctioning.sanction(
        club.moderator, club.id_of("m2"), SanctionKind.SHADOW_LIMIT, None, "Spam", None, "k1"
    )
    await services.following.follow(club.service, ann, Topic(post_id=posts["m3"]))
    await services.post_keeping.remove(club.moderator, posts["m4"], "Spam")
    await commented(club, posts["m5"], "ann")
    await services.spaces.put_out(club.operator, "circle", ann, bar=False, reason=None)

    assert await keys(graphql, club, "ann", "post") == {"By m6"}


async def test_members_are_left_out_who_are_followed_blocked_limited_or_want_not_to_be_named(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    services, ann = club.services, club.id_of("ann")
    fans = [f"fan{number}" for number in range(5)]
    await club.join_all(*fans)
    for fan in fans:
        for name in ("ann", *CROWD):
            await services.follows.follow(club.service, club.id_of(fan), club.id_of(name))
    for name in ("m6", "m7"):
        await services.follows.follow(club.service, ann, club.id_of(name))
    await learnt(club)
    assert await keys(graphql, club, "ann", "member") == set(CROWD[:6])

    await services.follows.follow(club.service, ann, club.id_of("m0"))
    await services.blocks.block(club.service, ann, club.id_of("m1"))
    await services.moderating.sanctioning.sanction(
        club.moderator, club.id_of("m2"), SanctionKind.SHADOW_LIMIT, None, "Spam", None, "k1"
    )
    await services.moderating.sanctioning.sanction(
        club.operator, club.id_of("m3"), SanctionKind.BAN, None, "Spam", None, "k2"
    )
    await services.presence.set(club.service, club.id_of("m4"), BoardPresence.ABSENT, None)

    assert await keys(graphql, club, "ann", "member") == {"m5"}


async def test_who_is_banned_is_recommended_nothing(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await rich(club, "ann")
    assert await keys(graphql, club, "ann", "reward")
    await club.services.moderating.sanctioning.sanction(
        club.operator, club.id_of("ann"), SanctionKind.BAN, None, "Spam", None, "k"
    )

    assert await shown(graphql, club.service, whose=member_gid(club, "ann")) == []


async def test_others_may_not_read_what_is_recommended_to_a_member(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    document = "query ($id: ID!) { member(id: $id) { recommendations { kind } } }"
    variables = {"id": member_gid(club, "ann")}

    refused(await graphql(club.member_actor("bob"), document, variables), "FORBIDDEN")

    await club.do("visit", "ann")
    found = await shown(graphql, club.moderator, "TASK", whose=variables["id"])
    assert "regular" in {name_of(one) for one in found}


async def test_refuses_to_show_more_than_fifty(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for first in (0, 51):
        answer = await graphql(
            club.member_actor("ann"), f"{{ me {{ recommendations(first: {first}) {{ kind }} }} }}"
        )
        refused(answer, "INVALID_INPUT")


# -- what members decide


async def test_what_is_dismissed_is_not_shown_again_for_90_days(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann")
    ann = club.member_actor("ann")

    done = await graphql.done(ann, "dismissRecommendation", {"targetId": gid("Reward", "mug")}, "until")

    assert datetime.fromisoformat(done["until"]) == club.clock.now + 90 * DAY
    assert "mug" not in await keys(graphql, club, "ann", "reward")
    assert "regular" in await keys(graphql, club, "ann", "task")
    club.clock.advance(90 * DAY)
    await rich(club, "ann")
    assert "mug" in await keys(graphql, club, "ann", "reward")


async def test_refuses_to_dismiss_what_is_never_recommended(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    for target in ("nonsense", gid("Badge", "x"), gid("Task", ""), gid("Task", "x" * 201)):
        answer = await graphql.mutate(ann, "dismissRecommendation", {"targetId": target})
        typed(answer, "InvalidInputError")


async def test_who_wants_nothing_personal_is_shown_what_is_popular_and_learnt_nothing_from(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann", *CROWD)
    for name in CROWD[:5]:
        await redeem(club, name, "tea")
        await redeem(club, name, "mug")
    await redeem(club, "ann", "tea")
    ann = club.member_actor("ann")
    await learnt(club)
    assert why(await shown(graphql, ann, "REWARD"), "mug")[0] == "ALSO_CHOSEN"

    await graphql.done(ann, "setPersonalisation", {"personalised": False})

    assert (await graphql.read(ann, "{ me { personalised } }"))["me"] == {"personalised": False}
    assert why(await shown(graphql, ann, "REWARD"), "mug") == ("POPULAR", "Popular with members of late.")
    # One of the five less, and it is told of nobody any more.
    await graphql.done(club.member_actor("m0"), "setPersonalisation", {"personalised": False})
    await graphql.done(ann, "setPersonalisation", {"personalised": True})
    club.clock.advance(DAY)
    await learnt(club)
    assert why(await shown(graphql, ann, "REWARD"), "mug")[0] != "ALSO_CHOSEN"


# -- the job


async def test_candidates_are_made_once_a_day_however_many_workers_there_are(
    club: ProgrammeUnderTest,
) -> None:
    assert await learnt(club) == 10
    assert await learnt(club) == 0

    # Missed nights are caught up with once.
    club.clock.advance(3 * DAY)
    assert await learnt(club) == 10
    assert await learnt(club) == 0


async def test_what_one_did_since_is_looked_at_without_waiting_for_the_night(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann", *CROWD)
    for name in CROWD[:6]:
        await redeem(club, name, "tea")
        await redeem(club, name, "mug")
    await learnt(club)
    ann = club.member_actor("ann")
    assert why(await shown(graphql, ann, "REWARD"), "mug")[0] == "LIKE_YOU"

    await redeem(club, "ann", "tea")
    await club.do("visit", "ann")
    await club.catch_up("recommendations")
    recommending = club.services.recommendations.recommending
    assert await recommending.run_due(club.key) >= 1
    assert await recommending.run_due(club.key) == 0

    assert why(await shown(graphql, ann, "REWARD"), "mug")[0] == "ALSO_CHOSEN"


async def test_two_workers_at_once_do_a_day_once(club: ProgrammeUnderTest) -> None:
    recommending = club.services.recommendations.recommending

    done = await asyncio.gather(*(recommending.run_daily(club.key) for _ in range(4)))

    assert sorted(done) == [0, 0, 0, 10]


async def test_a_day_that_was_begun_and_not_ended_is_begun_again_half_an_hour_later(
    club: ProgrammeUnderTest,
) -> None:
    serving = club.services.recommendations.serving
    assert await serving._repository.begin_run(club.key, NOON.date(), NOON)

    assert await learnt(club) == 0
    club.clock.advance(timedelta(minutes=30))
    assert await learnt(club) == 10


async def test_looking_many_times_at_once_counts_what_is_shown_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann")
    await learnt(club)

    await asyncio.gather(*(shown(graphql, club.member_actor("ann"), "REWARD") for _ in range(5)))

    found = await graphql.read(
        club.operator,
        '{ recommendationOutcomes(since: "2026-03-02", until: "2026-03-02") { kind shown } }',
    )
    assert [one["shown"] for one in found["recommendationOutcomes"] if one["kind"] == "REWARD"] == [3]


async def test_what_was_dismissed_at_once_is_all_dismissed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann")
    ann = club.member_actor("ann")

    await asyncio.gather(
        *(
            graphql.done(ann, "dismissRecommendation", {"targetId": gid("Reward", key)})
            for key in ("tea", "mug", "gone")
        )
    )

    assert await keys(graphql, club, "ann", "reward") == set()


async def test_merging_keeps_what_either_decided(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await rich(club, "ann", "bob")
    await graphql.done(club.member_actor("ann"), "dismissRecommendation", {"targetId": gid("Reward", "mug")})
    await graphql.done(club.member_actor("ann"), "setPersonalisation", {"personalised": False})
    await graphql.done(club.member_actor("bob"), "dismissRecommendation", {"targetId": gid("Reward", "tea")})
    await learnt(club)

    await graphql.done(
        club.operator,
        "mergeMembers",
        {
            "from": member_gid(club, "ann"),
            "into": member_gid(club, "bob"),
            "reason": "The same person",
            "idempotencyKey": "k",
        },
    )

    bob = club.member_actor("bob")
    assert (await graphql.read(bob, "{ me { personalised } }"))["me"] == {"personalised": False}
    # With what both had earned they are gold.
    assert await keys(graphql, club, "bob", "reward") == {"gone", "golden"}


async def test_who_is_banned_or_limited_is_not_learnt_from(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann", *CROWD)
    for name in CROWD[:5]:
        await redeem(club, name, "mug")
    await club.services.moderating.sanctioning.sanction(
        club.moderator, club.id_of("m0"), SanctionKind.SHADOW_LIMIT, None, "Spam", None, "k"
    )
    await learnt(club)

    assert why(await shown(graphql, club.member_actor("ann"), "REWARD"), "mug")[0] == "AFFORDABLE"


async def test_nothing_of_another_programme_is_learnt_or_shown(
    graphql: GraphQL, club: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    other = await programme(CLUB)
    other.clock.now = NOON
    await other.join_all("zoe", *CROWD)
    await rich(club, "ann", *CROWD)
    for name in CROWD[:6]:
        await redeem(club, name, "mug")
    await rich(other, "zoe")
    await learnt(club)
    await learnt(other)

    assert why(await shown(graphql, other.member_actor("zoe"), "REWARD"), "mug")[0] == "AFFORDABLE"


# -- for operators


async def test_operators_see_what_of_what_was_shown_was_done_within_a_week_and_what_was_dismissed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await rich(club, "ann", "bob")
    await learnt(club)
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    for _ in range(3):
        await shown(graphql, ann, "REWARD")
    await shown(graphql, bob, "REWARD")
    # Looking for another is no looking of theirs.
    await shown(graphql, club.service, "REWARD", whose=member_gid(club, "m1"))
    await graphql.done(bob, "dismissRecommendation", {"targetId": gid("Reward", "mug")})
    await graphql.done(bob, "dismissRecommendation", {"targetId": gid("Reward", "mug")})
    assert await outcome(graphql, club) == {"shown": 6, "done": 0, "dismissed": 1}

    club.clock.advance(3 * DAY)
    await redeem(club, "ann", "mug")
    await learnt(club)
    club.clock.advance(6 * DAY)
    # Later than a week after it was shown to them is no more upon it.
    await redeem(club, "bob", "tea")
    await learnt(club)
    club.clock.advance(DAY)
    await learnt(club)

    assert await outcome(graphql, club) == {"shown": 6, "done": 1, "dismissed": 1}


async def outcome(graphql: GraphQL, club: ProgrammeUnderTest) -> dict[str, int]:
    """What came of the rewards that were shown on the first day as such that can be had."""
    found = await graphql.read(
        club.operator,
        """{ recommendationOutcomes(since: "2026-03-02", until: "2026-03-02") {
            day kind code shown done dismissed } }""",
    )
    (one,) = [
        one
        for one in found["recommendationOutcomes"]
        if (one["kind"], one["code"]) == ("REWARD", "AFFORDABLE")
    ]
    return {name: one[name] for name in ("shown", "done", "dismissed")}


async def test_operators_see_how_well_it_would_have_done_and_members_do_not(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    document = "{ recommendationRun { day doneAt measures { kind tests byPopularity isPersonal } } }"
    before = await graphql.read(club.operator, document)
    assert before["recommendationRun"] == {"day": None, "doneAt": None, "measures": []}
    await rich(club, *CROWD)
    for number, name in enumerate(CROWD):
        first, last = ("tea", "mug") if number % 2 else ("mug", "tea")
        await redeem(club, name, first)
        club.clock.advance(timedelta(minutes=1))
        await redeem(club, name, last)
    await learnt(club)

    found = await graphql.read(club.operator, document)

    (rewards,) = [one for one in found["recommendationRun"]["measures"] if one["kind"] == "REWARD"]
    assert rewards == {"kind": "REWARD", "tests": 8, "byPopularity": 8, "isPersonal": True}
    refused(await graphql(club.member_actor("ann"), document), "FORBIDDEN")
    refused(
        await graphql(
            club.member_actor("ann"),
            '{ recommendationOutcomes(since: "2026-03-02", until: "2026-03-02") { shown } }',
        ),
        "FORBIDDEN",
    )
    refused(
        await graphql(
            club.operator,
            '{ recommendationOutcomes(since: "2026-03-02", until: "2026-03-01") { shown } }',
        ),
        "INVALID_INPUT",
    )
