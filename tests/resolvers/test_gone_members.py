"""Who is erased or banned: nothing is paid to a closed account, nothing is paid twice, boards close ranks in every view,
and who comes back under the same name begins anew."""

from datetime import timedelta

import pytest

from gamification.members.model import Standing
from gamification.members.tombstones import REFUSED_FOR
from gamification.privacy import service as erasing
from tests.conftest import MakeProgramme
from tests.gamification.leaderboards import test_closing as cup_of
from tests.resolvers import test_board_groups as groups_of
from tests.resolvers import test_friends as friends_of
from tests.resolvers import test_teams as teams_of
from tests.resolvers.harness import GraphQL, member_gid, typed
from tests.resolvers.reward_world import mall, of, redeem
from tests.resolvers.test_erase_member import erased, sound
from tests.resolvers.test_referrals import CLUB, Desk
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(CLUB)
    await made.join_all("ann", "bob", "cec", "dan")
    return made


@pytest.fixture
def desk(graphql: GraphQL, club: ProgrammeUnderTest) -> Desk:
    return Desk(graphql, club)


# -- an erased referrer


async def test_what_waits_for_staff_is_not_paid_to_who_is_being_erased(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.use("cec", "dan", device="shared")
    referral = await desk.use("bob", "ann", device="shared")
    await desk.buy("bob")
    assert await desk.status("bob") == "HELD"
    monkeypatch.setattr(erasing, "PARTS_AT_ONCE", 0)  # the process dies right after
    stated = {"memberId": member_gid(club, "ann"), "confirmExternalId": "ann"}
    await graphql.done(club.operator, "eraseMember", stated)

    cleared = await graphql.mutate(
        club.moderator,
        "reviewReferral",
        {"referralId": referral["id"], "decision": "CLEAR", "reason": "fine", "idempotencyKey": "c"},
    )

    typed(cleared, "ConflictError", "CONFLICT", "referralId")
    monkeypatch.undo()
    await club.services.erasures.run_open()
    assert await desk.status("bob") == "REJECTED"
    assert await desk.points("ann", "bob") == [0, 0]
    await desk.all_is_well()


async def test_a_referral_that_was_taken_back_is_not_rewarded_again_once_its_referrer_is_erased(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann")
    bought = await desk.buy("bob")
    assert await desk.points("ann", "bob") == [100, 50]
    await erased(graphql, club, "ann")
    await club.reverse(bought)
    assert await desk.status("bob") == "REVERSED"

    await desk.buy("bob")

    assert await desk.status("bob") == "REJECTED"
    assert await desk.points("ann", "bob") == [0, 0]
    queue = await graphql.read(club.moderator, "{ referralReviews { nodes { id } } }")
    assert queue["referralReviews"]["nodes"] == []
    await desk.all_is_well()


async def test_a_purchase_of_two_that_is_taken_back_leaves_a_rewarded_referral_as_it_was(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann")
    bought = await desk.buy("bob")
    await desk.buy("bob")
    await erased(graphql, club, "ann")

    await club.reverse(bought)

    assert await desk.status("bob") == "REWARDED"
    assert await desk.points("ann", "bob") == [0, 50]
    await desk.all_is_well()


async def test_a_milestone_is_not_reached_by_who_is_erased(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann")
    await desk.use("cec", "ann")
    await desk.buy("bob")
    await erased(graphql, club, "ann")

    await desk.buy("cec")

    assert await desk.points("ann", "bob", "cec") == [0, 50, 0]
    await desk.all_is_well()


# -- an order of who is erased


@pytest.mark.parametrize("mutation", ["advanceRedemption", "cancelRedemption"])
async def test_nothing_is_refunded_to_a_closed_account(
    graphql: GraphQL, programme: MakeProgramme, mutation: str
) -> None:
    club = await mall(programme, "ann")
    order = await redeem(graphql, club.service, "mug", deliverTo="1 Street", **of(club, "ann"))
    for step in ("PROCESSING", "SHIPPED"):
        stated = {"redemption": order["id"], "status": step, "idempotencyKey": step}
        await graphql.done(club.operator, "advanceRedemption", stated)
    await erased(graphql, club, "ann")

    how = {"status": "FAILED"} if mutation == "advanceRedemption" else {"reason": "broken"}
    back = {"redemption": order["id"], "idempotencyKey": "back", **how}
    result = await graphql.mutate(club.operator, mutation, back)

    typed(result, "NotFoundError", "NOT_FOUND")
    assert await club.balance("ann", "points") == 0
    await sound(club)


# -- boards of groups, friends and teams


async def test_groups_and_friends_close_ranks_when_one_is_erased(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(friends_of.DOCUMENT)
    for place, name in enumerate(friends_of.NAMES):
        country = "cn" if name in ("ann", "cat") else "de"
        await club.join(name, display_name=name.title(), attributes={"country": country})
        await club.record(club.activity("play", name, v=14 - place))
    for name in ("ann", "dan"):
        await friends_of.follow(club, "cat", name)

    await erased(graphql, club, "ann")

    for board in ("sum", "even"):
        found = await friends_of.friends(graphql, club, board=board)
        assert friends_of.shown(found) == [(1, "Cat"), (2, "Dan")]
        assert (found["size"], found["viewer"]["rank"]) == (2, 1)
    assert await groups_of.group(graphql, club, "cn") == [(1, "Cat", 12)]
    await sound(club)


async def test_a_team_loses_the_score_of_who_is_erased_and_an_empty_one_its_place(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await teams_of.joined(await programme(teams_of.document({})))

    await erased(graphql, club, "ann")
    await erased(graphql, club, "odd")

    found = await teams_of.teams(graphql, club, "bob", team="odd")
    assert teams_of.shown(found) == [(1, "blue", 16, 0), (2, "red", 7, 0)]
    assert (found["size"], found["rankOf"]) == (2, None)
    assert found["entries"]["nodes"][1]["team"]["size"] == 2
    await teams_of.sound(club)


# -- closing, banning, lifting a ban


@pytest.fixture
async def cup(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Five who played in spring, one after another worse."""
    made = await programme(cup_of.DOCUMENT, lateness="unlimited")
    await made.join_all(*cup_of.NAMES)
    made.clock.now = cup_of.END - timedelta(hours=1)
    await made.record(
        *(made.activity("play", name, v=50 - 10 * place) for place, name in enumerate(cup_of.NAMES))
    )
    return made


async def test_who_is_erased_before_the_close_wins_nothing_and_the_rest_move_up(
    graphql: GraphQL, cup: ProgrammeUnderTest
) -> None:
    await erased(graphql, cup, "ann")
    cup_of.late(cup)

    await cup.services.closing.close_in(cup.key)

    assert await cup_of.finals(cup) == {
        cup.id_of(name): rank for rank, name in enumerate(cup_of.NAMES[1:], 1)
    }
    prizes = list(cup_of.WON.values())
    assert await cup_of.coins(cup) == {"ann": 0} | dict(zip(cup_of.NAMES[1:], prizes, strict=False))
    await sound(cup)


async def test_who_is_erased_after_the_close_leaves_it_and_nobody_is_paid_anew(
    graphql: GraphQL, cup: ProgrammeUnderTest
) -> None:
    cup_of.late(cup)
    await cup.services.closing.close_in(cup.key)

    await erased(graphql, cup, "ann")
    assert await cup.services.closing.close_in(cup.key) == 0

    assert await cup_of.coins(cup) == {**cup_of.WON, "ann": 0}
    assert await cup.ranking("cup", period="spring") == [
        (rank, name, 40 - 10 * place) for place, (rank, name) in enumerate(enumerate(cup_of.NAMES[1:], 1))
    ]
    await sound(cup)


@pytest.mark.parametrize("lifted_before_the_close", [True, False])
async def test_lifting_a_ban_gives_the_place_back_and_pays_nothing_twice(
    cup: ProgrammeUnderTest, lifted_before_the_close: bool
) -> None:
    async def standing(of: Standing) -> None:
        await cup.services.moderation.set_standing(cup.moderator, cup.id_of("ann"), of, "r")

    await standing(Standing.BANNED)
    if lifted_before_the_close:
        await standing(Standing.ACTIVE)
    cup_of.late(cup)
    await cup.services.closing.close_in(cup.key)
    for _ in range(2):
        await standing(Standing.BANNED)
        await standing(Standing.ACTIVE)
    assert await cup.services.closing.close_in(cup.key) == 0

    ranking = [name for _, name, _ in await cup.ranking("cup", period="spring")]
    assert ranking == list(cup_of.NAMES)
    if lifted_before_the_close:
        assert await cup_of.coins(cup) == cup_of.WON
        assert [len(await cup.transfers(name)) for name in cup_of.NAMES] == [1, 1, 1, 1, 0]
    else:  # the ranks were given without her, and stay so
        assert (await cup_of.coins(cup))["ann"] == 0
        assert await cup_of.finals(cup) == {
            cup.id_of(name): rank for rank, name in enumerate(cup_of.NAMES[1:], 1)
        }
    await sound(cup)


async def test_a_key_that_was_used_before_erasing_is_a_new_one_after_joining_again(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann", points=100)
    stated = {"unit": "points", "amount": 10, "reason": "tea", "idempotencyKey": "once"}
    first = await graphql.done(club.member_actor("ann"), "spendPoints", stated, "replayed")
    assert not first["replayed"]
    await erased(graphql, club, "ann")
    club.clock.advance(REFUSED_FOR)
    await club.join("ann")

    result = await graphql.mutate(club.member_actor("ann"), "spendPoints", stated)

    typed(result, "InsufficientPointsError")
    assert await club.transfers("ann") == []
    club.clock.run()
    await sound(club)
