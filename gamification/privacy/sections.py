"""What an export of a member is made of: which fields of which documents, section by section.

What is exported is listed field by field, so that nothing comes to be in it by chance: who checked a referral, the fraud
flags, and how transactions meet are not the member's data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


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
    FOLLOWED_TOPICS = "followed_topics"
    FOLLOWED_POSTS = "followed_posts"
    BOOKMARKS = "bookmarks"
    GATHERINGS = "gatherings"
    CALENDAR_FEED = "calendar_feed"
    BOUNTIES = "bounties"
    BALLOTS = "ballots"
    CONTEST_ENTRIES = "contest_entries"
    CONTEST_BALLOTS = "contest_ballots"
    PROPOSAL_SUPPORTS = "proposal_supports"
    SURVEYS = "surveys"
    COMPLAINTS = "complaints"
    COMPLAINT_MESSAGES = "complaint_messages"
    SCREENINGS = "screenings"
    REPORTS = "reports"
    SANCTIONS = "sanctions"
    MODERATION_STATEMENTS = "moderation_statements"
    BLOCKS = "blocks"
    BELONGING = "belonging"
    ANNUAL_SHARES = "annual_shares"
    RECOMMENDATIONS = "recommendations"
    RECOMMENDATION_CHOICES = "recommendation_choices"
    NOTIFICATIONS = "notifications"
    NOTIFICATION_SETTINGS = "notification_settings"
    NOTIFICATION_DELIVERIES = "notification_deliveries"
    CONTACTS = "contacts"
    PUSH_SUBSCRIPTIONS = "push_subscriptions"
    PARTNER_LINKS = "partner_links"
    PARTNER_EXCHANGES = "partner_exchanges"


Order = tuple[tuple[str, int], ...]
_BY_ID: Order = (("_id", 1),)
_BY_SEQUENCE: Order = (("sequence", -1), ("_id", -1))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a section comes from: which field of which collection is the member, in which order its rows are, and which
    fields are shown. `kinds` are the types of what the order goes by; `where` leaves rows out."""

    collection: str
    fields: tuple[str, ...]
    order: Order = _BY_SEQUENCE
    kinds: tuple[type, ...] = (int, bytes)
    by: str = "member_id"
    where: Mapping[str, Any] | None = None


