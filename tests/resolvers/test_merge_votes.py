"""Merging accounts that voted, supported, entered contests, came to gatherings and answered surveys: one person has one voice
and one place."""

from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.errors import NotFound
from tests.conftest import MakeProgramme
from tests.gathering_world import STARTS, held, rsvp, seen
from tests.resolvers.harness import GraphQL
from tests.survey_world import stated
from tests.town_world import Town, sound_town, town_of

BOTH_WAYS = pytest.mark.parametrize(("one", "into"), [("ann", "bob"), ("bob", "ann")])
POLL = "poll { voterCount viewerVote options { votes points } }"
DRINKS = ["Tea", "Cake", "Wine"]
ATTENDED, ANSWERED = 10_000, 100_000


@pytest.fixture
async def town(graphql: GraphQL, programme: MakeProgramme) -> Town:
    return await town_of(graphql, programme)


async def polled(town: Town, **poll: Any) -> str:
    return await town.kind("cyd", "poll", poll={"options": DRINKS, **poll})


async def vote(town: Town, name: str, post: str, *choices: int) -> None:
    await town.act(name, "votePoll", postId=post, choices=list(choices))


async def tally(town: Town, name: str, post: str) -> tuple[int, list[int], list[int] | None]:
    """Voters, votes, and the member's own."""
    poll = (await town.about(name, post, POLL))["poll"]
    return poll["voterCount"], [one["votes"] for one in poll["options"]], poll["viewerVote"]


@BOTH_WAYS
async def test_one_vote_of_each_in_a_poll_whether_open_closed_or_secret(
    town: Town, one: str, into: str
) -> None:
    open_one, secret = await polled(town), await polled(town, secret=True)
    ranked = await polled(town, kind="RANKED", least=1, most=3)
    only = await polled(town)
    for post, theirs, kept in ((open_one, (0,), (1,)), (secret, (2,), (1,)), (ranked, (0, 1), (2,))):
        await vote(town, one, post, *theirs)
        await vote(town, into, post, *kept)
        await vote(town, "dan", post, 0)
    await vote(town, one, only, 2)
    await vote(town, into, only, 1)
    await vote(town, into, only)
    await town.act("cyd", "closePoll", postId=open_one)

    await town.merge(one, into)

    assert await tally(town, into, open_one) == (2, [1, 1, 0], [1])
    assert await tally(town, into, secret) == (2, [1, 1, 0], [1])
    assert await tally(town, into, ranked) == (2, [1, 0, 1], [2])
    assert await tally(town, into, only) == (1, [0, 0, 1], [2])
    voters = "poll { options { voters { nodes { member { displayName } } } } }"
    named = (await town.about("dan", only, voters))["poll"]["options"]
    assert named[2]["voters"]["nodes"] == [{"member": {"displayName": into.title()}}]
    await vote(town, one, secret, 0)
    assert await tally(town, into, secret) == (2, [2, 0, 0], [0])
    await sound_town(town)


@BOTH_WAYS
async def test_a_proposal_is_supported_by_people_and_not_by_its_author(
    town: Town, one: str, into: str
) -> None:
    own = {name: await town.kind(name, "proposal") for name in (one, into)}
    both, theirs, withdrawn = [await town.kind("cyd", "proposal") for _ in range(3)]
    for name, post in ((one, own[into]), (into, own[one]), (one, both), (into, both), (one, theirs)):
        await town.act(name, "supportProposal", postId=post)
    await town.act(one, "supportProposal", postId=withdrawn)
    for supports in (True, False):
        await town.act(into, "supportProposal", postId=withdrawn, supports=supports)

    await town.merge(one, into)

    shown = "proposal { state supportCount viewerSupports }"
    found = [
        (await town.about(into, post, shown))["proposal"] for post in (*own.values(), both, theirs, withdrawn)
    ]
    assert [(one["supportCount"], one["viewerSupports"]) for one in found] == [
        (0, False),
        (0, False),
        (1, True),
        (1, True),
        (1, True),
    ]
    # What was reached stays so.
    assert [one["state"] for one in found] == [*["GATHERING"] * 2, "REACHED", "GATHERING", "REACHED"]
    await town.act("dan", "supportProposal", postId=own[one])
    await town.act(into, "supportProposal", postId=both, supports=False)
    await sound_town(town)


