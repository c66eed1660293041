"""What erasing a member does to each collection of the database: a table, so that a new one must say it too.

What stays is what others' figures hang on: amounts, counts, times, kinds, and the member's id, which from then on is a
pseudonym that nothing leads from to a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kept:
    """Nothing is done. `why`: what hangs on it, and why it names nobody."""

    why: str


@dataclass(frozen=True, slots=True)
class Own:
    """Work of its own. `how`: what it does; `step` is the one of `service.STEPS` that does it."""

    step: str
    how: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """The member's documents are deleted: those whose field `by` is the member's id."""

    by: str = "member_id"


@dataclass(frozen=True, slots=True)
class Emptied:
    """The member's documents stay, without these fields: `unset` are removed, `put` replaced; `causes` are causes, of which
    the words go, and the actor where that is the member. `[]` after a field is each of its elements."""

    by: str = "member_id"
    unset: tuple[str, ...] = ()
    put: Mapping[str, object] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    step: str | None = None
    """Which step has closed them before."""


Treatment = Kept | Own | Deleted | Emptied
REFERENCE = "erased"
"""What a hold's reference is afterwards."""

_NOTHING_WRITTEN = {
    "title": "",
    "body": "",
    "html": "",
    "text": "",
    "tags": [],
    "links": [],
    "images": [],
    "mentions": [],
}

