"""Merging while others, or the account itself, write at the same moment: what comes before is moved, what comes too late for that
is the survivor's after the worker's sweep, and everything adds up."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from gamification.merging.plan import PLAN, Merging
from gamification.merging.service import SWEPT_AFTER
from tests.conftest import MakeProgramme
from tests.gathering_world import held
from tests.resolvers.harness import GraphQL
from tests.survey_world import stated
from tests.town_world import NAMES, TOWN, Town, likes, sound_town, town_of

POST, COMMENT, LIKED = 10, 1, 100
BY = ("member_id", "author_id", "asker_id", "host_id", "blocker", "blocked", "accepted.member_id", "_id")


@pytest.fixture
async def town(graphql: GraphQL, programme: MakeProgramme) -> Town:
    return await town_of(graphql, programme)


@pytest.fixture
async def quiet(graphql: GraphQL, programme: MakeProgramme) -> Town:
    """The town, where nothing is recorded: nothing but what is written can meet the merge."""
    community = {**TOWN["programme"]["community"], "activities": {}, "trust": None}
    club = await programme({**TOWN, "programme": {**TOWN["programme"], "community": community}})
    for name in NAMES:
        await club.join(name, display_name=name.title())
    return Town(graphql, club)


async def left_of(town: Town, name: str) -> list[str]:
    """Collections that are to be moved, in which something names an account."""
    found = []
    # Scores and what was brought stay where they were, with nothing in them.
    moved = [name for name, rule in PLAN.items() if rule is Merging.MOVED]
    for collection in [name for name in moved if name not in ("board_records", "referrers")]:
        rows = await town.rows(collection, **{"$or": [{field: town.club.id_of(name)} for field in BY]})
        if rows:
            found.append(collection)
    return found


async def sweep(town: Town) -> None:
    """What the worker does some minutes later."""
    town.club.clock.advance(SWEPT_AFTER + timedelta(seconds=1))
    while await town.services.merges.sweep():
        pass


async def everything(
    town: Town,
    name: str,
    posts: dict[str, str],
    made: dict[str, Any] | None,
    begun: asyncio.Event | None = None,
) -> None:
    """A member does something of each kind, one after the other; `begun` is told of the first."""
    about = posts["discussion"]
    await town.post(name)
    comment = await town.comment(name, about)
    await town.react(name, about)
    if begun is not None:
        begun.set()
    await town.act(name, "votePoll", postId=posts["poll"], choices=[0])
    await town.act(name, "supportProposal", postId=posts["proposal"])
    await town.act(name, "voteInContest", contest="fable", postId=posts["story"])
    await town.comment(name, posts["question"])
    await town.kind(name, "question")
    if made is not None:
        await town.act(name, "rsvp", gatheringId=made["id"], response="GOING")
    await town.act(name, "joinSpace", space="makers")
    await town.act(name, "follow", space="square")
    await town.act(name, "follow", postId=about)
    await town.act(name, "addBookmark", targetId=about)
    await town.act(name, "blockMember", blockedId=town.gid("dan"))
    await town.act(name, "answerSurvey", **stated("secret", f"s {town.key()}", recommend=3))
    await town.act(name, "reportContent", targetId=about, reason="spam")
    await town.act(name, "deleteComment", commentId=comment)
    await town.comment(name, about)


async def prepared(town: Town, graphql: GraphQL) -> tuple[dict[str, str], dict[str, Any]]:
    """A post of Cyd's of each kind, and a gathering."""
    more: dict[str, dict[str, Any]] = {"poll": {"poll": {"options": ["Tea", "Cake"]}}}
    kinds = ("discussion", "question", "poll", "proposal", "story")
    posts = {kind: await town.kind("cyd", kind, **more.get(kind, {})) for kind in kinds}
    await town.act("cyd", "enterContest", contest="fable", postId=posts["story"])
    return posts, await held(graphql, town.club, title=town.key())


@pytest.mark.parametrize("records", [True, False])
async def test_whatever_is_done_by_either_token_meanwhile_is_the_survivors(
    town: Town, quiet: Town, graphql: GraphQL, *, records: bool
) -> None:
    if not records:
        town = quiet
    town.club.clock.now = town.club.clock.now.replace(year=2026, month=3, day=20)
    posts, made = await prepared(town, graphql)

    begun = asyncio.Event()

    async def merged() -> None:
        stated = {"from": town.gid("ann"), "into": town.gid("bob"), "reason": "r", "idempotencyKey": "k"}
        await begun.wait()
        await graphql.done(town.club.operator, "mergeMembers", stated)

    outcomes = await asyncio.gather(
        everything(town, "ann", posts, made, begun),
        everything(town, "bob", posts, made),
        merged(),
        return_exceptions=True,
    )

    # Of what one person does once, the other token's may be too late.
    refusals = [str(one) for one in outcomes if isinstance(one, BaseException)]
    assert all("SURVEY_ANSWERED" in one or "SPACE" in one for one in refusals), refusals
    await sweep(town)
    assert await left_of(town, "ann") == []
    await sound_town(town)


