"""`node` and `nodes`: every object again by its id, for those who may see it."""

from datetime import timedelta
from typing import Any

import pytest
from graphql import GraphQLObjectType

from gamification.kit.actors import Role
from resolvers.relay import encode_id
from tests.community_world import comment_gid, has_written, post_gid, wrote
from tests.complaint_world import complained_once, complaint_gid
from tests.conftest import MakeProgramme
from tests.contest_world import contested, has_told
from tests.gathering_world import gathered, gathering_gid, has_gathered
from tests.moderation_world import has_been_judged, judged, judged_gid
from tests.notification_world import delivery_gid, has_been_notified, notification_gid, notified
from tests.partner_world import agreement_gid, is_partnered, partnered_up
from tests.question_world import bounty_gid, has_questioned, questioned
from tests.rehearsal_world import has_rehearsed, rehearsal_gid, rehearsed
from tests.resolvers.catalogue import redeemed, reserved
from tests.resolvers.evidence_world import shown
from tests.resolvers.harness import CLUB, CORE, GraphQL, brought, drawn, member_gid, refused
from tests.screening_world import has_been_screened, screened, screened_gid
from tests.support import ProgrammeUnderTest
from tests.survey_world import asked
from tests.webhook_world import hooked_up, is_hooked_up, webhook_gid

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
EVERYTHING = """{
    programme { id units { id } }
    leaderboard(key: "total") { id }
    task(key: "regular") { id }
    badge(key: "newcomer") { id }
    collection(key: "crowns") { id }
    referralOffers(first: 1) { nodes { id } }
    checkIn(key: "daily") { id }
    reward(key: "tenner") { id }
    flashSale(key: "rush") { id }
    draw(key: "wheel") { id rounds(last: 1) { nodes { id } } }
    tierLadder(key: "club") { id }
    goal(key: "march") { id }
    survey(key: "feedback") { id viewerResponse { id } }
    me {
        id
        ledger(first: 1) { nodes { id } }
        taskProgress(first: 1) { nodes { id } }
        taskSubmissions(first: 1) { nodes { id } }
        badgeAwards(first: 1) { nodes { id } }
        referredBy { id }
        activities(first: 1) { nodes { id } }
        holds(first: 1) { nodes { id } }
        redemptions(first: 1) { nodes { id } }
        reservations(first: 1) { nodes { id } }
        drawPlays(first: 1) { nodes { id } }
        drawEntries(first: 1) { nodes { id } }
        drawWins(first: 1) { nodes { id } }
        tierHistory(first: 1) { nodes { id } }
        goalContributions(first: 1) { nodes { id } }
    }
}"""


NAMED_BY_KEY = {
    "Unit",
    "Badge",
    "Collection",
    "ReferralOffer",
    "Task",
    "Leaderboard",
    "CheckIn",
    "TierLadder",
    "Draw",
    "Reward",
    "FlashSale",
    "Goal",
    "Space",
    "Contest",
    "Survey",
    "ComplaintCategory",
    "Segment",
    "Campaign",
}
"""Definitions: their ids are their keys, which another programme may have as well."""
STAFF_ONLY = {"Screening", "ModerationCase"}
OPERATORS_ONLY = {
    "Segment",
    "NotificationDelivery",
    "WebhookEndpoint",
    "WebhookDelivery",
    "WebhookEvent",
}
"""What is about a member, and not for them to see."""
OPERATORS_ALONE = {"Rehearsal"}
"""What services don't see either."""
OWN_ONLY = {"Notification"}
"""What is for the member alone."""


async def looked_at(club: ProgrammeUnderTest, name: str) -> None:
    """Let rules and moderators have looked at what a member wrote, once."""
    if not has_been_screened(club, name):
        await screened(club, name)
    if not has_been_judged(club, name):
        await judged(club, name, by=next(one for one in club.members if one != name))


async def operated(club: ProgrammeUnderTest, name: str) -> None:
    """Let operators have done what is for nobody else to see, once, and the member have been told of something."""
    if not has_been_notified(club, name):
        await notified(club, name)
    if not is_hooked_up(club):
        await hooked_up(club, name)
    if not has_rehearsed(club):
        await rehearsed(club)
    if not is_partnered(club):
        await club.services.points.adjust(
            club.operator, club.id_of(name), "points", 1, "r", f"partner-{name}"
        )
        await partnered_up(club, name)


