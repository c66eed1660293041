"""Every mutation of the schema against every role and no token at all; the denied ones wrote nothing."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from community.sanctions.model import SanctionKind
from community.services import INDEXES
from gamification.kit.actors import Actor, Role
from gamification.kit.identifiers import derived_id
from gamification.members.model import Identity
from gamification.programmes.definitions import Status
from gamification.referrals.model import Referrer, referral_id, referrer_id
from gamification.rewards.checkout import Cart, Item
from resolvers.relay import encode_id
from storage.mongo import Mongo
from tests.belonging_world import belongs
from tests.community_world import comment_gid, kept, post_gid, wrote
from tests.complaint_world import complained, complaint_gid
from tests.conftest import MakeProgramme
from tests.contest_world import contested, story_gid
from tests.gathering_world import gathered, gathering_code, gathering_gid
from tests.moderation_world import judged, judged_gid
from tests.notification_world import AUTH, P256DH, email_code, notification_gid, notified
from tests.partner_world import POINTS as WAY
from tests.partner_world import agreement_gid, offered_terms, partner_code, partnered_up, proposal, terms
from tests.poll_world import poll_gid, polled
from tests.proposal_world import proposal_gid, proposed
from tests.question_world import answer_gid, question_gid, questioned
from tests.rehearsal_world import rehearsal_gid, rehearsed
from tests.resolvers.catalogue import TEA, redeemed, redemption_of, reservation_of, reserved
from tests.resolvers.evidence_world import shown, submission_of
from tests.resolvers.harness import (
    CLUB,
    CORE,
    GraphQL,
    brought,
    hold_something,
    member_gid,
    refused,
    stated_activity,
    succeeded,
    typed,
)
from tests.support import SOURCE, Clock, ProgrammeUnderTest
from tests.survey_world import stated
from tests.webhook_world import hooked_up, webhook_gid

M, D, O, S = Role.MEMBER, Role.MODERATOR, Role.OPERATOR, Role.SERVICE  # noqa: E741 - columns of a table
Make = Callable[[ProgrammeUnderTest], dict[str, Any]]


def points(club: ProgrammeUnderTest, **more: Any) -> dict[str, Any]:
    return {"unit": "points", "amount": 1, "reason": "r", "idempotencyKey": "k", **more}


def on_bob(club: ProgrammeUnderTest, **more: Any) -> dict[str, Any]:
    return {"memberId": member_gid(club, "bob"), **more}


NEW_POST = {"space": "square", "title": "T", "body": "B", "idempotencyKey": "k"}


def post_of(club: ProgrammeUnderTest, name: str, **more: Any) -> dict[str, Any]:
    return {"postId": post_gid(club, name), **more}


COMPLAINT = {"category": "delivery", "text": "T", "idempotencyKey": "k"}


def complaint_of(club: ProgrammeUnderTest, name: str, label: str = "owed", **more: Any) -> dict[str, Any]:
    return {"complaintId": complaint_gid(club, name, label), **more}


def comment_of(club: ProgrammeUnderTest, name: str, **more: Any) -> dict[str, Any]:
    return {"commentId": comment_gid(club, name), **more}


def bounty_on(club: ProgrammeUnderTest, name: str, label: str = "open") -> dict[str, Any]:
    return {"postId": question_gid(club, name, label), "amount": 1, "idempotencyKey": "k"}


def at_gathering(club: ProgrammeUnderTest, label: str = "soon", **more: Any) -> dict[str, Any]:
    return {"gatheringId": gathering_gid(club, label), **more}


def meeting(club: ProgrammeUnderTest) -> dict[str, Any]:
    """A gathering tomorrow."""
    times = {
        name: (club.clock.now + timedelta(days=days)).isoformat()
        for name, days in (("startsAt", 1), ("endsAt", 2))
    }
    return {"title": "T", "body": "B", "place": "P", "timeZone": "UTC", **times}


def poll_about(club: ProgrammeUnderTest, name: str) -> dict[str, Any]:
    return {"postId": poll_gid(club, name, "draft"), "poll": {"options": ["Yes", "No"]}}


def in_contest(club: ProgrammeUnderTest, name: str, label: str = "entered", **more: Any) -> dict[str, Any]:
    return {"contest": "fable", "postId": story_gid(club, name, label), **more}


def badge(club: ProgrammeUnderTest, key: str) -> dict[str, Any]:
    return on_bob(club, badge=key, reason="r", idempotencyKey="k")


def third(club: ProgrammeUnderTest) -> str:
    """Somebody beside Ann and Bob."""
    return member_gid(club, "dora" if "dora" in club.members else "cec")


def attempts(club: ProgrammeUnderTest) -> dict[str, Any]:
    return on_bob(club, leaderboard="trials", attempts=1, reason="r", idempotencyKey="k")


def daily(club: ProgrammeUnderTest, **more: Any) -> dict[str, Any]:
    return {"checkIn": "daily", "idempotencyKey": "k", **more}


def day(club: ProgrammeUnderTest, number: int) -> str:
    """Yesterday is -1; members live by UTC."""
    return (club.clock.now + timedelta(days=number)).date().isoformat()


def week(club: ProgrammeUnderTest, first: int) -> dict[str, Any]:
    return {"checkIn": "daily", "first": day(club, first), "last": day(club, first + 1)}


def gift(club: ProgrammeUnderTest, receiver: str) -> dict[str, Any]:
    given = {"unit": "points", "amount": 1, "idempotencyKey": "k"}
    return {"receiverId": member_gid(club, receiver), **given}


def held_of_bob(club: ProgrammeUnderTest) -> str:
    """The id of what `hold_something` sets aside."""
    return encode_id("Hold", derived_id("hold of", club.key, club.service.role, club.service.subject, "held"))


def handed_in(
    club: ProgrammeUnderTest, name: str, number: int, reason: str | None = "r", **more: Any
) -> dict[str, Any]:
    found = encode_id("TaskSubmission", submission_of(club, name, number))
    return {"submissionId": found, "idempotencyKey": "k", **({"reason": reason} if reason else {}), **more}


_MUTED: dict[str, bytes] = {}
_DIGESTS: dict[str, str] = {}


def muted_gid(club: ProgrammeUnderTest) -> str:
    """The mute that goes on for Dora."""
    return encode_id("Sanction", _MUTED.get(club.key, bytes(32)))


def code_for(club: ProgrammeUnderTest) -> str:
    """The code that confirms the address that Ann wants."""
    return _EMAIL_CODES.get(club.key, "000000")


_EMAIL_CODES: dict[str, str] = {}
CODES = {"ann": "FRANN234", "zoe": "FRZZE234"}


def by_agreement(club: ProgrammeUnderTest, label: str = "active", **more: Any) -> dict[str, Any]:
    return {"agreementId": agreement_gid(club, label), **more}


def exchange(club: ProgrammeUnderTest, **more: Any) -> dict[str, Any]:
    return by_agreement(club, unit="points", amount=1, idempotencyKey="k", **more)


def tea(name: str) -> dict[str, Any]:
    items = [{"sku": "TEA", "quantity": 1, "unitPrice": 100}]
    return {"order": name, "currency": "CNY", "amount": 100, "items": items}


def at_endpoint(club: ProgrammeUnderTest, label: str = "on", **more: Any) -> dict[str, Any]:
    return {"endpointId": webhook_gid(club, label), **more}


TABLE: dict[str, list[tuple[str, Make, set[Role]]]] = {
    "createWebhookEndpoint": [("of the programme", lambda _: {"url": "https://shop.example/"}, {O})],
    "updateWebhookEndpoint": [
        ("of the programme", lambda club: at_endpoint(club, description="New"), {O})
    ],
    "deleteWebhookEndpoint": [("of the programme", at_endpoint, {O})],
    "enableWebhookEndpoint": [("of the programme", lambda club: at_endpoint(club, "off"), {O})],
    "disableWebhookEndpoint": [("of the programme", at_endpoint, {O})],
    "rotateWebhookSecret": [("of the programme", at_endpoint, {O})],
    "replayWebhookDelivery": [
        ("of the programme", lambda club: {"deliveryId": webhook_gid(club, "delivery")}, {O})
    ],
    "replayWebhookEvents": [("of the programme", lambda club: at_endpoint(club, after=0), {O})],
    "sendTestWebhookEvent": [("of the programme", at_endpoint, {O})],
    "joinProgramme": [
        ("oneself", lambda _: {}, {M, S}),
        ("another", lambda _: {"externalId": "cec"}, {S}),
    ],
    "updateProfile": [
        ("one's own", lambda _: {"displayName": "New"}, {M}),
        ("another's", lambda club: on_bob(club, displayName="New"), {O, S}),
    ],
    "setMemberStanding": [
        ("another's", lambda club: on_bob(club, standing="BANNED", reason="r"), {D, O}),
    ],
    "eraseMember": [
        ("oneself", lambda _: {"confirmExternalId": "ann"}, {M}),
        ("another", lambda club: on_bob(club, confirmExternalId="bob"), {O, S}),
    ],
    "mergeMembers": [
        (
            "of two members",
            lambda club: {
                "from": third(club),
                "into": member_gid(club, "bob"),
                "reason": "r",
                "idempotencyKey": "k",
            },
            {O, S},
        ),
    ],
    "linkIdentity": [
        ("another's", lambda club: on_bob(club, identity={"provider": "app", "subject": "9"}), {O, S}),
    ],
    "unlinkIdentity": [
        ("another's", lambda club: on_bob(club, identity={"provider": "app", "subject": "8"}), {O, S}),
    ],
    "setBoardPresence": [
        ("one's own", lambda _: {"presence": "PSEUDONYM", "pseudonym": "Ghost"}, {M}),
        ("another's", lambda club: on_bob(club, presence="ABSENT"), {O, S}),
    ],
    "followMember": [
        ("oneself", on_bob, {M}),
        ("for another", lambda club: on_bob(club, followerId=third(club)), {S}),
    ],
    "unfollowMember": [
        ("oneself", lambda club: {"memberId": third(club)}, {M}),
        ("for another", lambda club: {"memberId": third(club), "followerId": member_gid(club, "bob")}, {S}),
    ],
    "joinSpace": [
        ("oneself", lambda _: {"space": "square"}, {M}),
        ("for another", lambda club: on_bob(club, space="square"), {S}),
    ],
    "leaveSpace": [
        ("oneself", lambda _: {"space": "workshop"}, {M}),
        ("for another", lambda club: on_bob(club, space="workshop"), {S}),
    ],
    "admitSpaceMember": [("another", lambda club: on_bob(club, space="square"), {D, O, S})],
    "removeSpaceMember": [("another", lambda club: on_bob(club, space="workshop"), {D, O, S})],
    "setSpaceRole": [
        ("another's", lambda club: on_bob(club, space="workshop", role="MODERATOR"), {O, S}),
    ],
    "createPost": [
        ("oneself", lambda _: NEW_POST, {M}),
        ("for another", lambda club: on_bob(club, **NEW_POST), {S}),
    ],
    "editPost": [
        ("one's own post", lambda club: post_of(club, "ann", version=2, body="Other"), {M, D, O, S}),
        ("another's", lambda club: post_of(club, "bob", version=2, body="Other"), {D, O, S}),
    ],
    "publishPost": [
        ("one's own", lambda club: {"postId": post_gid(club, "ann", "draft"), "version": 1}, {M}),
    ],
    "deletePost": [("one's own post", lambda club: post_of(club, "ann"), {M})],
    "restorePost": [
        ("one's own post", lambda club: {"postId": post_gid(club, "ann", "deleted")}, {M, D, O, S}),
    ],
    "removePost": [("another's", lambda club: post_of(club, "bob", reason="r"), {D, O, S})],
    "pinPost": [("another's", lambda club: post_of(club, "bob"), {D, O, S})],
    "lockPost": [("another's", lambda club: post_of(club, "bob"), {D, O, S})],
    "movePost": [("another's", lambda club: post_of(club, "bob", space="workshop"), {D, O, S})],
    "createComment": [
        ("oneself", lambda club: post_of(club, "bob", body="B", idempotencyKey="k"), {M}),
        ("for another", lambda club: on_bob(club, **post_of(club, "bob", body="B", idempotencyKey="k")), {S}),
    ],
    "editComment": [
        ("one's own comment", lambda club: comment_of(club, "ann", version=2, body="Other"), {M}),
    ],
    "deleteComment": [("one's own comment", lambda club: comment_of(club, "ann"), {M})],
    "removeComment": [("another's", lambda club: comment_of(club, "bob", reason="r"), {D, O, S})],
    "restoreComment": [
        ("one's own comment", lambda club: {"commentId": comment_gid(club, "ann", "withdrawn")}, {M, D, O, S}),
    ],
    "reportContent": [
        ("another's", lambda club: {"targetId": post_gid(club, "bob"), "reason": "spam"}, {M}),
        ("for another", lambda club: on_bob(club, targetId=post_gid(club, "ann"), reason="spam"), {S}),
    ],
    "claimCase": [("another's", lambda club: {"caseId": judged_gid(club, "bob")}, {D, O, S})],
    "decideCase": [
        ("another's", lambda club: {"caseId": judged_gid(club, "bob"), "version": 1, "ruling": {"decision": "REMOVE", "reason": "r"}}, {D, O, S}),
    ],
    "decideCases": [
        ("another's", lambda club: {"cases": [{"caseId": judged_gid(club, "bob"), "version": 1}], "ruling": {"decision": "KEEP"}}, {D, O, S}),
    ],
    "sanctionMember": [
        ("another", lambda club: on_bob(club, kind="MUTE", reason="r", idempotencyKey="k"), {D, O, S}),
    ],
    "liftSanction": [("another's", lambda club: {"sanctionId": muted_gid(club)}, {D, O, S})],
    "setTrustLevel": [("another's", lambda club: on_bob(club, level=2, reason="r"), {D, O, S})],
    "appealStatement": [
        ("one's own", lambda club: {"statementId": judged_gid(club, "ann", "open"), "text": "Please"}, {M, S}),
    ],
    "blockMember": [
        ("oneself", lambda club: {"blockedId": member_gid(club, "bob")}, {M}),
        ("for another", lambda club: on_bob(club, blockedId=member_gid(club, "ann")), {S}),
    ],
    "unblockMember": [
        ("oneself", lambda club: {"blockedId": member_gid(club, "eve")}, {M}),
        ("for another", lambda club: on_bob(club, blockedId=member_gid(club, "eve")), {S}),
    ],
    "acceptAnswer": [
        ("one's own question", lambda club: {"commentId": answer_gid(club, "ann")}, {M, D, O, S}),
        ("another's", lambda club: {"commentId": answer_gid(club, "bob")}, {D, O, S}),
    ],
    "withdrawAcceptance": [
        ("one's own question", lambda club: {"postId": question_gid(club, "ann", "accepted")}, {M, D, O, S}),
        ("another's", lambda club: {"postId": question_gid(club, "bob", "accepted")}, {D, O, S}),
    ],
    "offerBounty": [
        ("one's own question", lambda club: bounty_on(club, "ann"), {M}),
        ("for another", lambda club: on_bob(club, **bounty_on(club, "bob")), {S}),
    ],
    "raiseBounty": [
        ("one's own question", lambda club: bounty_on(club, "ann", "offered"), {M}),
        ("for another", lambda club: on_bob(club, **bounty_on(club, "bob", "offered")), {S}),
    ],
    "endBounty": [
        ("one's own question", lambda club: {"postId": question_gid(club, "ann", "offered")}, {M}),
        ("for another", lambda club: on_bob(club, postId=question_gid(club, "bob", "offered")), {S}),
    ],
    "createGathering": [
        ("in a space", lambda club: {"space": "square", "gathering": meeting(club), "idempotencyKey": "k"}, {D, O, S}),
    ],
    "editGathering": [("another's", lambda club: at_gathering(club, version=1, gathering=meeting(club)), {D, O, S})],
    "cancelGathering": [("another's", lambda club: at_gathering(club, reason="r"), {D, O, S})],
    "rsvp": [
        ("oneself", lambda club: at_gathering(club, response="INTERESTED"), {M}),
        ("for another", lambda club: on_bob(club, **at_gathering(club, response="INTERESTED")), {S}),
    ],
    "removeRsvp": [("another's", lambda club: on_bob(club, **at_gathering(club, reason="r")), {D, O, S})],
    "attendGathering": [
        ("oneself", lambda club: at_gathering(club, code=gathering_code(club)), {M}),
        ("for another", lambda club: on_bob(club, **at_gathering(club, code=gathering_code(club))), {S}),
    ],
    "recordAttendance": [("another's", lambda club: on_bob(club, **at_gathering(club)), {D, O, S})],
    "strikeAttendance": [
        ("another's", lambda club: on_bob(club, **at_gathering(club, "begun", reason="r")), {D, O, S}),
    ],
    "createCalendarFeed": [("oneself", lambda _: {}, {M}), ("for another", on_bob, {S})],
    "revokeCalendarFeed": [("oneself", lambda _: {}, {M}), ("for another", on_bob, {S})],
    "shareAnnualReport": [
        ("oneself", lambda _: {"year": 2026}, {M}),
        ("for another", lambda club: on_bob(club, year=2026), {O, S}),
    ],
    "revokeAnnualReportShares": [("oneself", lambda _: {}, {M}), ("for another", on_bob, {O, S})],
    "setPoll": [
        ("one's own", lambda club: poll_about(club, "ann"), {M}),
        ("another's", lambda club: on_bob(club, **poll_about(club, "bob")), {S}),
    ],
    "votePoll": [
        ("oneself", lambda club: {"postId": poll_gid(club, "bob"), "choices": [2]}, {M}),
        ("for another", lambda club: on_bob(club, postId=poll_gid(club, "ann"), choices=[2]), {S}),
    ],
    "closePoll": [
        ("one's own poll", lambda club: {"postId": poll_gid(club, "ann")}, {M, D, O, S}),
        ("another's", lambda club: {"postId": poll_gid(club, "bob")}, {D, O, S}),
    ],
    "supportProposal": [
        ("oneself", lambda club: {"postId": proposal_gid(club, "bob")}, {M}),
        ("for another", lambda club: on_bob(club, postId=proposal_gid(club, "ann")), {S}),
    ],
    "answerProposal": [
        (
            "for the club",
            lambda club: {"postId": proposal_gid(club, "bob"), "version": 0, "state": "ACCEPTED", "body": "B"},
            {D, O, S},
        ),
    ],
    "enterContest": [
        ("one's own story", lambda club: in_contest(club, "ann", "free"), {M}),
        ("for another", lambda club: on_bob(club, **in_contest(club, "bob", "free")), {S}),
    ],
    "voteInContest": [
        ("oneself", lambda club: in_contest(club, "bob", votes=False), {M}),
        ("for another", lambda club: on_bob(club, **in_contest(club, "ann", votes=False)), {S}),
    ],
    "disqualifyEntry": [("another's", lambda club: in_contest(club, "bob", reason="r"), {D, O, S})],
    "react": [
        ("oneself", lambda club: {"targetId": post_gid(club, "bob"), "reaction": "like"}, {M}),
        ("for another", lambda club: on_bob(club, targetId=post_gid(club, "ann"), reaction="like"), {S}),
    ],
    "follow": [
        ("oneself", lambda _: {"tag": "new"}, {M}),
        ("for another", lambda club: on_bob(club, tag="new"), {S}),
    ],
    **{
        field: [
            ("oneself", lambda _: {"space": "square"}, {M}),
            ("for another", lambda club: on_bob(club, space="square"), {S}),
        ]
        for field in ("unfollow", "markRead")
    },
    **{
        field: [
            ("oneself", lambda club: {"targetId": post_gid(club, "bob")}, {M}),
            ("for another", lambda club: on_bob(club, targetId=post_gid(club, "ann")), {S}),
        ]
        for field in ("addBookmark", "removeBookmark")
    },
    "fileComplaint": [
        ("oneself", lambda _: COMPLAINT, {M}),
        ("for another", lambda club: on_bob(club, **COMPLAINT), {S}),
    ],
    "sendComplaintMessage": [
        ("one's own complaint", lambda club: complaint_of(club, "ann", text="x", idempotencyKey="k"), {M, D, O, S}),
        (
            "for another",
            lambda club: on_bob(club, **complaint_of(club, "bob", text="x", idempotencyKey="k")),
            {S},
        ),
    ],
    "dismissRecommendation": [
        ("to oneself", lambda _: {"targetId": encode_id("Task", "regular")}, {M}),
        ("for another", lambda club: on_bob(club, targetId=encode_id("Task", "regular")), {S}),
    ],
    "setPersonalisation": [
        ("for oneself", lambda _: {"personalised": False}, {M}),
        ("another's", lambda club: on_bob(club, personalised=False), {S}),
    ],
    "submitCampaign": [("a campaign", lambda _: {"campaign": "idea"}, {O})],
    "approveCampaign": [
        ("a campaign", lambda club: {"campaign": "asked", "digest": _DIGESTS.get(club.key, "none")}, {O}),
    ],
    "rejectCampaign": [("a campaign", lambda _: {"campaign": "asked", "reason": "r"}, {O})],
    "pauseCampaign": [("a campaign", lambda _: {"campaign": "festival"}, {O})],
    "resumeCampaign": [("a campaign", lambda _: {"campaign": "paused"}, {O})],
    "endCampaign": [("a campaign", lambda _: {"campaign": "festival"}, {O})],
    "putIntoSegment": [("a list", lambda _: {"segment": "insiders", "externalIds": ["ann"]}, {O, S})],
    "takeOutOfSegment": [("a list", lambda _: {"segment": "insiders", "externalIds": ["bob"]}, {O, S})],
    "assignComplaint": [("another's", lambda club: complaint_of(club, "bob", version=2), {D, O, S})],
    "answerComplaint": [
        (
            "another's",
            lambda club: complaint_of(club, "bob", version=2, text="x", idempotencyKey="k"),
            {D, O, S},
        ),
    ],
    "closeComplaint": [
        (
            "one's own complaint",
            lambda club: complaint_of(club, "ann", "answered", version=2),
            {M, D, O, S},
        ),
        ("for another", lambda club: on_bob(club, **complaint_of(club, "bob", version=2)), {S}),
    ],
    "reopenComplaint": [
        (
            "one's own complaint",
            lambda club: complaint_of(club, "ann", "answered", text="x", idempotencyKey="k"),
            {M},
        ),
        (
            "for another",
            lambda club: on_bob(club, **complaint_of(club, "bob", "answered", text="x", idempotencyKey="k")),
            {S},
        ),
    ],
    "rateComplaint": [
        ("one's own complaint", lambda club: complaint_of(club, "ann", "answered", score=1), {M}),
        ("for another", lambda club: on_bob(club, **complaint_of(club, "bob", "answered", score=1)), {S}),
    ],
    "answerSurvey": [
        ("oneself", lambda _: stated("feedback", recommend=9), {M}),
        ("for another", lambda club: on_bob(club, **stated("feedback", recommend=9)), {S}),
    ],
    "recordActivities": [
        (
            "of a member",
            lambda club: {"activities": [stated_activity("visit", "ann", "new", club.clock.now - timedelta(seconds=1))]},
            {S},
        ),
    ],
    "reverseActivity": [("of a member", lambda _: {"source": SOURCE, "sourceId": "old"}, {O, S})],
    "adjustPoints": [("another's", lambda club: points(club, memberId=member_gid(club, "bob")), {O, S})],
    "spendPoints": [
        ("one's own", points, {M}),
        ("another's", lambda club: points(club, memberId=member_gid(club, "bob")), {S}),
    ],
    "givePoints": [
        ("one's own", lambda club: gift(club, "bob"), {M}),
        ("another's", lambda club: on_bob(club, **gift(club, "ann")), {S}),
    ],
    "donatePoints": [
        ("one's own", lambda _: {"cause": "trees", "amount": 1, "idempotencyKey": "k"}, {M}),
        ("another's", lambda club: on_bob(club, cause="trees", amount=1, idempotencyKey="k"), {S}),
    ],
    "refundActivity": [
        (
            "of a member",
            lambda _: {"source": SOURCE, "sourceId": "bought", "amount": "1", "idempotencyKey": "k"},
            {O, S},
        ),
    ],
    "authorisePoints": [
        (
            "another's",
            lambda club: on_bob(
                club, unit="points", amount=1, ttlSeconds=60, reference="r", idempotencyKey="k"
            ),
            {O, S},
        ),
    ],
    "capturePoints": [("another's", lambda club: {"holdId": held_of_bob(club), "idempotencyKey": "k"}, {O, S})],
    "releasePoints": [("another's", lambda club: {"holdId": held_of_bob(club), "idempotencyKey": "k"}, {O, S})],
    "claimTask": [
        ("one's own", lambda _: {"task": "collector", "idempotencyKey": "k"}, {M}),
        ("another's", lambda club: on_bob(club, task="collector", idempotencyKey="k"), {S}),
    ],
    "submitTaskEvidence": [
        ("one's own", lambda _: {"task": "shown", "text": "x", "idempotencyKey": "k"}, {M}),
        ("another's", lambda club: on_bob(club, task="shown", text="x", idempotencyKey="k"), {S}),
    ],
    "withdrawTaskEvidence": [("of a member", lambda club: handed_in(club, "ann", 1, reason=None), {M, S})],
    "approveTaskEvidence": [("another's", lambda club: handed_in(club, "bob", 1, version=1, reason=None), {D, O})],
    "rejectTaskEvidence": [("another's", lambda club: handed_in(club, "bob", 1, version=1), {D, O})],
    "revokeTaskApproval": [("another's", lambda club: handed_in(club, "bob", 2, version=2), {D, O})],
    "checkIn": [
        ("one's own", daily, {M}),
        ("another's", lambda club: on_bob(club, **daily(club)), {S}),
    ],
    "makeUpCheckIn": [
        ("one's own", lambda club: daily(club, day=day(club, -1)), {M}),
        ("another's", lambda club: on_bob(club, **daily(club, day=day(club, -1))), {S}),
    ],
    "buyCheckInItems": [
        ("one's own", lambda club: daily(club, item="FREEZE"), {M}),
        ("another's", lambda club: on_bob(club, **daily(club, item="FREEZE")), {S}),
    ],
    "grantCheckInItems": [
        ("another's", lambda club: on_bob(club, **daily(club, item="FREEZE", count=1, reason="r")), {O, S}),
    ],
    "pauseCheckIns": [
        ("one's own", lambda club: week(club, 1), {M}),
        ("another's", lambda club: on_bob(club, **week(club, 1)), {S}),
    ],
    "cancelCheckInPause": [
        ("one's own", lambda club: {"checkIn": "daily", "first": day(club, 9)}, {M}),
        ("another's", lambda club: on_bob(club, checkIn="daily", first=day(club, 9)), {S}),
    ],
    "awardBadge": [("to another", lambda club: badge(club, "champion"), {D, O, S})],
    "startRehearsal": [
        (
            "of the programme",
            lambda _: {
                "publish": [{"kind": "BADGE", "key": "newcomer"}],
                "from": "2026-01-01T00:00:00Z",
                "to": "2026-12-31T00:00:00Z",
                "idempotencyKey": "k",
            },
            {O},
        )
    ],
    "cancelRehearsal": [
        ("of the programme", lambda club: {"rehearsalId": rehearsal_gid(club, "open")}, {O})
    ],
    "backfillBadge": [("a preview", lambda _: {"badge": "newcomer", "idempotencyKey": "k"}, {O})],
    "setShowcase": [("one's own", lambda _: {"awards": []}, {M})],
    "revokeBadge": [("from another", lambda club: badge(club, "newcomer"), {D, O, S})],
    "setMemberTier": [
        ("another's", lambda club: on_bob(club, ladder="club", tier="gold", reason="r", idempotencyKey="k"), {O}),
    ],
    "grantAttempts": [("another's", attempts, {D, O, S})],
    "useReferralCode": [
        ("one's own", lambda _: {"code": CODES["zoe"], "idempotencyKey": "k"}, {M}),
        ("another's", lambda club: on_bob(club, code=CODES["ann"], idempotencyKey="k"), {S}),
    ],
    "reviewReferral": [
        ("another's", lambda club: {"referralId": encode_id("Referral", referral_id(club.key, club.id_of("bob"))), "decision": "REJECT", "reason": "r", "idempotencyKey": "k"}, {D, O}),
    ],
    "noteMemberSignals": [("of a member", lambda club: on_bob(club, signals={"device": "x"}), {S})],
    "proposeAgreement": [("of the programme", lambda _: proposal(terms(WAY)), {O})],
    "acceptAgreement": [("of another programme", lambda club: {"code": partner_code(club)}, {O})],
    "offerTerms": [("of the programme", lambda club: by_agreement(club, terms=terms(WAY)), {O})],
    "acceptTerms": [("of the partner", lambda club: by_agreement(club, "offered", terms=offered_terms()), {O})],
    "createLinkCode": [
        ("one's own", lambda club: by_agreement(club, "offered"), {M}),
        ("another's", lambda club: on_bob(club, **by_agreement(club, "offered")), {S}),
    ],
    "linkPartner": [
        ("one's own", lambda club: {"code": partner_code(club, "link of ann")}, {M}),
        ("another's", lambda club: on_bob(club, code=partner_code(club, "link of bob")), {S}),
    ],
    "exchangePoints": [
        ("one's own", exchange, {M}),
        ("another's", lambda club: on_bob(club, **exchange(club)), {S}),
    ],
    "unlinkPartner": [
        ("one's own", by_agreement, {M}),
        ("another's", lambda club: on_bob(club, **by_agreement(club)), {S}),
    ],
    "endAgreement": [("of the programme", by_agreement, {O})],
    "drawTicket": [
        ("one's own", lambda _: {"draw": "wheel", "idempotencyKey": "k"}, {M}),
        ("another's", lambda club: on_bob(club, draw="wheel", idempotencyKey="k"), {S}),
    ],
    "buyTickets": [
        ("one's own", lambda _: {"draw": "wheel", "count": 1, "idempotencyKey": "k"}, {M}),
        ("another's", lambda club: on_bob(club, draw="wheel", count=1, idempotencyKey="k"), {S}),
    ],
    "publishBeacon": [("a value", lambda _: {"draw": "raffle", "round": "first", "value": "v"}, {O, S})],
    "redeemReward": [
        ("one's own", lambda _: {"reward": "tenner", "idempotencyKey": "k"}, {M}),
        ("another's", lambda club: on_bob(club, reward="tenner", idempotencyKey="k"), {S}),
    ],
    "advanceRedemption": [
        ("another's", lambda club: {"redemption": encode_id("Redemption", redemption_of(club, "bob", "parcel")), "status": "DONE", "idempotencyKey": "k"}, {O, S}),
    ],
    "cancelRedemption": [
        ("one's own", lambda club: {"redemption": encode_id("Redemption", redemption_of(club, "ann", "parcel")), "reason": "r", "idempotencyKey": "k"}, {M, O, S}),
    ],
    "setWish": [("one's own", lambda _: {"reward": "tenner"}, {M})],
    "importCouponCodes": [("codes", lambda _: {"reward": "tea", "codes": ["NEW-CODE-1"]}, {O, S})],
    "validateCoupons": [("another's", lambda _: {"codes": [TEA["bob"]], "order": tea("new"), "session": "s"}, {S})],
    "redeemCoupons": [("another's", lambda _: {"codes": [TEA["bob"]], "order": tea("new"), "idempotencyKey": "k"}, {S})],
    "rollBackCoupons": [("another's", lambda _: {"order": "old", "idempotencyKey": "k"}, {S})],
    "reserveFlashSale": [
        ("one's own", lambda _: {"sale": "rush", "idempotencyKey": "k"}, {M}),
        ("another's", lambda club: on_bob(club, sale="rush", idempotencyKey="k"), {S}),
    ],
    "buyReserved": [
        ("one's own", lambda club: {"reservation": encode_id("Reservation", reservation_of(club, "ann")), "deliverTo": "x", "idempotencyKey": "k"}, {M, S}),
    ],
    "releaseReservation": [
        ("one's own", lambda club: {"reservation": encode_id("Reservation", reservation_of(club, "ann"))}, {M, S}),
    ],
    "markNotificationsRead": [("oneself", lambda _: {"upTo": 99}, {M})],
    "archiveNotifications": [("oneself", lambda club: {"ids": [notification_gid(club, "ann")]}, {M})],
    "seeNotifications": [("oneself", lambda _: {"upTo": 99}, {M})],
    "setNotificationPreferences": [
        ("oneself", lambda _: {"preferences": [{"kind": "MENTIONED", "channel": "PUSH", "enabled": False}]}, {M}),
    ],
    "setQuietHours": [("oneself", lambda _: {"begins": "22:00", "ends": "08:00"}, {M})],
    "setEmailDigest": [("oneself", lambda _: {"cycle": "DAILY"}, {M})],
    "requestEmailCode": [("oneself", lambda _: {"email": "ann@mail.example"}, {M})],
    "confirmEmail": [("oneself", lambda club: {"code": code_for(club)}, {M})],
    "removeEmail": [("oneself", lambda _: {}, {M})],
    "registerPushSubscription": [
        ("oneself", lambda _: {"endpoint": "https://push.example/new", "p256dh": P256DH, "auth": AUTH}, {M}),
    ],
    "removePushSubscription": [("oneself", lambda _: {"endpoint": "https://push.example/x/ann"}, {M})],
    "applyProgramme": [("a change", lambda club: {"document": {**CLUB, "programme": {"key": club.key}}}, {O})],
    "createDefinition": [("a badge", lambda _: {"kind": "BADGE", "definition": {"key": "new"}}, {O})],
    "updateDefinition": [("a badge", lambda _: {"kind": "BADGE", "definition": {"key": "champion"}}, {O})],
    "publishDefinition": [("a badge", lambda _: {"kind": "BADGE", "key": "draft"}, {O})],
    "archiveDefinition": [("a badge", lambda _: {"kind": "BADGE", "key": "champion"}, {O})],
}  # fmt: skip
"""For each mutation what is tried, and who may. What members alone may do for themselves needs a member."""

ROWS = [pytest.param(field, *row, id=f"{field} {row[0]}") for field, rows in TABLE.items() for row in rows]
ALLOWED = [
    pytest.param(field, make, role, id=f"{field} {name} as {role}")
    for field, rows in TABLE.items()
    for name, make, allowed in rows
    for role in sorted(allowed)
]


def test_every_mutation_has_its_row() -> None:
    stated = CORE.mutation_type
    assert stated is not None
    assert set(stated.fields) == set(TABLE)


async def with_rewards(club: ProgrammeUnderTest) -> None:
    """Something of Ann's to cancel and to buy; of Bob's to send, and a coupon of his, and one used before."""
    for name in ("ann", "bob"):
        await redeemed(club, name, "parcel", "somewhere")
        await reserved(club, name)
        await club.services.rewards.import_codes(club.operator, "tea", [TEA[name]])
        await redeemed(club, name, "tea")
    cart = Cart("old", "CNY", 100, (Item("TEA", 1, 100),))
    await club.services.coupons.redeem(club.service, [TEA["ann"]], cart, None, "old")


async def built(programme: MakeProgramme) -> ProgrammeUnderTest:
    """A programme in which each mutation of the table finds what it needs."""
    club = await programme(CLUB)
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    await club.services.programmes.create(
        club.operator, "badges", {"key": "draft", "status": Status.DRAFT.value}
    )
    await club.services.programmes.create(
        club.operator, "leaderboards", {"key": "trials", "attempts": 2, "status": "published"}
    )
    await club.record(*(club.activity("visit", member) for member in ("ann", "bob") for _ in range(3)))
    await club.do("visit", "ann", source_id="old")
    await club.join("zoe")
    for name, code in CODES.items():
        found = referrer_id(club.key, "invite", club.id_of(name))
        await club.services.stores.referrals.add_referrer(
            Referrer(found, club.key, "invite", club.id_of(name), code)
        )
    await brought(club, "bob", "ann")
    dora, eve = await club.join("dora"), await club.join("eve")
    await club.services.members.link(club.service, club.id_of("bob"), Identity("app", "8"))
    for one in ("ann", "bob"):
        await club.services.follows.follow(club.service, club.id_of(one), dora.id)
    await hold_something(club, "bob")
    await club.do("buy", "ann", source_id="bought", amount=7)
    await club.services.rounds.run_in(club.key)
    club.clock.advance(timedelta(days=2))
    await club.services.rounds.run_in(club.key)
    coming = (club.clock.now + timedelta(days=9)).date()
    for member in ("ann", "bob"):
        await club.services.check_in_terms.pause(club.service, club.id_of(member), "daily", coming, coming)
    await with_rewards(club)
    await shown(club, "ann", "bob")
    await wrote(club, "ann", "bob")
    await complained(club, "ann", "bob")
    for name, by in (("ann", "zoe"), ("bob", "zoe")):
        await judged(club, name, by)
        await club.services.blocks.block(club.service, club.id_of(name), eve.id)
    muting = (SanctionKind.MUTE, None, "r", None, "muting")
    muted, _ = await club.services.moderating.sanctioning.sanction(club.operator, dora.id, *muting)
    _MUTED[club.key] = muted.id
    await gathered(club, "ann", "bob")
    await questioned(club, "ann", by="bob")
    await questioned(club, "bob", by="ann")
    await polled(club, "ann", by="bob")
    await polled(club, "bob", by="ann")
    await kept(club, "ann", "bob")
    await kept(club, "bob", "ann")
    await proposed(club, "ann", by="bob")
    await proposed(club, "bob", by="ann")
    await contested(club, "ann", by="bob")
    await contested(club, "bob", by="ann")
    await notified(club, "ann", "bob")
    await belongs(club, "ann", "bob")
    await rehearsed(club)
    await partnered_up(club, "ann", "bob")
    _EMAIL_CODES[club.key] = await email_code(club, "ann")
    await hooked_up(club, "zoe")
    await club.services.segments.put(club.operator, "insiders", ["bob"], is_in=True)
    _DIGESTS[club.key] = (await club.services.campaigns.submit(club.operator, "asked")).digest
    await club.services.campaigns.pause(club.operator, "paused", None, paused=True)
    return club


_KEPT: list[ProgrammeUnderTest] = []
IN_A_WORLD_OF_ITS_OWN = {
    *("applyProgramme", "createDefinition", "updateDefinition", "publishDefinition", "archiveDefinition"),
    *("reserveFlashSale", "buyReserved", "releaseReservation"),
    "cancelRehearsal",
}
"""What leaves something in this process or in Redis, that putting the documents back does not take away; and a rehearsal that
waits, which another test's worker may have played."""


