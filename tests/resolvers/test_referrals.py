"""Codes, refusals, rewards for both, review, clawback, milestones, the funnel and the invite board; and the races."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.services import Services
from gamification.kit.errors import DomainError
from gamification.members.model import Identity
from gamification.programmes.document import Problem
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest, on_servers

CLUB: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [
        {"key": "buy", "properties": {"type": "object", "properties": {"amount": {"type": "number"}}}}
    ],
    "counters": [{"key": "buys", "on": ["buy"]}],
    "rules": [
        {
            "key": "first_buy",
            "on": ["buy"],
            "when": "activity.amount >= 100.0",
            "effects": [{"qualify": {"referral": "invite"}}],
        },
        {
            "key": "third_buy",
            "on": ["buy"],
            "counters": ["buys"],
            "when": "counters.buys >= 3",
            "effects": [{"qualify": {"referral": "loyal"}}],
        },
    ],
    "badges": [{"key": "host"}, {"key": "guest"}, {"key": "star"}],
    "leaderboards": [{"key": "invites"}],
    "referrals": [
        {
            "key": "invite",
            "name": {"en": "Bring a friend", "zh": "推荐有奖"},
            "link": "https://club.example/join?c={code}",
            "referrer": [
                {"points": {"unit": "points", "amount": 100}},
                {"award": {"badge": "host"}},
                {"score": {"board": "invites", "value": 1}},
            ],
            "referee": [{"points": {"unit": "points", "amount": 50}}, {"award": {"badge": "guest"}}],
            "milestones": [{"count": 2, "reward": [{"points": {"unit": "points", "amount": 500}}, {"award": {"badge": "star"}}]}],
            "per_day": 5,
        },
        {"key": "loyal", "referee": [{"points": {"unit": "points", "amount": 5}}]},
    ],
}  # fmt: skip
USED = "replayed referral { id status usedAt expiresAt qualifiedAt flags referrer { displayName } referee { displayName } offer { key } }"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(CLUB)
    await made.join_all("ann", "bob", "cec", "dan")
    return made


class Desk:
    """Short ways to refer."""

    def __init__(self, graphql: GraphQL, club: ProgrammeUnderTest) -> None:
        self.graphql, self.club = graphql, club
        self._number = 0

    async def code(self, name: str, offer: str = "invite") -> str:
        answer = await self.graphql.read(
            self.club.member_actor(name),
            "query ($o: String!) { myReferralCode(offer: $o) { code } }",
            {"o": offer},
        )
        code: str = answer["myReferralCode"]["code"]
        return code

    def stated(self, name: str, code: str, **signals: str) -> dict[str, Any]:
        self._number += 1
        return {
            "code": code,
            "memberId": member_gid(self.club, name),
            "signals": signals or None,
            "idempotencyKey": f"k{self._number}",
        }

    async def use(self, name: str, of: str, offer: str = "invite", **signals: str) -> dict[str, Any]:
        """`name` was brought by `of`."""
        stated = self.stated(name, await self.code(of, offer), **signals)
        done = await self.graphql.done(self.club.service, "useReferralCode", stated, USED)
        referral: dict[str, Any] = done["referral"]
        return referral

    async def refusal(self, name: str, of: str, **signals: str) -> dict[str, Any]:
        stated = self.stated(name, await self.code(of), **signals)
        result = await self.graphql.mutate(
            self.club.service, "useReferralCode", stated, "replayed } ... on ReferralRefusedError { reason"
        )
        return typed(result, "ReferralRefusedError", "REFERRAL_REFUSED", "code")

    async def buy(self, name: str, amount: float = 100.0, **more: Any) -> Any:
        return await self.club.do("buy", name, amount=amount, **more)

    async def status(self, name: str) -> str | None:
        answer = await self.graphql.read(
            self.club.service,
            "query ($id: ID!) { member(id: $id) { referredBy { status } } }",
            {"id": member_gid(self.club, name)},
        )
        found = answer["member"]["referredBy"]
        return found and str(found["status"])

    async def points(self, *names: str) -> list[int]:
        return [await self.club.balance(name, "points") for name in names]

    async def decide(self, referral: str, decision: str, key: str = "d") -> dict[str, Any]:
        return await self.graphql.done(
            self.club.moderator,
            "reviewReferral",
            {"referralId": referral, "decision": decision, "reason": "looked", "idempotencyKey": key},
            "replayed referral { status reason flags }",
        )

    async def all_is_well(self) -> None:
        assert (await VerificationService(self.club.services).verify(self.club.key)).differences == []


@pytest.fixture
def desk(graphql: GraphQL, club: ProgrammeUnderTest) -> Desk:
    return Desk(graphql, club)


# -- codes


async def test_a_member_has_one_code_and_link(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = '{ myReferralCode(offer: "invite") { code link milestonesReached offer { key name windowSeconds newWithinSeconds milestones { count reward { amount badge } } referrerReward { amount badge leaderboard } refereeReward { amount badge } } funnel { used rewarded } } loyal: myReferralCode(offer: "loyal") { code link } none: myReferralCode(offer: "nope") { code } }'

    answers = await asyncio.gather(*(graphql.read(club.member_actor("ann"), document) for _ in range(5)))

    assert all(answer == answers[0] for answer in answers)
    mine = answers[0]["myReferralCode"]
    assert mine["link"] == f"https://club.example/join?c={mine['code']}"
    assert mine["offer"]["name"] == "Bring a friend"
    assert mine["offer"]["windowSeconds"] == 30 * 86400
    assert mine["offer"]["refereeReward"] == [
        {"amount": 50, "badge": None},
        {"amount": None, "badge": "guest"},
    ]
    assert answers[0]["loyal"]["code"] != mine["code"]
    assert (answers[0]["loyal"]["link"], answers[0]["none"]) == (None, None)
    theirs = await graphql.read(club.member_actor("bob"), document)
    assert theirs["myReferralCode"]["code"] != mine["code"]
    for actor in (club.service, club.operator, club.member_actor("nobody")):
        assert (await graphql.read(actor, document))["myReferralCode"] is None


async def test_a_member_uses_a_code_as_they_were_told_it(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    code = await desk.code("ann")
    spoken = f" {code[:4].lower()}-{code[4:].lower()} "

    done = await graphql.done(
        club.member_actor("bob"), "useReferralCode", {"code": spoken, "idempotencyKey": "k"}, USED
    )

    referral = done["referral"]
    assert (referral["status"], referral["offer"]["key"]) == ("PENDING", "invite")
    assert (referral["referrer"]["displayName"], referral["referee"]["displayName"]) == ("ann", "bob")
    assert referral["flags"] is None
    again = await graphql.done(
        club.member_actor("bob"), "useReferralCode", {"code": spoken, "idempotencyKey": "k"}, USED
    )
    assert again["replayed"]
    other = await graphql.done(
        club.member_actor("bob"), "useReferralCode", {"code": code, "idempotencyKey": "k2"}, USED
    )
    assert (other["referral"]["id"], other["replayed"]) == (referral["id"], False)


# -- refusals


async def test_nobody_brings_themselves(desk: Desk) -> None:
    told = await desk.refusal("ann", "ann")

    assert (told["reason"], told["message"]) == ("SELF", "This is your own code.")


async def test_a_member_of_long_standing_is_no_new_one(club: ProgrammeUnderTest, desk: Desk) -> None:
    await club.join("old", joined_at=club.clock.now - timedelta(days=8))

    told = await desk.refusal("old", "ann")

    assert told["reason"] == "ALREADY_MEMBER"
    assert "within 7 days" in told["message"]
    assert await desk.status("old") is None


async def test_the_referrer_is_not_switched(desk: Desk) -> None:
    await desk.use("bob", "ann")

    told = await desk.refusal("bob", "cec")

    assert told["reason"] == "ALREADY_REFERRED"
    await desk.buy("bob")
    assert await desk.points("ann", "bob", "cec") == [100, 50, 0]


async def test_two_do_not_bring_each_other(desk: Desk) -> None:
    await desk.use("bob", "ann")

    assert (await desk.refusal("ann", "bob"))["reason"] == "CYCLE"


async def test_a_long_circle_is_refused_however_long(club: ProgrammeUnderTest, desk: Desk) -> None:
    names = [f"m{number}" for number in range(12)]
    await club.join_all(*names)
    for referrer, referee in pairwise(names):
        await desk.use(referee, referrer)

    for late in names[1:]:
        assert (await desk.refusal(names[0], late))["reason"] == "CYCLE"
    await desk.use(names[0], "ann")
    await desk.all_is_well()


@pytest.mark.parametrize(
    ("theirs", "own"),
    [
        ({"email": "Ann.Example+a@gmail.com"}, {"email": "annexample@googlemail.com"}),
        ({"email": "ann@example.org"}, {"email": "ANN+club@example.org"}),
        ({"device": "phone-1"}, {"device": "phone-1"}),
    ],
)
async def test_one_person_with_two_accounts_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk, theirs: dict[str, str], own: dict[str, str]
) -> None:
    await graphql.done(
        club.service, "noteMemberSignals", {"memberId": member_gid(club, "ann"), "signals": theirs}
    )

    assert (await desk.refusal("bob", "ann", **own))["reason"] == "ALIAS"


async def test_e_mail_identities_tell_an_alias_without_any_signal(
    club: ProgrammeUnderTest, desk: Desk
) -> None:
    await club.join("eve", identities=(Identity("email", "eve@gmail.com"),))
    await club.join("eva", identities=(Identity("email", "e.v.e+2@gmail.com"),))

    assert (await desk.refusal("eva", "eve"))["reason"] == "ALIAS"


async def test_signals_are_kept_as_digests_only(club: ProgrammeUnderTest, desk: Desk, mongo: Mongo) -> None:
    await desk.use("bob", "ann", email="bob@example.org", device="device-of-bob", address="203.0.113.7")

    stored = [
        str(row)
        for name in ("member_signals", "referrals")
        async for row in mongo.collection(name).find({"programme_id": club.key})
    ]
    assert len(stored) == 2
    assert not [row for row in stored if "bob@" in row or "device-of" in row or "203.0" in row]


@pytest.mark.parametrize(
    ("changed", "kind", "path"),
    [
        ({"code": "NOPE2345"}, "NotFoundError", "code"),
        ({"code": "x" * 41}, "NotFoundError", "code"),
        ({"code": ""}, "NotFoundError", "code"),
        ({"memberId": "nobody"}, "NotFoundError", "memberId"),
        ({"signals": {"device": " "}}, "InvalidInputError", "signals.device"),
        ({"signals": {"email": "x" * 321}}, "InvalidInputError", "signals.email"),
        ({"idempotencyKey": ""}, "InvalidInputError", "idempotencyKey"),
    ],
)
async def test_a_use_that_makes_no_sense_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk, changed: dict[str, Any], kind: str, path: str
) -> None:
    stated = {**desk.stated("bob", await desk.code("ann")), **changed}

    typed(await graphql.mutate(club.service, "useReferralCode", stated), kind, path=path)

    assert await desk.status("bob") is None


async def test_only_services_say_what_they_saw_and_of_whom(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    code = await desk.code("ann")
    bob = club.member_actor("bob")

    with_signals = {"code": code, "signals": {"device": "x"}, "idempotencyKey": "k"}
    refused(await graphql.mutate(bob, "useReferralCode", with_signals), "FORBIDDEN")
    refused(await graphql.mutate(bob, "useReferralCode", desk.stated("cec", code)), "FORBIDDEN")
    noting = {"memberId": member_gid(club, "bob"), "signals": {"device": "x"}}
    refused(await graphql.mutate(bob, "noteMemberSignals", noting), "FORBIDDEN")


async def test_a_banned_members_code_and_one_of_an_archived_offer_are_none(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    anns, decs = await desk.code("ann"), await desk.code("dan")
    standing = {"memberId": member_gid(club, "ann"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", standing)

    typed(await graphql.mutate(club.service, "useReferralCode", desk.stated("bob", anns)), "NotFoundError")
    await graphql.done(club.operator, "archiveDefinition", {"kind": "RULE", "key": "first_buy"})
    await graphql.done(club.operator, "archiveDefinition", {"kind": "REFERRAL", "key": "invite"})
    typed(await graphql.mutate(club.service, "useReferralCode", desk.stated("bob", decs)), "NotFoundError")


# -- qualifying


async def test_both_are_rewarded_once_the_new_member_qualifies(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann")
    await desk.buy("bob", 99.0)
    assert await desk.points("ann", "bob") == [0, 0]

    bought = await desk.buy("bob")

    assert await desk.points("ann", "bob") == [100, 50]
    assert ("host", "") in await club.awards("ann")
    assert ("guest", "") in await club.awards("bob")
    assert await club.ranking("invites") == [(1, "ann", 1)]
    answer = await graphql.read(
        club.member_actor("bob"),
        "{ me { referredBy { status qualifiedAt cause { rule { key } activity { sourceId } } } ledger { nodes { amount cause { referral } } } } }",
    )
    assert answer["me"]["referredBy"]["status"] == "REWARDED"
    assert answer["me"]["referredBy"]["cause"] == {
        "rule": {"key": "first_buy"},
        "activity": {"sourceId": bought.source_id},
    }
    assert answer["me"]["ledger"]["nodes"] == [{"amount": 50, "cause": {"referral": "invite"}}]
    await desk.all_is_well()


async def test_the_same_activity_twice_and_later_ones_reward_once(
    club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann")

    for _ in range(2):
        await club.record(club.activity("buy", "bob", source_id="one", amount=100.0))
    await asyncio.gather(*(desk.buy("bob") for _ in range(5)))

    assert await desk.points("ann", "bob") == [100, 50]
    assert await club.ranking("invites") == [(1, "ann", 1)]
    await desk.all_is_well()


async def test_only_what_happens_within_the_window_counts(club: ProgrammeUnderTest, desk: Desk) -> None:
    club.clock.now = club.clock.now
    await club.join("new")
    await desk.use("new", "ann")
    await desk.buy("new", at=club.clock.now - timedelta(seconds=1))
    assert await desk.status("new") == "PENDING"

    club.clock.advance(timedelta(days=30, seconds=1))
    assert await desk.status("new") == "EXPIRED"
    await desk.buy("new")
    assert await desk.points("ann", "new") == [0, 0]
    # It arrives late, but happened in time.
    await desk.buy("new", at=club.clock.now - timedelta(days=2))
    assert await desk.points("ann", "new") == [100, 50]
    await desk.all_is_well()


async def test_who_was_not_brought_qualifies_nobody(club: ProgrammeUnderTest, desk: Desk) -> None:
    await desk.buy("cec")

    assert await desk.points("cec", "ann") == [0, 0]
    await desk.all_is_well()


async def test_a_milestone_is_reached_and_lost(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    bought = []
    for name in ("bob", "cec"):
        await desk.use(name, "ann")
        bought.append(await desk.buy(name))
    assert await desk.points("ann") == [700]
    assert ("star", "") in await club.awards("ann")
    document = '{ myReferralCode(offer: "invite") { milestonesReached } }'
    assert await graphql.read(club.member_actor("ann"), document) == {
        "myReferralCode": {"milestonesReached": [2]}
    }

    await club.reverse(bought[0])
    assert await desk.points("ann") == [100]
    assert ("star", "") not in await club.awards("ann")
    await desk.all_is_well()

    await desk.buy("bob")
    assert await desk.points("ann") == [700]
    await desk.all_is_well()


async def test_two_at_once_reach_a_milestone_once(club: ProgrammeUnderTest, desk: Desk) -> None:
    for name in ("bob", "cec", "dan"):
        await desk.use(name, "ann")

    await asyncio.gather(*(desk.buy(name) for name in ("bob", "cec", "dan") for _ in range(2)))

    assert await desk.points("ann") == [3 * 100 + 500]
    assert await club.ranking("invites") == [(1, "ann", 3)]
    await desk.all_is_well()


# -- clawback


async def test_a_refund_takes_back_from_both_and_once(club: ProgrammeUnderTest, desk: Desk) -> None:
    await desk.use("bob", "ann")
    bought = await desk.buy("bob")

    assert [await club.reverse(bought, "refunded") for _ in range(2)] == [False, True]

    assert await desk.points("ann", "bob") == [0, 0]
    assert await club.awards("ann") == {}
    assert await club.awards("bob") == {}
    assert await club.ranking("invites") == []
    assert await desk.status("bob") == "REVERSED"
    await desk.all_is_well()


async def test_what_was_spent_already_is_a_recorded_shortfall(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann")
    bought = await desk.buy("bob")
    spending = {"unit": "points", "amount": 70, "reason": "r", "idempotencyKey": "s"}
    await graphql.done(club.member_actor("ann"), "spendPoints", spending)

    await club.reverse(bought)

    assert await desk.points("ann", "bob") == [0, 0]
    answer = await graphql.read(
        club.member_actor("ann"),
        "{ me { ledger(first: 1) { nodes { amount cause { limitedBy { shortfall } referral } } } } }",
    )
    assert answer["me"]["ledger"]["nodes"] == [
        {"amount": -30, "cause": {"limitedBy": [{"shortfall": 70}], "referral": "invite"}}
    ]
    await desk.all_is_well()


async def test_another_purchase_keeps_the_reward(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann")
    first, second = await desk.buy("bob"), await desk.buy("bob")

    await club.reverse(first)

    assert await desk.points("ann", "bob") == [100, 50]
    answer = await graphql.read(
        club.member_actor("bob"), "{ me { referredBy { status cause { activity { sourceId } } } } }"
    )
    assert answer["me"]["referredBy"]["cause"]["activity"]["sourceId"] == second.source_id
    await club.reverse(second)
    assert await desk.points("ann", "bob") == [0, 0]
    await desk.all_is_well()


async def test_a_reversal_that_lowers_a_counter_disqualifies(club: ProgrammeUnderTest, desk: Desk) -> None:
    await desk.use("bob", "ann", "loyal")
    bought = [await desk.buy("bob", 1.0) for _ in range(3)]
    assert await desk.points("bob") == [5]

    await club.reverse(bought[0])
    assert await desk.points("bob") == [0]
    assert await desk.status("bob") == "REVERSED"
    await desk.buy("bob", 1.0)
    assert await desk.points("bob") == [5]
    await desk.all_is_well()


async def test_the_chain_above_is_not_touched(club: ProgrammeUnderTest, desk: Desk) -> None:
    await desk.use("bob", "ann")
    await desk.use("cec", "bob")
    await desk.buy("bob")
    bought = await desk.buy("cec")
    assert await desk.points("ann", "bob", "cec") == [100, 150, 50]

    await club.reverse(bought)

    assert await desk.points("ann", "bob", "cec") == [100, 50, 0]
    await desk.all_is_well()


# -- review


async def test_a_flagged_referral_gives_nothing_until_staff_clears_it(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann", device="shared")
    referral = await desk.use("cec", "dan", device="shared")
    assert referral["flags"] == ["DEVICE"]
    await desk.buy("cec")
    assert await desk.status("cec") == "HELD"
    assert await desk.points("cec", "dan") == [0, 0]
    queue = "{ referralReviews { nodes { id flags status referrer { displayName } } } }"
    answer = await graphql.read(club.moderator, queue)
    assert [node["id"] for node in answer["referralReviews"]["nodes"]] == [referral["id"]]
    mine = await graphql.read(club.member_actor("cec"), "{ me { referredBy { status flags } } }")
    assert mine == {"me": {"referredBy": {"status": "HELD", "flags": None}}}

    for replayed in (False, True):
        done = await desk.decide(referral["id"], "CLEAR")
        assert done == {
            "__typename": "ReviewReferralSuccess",
            "replayed": replayed,
            "referral": {"status": "REWARDED", "reason": "looked", "flags": ["DEVICE"]},
        }

    assert await desk.points("cec", "dan") == [50, 100]
    assert (await graphql.read(club.moderator, queue))["referralReviews"]["nodes"] == []
    await desk.all_is_well()


async def test_what_is_cleared_before_it_qualifies_is_rewarded_at_once(desk: Desk) -> None:
    await desk.use("bob", "ann", device="shared")
    referral = await desk.use("cec", "dan", device="shared")

    await desk.decide(referral["id"], "CLEAR")
    assert await desk.status("cec") == "PENDING"
    await desk.buy("cec")

    assert await desk.points("cec", "dan") == [50, 100]


async def test_what_is_rejected_gives_nothing_and_says_why(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    referral = await desk.use("bob", "ann")

    await desk.decide(referral["id"], "REJECT")
    await desk.buy("bob")

    assert await desk.points("ann", "bob") == [0, 0]
    answer = await graphql.read(club.member_actor("bob"), "{ me { referredBy { status reason } } }")
    assert answer == {"me": {"referredBy": {"status": "REJECTED", "reason": "looked"}}}
    deciding = {"referralId": referral["id"], "decision": "CLEAR", "reason": "r", "idempotencyKey": "x"}
    typed(await graphql.mutate(club.moderator, "reviewReferral", deciding), "ConflictError")
    await desk.all_is_well()


async def test_a_held_referral_goes_back_when_its_purchase_does(club: ProgrammeUnderTest, desk: Desk) -> None:
    await desk.use("bob", "ann", device="shared")
    referral = await desk.use("cec", "dan", device="shared")
    bought = await desk.buy("cec")

    await club.reverse(bought)
    assert await desk.status("cec") == "PENDING"
    await desk.decide(referral["id"], "CLEAR")

    assert await desk.points("cec", "dan") == [0, 0]
    await desk.all_is_well()


async def test_two_moderators_at_once_reward_once(club: ProgrammeUnderTest, desk: Desk) -> None:
    await desk.use("bob", "ann", device="shared")
    referral = await desk.use("cec", "dan", device="shared")
    await desk.buy("cec")

    results = await asyncio.gather(
        *(desk.decide(referral["id"], "CLEAR", key) for key in "abcd"), return_exceptions=True
    )

    assert sum(isinstance(found, dict) for found in results) == 1
    assert await desk.points("cec", "dan") == [50, 100]
    await desk.all_is_well()


async def test_many_uses_and_a_crowded_address_are_flagged(club: ProgrammeUnderTest, desk: Desk) -> None:
    names = [f"m{number}" for number in range(6)]
    await club.join_all(*names)

    found = [await desk.use(name, "ann") for name in names]
    assert [one["flags"] for one in found] == [[]] * 5 + [["VELOCITY"]]
    more = [f"n{number}" for number in range(4)]
    await club.join_all(*more)
    crowded = [await desk.use(name, "dan", address="203.0.113.1") for name in more]
    assert [one["flags"] for one in crowded] == [[], [], [], ["ADDRESS"]]


async def test_the_referrers_own_address_is_looked_at(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    await graphql.done(
        club.service,
        "noteMemberSignals",
        {"memberId": member_gid(club, "ann"), "signals": {"address": "203.0.113.9"}},
    )

    assert (await desk.use("bob", "ann", address="203.0.113.9"))["flags"] == ["SHARED_ADDRESS"]


async def test_a_referrer_who_is_banned_meanwhile_is_looked_at(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann")
    standing = {"memberId": member_gid(club, "ann"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", standing)

    await desk.buy("bob")

    assert await desk.status("bob") == "HELD"
    assert await desk.points("ann", "bob") == [0, 0]
    await desk.all_is_well()


async def test_only_staff_reviews(graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk) -> None:
    referral = await desk.use("bob", "ann")
    deciding = {"referralId": referral["id"], "decision": "REJECT", "reason": "r", "idempotencyKey": "x"}

    for actor in (club.member_actor("ann"), club.service):
        refused(await graphql.mutate(actor, "reviewReferral", deciding), "FORBIDDEN")
        refused(await graphql(actor, "{ referralReviews { nodes { id } } }"), "FORBIDDEN")
    for wrong in ("x", member_gid(club, "ann")):
        answer = await graphql.mutate(club.moderator, "reviewReferral", {**deciding, "referralId": wrong})
        typed(answer, "NotFoundError", path="referralId")
    answer = await graphql.mutate(club.moderator, "reviewReferral", {**deciding, "reason": " "})
    typed(answer, "InvalidInputError", path="reason")


# -- looking


async def test_a_referrer_sees_their_funnel_and_whom_they_brought(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    names = ["one", "two", "tri", "fur"]
    await club.join_all(*names)
    found = {name: await desk.use(name, "ann") for name in names}
    bought = [await desk.buy(name) for name in ("one", "two")]
    await club.reverse(bought[1])
    await desk.decide(found["tri"]["id"], "REJECT")

    answer = await graphql.read(
        club.member_actor("ann"),
        '{ myReferralCode(offer: "invite") { funnel { used pending expired held rewarded rejected reversed } } me { referrals { nodes { status referee { displayName } } } } }',
    )

    assert answer["myReferralCode"]["funnel"] == {
        "used": 4,
        "pending": 1,
        "expired": 0,
        "held": 0,
        "rewarded": 1,
        "rejected": 1,
        "reversed": 1,
    }
    statuses = {n["referee"]["displayName"]: n["status"] for n in answer["me"]["referrals"]["nodes"]}
    assert statuses == {"one": "REWARDED", "two": "REVERSED", "tri": "REJECTED", "fur": "PENDING"}


async def test_others_see_nothing_of_a_referral(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk
) -> None:
    referral = await desk.use("bob", "ann")
    document = "query ($id: ID!) { node(id: $id) { id } }"

    for name in ("ann", "bob"):
        assert (await graphql.read(club.member_actor(name), document, referral))["node"] is not None
    assert (await graphql.read(club.member_actor("cec"), document, referral))["node"] is None
    private = "query ($id: ID!) { member(id: $id) { referredBy { id } referrals { nodes { id } } } }"
    result = await graphql(club.member_actor("cec"), private, {"id": member_gid(club, "bob")})
    assert [error.extensions and error.extensions["code"] for error in result.errors or []] == [
        "FORBIDDEN"
    ] * 2


async def test_the_feed_tells_both(
    graphql: GraphQL, club: ProgrammeUnderTest, desk: Desk, live: Services
) -> None:
    document = "subscription { myProgress { __typename ... on ReferralChanged { status referral { referee { displayName } } } } }"
    async with (
        graphql.subscribe(club.member_actor("ann"), document) as anns,
        graphql.subscribe(club.member_actor("bob"), document) as bobs,
    ):
        for stream in (anns, bobs):
            assert (await stream.data())["__typename"] == "ProgressSnapshot"
        await desk.use("bob", "ann")
        bought = await desk.buy("bob")
        await club.reverse(bought)
        for stream in (anns, bobs):
            told: list[str] = []
            while len(told) < 3:
                message = await stream.data()
                if message["__typename"] == "ReferralChanged":
                    assert message["referral"] == {"referee": {"displayName": "bob"}}
                    told.append(message["status"])
            assert told == ["PENDING", "REWARDED", "REVERSED"]


# -- the file


@pytest.mark.parametrize(
    ("offer", "place"),
    [
        ({"window": "P0D"}, "referrals.x.window"),
        ({"link": "https://club.example/join"}, "referrals.x.link"),
        ({"link": "javascript:{code}"}, "referrals.x.link"),
        ({"referrer": [{"award": {"badge": "nope"}}]}, "referrals.x.referrer.0.award"),
        ({"milestones": [{"count": 2, "reward": []}]}, "referrals.x.milestones.0.reward"),
        (
            {"milestones": [{"count": n, "reward": [{"award": {"badge": "star"}}]} for n in (2, 2)]},
            "referrals.x",
        ),
    ],
)
async def test_an_offer_that_makes_no_sense_is_refused(
    club: ProgrammeUnderTest, offer: dict[str, Any], place: str
) -> None:
    with pytest.raises(Problem) as caught:
        await club.apply({**CLUB, "referrals": [*CLUB["referrals"], {"key": "x", **offer}]})

    assert caught.value.problems[0][0] == place


async def test_a_rule_names_an_offer_that_is_there(club: ProgrammeUnderTest) -> None:
    with pytest.raises(DomainError, match="referrals"):
        await club.apply({**CLUB, "referrals": CLUB["referrals"][1:]})


# -- races


@pytest.mark.parametrize("size", [2, 3, 4, 6])
async def test_of_a_circle_closed_all_at_once_one_is_refused(
    club: ProgrammeUnderTest, desk: Desk, size: int
) -> None:
    names = [f"m{number}" for number in range(size)]
    await club.join_all(*names)
    uses = [desk.stated(name, await desk.code(names[index - 1])) for index, name in enumerate(names)]

    results = await asyncio.gather(
        *(desk.graphql.mutate(club.service, "useReferralCode", stated) for stated in uses)
    )

    kinds = [(result.data or {})["useReferralCode"]["__typename"] for result in results]
    assert sorted(kinds) == ["ReferralRefusedError"] + ["UseReferralCodeSuccess"] * (size - 1)
    await desk.all_is_well()


async def test_of_two_referrers_at_once_one_has_brought_the_member(
    club: ProgrammeUnderTest, desk: Desk
) -> None:
    uses = [desk.stated("dan", await desk.code(name)) for name in ("ann", "bob", "cec")]

    results = await asyncio.gather(
        *(desk.graphql.mutate(club.service, "useReferralCode", stated) for stated in uses)
    )

    kinds = [(result.data or {})["useReferralCode"]["__typename"] for result in results]
    assert sorted(kinds) == ["ReferralRefusedError"] * 2 + ["UseReferralCodeSuccess"]


async def test_a_purchase_and_its_refund_at_once_leave_nothing_half(
    club: ProgrammeUnderTest, desk: Desk
) -> None:
    await desk.use("bob", "ann")
    first = await desk.buy("bob")

    await asyncio.gather(club.reverse(first), desk.buy("bob"), club.reverse(first))

    assert await desk.points("ann", "bob") == [100, 50]
    await desk.all_is_well()


STEP = st.tuples(st.sampled_from(["use", "buy", "undo", "clear"]), st.integers(0, 4), st.integers(0, 4))


@on_servers(5)
@given(steps=st.lists(STEP, min_size=8, max_size=20))
async def test_whatever_happened_reversing_all_leaves_nothing(
    graphql: GraphQL, programme: MakeProgramme, steps: list[tuple[str, int, int]]
) -> None:
    club = await programme(CLUB)
    names = [f"m{number}" for number in range(5)]
    await club.join_all(*names)
    desk = Desk(graphql, club)
    done: list[Any] = []
    referrals: list[str] = []
    for what, one, other in steps:
        if what == "use":
            stated = desk.stated(names[one], await desk.code(names[other]), device=f"d{one % 3}")
            result = await graphql.mutate(club.service, "useReferralCode", stated, "referral { id }")
            referrals += [
                answer["referral"]["id"] for answer in (result.data or {}).values() if "referral" in answer
            ]
        elif what == "buy":
            done.append(await desk.buy(names[one]))
        elif what == "undo" and done:
            await club.reverse(done[other % len(done)])
        elif what == "clear" and referrals:
            deciding = {"referralId": referrals[one % len(referrals)], "decision": "CLEAR", "reason": "r"}
            await graphql.mutate(
                club.moderator, "reviewReferral", {**deciding, "idempotencyKey": f"c{desk._number}{one}"}
            )
    await desk.all_is_well()
    for activity in done:
        await club.reverse(activity)
    assert await desk.points(*names) == [0] * 5
    assert await club.ranking("invites") == []
    await desk.all_is_well()


FUNNEL = """query ($by: InsightPeriodLength!, $from: Date!, $to: Date!) { insights { referrals(offer: "invite", from: $from, to: $to, by: $by) {
  points { period { startsOn } used qualified rewardedShare byStatus { status referrals } } chart } } }"""


async def test_the_funnel_over_time_says_what_became_of_each_days_codes(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    """Told again from what each member was told of theirs."""
    club = await programme({**CLUB, "programme": {"key": "c", "time_zone": "Asia/Shanghai"}})
    desk = Desk(graphql, club)
    # An hour before midnight in Shanghai: what is used two hours later counts for the day after.
    club.clock.now = datetime(2026, 3, 10, 15, tzinfo=UTC)
    names = [f"new{number}" for number in range(6)]
    await club.join_all("ann", *names)
    for name in names[:4]:
        await desk.use(name, of="ann", device=f"phone of {name}")
    club.clock.advance(timedelta(hours=2))
    for name in names[4:]:
        await desk.use(name, of="ann", device=f"phone of {name}")
    for name in (names[0], names[1], names[4]):
        await desk.buy(name)
    await desk.buy(names[2])
    await club.services.rollups.rebuild_due(club.key)
    await club.services.totals.rebuild_due(club.key)

    status = {name: await desk.status(name) for name in names}
    days = {"2026-03-10": names[:4], "2026-03-11": names[4:]}
    stated = {"from": "2026-03-09", "to": "2026-03-12"}
    found = await graphql.read(club.operator, FUNNEL, {**stated, "by": "DAY"})

    points = {one["period"]["startsOn"]: one for one in found["insights"]["referrals"]["points"]}
    for day, used in days.items():
        point, of_day = points[day], [status[name] for name in used]
        assert point["used"] == len(used)
        assert {one["status"]: one["referrals"] for one in point["byStatus"] if one["referrals"]} == {
            one: of_day.count(one) for one in set(of_day)
        }
        assert point["rewardedShare"] == of_day.count("REWARDED") / len(used)
        assert point["qualified"] == of_day.count("REWARDED") + of_day.count("HELD")
    assert sum(one["used"] for one in points.values()) == len(names)
    assert {"REWARDED", "PENDING"} <= set(status.values())
    month = await graphql.read(club.operator, FUNNEL, {**stated, "by": "MONTH"})
    (whole,) = month["insights"]["referrals"]["points"]
    assert (whole["used"], whole["qualified"]) == (6, sum(one["qualified"] for one in points.values()))
    assert "<svg" in month["insights"]["referrals"]["chart"]
