"""What merging does to each collection of the database: a table, so that a new one must say it too."""

from enum import Enum


class Merging(Enum):
    """MOVED: the merged account's are the survivor's, united where both have some. LEFT: they stay the merged account's, as
    history. ENDED: they go. BLOCKED: an account that has some is not merged. NOBODYS: they are no member's."""

    MOVED = "moved"
    LEFT = "left"
    ENDED = "ended"
    BLOCKED = "blocked"
    NOBODYS = "nobodys"


_BY_RULE = {
    Merging.MOVED: (
        *("activities", "badge_awards", "badge_collections", "badge_showcases", "board_records"),
        *("check_in_days", "check_in_items", "check_in_states", "follow_counts", "follows"),
        *("member_signals", "pending_points", "referrals", "referrers", "reward_coupons"),
        *("reward_redemptions", "reward_tallies", "reward_wishes", "task_progress", "task_submissions"),
        # The community's, of which this table alone knows here.
        *("posts", "post_revisions", "comments", "reactions", "questions", "polls", "ballots"),
        *("proposals", "proposal_supports", "contest_entries", "contest_ballots", "survey_responses"),
        *("gatherings", "gathering_rsvps", "calendar_feeds", "space_memberships"),
        *("community_readers", "followed_posts", "bookmarks", "blocks", "sanctions"),
        *("moderation_cases", "moderation_statements", "complaints", "complaint_messages"),
        *("community_trust", "screenings", "screened_texts"),
        *("push_subscriptions", "member_contacts", "notification_settings"),
        *("member_months", "segment_members", "campaign_members"),
        *("recommendation_choices", "partner_links"),
    ),
    # The signpost, the books, what activity was counted by, and what is proved by the account's id.
    Merging.LEFT: (
        *("members", "accounts", "transfers", "holds", "counters", "cap_uses", "tier_changes"),
        *("draw_entrants", "draw_plays", "draw_standings", "draw_wins", "flash_reservations"),
        # Bounties that were settled: their transfers and holds are the account's. Of open ones OPEN_HOLDS is said.
        *("bounties", "moderation_log", "moderation_reporters", "moderation_reports"),
        # Numbered inboxes stay the accounts' own, as do the books of what was sent.
        *("notifications", "notification_items", "notification_heads", "notification_deliveries"),
        *("campaign_sends", "partner_exchanges", "partner_uses"),
        *("idempotency_keys", "member_feed", "member_heads", "member_merges", "moved_ids"),
        *("webhook_events", "webhook_deliveries", "insight_members"),
    ),
    Merging.ENDED: (
        *("credentials", "tier_states", "recommendations", "recommendation_due"),
        "partner_codes",
        *("belonging_snapshots", "annual_shares"),
    ),
    Merging.BLOCKED: ("goal_contributions",),
    Merging.NOBODYS: (
        *("badge_backfill_found", "badge_backfills", "badge_editions", "board_periods", "coupon_orders"),
        *("coupon_sessions", "draw_issued", "draw_rounds", "draw_seeds", "erased_ids", "erasure_keys"),
        "imported_votes",
        *("announcements", "notification_secrets", "partner_agreements", "partner_statements"),
        *(
            "contest_runs",
            "goal_entries",
            "goal_runs",
            "member_erasures",
            "outbox",
            "programme_versions",
            "programmes",
        ),
        *("community_trust_runs", "moderation_heads", "survey_ballots"),
        *("recommendation_models", "recommendation_lists", "recommendation_outcomes", "recommendation_runs"),
        *("webhook_endpoints", "webhook_heads"),
        *(
            "backlog",
            "rollup_runs",
            "insight_totals",
            "insight_runs",
            "insight_models",
            "rehearsals",
            "rehearsal_results",
            "segment_runs",
            "belonging_runs",
            "campaign_runs",
            "campaign_goings",
            "campaign_clocks",
            "campaign_totals",
        ),
        *("reward_packets", "sequences", "task_places", "tier_placements", "tier_rounds"),
    ),
}
PLAN: dict[str, Merging] = {name: rule for rule, names in _BY_RULE.items() for name in names}
