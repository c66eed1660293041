"""Who looked after a space and is erased: nothing that they did there names them."""

from datetime import timedelta
from typing import Any

from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.contest_world import FABLE
from tests.gathering_world import NOW, held, met, rsvp
from tests.moderation_world import MODERATED, Desk
from tests.resolvers.harness import GraphQL, member_gid
from tests.resolvers.test_erase_member import texts
from tests.resolvers.test_permissions import everything
from tests.support import ProgrammeUnderTest

KEEPER = "keeper-of-the-square"
KINDS = ["discussion", "question", "story"]


async def named(mongo: Mongo, club: ProgrammeUnderTest, name: str) -> set[tuple[str, str]]:
    """Where somebody is named in the database; keys of what was done once are theirs who asked, and lapse."""
    found = {
        (collection, path)
        for collection, rows in (await everything(mongo, club)).items()
        for row in rows
        for path, text in texts(row)
        if name in text
    }
    return found - {("idempotency_keys", "_id")}


async def test_who_looked_after_a_space_is_named_nowhere_once_erased(
    graphql: GraphQL, programme: MakeProgramme, mongo: Mongo
) -> None:
    square = {**MODERATED["spaces"][0], "kinds": KINDS}
    club = await programme({**MODERATED, "spaces": [square, *MODERATED["spaces"][1:]], "contests": [FABLE]})
    for name in ("ann", "bob", "cyd", KEEPER):
        await club.join(name)
    desk, keeper = Desk(graphql, club), club.member_actor(KEEPER)
    role = {"space": "square", "memberId": member_gid(club, KEEPER), "role": "OWNER"}
    await graphql.done(club.operator, "setSpaceRole", role)
    post, asked = await desk.post("ann"), await desk.post("ann", kind="QUESTION")
    story, own = await desk.post("bob", kind="STORY"), await desk.post(KEEPER)
    answer, rude = await desk.comment("bob", asked), await desk.comment("bob", asked)
    entry = {"contest": "fable", "postId": story}
    await graphql.done(club.member_actor("bob"), "enterContest", entry)
    acts: list[tuple[str, dict[str, Any]]] = [
        ("acceptAnswer", {"commentId": answer}),
        ("disqualifyEntry", {**entry, "reason": "r"}),
        ("editPost", {"postId": post, "version": 1, "body": "Other words"}),
        ("lockPost", {"postId": post}),
        ("pinPost", {"postId": asked}),
        ("removePost", {"postId": post, "reason": "r"}),
        ("removeComment", {"commentId": rude, "reason": "r"}),
        ("admitSpaceMember", {"space": "square", "memberId": member_gid(club, "bob")}),
        ("setSpaceRole", {"space": "square", "memberId": member_gid(club, "bob"), "role": "MODERATOR"}),
        ("removeSpaceMember", {"space": "square", "memberId": member_gid(club, "cyd"), "bar": True}),
        ("deletePost", {"postId": own}),
    ]
    for field, stated in acts:
        await graphql.done(keeper, field, stated)

    await graphql.done(keeper, "eraseMember", {"confirmExternalId": KEEPER})
    await club.services.erasures.run_open()

    assert await named(mongo, club, KEEPER) == set()
    await desk.sound()


async def test_who_held_gatherings_is_named_nowhere_once_erased(
    graphql: GraphQL, programme: MakeProgramme, mongo: Mongo
) -> None:
    club = await met(programme)
    await club.join(KEEPER)
    keeper = club.member_actor(KEEPER)
    role = {"space": "square", "memberId": member_gid(club, KEEPER), "role": "OWNER"}
    await graphql.done(club.operator, "setSpaceRole", role)
    tea, walk = await held(graphql, club, keeper), await held(graphql, club, keeper, title="Walk")
    for name in ("bob", "cyd"):
        await rsvp(graphql, club, name, tea)
    of_bob = {"gatheringId": tea["id"], "memberId": member_gid(club, "bob")}
    club.clock.advance(timedelta(days=3, minutes=30))
    await graphql.done(keeper, "recordAttendance", of_bob)
    await graphql.done(keeper, "strikeAttendance", {**of_bob, "reason": "Was not there"})
    await graphql.done(keeper, "removeRsvp", {**of_bob, "memberId": member_gid(club, "cyd"), "reason": "r"})
    club.clock.now = NOW
    await graphql.done(keeper, "cancelGathering", {"gatheringId": walk["id"], "reason": "Rain"})

    await graphql.done(keeper, "eraseMember", {"confirmExternalId": KEEPER})
    await club.services.erasures.run_open()

    assert await named(mongo, club, KEEPER) == set()
