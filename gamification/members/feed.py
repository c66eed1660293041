"""A member's feed: what happened to them, numbered without a gap, so that a client can go on where it left off.

One document holds what one transaction told one member: {_id, first, messages}, where `_id` is the member's id and
the number of the last message, so that the one index there is anyway finds and orders them. It is kept for FEED_KEPT_S;
a client that was away longer starts from the present state.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from gamification.kit.numbers import LONG_MAX
from gamification.kit.records import record
from storage.mongo import ASCENDING, Index, Mongo, Tx, find_by_ids, insert

COLLECTION = "member_feed"
FEED_KEPT_S = 7 * 24 * 3600
CHANNEL = "sg:feeds"
"""Where a member's id and newest number are published once written."""

INDEXES = {
    COLLECTION: [
        Index([("at", ASCENDING)], expire_after_s=FEED_KEPT_S),
    ]
}


class FeedKind(StrEnum):
    POINTS_POSTED = "points_posted"
    TASK_ADVANCED = "task_advanced"
    TASK_COMPLETED = "task_completed"
    TASK_CLAIM_ENDING = "task_claim_ending"
    TASK_CLAIM_LAPSED = "task_claim_lapsed"
    TASK_SUBMISSION = "task_submission"
    BADGE_AWARDED = "badge_awarded"
    BADGE_REVOKED = "badge_revoked"
    CHECK_IN_DAY = "check_in_day"
    CHECK_IN_ITEMS = "check_in_items"
    COLLECTION_COMPLETED = "collection_completed"
    COLLECTION_BROKEN = "collection_broken"
    REFERRAL_CHANGED = "referral_changed"
    PRIZE_WON = "prize_won"
    DRAW_ENTERED = "draw_entered"
    DRAW_PLAYED = "draw_played"
    DRAW_WON = "draw_won"
    REDEMPTION_CHANGED = "redemption_changed"
    REWARD_EXPIRING = "reward_expiring"
    TIER_CHANGED = "tier_changed"
    TIER_NOTICE = "tier_notice"
    ACCOUNT_MERGED = "account_merged"
    GOAL_CONTRIBUTED = "goal_contributed"
    GOAL_REACHED = "goal_reached"
    COMPLAINT_CHANGED = "complaint_changed"
    MODERATION = "moderation"
    GATHERING_NOTICE = "gathering_notice"
    ANSWER_ACCEPTED = "answer_accepted"
    BOUNTY_SETTLED = "bounty_settled"
    PROPOSAL_CHANGED = "proposal_changed"
    CONTEST_WON = "contest_won"
    CAMPAIGN = "campaign"


@record(frozen=True, slots=True)
class FeedMessage:
    """`body` names what happened: a transfer's or an award's id, or a task's progress at that moment."""

    kind: FeedKind
    body: Mapping[str, Any]


@record(frozen=True, slots=True)
class NumberedMessage:
    number: int
    kind: FeedKind
    at: datetime
    body: Mapping[str, Any]


class FeedRepository:
    """`member_feed`."""

    def __init__(self, mongo: Mongo) -> None:
        self._feed = mongo.collection(COLLECTION)

    async def append(
        self,
        programme_id: str,
        messages: Mapping[bytes, tuple[int, Sequence[FeedMessage]]],
        at: datetime,
        tx: Tx,
    ) -> None:
        """Write each member's messages, numbered from the given first one."""
        await insert(
            self._feed,
            [
                {
                    "_id": _id_of(member_id, first + len(told) - 1),
                    "programme_id": programme_id,
                    "first": first,
                    "messages": [{"kind": message.kind.value, "body": message.body} for message in told],
                    "at": at,
                }
                for member_id, (first, told) in messages.items()
            ],
            tx,
        )

    async def by_ends(
        self, ends: Sequence[tuple[bytes, int]]
    ) -> dict[tuple[bytes, int], list[NumberedMessage]]:
        """What transactions told members, each by the member and the number of the last message; one that is forgotten is
        absent."""
        rows = await find_by_ids(self._feed, [_id_of(member_id, last) for member_id, last in ends])
        return {
            end: [
                NumberedMessage(
                    rows[found]["first"] + offset,
                    FeedKind(message["kind"]),
                    rows[found]["at"],
                    message["body"],
                )
                for offset, message in enumerate(rows[found]["messages"])
            ]
            for end in ends
            if (found := _id_of(*end)) in rows
        }

    async def after(self, member_id: bytes, number: int, limit: int = 200) -> list[NumberedMessage]:
        """The member's messages after that number, oldest first; up to about `limit`."""
        cursor = (
            self._feed.find({"_id": {"$gt": _id_of(member_id, number), "$lte": _id_of(member_id, LONG_MAX)}})
            .sort("_id", ASCENDING)
            .limit(limit)
        )
        found: list[NumberedMessage] = []
        for row in await cursor.to_list(None):
            for offset, message in enumerate(row["messages"]):
                if row["first"] + offset > number:
                    found.append(
                        NumberedMessage(
                            row["first"] + offset, FeedKind(message["kind"]), row["at"], message["body"]
                        )
                    )
        return found


def _id_of(member_id: bytes, number: int) -> bytes:
    return member_id + number.to_bytes(8, "big")