async def ids_of(graphql: GraphQL, club: ProgrammeUnderTest, name: str) -> dict[str, str]:
    """The id of one object of every Node type, of those that are a member's own."""
    answer = await graphql.read(club.member_actor(name), EVERYTHING)
    if not answer["me"]["tierHistory"]["nodes"]:
        gold = ("club", "gold", None, "a favour", f"gold-{name}")
        await club.services.tier_keeping.set_tier(club.operator, club.id_of(name), *gold)
        answer = await graphql.read(club.member_actor(name), EVERYTHING)
    if not answer["me"]["holds"]["nodes"]:
        aside = ("points", 1, timedelta(days=9), "order", f"hold-{name}")
        await club.services.holds.authorise(club.service, club.id_of(name), *aside)
        answer = await graphql.read(club.member_actor(name), EVERYTHING)
    if not answer["me"]["drawPlays"]["nodes"]:
        await drawn(club, name)
        answer = await graphql.read(club.member_actor(name), EVERYTHING)
    if not answer["me"]["reservations"]["nodes"]:
        await redeemed(club, name, "fifth")
        await reserved(club, name)
        answer = await graphql.read(club.member_actor(name), EVERYTHING)
    if not answer["me"]["taskSubmissions"]["nodes"]:
        await shown(club, name)
        answer = await graphql.read(club.member_actor(name), EVERYTHING)
    if not answer["me"]["goalContributions"]["nodes"]:
        await club.do("march", name)
        answer = await graphql.read(club.member_actor(name), EVERYTHING)
    if not answer["survey"]["viewerResponse"]:
        await asked(club, name)
        answer = await graphql.read(club.member_actor(name), EVERYTHING)
    if not has_gathered(club):
        await gathered(club, name)
    await complained_once(club, name)
    if not has_written(club, name):
        await wrote(club, name)
    if not has_told(club, name):
        await contested(club, name, by=next(one for one in club.members if one != name))
    if not has_questioned(club, name):
        await club.services.points.adjust(club.operator, club.id_of(name), "points", 4, "r", f"bounty-{name}")
        await questioned(club, name, by=next(one for one in club.members if one != name))
    await looked_at(club, name)
    await operated(club, name)
    me = answer["me"]
    return {
        "ModerationCase": judged_gid(club, name),
        "ModerationStatement": judged_gid(club, name, "statement"),
        "Sanction": judged_gid(club, name, "sanction"),
        "Programme": answer["programme"]["id"],
        "Unit": answer["programme"]["units"][0]["id"],
        "Leaderboard": answer["leaderboard"]["id"],
        "Task": answer["task"]["id"],
        "Badge": answer["badge"]["id"],
        "Collection": answer["collection"]["id"],
        "ReferralOffer": answer["referralOffers"]["nodes"][0]["id"],
        **({"Referral": me["referredBy"]["id"]} if me["referredBy"] else {}),
        "CheckIn": answer["checkIn"]["id"],
        "Draw": answer["draw"]["id"],
        "Reward": answer["reward"]["id"],
        "FlashSale": answer["flashSale"]["id"],
        "Redemption": me["redemptions"]["nodes"][0]["id"],
        "Reservation": me["reservations"]["nodes"][0]["id"],
        "DrawRound": answer["draw"]["rounds"]["nodes"][0]["id"],
        "DrawPlay": me["drawPlays"]["nodes"][0]["id"],
        "DrawParticipation": me["drawEntries"]["nodes"][0]["id"],
        "DrawWin": me["drawWins"]["nodes"][0]["id"],
        "TierLadder": answer["tierLadder"]["id"],
        "Goal": answer["goal"]["id"],
        "GoalContribution": me["goalContributions"]["nodes"][0]["id"],
        "Member": me["id"],
        "Transfer": me["ledger"]["nodes"][0]["id"],
        "TaskProgress": me["taskProgress"]["nodes"][0]["id"],
        "TaskSubmission": me["taskSubmissions"]["nodes"][0]["id"],
        "BadgeAward": me["badgeAwards"]["nodes"][0]["id"],
        "Activity": me["activities"]["nodes"][0]["id"],
        "Hold": me["holds"]["nodes"][0]["id"],
        "TierChange": me["tierHistory"]["nodes"][0]["id"],
        "Space": encode_id("Space", "square"),
        "Survey": answer["survey"]["id"],
        "Complaint": complaint_gid(club, name, "owed"),
        "ComplaintCategory": encode_id("ComplaintCategory", "delivery"),
        "SurveyResponse": answer["survey"]["viewerResponse"]["id"],
        "Post": post_gid(club, name),
        "Comment": comment_gid(club, name),
        "Gathering": gathering_gid(club),
        "Bounty": bounty_gid(club, name),
        "Contest": encode_id("Contest", "fable"),
        "Screening": screened_gid(club, name),
        "Segment": encode_id("Segment", "insiders"),
        "Campaign": encode_id("Campaign", "festival"),
        "Notification": notification_gid(club, name),
        "NotificationDelivery": delivery_gid(club, name),
        "Rehearsal": rehearsal_gid(club),
        "PartnerAgreement": agreement_gid(club),
        "WebhookEndpoint": webhook_gid(club, "on"),
        "WebhookDelivery": webhook_gid(club, "delivery"),
        "WebhookEvent": webhook_gid(club, "event"),
    }