SOURCES: dict[ExportSection, Source] = {
    ExportSection.PROFILE: Source(
        "members",
        (
            *(
                "external_id",
                "display_name",
                "avatar_url",
                "locale",
                "time_zone",
                "joined_at",
                "attributes",
                "birthday",
                "tags",
                "segments",
            ),
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
    ExportSection.PARTNER_LINKS: Source(
        "partner_links", ("agreement_id", "since", "shares"), _BY_ID, (bytes,)
    ),
    ExportSection.PARTNER_EXCHANGES: Source(
        "partner_exchanges", ("agreement_id", "taken", "unit", "amount", "at"), _BY_ID, (bytes,)
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
    ExportSection.FOLLOWED_TOPICS: Source(
        "community_readers", ("spaces", "tags", "read"), _BY_ID, (bytes,), "_id"
    ),
    ExportSection.FOLLOWED_POSTS: Source("followed_posts", ("post_id", "at", "read_at"), _BY_ID, (bytes,)),
    ExportSection.BOOKMARKS: Source(
        "bookmarks", ("target_kind", "target_id", "note", "at"), _BY_ID, (bytes,)
    ),
    ExportSection.REACTIONS: Source("reactions", ("target_kind", "target_id", "key", "at"), _BY_ID, (bytes,)),
    ExportSection.GATHERINGS: Source(
        "gathering_rsvps",
        ("gathering_id", "state", "at", "attended_at", "attendances"),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.CALENDAR_FEED: Source("calendar_feeds", ("made_at",), _BY_ID, (bytes,)),
    ExportSection.BALLOTS: Source("ballots", ("post_id", "choices", "at"), _BY_ID, (bytes,)),
    ExportSection.PROPOSAL_SUPPORTS: Source(
        "proposal_supports", ("post_id", "supports", "at"), _BY_ID, (bytes,)
    ),
    ExportSection.CONTEST_ENTRIES: Source(
        "contest_entries", ("contest", "post_id", "at", "withdrawn", "votes", "rank"), _BY_ID, (bytes,)
    ),
    ExportSection.CONTEST_BALLOTS: Source("contest_ballots", ("contest", "chosen", "at"), _BY_ID, (bytes,)),
    ExportSection.BOUNTIES: Source(
        "bounties",
        ("post_id", "unit", "amount", "state", "began_at", "ends_at", "settled_at"),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.SCREENINGS: Source(
        "screenings",
        ("kind", "space", "target_id", "verdict", "findings", "at", "upheld", "decided_at"),
        (("at", -1), ("_id", -1)),
        (datetime, bytes),
        "author_id",
    ),
    ExportSection.REPORTS: Source(
        "moderation_reports",
        ("case_id", "round", "reason", "note", "at", "verdict"),
        (("at", -1), ("_id", -1)),
        (datetime, bytes),
        "reporter_id",
    ),
    # Who is shadow-limited is not told so.
    ExportSection.SANCTIONS: Source(
        "sanctions",
        ("kind", "reason", "began_at", "until", "ended_at"),
        (("began_at", -1), ("_id", -1)),
        (datetime, bytes),
        where={"kind": {"$ne": "shadow_limit"}},
    ),
    ExportSection.MODERATION_STATEMENTS: Source(
        "moderation_statements",
        (
            *("kind", "subject_kind", "subject_id", "space", "reason", "rule", "automated", "at", "until"),
            *("appeal_until", "appeal"),
        ),
        (("at", -1), ("_id", -1)),
        (datetime, bytes),
    ),
    ExportSection.ANNUAL_SHARES: Source(
        "annual_shares", ("year", "name", "language", "made_at", "expires_at"), _BY_ID, (bytes,)
    ),
    ExportSection.BELONGING: Source(
        "belonging_snapshots", ("period", "readings", "weights"), _BY_ID, (bytes,)
    ),
    ExportSection.RECOMMENDATIONS: Source(
        "recommendations", ("made_at", "candidates", "shown"), _BY_ID, (bytes,), "_id"
    ),
    ExportSection.RECOMMENDATION_CHOICES: Source(
        "recommendation_choices", ("personalised", "dismissed"), _BY_ID, (bytes,), "_id"
    ),
    ExportSection.BLOCKS: Source(
        "blocks", ("blocked", "at"), (("at", -1), ("_id", -1)), (datetime, bytes), "blocker"
    ),
    ExportSection.COMPLAINTS: Source(
        "complaints",
        (
            *("category", "text", "about", "state", "filed_at", "due_at", "answered_at", "closed_at"),
            *("reopened", "rating"),
        ),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.COMPLAINT_MESSAGES: Source(
        "complaint_messages", ("complaint_id", "kind", "from_staff", "text", "at"), _BY_ID, (bytes,)
    ),
    ExportSection.SURVEYS: Source(
        "survey_responses", ("survey", "number", "at", "version", "answers"), _BY_ID, (bytes,)
    ),
    ExportSection.NOTIFICATIONS: Source(
        "notifications",
        ("kind", "begun_at", "at", "count", "read_at", "archived_at", "campaign"),
        _BY_ID,
        (bytes,),
    ),
    ExportSection.NOTIFICATION_SETTINGS: Source(
        "notification_settings",
        ("choices", "quiet", "quiet_chosen", "digest", "digest_due_at"),
        _BY_ID,
        (bytes,),
        "_id",
    ),
    ExportSection.NOTIFICATION_DELIVERIES: Source(
        "notification_deliveries",
        ("channel", "kind", "state", "reason", "at", "sent_at", "digest"),
        (("at", -1), ("_id", -1)),
        (datetime, bytes),
    ),
    ExportSection.CONTACTS: Source(
        "member_contacts", ("email", "confirmed_at", "bounced"), _BY_ID, (bytes,), "_id"
    ),
    ExportSection.PUSH_SUBSCRIPTIONS: Source(
        "push_subscriptions", ("endpoint", "at", "expires_at"), _BY_ID, (bytes,)
    ),
}