Act = Callable[[Town], Awaitable[Any]]


async def meanwhile(town: Town, act: Act) -> None:
    """Merge; just before it is committed, somebody does something that does not meet it."""
    merges = town.services.merges._repository
    add, done = merges.add, list[Any]()

    async def adding(*stated: Any) -> None:
        if not done:
            done.append(await act(town))
        await add(*stated)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merges, "add", adding)
        stated = {"from": town.gid("ann"), "into": town.gid("bob"), "reason": "r", "idempotencyKey": "k"}
        await town.graphql.done(town.club.operator, "mergeMembers", stated)
    assert done


async def test_what_was_being_written_is_swept_up_and_united(quiet: Town, graphql: GraphQL) -> None:
    quiet.club.clock.now = quiet.club.clock.now.replace(year=2026, month=3, day=20)
    posts, _ = await prepared(quiet, graphql)
    anns = await quiet.kind("ann", "question")
    bobs = await quiet.kind("bob", "question")
    await quiet.react("bob", posts["discussion"], "heart")
    await quiet.act("bob", "votePoll", postId=posts["poll"], choices=[1])

    async def act(town: Town) -> None:
        # Who goes to a gathering is told so, which meets the merge.
        await everything(town, "ann", posts, None)
        await town.react("ann", bobs)
        await town.comment("ann", bobs)

    await meanwhile(quiet, act)
    assert {"posts", "comments", "reactions", "ballots"} <= set(await left_of(quiet, "ann"))
    await sweep(quiet)

    assert await left_of(quiet, "ann") == []
    assert likes(await quiet.see("cyd", posts["discussion"])) == {"heart": 1}
    poll = await quiet.about("bob", posts["poll"], "poll { voterCount viewerVote }")
    assert poll["poll"] == {"voterCount": 1, "viewerVote": [1]}
    assert likes(await quiet.see("cyd", bobs)) == {}
    for post in (anns, bobs):
        assert (await quiet.about("cyd", post, "question { answerCount }"))["question"]["answerCount"] == 0
    await sound_town(quiet)
    # Again is the same as once.
    collection = quiet.services.stores.mongo.collection("member_merges")
    await collection.update_many({"programme_id": quiet.club.key}, {"$set": {"swept": False}})
    await sweep(quiet)
    await sound_town(quiet)


async def test_others_act_on_what_is_being_moved(town: Town) -> None:
    posts = {name: await town.post(name) for name in ("ann", "bob")}
    question = await town.kind("ann", "question")
    answer = await town.comment("cyd", question)
    for name in ("ann", "bob"):
        await town.react(name, answer)

    async def other(name: str) -> None:
        for post in (posts["ann"], posts["bob"], question):
            await town.react(name, post)
            await town.comment(name, post)
            await town.react(name, post, None)
            await town.react(name, post, "heart")

    async def accepts() -> None:
        for _ in range(4):
            await town.act("ann", "acceptAnswer", commentId=answer)
            await town.act("bob" if await is_merged(town) else "ann", "withdrawAcceptance", postId=question)

    async def merged() -> None:
        stated = {"from": town.gid("ann"), "into": town.gid("bob"), "reason": "r", "idempotencyKey": "k"}
        await town.graphql.done(town.club.operator, "mergeMembers", stated)

    await asyncio.gather(other("cyd"), other("dan"), accepts(), merged())

    await sweep(town)
    assert await left_of(town, "ann") == []
    await sound_town(town)
    assert await town.points("bob") == [3 * POST + 6 * LIKED]
    assert await town.points("cyd") == [4 * COMMENT + LIKED]


async def is_merged(town: Town) -> bool:
    found = await town.graphql.read(
        town.club.operator, "query ($id: ID!) { member(id: $id) { mergedInto } }", {"id": town.gid("ann")}
    )
    return found["member"]["mergedInto"] is not None


async def test_two_accounts_are_merged_into_a_third_at_once(town: Town) -> None:
    post = await town.post("dan")
    own = await town.post("cyd")
    for name in ("ann", "bob", "cyd"):
        await town.react(name, post)
    for name in ("ann", "bob"):
        await town.react(name, own)
        await town.comment(name, own)

    async def merged(name: str) -> None:
        stated = {"from": town.gid(name), "into": town.gid("cyd"), "reason": "r", "idempotencyKey": name}
        await town.graphql.done(town.club.operator, "mergeMembers", stated)

    await asyncio.gather(merged("ann"), merged("bob"))

    assert await town.points("ann", "bob", "cyd", "dan") == [0, 0, POST + 2 * COMMENT, POST + LIKED]
    assert likes(await town.see("cyd", post)) == {"like": 1}
    assert await left_of(town, "ann") == await left_of(town, "bob") == []
    await sound_town(town)