async def story(town: Town, name: str, contest: str = "fable") -> str:
    post = await town.kind(name, "story")
    await town.act(name, "enterContest", contest=contest, postId=post)
    return post


async def votes_of(town: Town, post: str) -> int:
    (entry,) = (await town.about("dan", post, "contestEntries { votes }"))["contestEntries"]
    return int(entry["votes"])


@BOTH_WAYS
async def test_votes_in_a_contest_are_as_many_as_one_has_and_none_for_oneself(
    town: Town, one: str, into: str
) -> None:
    own = {name: await story(town, name) for name in (one, into)}
    others = [await story(town, name) for name in ("cyd", "cyd", "dan")]
    for name, post in (
        (one, own[into]),
        (into, own[one]),
        (into, others[0]),
        (one, others[1]),
        ("dan", own[one]),
    ):
        await town.act(name, "voteInContest", contest="fable", postId=post)

    await town.merge(one, into)

    assert [await votes_of(town, post) for post in (own[one], own[into], *others)] == [1, 0, 1, 1, 0]
    # Both votes are given, whichever token they have.
    stated = {"contest": "fable", "postId": others[2]}
    refusal = await town.graphql.mutate(town.club.member_actor(one), "voteInContest", stated)
    assert (refusal.data or {})["voteInContest"]["code"] == "CONTEST_LIMIT"
    await town.act(into, "voteInContest", contest="fable", postId=others[1], votes=False)
    assert await votes_of(town, others[1]) == 0
    # They have as many stories as both, and can take out either.
    await town.act(into, "enterContest", contest="fable", postId=own[one], enters=False)
    await sound_town(town)


async def test_what_was_ranked_stays_so(town: Town) -> None:
    over = (town.club.clock.now + timedelta(days=1)).isoformat()
    (fable,) = town.document["contests"]
    brief = {**fable, "key": "brief", "entries_until": over, "votes_until": over}
    await town.club.apply({**town.document, "contests": [fable, brief]})
    anns, cyds = await story(town, "ann", "brief"), await story(town, "cyd", "brief")
    for name, post in (("bob", anns), ("dan", anns), ("ann", cyds), ("bob", cyds)):
        await town.act(name, "voteInContest", contest="brief", postId=post)
    town.club.clock.advance(timedelta(days=2))
    while await town.services.contest_finishing.finish_due():
        pass

    await town.merge()

    assert [await votes_of(town, post) for post in (anns, cyds)] == [2, 2]
    entries = await town.look("dan", '{ contest(key: "brief") { entries { nodes { rank author { id } } } } }')
    assert {(one["rank"], one["author"]["id"]) for one in entries["contest"]["entries"]["nodes"]} == {
        (1, town.gid("bob")),
        (1, town.gid("cyd")),
    }


@BOTH_WAYS
async def test_one_person_has_one_place_and_the_free_one_is_for_who_waits(
    graphql: GraphQL, town: Town, one: str, into: str
) -> None:
    town.club.clock.now = STARTS - timedelta(days=3)
    full = await held(graphql, town.club, capacity=2)
    waited = await held(graphql, town.club, capacity=1)
    only, out = await held(graphql, town.club, title="Only"), await held(graphql, town.club, title="Out")
    for name in (one, into, "cyd"):
        await rsvp(graphql, town.club, name, full)
    for name in ("cyd", into, "dan", one):
        await rsvp(graphql, town.club, name, waited)
    await rsvp(graphql, town.club, one, only)
    await rsvp(graphql, town.club, into, only, "INTERESTED")
    for name in (one, into):
        await rsvp(graphql, town.club, name, out)
    stated = {"gatheringId": out["id"], "memberId": town.gid(one), "reason": "R"}
    await graphql.done(town.club.moderator, "removeRsvp", stated)

    await town.merge(one, into)
    await town.services.gathering_keeping.run_all()

    async def own(name: str, gathering: dict[str, Any]) -> tuple[str, int | None, int, int]:
        found = await seen(graphql, town.club.member_actor(name), gathering)
        state = found["viewerRsvp"]
        return state["state"], state["waitlistPosition"], found["goingCount"], found["waitingCount"]

    assert await own(into, full) == ("GOING", None, 2, 0)
    assert await own("cyd", full) == ("GOING", None, 2, 0)
    assert await own(into, waited) == ("WAITING", 1, 1, 2)
    assert await own("dan", waited) == ("WAITING", 2, 1, 2)
    assert await own(into, only) == ("GOING", None, 1, 0)
    # Who was taken out does not come back by another account.
    assert await own(into, out) == ("REMOVED", None, 0, 0)
    await rsvp(graphql, town.club, one, full, "NOT_GOING")
    await sound_town(town)