async def kept_as_it_is(programme: MakeProgramme, clock: Clock) -> ProgrammeUnderTest:
    """The same programme for all tests that leave it as it is, as making it takes seconds."""
    if _KEPT:
        clock.advance(timedelta(days=2))  # as far as making it came
    else:
        _KEPT.append(await built(programme))
    return _KEPT[0]


@pytest.fixture
async def kept_club(programme: MakeProgramme, clock: Clock) -> ProgrammeUnderTest:
    """That programme."""
    return await kept_as_it_is(programme, clock)


@pytest.fixture
async def lived_in(
    request: pytest.FixtureRequest, programme: MakeProgramme, clock: Clock, mongo: Mongo
) -> AsyncIterator[ProgrammeUnderTest]:
    """That one, which is put back as it was, or one of its own."""
    if request.node.callspec.params["field"] in IN_A_WORLD_OF_ITS_OWN:
        yield await built(programme)
        return
    club = await kept_as_it_is(programme, clock)
    before = await everything(mongo, club, with_partner=True)
    yield club
    await put_back(mongo, before, await everything(mongo, club, with_partner=True))


async def put_back(mongo: Mongo, before: dict[str, list[Any]], after: dict[str, list[Any]]) -> None:
    """Let the documents be as they were before."""
    for name, rows in before.items():
        stored, now = {row["_id"]: row for row in rows}, {row["_id"]: row for row in after[name]}
        found = mongo.collection(name)
        gone = list(now.keys() - stored.keys())
        if gone:
            await found.delete_many({"_id": {"$in": gone}})
        for key, row in stored.items():
            if now.get(key) != row:
                await found.replace_one({"_id": key}, row, upsert=True)


