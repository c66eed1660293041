"""All that is held of a member, for them to take along: one list a section, in pages.

What is exported is listed field by field, so that nothing comes to be in it by chance: who checked a referral, the fraud
flags, and how transactions meet are not the member's data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import NotFound
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from storage.mongo import Mongo
from storage.paging import Page, Window, find_page


class ExportSection(StrEnum):
    """What an export is made of."""

    PROFILE = "profile"
    BALANCES = "balances"
    TRANSFERS = "transfers"
    PENDING_POINTS = "pending_points"
    HOLDS = "holds"
    ACTIVITIES = "activities"
    AWARDS = "awards"
    TASKS = "tasks"
    GOALS = "goals"
    TASK_SUBMISSIONS = "task_submissions"
    CHECK_INS = "check_ins"
    CHECK_IN_ITEMS = "check_in_items"
    TIERS = "tiers"
    REDEMPTIONS = "redemptions"
    COUPONS = "coupons"
    RESERVATIONS = "reservations"
    WISHES = "wishes"
    REFERRALS = "referrals"
    REFERRED_BY = "referred_by"
    BOARDS = "boards"
    DRAW_ENTRIES = "draw_entries"
    DRAW_PLAYS = "draw_plays"
    DRAW_WINS = "draw_wins"
    FOLLOWING = "following"
    SPACES = "spaces"
    POSTS = "posts"
    POST_VERSIONS = "post_versions"
    COMMENTS = "comments"
    REACTIONS = "reactions"


Order = tuple[tuple[str, int], ...]
_BY_ID: Order = (("_id", 1),)
_BY_SEQUENCE: Order = (("sequence", -1), ("_id", -1))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a section comes from: which field of which collection is the member, in which order its rows are, and which
    fields are shown. `kinds` are the types of what the order goes by."""

    collection: str
    fields: tuple[str, ...]
    order: Order = _BY_SEQUENCE
    kinds: tuple[type, ...] = (int, bytes)
    by: str = "member_id"


