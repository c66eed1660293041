"""A merge of two accounts, what keeps one from being done, and what the account that is left becomes."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from gamification.kit.errors import Conflict, ErrorCode
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.members.model import Member, Standing
from gamification.members.profile import IDENTITIES_MAX, TAGS_MAX

DISPLAY_NAME = "Merged member"
DOCUMENTS_MAX = 20_000
"""So many documents of one kind the merged account may have: all of it is moved in one transaction."""


class MergeBlock(StrEnum):
    """What must be settled before two accounts can be merged. BANNED: one of them is. OPEN_HOLDS: points of `from` are set
    aside, as for an order under way. RESERVATIONS: it has a piece reserved in a flash sale. CHECK_INS: both have days in
    one check-in programme. SUBMISSIONS: it has handed in what no moderator has decided on. GOALS: it has given to a goal.
    COMMUNITY: both did the same in the community too often for one of each to be taken back at once, as reacting to the same
    things. IDENTITIES: together they have too many. TOO_MUCH: it has more of something than can be moved at once."""

    BANNED = "banned"
    OPEN_HOLDS = "open_holds"
    RESERVATIONS = "reservations"
    CHECK_INS = "check_ins"
    SUBMISSIONS = "submissions"
    GOALS = "goals"
    COMMUNITY = "community"
    IDENTITIES = "identities"
    TOO_MUCH = "too_much"


class MergeWarning(StrEnum):
    """What somebody should know before. SELF_REFERRAL: one was brought by the other. REFERRAL_CYCLE: one was brought by
    whom the other has brought. REFERRED_TWICE: both were brought. Each takes back what that referral gave both sides.
    OPEN_ORDERS: orders that are not fulfilled become the other's. DRAW_ENTRIES: entries of rounds not drawn yet are lost.
    BOTH_ON_CLOSED_BOARDS: both have a place in standings that are final, and that of `from` is shown no more."""

    SELF_REFERRAL = "self_referral"
    REFERRAL_CYCLE = "referral_cycle"
    REFERRED_TWICE = "referred_twice"
    OPEN_ORDERS = "open_orders"
    DRAW_ENTRIES = "draw_entries"
    BOTH_ON_CLOSED_BOARDS = "both_on_closed_boards"


class MergeBlocked(Conflict):
    """The accounts can't be merged as they are; `blocks` says why."""

    default_code = ErrorCode.MERGE_BLOCKED

    def __init__(self, blocks: Sequence[MergeBlock]) -> None:
        names = ", ".join(block.value.upper() for block in blocks)
        super().__init__(f"These accounts can't be merged yet: {names}.", path=["from"])
        self.blocks = tuple(blocks)


@record(frozen=True, slots=True)
class MovedPoints:
    """What was moved of one unit, and what the member holds of it afterwards; a debt is below zero. `owed` is what
    earlier reversals could not take."""

    unit: str
    active: int
    pending: int
    owed: int
    active_after: int
    pending_after: int


@record(frozen=True, slots=True)
class Merge:
    """`from_id` was merged into `into_id`. `counts`: how many of what was moved, by the names of collections;
    `completed` the keys of tasks that were completed only by both together, `united` how many awards both had."""

    id: bytes
    programme_id: str
    from_id: bytes
    into_id: bytes
    by: str
    reason: str | None
    at: datetime
    sequence: int
    points: tuple[MovedPoints, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[MergeWarning, ...] = ()
    completed: tuple[str, ...] = ()
    tiers: Mapping[str, str | None] = field(default_factory=dict)
    """The tier on each ladder afterwards."""


@record(frozen=True, slots=True)
class Preview:
    """What a merge would do, or why it can't be done."""

    merge: Merge | None
    blocks: tuple[MergeBlock, ...]


def merge_id(programme_id: str, from_id: bytes) -> bytes:
    """The id of the merge of that account: there is one at most."""
    return derived_id("merge", programme_id, from_id)


def closed(member: Member, into: bytes) -> Member:
    """What stays of a merged account: its external id, by which the other is found, and when it joined."""
    return Member(
        id=member.id,
        programme_id=member.programme_id,
        external_id=member.external_id,
        display_name=DISPLAY_NAME,
        joined_at=member.joined_at,
        locale="und",
        time_zone="UTC",
        standing=Standing.BANNED,
        merged_into=into,
    )


def united(into: Member, merged: Member) -> Member:
    """The member that is left: their own profile, with what only the other had. They joined when the first of them did."""
    return dataclasses.replace(
        into,
        joined_at=min(into.joined_at, merged.joined_at),
        avatar_url=into.avatar_url or merged.avatar_url,
        attributes={**merged.attributes, **into.attributes},
        birthday=into.birthday or merged.birthday,
        tags=tuple(dict.fromkeys((*into.tags, *merged.tags)))[:TAGS_MAX],
        identities=tuple(dict.fromkeys((*into.identities, *merged.identities))),
        former=(*into.former, *merged.former, merged.external_id),
    )


def profile_blocks(into: Member, merged: Member) -> list[MergeBlock]:
    """What of the profiles alone keeps the two from being merged."""
    blocks = []
    if Standing.BANNED in (into.standing, merged.standing):
        blocks.append(MergeBlock.BANNED)
    if len(into.identities) + len(merged.identities) > IDENTITIES_MAX:
        blocks.append(MergeBlock.IDENTITIES)
    return blocks