@pytest.mark.parametrize(("field", "make", "role"), ALLOWED)
async def test_who_may_does(
    graphql: GraphQL, lived_in: ProgrammeUnderTest, mongo: Mongo, field: str, make: Make, role: Role
) -> None:
    before = await everything(mongo, lived_in)

    result = await graphql.mutate(Actor(lived_in.key, "ann", role), field, make(lived_in))

    (answer,) = succeeded(result).values()
    assert answer["__typename"].endswith(("Success", "Payload")), answer
    assert await everything(mongo, lived_in) != before or field == "joinProgramme"  # who has joined stays so


@pytest.mark.parametrize(("field", "name", "make", "allowed"), ROWS)
async def test_who_may_not_changes_nothing(
    graphql: GraphQL,
    kept_club: ProgrammeUnderTest,
    mongo: Mongo,
    field: str,
    name: str,
    make: Make,
    allowed: set[Role],
) -> None:
    before = await everything(mongo, kept_club)

    for role in (None, *(role for role in Role if role not in allowed)):
        result = await graphql.mutate(
            Actor(kept_club.key, "ann", role) if role else None, field, make(kept_club)
        )
        if name == "one's own" and role:
            typed(result, "NotFoundError", "NOT_FOUND")  # staff and services have nothing of their own
        else:
            refused(result, "FORBIDDEN" if role else "UNAUTHENTICATED", at=field)
            assert result.data is None

    assert await everything(mongo, kept_club) == before


async def everything(
    mongo: Mongo, club: ProgrammeUnderTest, *, with_partner: bool = False
) -> dict[str, list[Any]]:
    """All documents of the programme, or also of the partner that `partnered_up` gave it."""
    keys = [club.key, *([f"{club.key}-partner"] if with_partner else [])]
    queries: dict[str, dict[str, Any]] = {
        name: {"$or": [{"programme_id": {"$in": keys}}, {"_id": {"$in": keys}}, {"sides": club.key}]}
        for part in INDEXES
        for name in part
    }
    queries["outbox"] = {"programme_id": {"$in": keys}}
    queries["idempotency_keys"] = {"_id": {"$regex": f"^{club.key}"}}
    return {
        name: await mongo.collection(name).find(query).sort("_id", 1).to_list(None)
        for name, query in queries.items()
    }