async def test_every_node_type_is_found_again(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await brought(club, "ann", "bob")
    ids = await ids_of(graphql, club, "ann")
    types = {
        name
        for name, found in CORE.type_map.items()
        if isinstance(found, GraphQLObjectType) and "Node" in [i.name for i in found.interfaces]
    }
    assert set(ids) == types

    for actor in (club.member_actor("ann"), club.moderator, club.operator, club.service):
        answer = await graphql.read(actor, NODES, {"ids": list(ids.values())})
        hidden = STAFF_ONLY if actor.role is Role.MEMBER else set()
        if actor.role in (Role.MEMBER, Role.MODERATOR):
            hidden = hidden | OPERATORS_ONLY
        if actor.role is not Role.OPERATOR:
            hidden = hidden | OPERATORS_ALONE
        if actor.role is not Role.MEMBER:
            hidden = hidden | OWN_ONLY
        assert answer["nodes"] == [
            {"__typename": name, "id": found} if name not in hidden else None for name, found in ids.items()
        ]
    one = await graphql.read(
        club.service, "query ($id: ID!) { node(id: $id) { __typename } }", {"id": ids["Task"]}
    )
    assert one == {"node": {"__typename": "Task"}}


@pytest.mark.parametrize(
    "found",
    [
        "",
        "!",
        "日本",
        "TWVtYmVy",
        "x" * 501,
        encode_id("Member", b"\0" * 12),
        encode_id("Member", "zz"),
        encode_id("Transfer", b""),
        encode_id("Transfer", b"\0" * 300),
        encode_id("Cause", b"\0" * 12),
        encode_id("Task", "nope"),
        encode_id("Programme", "other"),
        encode_id("", ""),
    ],
)
async def test_what_is_no_id_is_null(graphql: GraphQL, club: ProgrammeUnderTest, found: str) -> None:
    assert await graphql.read(club.operator, NODES, {"ids": [found]}) == {"nodes": [None]}


async def test_nodes_keep_the_order_asked_for(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = member_gid(club, "ann"), member_gid(club, "bob")

    answer = await graphql.read(club.service, NODES, {"ids": [bob, "x", ann, bob]})

    assert [node and node["id"] for node in answer["nodes"]] == [bob, None, ann, bob]


async def test_at_most_100_nodes_at_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    assert len((await graphql.read(club.service, NODES, {"ids": ["x"] * 100}))["nodes"]) == 100
    refused(
        await graphql(club.service, NODES, {"ids": ["x"] * 101}), "LIMIT_EXCEEDED", field="ids", limit=100
    )


async def test_drafts_are_seen_by_operators_only(graphql: GraphQL, programme: MakeProgramme) -> None:
    draft: dict[str, Any] = {"key": "secret", "status": "draft"}
    club = await programme(
        {**CLUB, **{part: [*CLUB[part], draft] for part in ("units", "badges", "leaderboards")},
         "tasks": [*CLUB["tasks"], {**draft, "goal": 1}]}
    )  # fmt: skip
    ids = [encode_id(kind, "secret") for kind in ("Unit", "Badge", "Leaderboard", "Task")]

    for actor in (club.member_actor("ann"), club.moderator, club.service):
        assert await graphql.read(actor, NODES, {"ids": ids}) == {"nodes": [None] * 4}
    assert None not in (await graphql.read(club.operator, NODES, {"ids": ids}))["nodes"]