PLAN: dict[str, Treatment] = {
    # Of the member alone.
    "members": Own(
        "tombstone", "becomes a tombstone: a random external id, and no other field of the profile"
    ),
    "member_feed": Own("feed", "deleted"),
    "member_signals": Deleted(by="_id"),
    "follows": Own("follows", "deleted, both ways"),
    "follow_counts": Own("follows", "the followers' go down, the member's own is deleted"),
    "badge_showcases": Deleted(by="_id"),
    "reward_wishes": Deleted(),
    "segment_members": Deleted(),
    "annual_shares": Deleted(),
    "segment_runs": Kept("of no member: when a programme was swept, and where its quintiles end"),
    "campaign_members": Kept("a campaign's figures hang on them: counts and amounts, by ids"),
    "campaign_totals": Kept("of no member: sums and how many did what"),
    "campaign_goings": Kept("of no member but for how far the ids were gone through"),
    "campaign_clocks": Kept("of no member"),
    "campaign_runs": Kept("of no member: what staff decided on campaigns"),
    "rollup_runs": Kept("of no member: by what days are added up"),
    "insight_members": Kept(
        "days and sums by ids, which totals are kept by; it says from when on the pseudonym is counted no more"
    ),
    "insight_totals": Kept("of no member: sums and how many did what"),
    "insight_runs": Kept("of no member: by what totals are added up"),
    "insight_models": Kept("of no member: parameters of all customers together"),
    "member_months": Kept("sums by day, which `verify` derives from activity; the id is the pseudonym"),
    "idempotency_keys": Own("keys", "the member's own are deleted: their names hold the external id"),
    "member_merges": Emptied(by="into_id", put={"reason": None}),
    "member_erasures": Own("tombstone", "when it was asked for and done; the external id until it is done"),
    "erased_ids": Own("tombstone", "the external id's keyed hash, for 30 days"),
    # What must be settled first, and then holds no words.
    "reward_redemptions": Emptied(
        unset=("deliver_to", "steps[].note", "steps[].reference", "steps[].actor", "remind_at"),
        causes=("cause",),
        step="redemptions",
    ),
    "reward_coupons": Own("redemptions", "unused ones are void, others end; who used them was the merchant"),
    "task_submissions": Emptied(
        unset=("text", "link", "link_digest", "reason", "decisions[].reason", "decisions[].note"),
        step="submissions",
    ),
    "holds": Emptied(put={"reference": REFERENCE}, step="holds"),
    "pending_points": Emptied(put={"subject": None}, causes=("cause",), step="pending"),
    "accounts": Own("accounts", "what is left expires, by a transfer with the reason `erased`"),
    "transfers": Own("transfers", "names and words go out of causes; what was so hashed is kept as a hash"),
    "referrals": Own("referrals", "those not rewarded yet are rejected; words and the member's signals go"),
    "referrers": Own("referrals", "the code ends: it is replaced by one that nobody can state"),
    "credentials": Own("credentials", "revoked in their status list; the salt of the holder's hash goes"),
    # What others' figures hang on.
    "activities": Own(
        "activities", "properties but numbers and truth values go, and what rules read of the member"
    ),
    "badge_awards": Emptied(causes=("cause", "revocation")),
    "badge_collections": Emptied(causes=("cause",)),
    "task_progress": Emptied(causes=("cause",)),
    "check_in_days": Emptied(causes=("cause",)),
    "check_in_items": Emptied(causes=("cause",)),
    "tier_changes": Emptied(causes=("cause",)),
    "board_records": Own(
        "tombstone", "shown nowhere, under no pseudonym; the score stays with the period's totals"
    ),
    "member_heads": Kept("a number by which transactions on one member meet"),
    "check_in_states": Kept("days and counts, which `verify` derives from the days"),
    "tier_states": Kept("figures and a tier, which `verify` derives from transfers and counters"),
    "tier_placements": Kept("how far a round of the best has come"),
    "counters": Kept("sums by ids; those of a subject are shared with others"),
    "partner_links": Own("partners", "they end, both halves: nothing leads to the account at the partner's"),
    "partner_codes": Own("partners", "they end"),
    "partner_exchanges": Kept("both ledgers and statements hang on them: amounts, by ids"),
    "partner_uses": Kept("sums by ids, or of all"),
    "partner_agreements": Kept("of no member"),
    "partner_statements": Kept("of no member: sums"),
    "cap_uses": Kept("sums by ids; shared budgets hang on them"),
    "draw_entrants": Kept(
        "the round's published hash is of their codes; the id behind a code is the pseudonym"
    ),
    "draw_plays": Kept(
        "the published proof of each draw is of them, the seed that the member chose included"
    ),
    "draw_wins": Kept("a draw's stock and proof hang on them; what is not given yet is forfeited"),
    "draw_standings": Kept("counts, which `verify` derives from the draws"),
    "flash_reservations": Kept("a sale's pieces hang on them; what is reserved runs out by itself"),
    "goal_contributions": Kept("a goal's sum hangs on them; they hold amounts, and the id is the pseudonym"),
    # The community's, of which this table alone knows here.
    "space_memberships": Deleted(),
    "community_readers": Deleted(by="_id"),
    "followed_posts": Deleted(),
    "bookmarks": Deleted(),
    "recommendations": Deleted(by="_id"),
    "belonging_snapshots": Deleted(),
    "belonging_runs": Kept("of no member: which month was added up"),
    "recommendation_choices": Deleted(by="_id"),
    "recommendation_due": Deleted(by="_id"),
    "posts": Emptied(
        by="author_id",
        unset=("publish_at", "pinned_at", "options", "taken_down", "search"),
        put={"state": "deleted", "activity_id": None, "written": _NOTHING_WRITTEN},
    ),
    "post_revisions": Emptied(by="author_id", put={"title": "", "body": "", "tags": [], "reason": None}),
    "gatherings": Emptied(by="host_id", put={"host_id": None}),
    "gathering_rsvps": Own(
        "gatherings", "they go to nothing that they have not come to; counts hang on them"
    ),
    "calendar_feeds": Deleted(),
    "notifications": Deleted(),
    "notification_items": Deleted(),
    "notification_heads": Deleted(by="_id"),
    "notification_settings": Deleted(by="_id"),
    "notification_deliveries": Deleted(),
    "member_contacts": Deleted(by="_id"),
    "push_subscriptions": Deleted(),
    "campaign_sends": Deleted(),
    "announcements": Kept("of no member: which campaign told what, and when"),
    "notification_secrets": Kept("of no member: what links are signed with"),
    "comments": Own("comments", "deleted and emptied; what they answered counts them no more"),
    "reactions": Kept("counts hang on them; they hold a key, and the id is the pseudonym"),
    "questions": Own("questions", "closed; what was accepted stays with who answered, by ids and times"),
    "polls": Kept("counts of others' votes; what was voted on is the post's, and emptied with it"),
    "ballots": Kept("a poll's counts hang on them; the id is the pseudonym"),
    "proposals": Emptied(by="author_id", put={"stands": False}),
    "proposal_supports": Kept("a proposal's count hangs on them; the id is the pseudonym"),
    "contest_entries": Own("contests", "they take part no more; what was ranked stays, by ids"),
    "contest_ballots": Kept("a contest's counts hang on them; the id is the pseudonym"),
    "contest_runs": Kept("of no member"),
    "bounties": Kept("the ledger hangs on them: amounts, by ids; an open one was returned with its hold"),
    "survey_responses": Emptied(unset=("answers",)),
    "screenings": Emptied(by="author_id", unset=("findings[].words", "findings[].hosts")),
    "screened_texts": Deleted(by="author_id"),
    "complaints": Emptied(unset=("about", "due_at", "rating.text"), put={"state": "closed", "text": ""}),
    "complaint_messages": Emptied(put={"text": ""}),
    "sanctions": Emptied(put={"reason": ""}),
    "blocks": Deleted(by="blocker"),
    "community_trust": Deleted(by="_id"),
    "community_trust_runs": Kept("of no member: when a programme was assessed"),
    "moderation_log": Emptied(unset=("reason", "salt")),
    "moderation_heads": Kept("a number and a hash"),
    "moderation_statements": Own("cases", "the words go; that they were told, and of what, stays"),
    "moderation_cases": Own("cases", "open ones are closed; what they were decided with goes"),
    "moderation_reports": Emptied(by="reporter_id", put={"note": None}),
    "moderation_reporters": Kept("counts, which `verify` derives from the reports"),
    "survey_ballots": Kept("of nobody: whose they are, nothing tells"),
    "imported_votes": Kept("of nobody: that they were given is all that is known"),
    # What the programme's servers are told: of a member the id alone, whose external id is put in when it is sent.
    "webhook_events": Kept("ids and keys, and gone after 30 days; the member's external id is not in them"),
    "webhook_deliveries": Emptied(unset=("attempts[].excerpt",)),
    "webhook_endpoints": Kept("of no member"),
    "webhook_heads": Kept("of no member: numbers"),
    # Of nobody.
    "recommendation_models": Kept(
        "of items; where one is a member, by the pseudonym, and until the next day"
    ),
    "recommendation_lists": Kept("of items; where one is a member, by the pseudonym, and until the next day"),
    "recommendation_outcomes": Kept("of no member: counts by day"),
    "recommendation_runs": Kept("of no member: when was learnt, and what was measured"),
    "goal_entries": Kept("of no member: sums"),
    "goal_runs": Kept("of no member: sums"),
    "badge_editions": Kept("of no member"),
    "task_places": Kept("of no member"),
    "rehearsals": Kept("of no member, and gone 30 days after they are finished"),
    "rehearsal_results": Kept("of no member but for ids of some, and gone with their rehearsal"),
    "badge_backfills": Kept("of no member but for a sample of ids"),
    "badge_backfill_found": Kept("of no member"),
    "board_periods": Kept("of no member"),
    "draw_rounds": Kept("of no member"),
    "draw_seeds": Kept("of no member"),
    "draw_issued": Kept("of no member"),
    "tier_rounds": Kept("of no member"),
    "reward_tallies": Kept("counts, by ids where a cap is a member's"),
    "reward_packets": Kept("of no member"),
    "coupon_sessions": Kept("the merchant's, and gone within a day"),
    "coupon_orders": Kept("the merchant's: the order's number and which coupons it used"),
    "programmes": Kept("of no member"),
    "programme_versions": Kept("of no member"),
    "sequences": Kept("of no member"),
    "outbox": Kept("ids only, and gone within seconds"),
    "backlog": Kept("ids only, and gone within seconds"),
    "moved_ids": Kept("ids by ids that they had before accounts were merged"),
    "erasure_keys": Kept("of no member: what hashes of external ids are keyed with"),
}


def generic() -> dict[str, Deleted | Emptied]:
    """The collections that need no work of their own, in the order in which they are done."""
    return {name: treatment for name, treatment in PLAN.items() if isinstance(treatment, Deleted | Emptied)}


def kept_properties(properties: Mapping[str, object]) -> dict[str, object]:
    """What stays of an activity's properties: amounts and truth values, at the top. Texts may name a person, and so may
    whatever is nested."""
    return {name: value for name, value in properties.items() if isinstance(value, bool | int | float)}