@BOTH_WAYS
async def test_who_came_came_once(graphql: GraphQL, town: Town, one: str, into: str) -> None:
    town.club.clock.now = STARTS - timedelta(days=3)
    both, theirs = await held(graphql, town.club), await held(graphql, town.club, title="Theirs")
    for made, names in ((both, (one, into)), (theirs, (one, into))):
        for name in names:
            await rsvp(graphql, town.club, name, made)
    town.club.clock.now = STARTS
    for made, name in ((both, one), (both, into), (theirs, one)):
        stated = {"gatheringId": made["id"], "memberId": town.gid(name)}
        await graphql.done(town.club.moderator, "recordAttendance", stated)
    assert await town.points(one, into) == [2 * ATTENDED, ATTENDED]

    await town.merge(one, into)

    assert await town.points(into) == [2 * ATTENDED]
    for made in (both, theirs):
        found = await seen(graphql, town.club.moderator, made, "attendedCount goingCount")
        assert found == {"attendedCount": 1, "goingCount": 1}
        stated = {"gatheringId": made["id"], "memberId": town.gid(into)}
        await graphql.done(town.club.moderator, "strikeAttendance", {**stated, "reason": "R"})
        await sound_town(town)
        await graphql.done(town.club.moderator, "recordAttendance", stated)
    assert await town.points(into) == [2 * ATTENDED]
    await sound_town(town)


@pytest.mark.parametrize("has_own", [True, False])
async def test_who_hosts_is_the_survivor_and_the_calendar_of_either_is_read_on(
    graphql: GraphQL, town: Town, *, has_own: bool
) -> None:
    town.club.clock.now = STARTS - timedelta(days=3)
    owner = {"space": "square", "memberId": town.gid("ann"), "role": "OWNER"}
    await graphql.done(town.club.operator, "setSpaceRole", owner)
    made = await held(graphql, town.club, town.club.member_actor("ann"))
    await rsvp(graphql, town.club, "ann", made)
    feeds = town.services.calendar_feeds
    lost = await feeds.create(town.club.member_actor("ann"), None)
    token = await feeds.create(town.club.member_actor("bob"), None) if has_own else lost

    await town.merge()

    assert "SUMMARY:Tea" in await feeds.feed(token)
    if has_own:
        with pytest.raises(NotFound):
            await feeds.feed(lost)
    shown = await seen(graphql, town.club.member_actor("bob"), made)
    assert (shown["host"], shown["viewerMayManage"]) == ({"displayName": "Bob"}, True)
    assert await feeds.revoke(town.club.member_actor("ann"), None)
    with pytest.raises(NotFound):
        await feeds.feed(token)


@BOTH_WAYS
async def test_a_survey_is_answered_once_where_that_can_be_told(town: Town, one: str, into: str) -> None:
    for number, name in enumerate((one, into, one), start=1):
        for survey in ("once", "secret", "often") if number < 3 else ("often",):
            given = stated(survey, f"{survey} {number}", recommend=number)
            await town.act(name, "answerSurvey", **given)
        town.club.clock.advance(timedelta(days=2))
    assert await town.points(one, into) == [4 * ANSWERED, 3 * ANSWERED]

    await town.merge(one, into)

    # Of an anonymous one nothing leads to what somebody answered: both stay, as does what was answered again and again.
    assert await town.points(into) == [6 * ANSWERED]
    document = "query ($key: String!) { survey(key: $key) { viewerResponse { number answers { value } } } }"
    found = {
        key: (await town.look(into, document, key=key))["survey"]["viewerResponse"]
        for key in ("once", "secret", "often")
    }
    assert found == {
        "once": {"number": 1, "answers": [{"value": 2}]},
        "secret": {"number": 2, "answers": None},
        "often": {"number": 3, "answers": [{"value": 3}]},
    }
    assert len(await town.rows("survey_ballots")) == 2
    # The key of before finds what stays; and who may answer again is the fourth to.
    again = await town.act(one, "answerSurvey", "replayed", **stated("once", "once 1", recommend=1))
    assert again["replayed"]
    await town.act(into, "answerSurvey", **stated("often", "later", recommend=4))
    await sound_town(town)