SOURCES: dict[ExportSection, Source] = {
    ExportSection.PROFILE: Source(
        "members",
        (
            *("external_id", "display_name", "avatar_url", "locale", "time_zone", "joined_at", "attributes"),
            *("identities", "standing", "standing_reason", "presence", "pseudonym", "past_zones"),
        ),
        _BY_ID,
        (bytes,),
        "_id",
    ),
    ExportSection.BALANCES: Source(
        "accounts",
        ("unit", "active", "pending", "held", "spent", "expired", "lifetime", "lots"),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.TRANSFERS: Source(
        "transfers",
        (
            *(
                "unit",
                "kind",
                "amount",
                "pending",
                "balance_after",
                "occurred_at",
                "recorded_at",
                "expires_at",
            ),
            *("cause", "limited_by", "reverses", "related"),
        ),
        (("sequence", -1), ("ordinal", -1)),
        (int, int),
    ),
    ExportSection.PENDING_POINTS: Source(
        "pending_points",
        ("unit", "amount", "state", "earned_at", "due_at", "cause", "subject"),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.HOLDS: Source(
        "holds",
        ("unit", "amount", "state", "captured", "reference", "authorised_at", "expires_at", "settled_at"),
        (("sequence", -1),),
        (int,),
    ),
    ExportSection.ACTIVITIES: Source(
        "activities",
        (
            *("type", "source", "source_id", "occurred_at", "recorded_at", "subject", "properties"),
            *("remaining", "member_facts", "awards", "advances", "transfers", "scores", "qualifies", "gives"),
        ),
        (("sequence", -1),),
        (int,),
    ),
    ExportSection.AWARDS: Source(
        "badge_awards",
        ("badge", "occurrence", "level", "number", "awarded_at", "revoked_at", "cause", "revocation"),
    ),
    ExportSection.TASKS: Source(
        "task_progress",
        (
            *("task", "period", "value", "distinct", "goal", "completions", "completed_at", "claimed_at"),
            *("updated_at", "cause"),
        ),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.TASK_SUBMISSIONS: Source(
        "task_submissions",
        ("task", "period", "number", "submitted_at", "state", "text", "link", "reason"),
        (("place", -1),),
        (int,),
    ),
    ExportSection.GOALS: Source(
        "goal_contributions",
        ("goal", "period", "team", "value", "updated_at", "payments"),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.CHECK_INS: Source(
        "check_in_days",
        ("check_in", "day", "state", "position", "at", "recorded_at", "zone", "milestones", "cause"),
        (("check_in", 1), ("day", 1), ("_id", 1)),
        (str, str, bytes),
    ),
    ExportSection.CHECK_IN_ITEMS: Source(
        "check_in_items",
        ("check_in", "item", "count", "held", "day", "at", "cause"),
        (("check_in", 1), ("entry", 1), ("_id", 1)),
        (str, int, bytes),
    ),
    ExportSection.TIERS: Source(
        "tier_changes",
        (
            "ladder",
            "number",
            "kind",
            "before",
            "after",
            "at",
            "occurred_at",
            "recorded_at",
            "until",
            "cause",
            "figures",
        ),
        (("recorded_at", -1), ("number", -1), ("_id", -1)),
        (datetime, int, bytes),
    ),
    ExportSection.REDEMPTIONS: Source(
        "reward_redemptions",
        (
            *("reward", "reward_version", "kind", "source", "status", "made_at", "steps", "paid", "amount"),
            *("currency", "flag", "starts_at", "expires_at", "deliver_to", "cause", "coupon"),
        ),
    ),
    ExportSection.COUPONS: Source(
        "reward_coupons",
        ("reward", "code", "state", "issued_at", "expires_at", "uses_max", "uses"),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.RESERVATIONS: Source(
        "flash_reservations",
        ("sale", "state", "made_at", "until", "redemption"),
        (("made_at", -1), ("_id", -1)),
        (datetime, bytes),
    ),
    ExportSection.WISHES: Source(
        "reward_wishes", ("reward", "added_at"), (("added_at", 1), ("_id", 1)), (datetime, bytes)
    ),
    ExportSection.REFERRALS: Source(
        "referrals", ("offer", "referee_id", "used_at", "status", "at"), by="referrer_id"
    ),
    ExportSection.REFERRED_BY: Source(
        "referrals", ("offer", "referrer_id", "used_at", "status", "at"), by="referee_id"
    ),
    ExportSection.BOARDS: Source(
        "board_records",
        ("board", "period", "group", "score", "standing", "attempts", "final_rank", "final_at", "listed"),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.DRAW_ENTRIES: Source(
        "draw_entrants", ("draw", "round", "code", "salt", "chances", "transfer", "at")
    ),
    ExportSection.DRAW_PLAYS: Source(
        "draw_plays", ("draw", "round", "nonce", "client_seed", "streak", "guaranteed", "prize", "at")
    ),
    ExportSection.DRAW_WINS: Source(
        "draw_wins", ("draw", "round", "prize", "number", "at", "given_at", "forfeited", "transfers")
    ),
    ExportSection.FOLLOWING: Source(
        "follows",
        ("followed", "at"),
        (("at", -1), ("followed", -1)),
        (datetime, bytes),
        "follower",
    ),
    ExportSection.SPACES: Source("space_memberships", ("space", "role", "state", "since"), _BY_ID, (bytes,)),
    ExportSection.POSTS: Source(
        "posts",
        (
            *("space", "kind", "state", "written", "created_at"),
            *("published_at", "publish_at", "edited_at"),
        ),
        _BY_ID,
        (bytes,),
        "author_id",
    ),
    ExportSection.POST_VERSIONS: Source(
        "post_revisions",
        ("post_id", "version", "title", "body", "tags", "at", "reason"),
        _BY_ID,
        (bytes,),
        "author_id",
    ),
    ExportSection.COMMENTS: Source(
        "comments",
        ("post_id", "parent_id", "state", "written", "created_at", "edited_at"),
        _BY_ID,
        (bytes,),
        "author_id",
    ),
    ExportSection.REACTIONS: Source("reactions", ("target_kind", "target_id", "key", "at"), _BY_ID, (bytes,)),
}


class ExportService:
    """`exportMember`."""

    def __init__(self, mongo: Mongo, members: MemberRepository) -> None:
        self._mongo = mongo
        self._members = members

    async def page(
        self, actor: Actor, member_id: bytes | None, section: ExportSection, window: Window
    ) -> Page[dict[str, Any]]:
        """A page of a section: one's own, or for operators and services anyone's. Also of a banned member, and of what an
        erased one left. Raises: Forbidden, NotFound."""
        member = await self._member(actor, member_id)
        source = SOURCES[section]
        merged = await self._members.merged_into(member.programme_id, [member.id])
        ids = {"$in": [member.id, *(one.id for one in merged)]} if merged else member.id
        query = {source.by: ids, "programme_id": member.programme_id}
        page = await find_page(self._mongo.collection(source.collection), query, source.order, window)
        rows = [exported(row, source.fields, member.external_id, *member.former) for row in page.rows]
        return Page(rows, page.positions, page.has_next, page.has_previous)

    async def _member(self, actor: Actor, member_id: bytes | None) -> Member:
        if member_id is not None:
            member = (await self._members.by_ids(actor.programme_id, [member_id])).get(member_id)
        elif actor.role is Role.MEMBER:
            found = await self._members.by_external_ids(actor.programme_id, [actor.subject])
            member = found.get(actor.subject)
        else:
            member = None
        own = actor.role is Role.MEMBER and (
            member_id is None or (member is not None and actor.is_member(member.external_id, member.former))
        )
        actor.require(Permission.MEMBERS_EXPORT_OWN if own else Permission.MEMBERS_EXPORT_ANY)
        if member is None:
            raise NotFound("There is no such member.", path=["memberId"])
        return member


def exported(row: Mapping[str, Any], fields: Sequence[str], *external_ids: str) -> dict[str, Any]:
    """The fields of a document that are shown, as JSON: names in camelCase, ids in hexadecimal digits, instants by ISO
    8601. Of causes and steps the actor is shown where that is the member."""
    own = tuple(f"member:{one}" for one in external_ids)
    return {_camel(name): _json(row[name], name, own) for name in fields if row.get(name) is not None}


def _json(value: Any, name: str, own: tuple[str, ...]) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        # What senders and programmes state is theirs: its names stay as they are.
        is_stated = name in ("properties", "remaining", "attributes", "member_facts", "distinct", "figures")
        return {
            (key if is_stated else _camel(key)): _json(found, name if is_stated else key, own)
            for key, found in value.items()
            if is_stated or key != "actor" or found in own
        }
    if isinstance(value, list | tuple):
        return [_json(one, name, own) for one in value]
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
