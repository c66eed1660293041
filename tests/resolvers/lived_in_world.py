"""A programme where Ann has something in every private field, each text of it with the word "secret"."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from community.oversight.model import Subject, SubjectKind
from gamification.members.model import Identity
from gamification.referrals.model import referral_id
from resolvers.relay import decode_bytes_id, encode_id
from tests.belonging_world import belongs
from tests.community_world import kept, liked, post_gid, wrote
from tests.complaint_world import complained
from tests.conftest import MakeProgramme
from tests.contest_world import contested
from tests.gathering_world import gathered
from tests.moderation_world import judged
from tests.notification_world import notified
from tests.partner_world import partnered_up
from tests.poll_world import polled
from tests.proposal_world import proposed
from tests.question_world import questioned
from tests.recommendation_world import recommended
from tests.rehearsal_world import rehearsed
from tests.resolvers.catalogue import rewarded
from tests.resolvers.evidence_world import shown
from tests.resolvers.harness import ALWAYS, CLUB, GraphQL, brought, drawn, hold_something, member_gid
from tests.screening_world import screened
from tests.support import SOURCE, ProgrammeUnderTest
from tests.survey_world import asked
from tests.webhook_world import hooked_up

ANN = "ann-secret"
SECRET = b"secret"
NAME = "Name of Ann"
"""Public in her programme, and nowhere else."""

UNITS: list[dict[str, Any]] = [
    {"key": "idle", "expiry": {"idle": "P1Y"}, "grace": "P7D", "caps": [{"amount": 5}]},
    {"key": "later", "pending": {"after": "P1D"}},
    {"key": "confirmed", "pending": {"on": ["buy"], "within": "P1D"}},
    {"key": "dated", "expiry": {"dates": ["06-30"]}, "pending": {"dates": ["06-30"]}},
]
"""With every policy that a unit can have."""

TERMS: dict[str, dict[str, Any]] = {
    "collector": {
        "starts_at": "2020-01-01T00:00:00Z",
        "ends_at": "2100-01-01T00:00:00Z",
        "days": [
            {"weekday": "monday", "nth": 1},
            *({"weekday": f"{day}day"} for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")),
        ],
        "prerequisites": {"any_of": ["regular"]},
        "claim_within": "P30D",
        "finishers": 9,
        "tier": {"ladder": "club", "least": "basic"},
        "when": "member.locale != 'xx'",
    }
}
"""By task, with every condition that one can have."""

LADDERS: list[dict[str, Any]] = [
    {
        "key": "club",
        "description": {"en": "A ladder"},
        "measures": [
            {"key": "points", "unit": "points", "rolling": "P5D"},
            {"key": "visits", "counter": "visits"},
            {"key": "month", "unit": "points", "cycle": "monthly"},
        ],
        "keep": {"lasts": "P10D"},
        "tiers": [
            {"key": "basic"},
            {
                "key": "silver",
                "description": {"en": "A tier"},
                "requires": {"points": 5},
                "multipliers": {"points": 2},
                "benefits": [{"key": "tea", "description": {"en": "A tea"}}],
            },
            {"key": "gold", "requires": {"points": 1000000}},
        ],
    },
    {
        "key": "top",
        "measures": [{"key": "points", "unit": "points", "cycle": "monthly"}],
        "pyramid": "points",
        "keep": {"cycle": "monthly"},
        "tiers": [{"key": "base"}, {"key": "best", "share_percent": 10}],
    },
]
"""One on which Ann rises and will drop, and a pyramid."""

GRAND: dict[str, Any] = {
    "key": "grand",
    "kind": "growth",
    "description": {"en": "A campaign"},
    "owner": "kim",
    "schedule": {
        **ALWAYS,
        "repeat": "weekly",
        "days": [1, 2, 3, 4, 5, 6, 7],
        "months": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    },
    "multiply": [{"unit": "gems", "percent": 200}],
    "budget": {
        "points": [{"unit": "gems", "amount": 1000}],
        "rewards": [{"reward": "tea", "count": 10}],
        "money": 1000,
    },
    "goal": {"aim": "participants", "target": 5},
    "experiment": {"variants": [{"key": "a", "percent": 50}, {"key": "b", "percent": 50}]},
    "measures": {"participates": ["visit"], "for_days": 1},
    "survey": "feedback",
    "includes": {
        "tasks": ["regular"],
        "rewards": ["tea"],
        "draws": ["wheel"],
        "flash_sales": ["rush"],
        "goals": ["march"],
        "leaderboards": ["daily"],
        "spaces": ["square"],
    },
}
"""With everything that a campaign can state; nobody is held out, so that all see it."""

ADORNED = {
    "description": {"en": "An honour"},
    "criteria": {"en": "Come"},
    "image_url": "https://pictures.example/badge",
    "limit": 10,
}


async def lived_in(club: ProgrammeUnderTest) -> ProgrammeUnderTest:
    """Give Ann something in every field, and every text of her own the word."""
    await club.join(
        ANN,
        display_name=NAME,
        avatar_url="https://pictures.example/ann",
        attributes={"note": "secret-attribute"},
        identities=(Identity("secret-provider", "secret-subject"),),
        birthday="02-28",
    )
    await club.join("bob", display_name="Bob")
    await club.join("eve", display_name="Eve")
    for number in range(3):
        await club.do("visit", ANN, source_id=f"secret-visit-{number}", subject="secret-place")
    for number in range(2):
        await club.do("march", ANN, source_id=f"secret-march-{number}")
    await club.services.goal_keeping.run_in(club.key)
    await club.do("like", ANN, source_id="secret-like", subject="post:1")
    await club.do("buy", ANN, source_id="secret-buy", amount=7, note="secret-note")
    spent = await club.do("buy", ANN, source_id="secret-taken-back", amount=500)
    services, gid = club.services, member_gid(club, ANN)
    graphql = GraphQL(services)
    ann = club.member_actor(ANN)
    on_ann = {"memberId": gid, "reason": "secret-reason"}
    await graphql.done(ann, "claimTask", {"task": "collector", "idempotencyKey": "1"})
    await graphql.done(ann, "spendPoints", {"unit": "points", "amount": 600, "idempotencyKey": "2"})
    await graphql.done(
        club.operator, "adjustPoints", {**on_ann, "unit": "gems", "amount": 3, "idempotencyKey": "3"}
    )
    for badge, level in (("champion", 2), ("faithful", None)):
        await graphql.done(
            club.moderator, "awardBadge", {**on_ann, "badge": badge, "level": level, "idempotencyKey": badge}
        )
    await graphql.done(
        club.moderator, "revokeBadge", {**on_ann, "badge": "faithful", "idempotencyKey": "secret-key"}
    )
    # Less is left than what is taken back, so that a limit shows; then there is enough again.
    left = await club.balance(ANN, "points")
    await club.services.points.spend(club.service, club.id_of(ANN), "points", left - 100, "rest", "rest")
    await club.reverse(spent, "secret-reversal")
    await club.services.points.adjust(club.operator, club.id_of(ANN), "points", 1000, "more", "more")
    await hold_something(club, ANN, "gems")
    refund: tuple[Any, ...] = (Decimal(1), [], "secret-refund", "secret-refund")
    await club.services.refunds.refund(club.service, SOURCE, "secret-buy", *refund)
    await graphql.done(
        club.moderator, "awardBadge", {**on_ann, "badge": "hidden", "idempotencyKey": "hidden"}
    )
    daily = {"checkIn": "daily", "idempotencyKey": "check-in"}
    await graphql.done(ann, "checkIn", daily)
    coming = (club.clock.now + timedelta(days=3)).date().isoformat()
    await graphql.done(ann, "pauseCheckIns", {"checkIn": "daily", "first": coming, "last": coming})
    await graphql.done(club.operator, "backfillBadge", {"badge": "newcomer", "idempotencyKey": "backfill"})
    await club.services.backfills.run()
    held = [encode_id("BadgeAward", award.id) for award in (await club.awards(ANN)).values()]
    await graphql.done(ann, "setShowcase", {"awards": held})
    await club.join("zoe", display_name="Zoe")
    await brought(club, ANN, "zoe")
    await club.do("buy", ANN, source_id="secret-qualifying", amount=1000)
    await club.join("cec", display_name="secret-banned")
    await brought(club, "cec", ANN)
    await brought(club, "zoe", "bob")
    await graphql.done(
        club.moderator,
        "reviewReferral",
        {
            "referralId": encode_id("Referral", referral_id(club.key, club.id_of("cec"))),
            "decision": "REJECT",
            "reason": "secret-reason",
            "idempotencyKey": "rejecting",
        },
    )
    await graphql.done(
        club.moderator,
        "setMemberStanding",
        {"memberId": member_gid(club, "cec"), "standing": "BANNED", "reason": "secret-standing"},
    )
    await drawn(club, ANN, 3)
    await rewarded(club, ANN)
    await shown(club, ANN)
    await asked(club, ANN, word="secret")
    await complained(club, ANN, word="secret")
    await wrote(club, ANN, word="secret")
    await wrote(club, "zoe")
    await gathered(club, ANN, "zoe", word="secret", campaign="grand")
    await liked(club, "zoe", ANN)
    await liked(club, ANN, "zoe")
    await kept(club, ANN, "zoe", word="secret")
    await recommended(club, ANN)
    await belongs(club, ANN)
    await questioned(club, ANN, by="zoe")
    await club.services.points.adjust(club.operator, club.id_of("zoe"), "points", 4, "more", "zoe")
    await questioned(club, "zoe", by=ANN)
    await polled(club, ANN, by="zoe")
    await polled(club, "zoe", by=ANN)
    await proposed(club, ANN, by="zoe")
    await proposed(club, "zoe", by=ANN)
    await contested(club, ANN, by="zoe", word="secret")
    await contested(club, "zoe", by=ANN)
    await screened(club, ANN, word="secret")
    await notified(club, ANN, word="secret")
    await hooked_up(club, ANN)
    await rehearsed(club)
    await partnered_up(club, ANN, "bob")
    await judged(club, ANN, "zoe", word="secret")
    zoes = Subject(SubjectKind.POST, decode_bytes_id(post_gid(club, "zoe"), "Post") or b"")
    await club.services.moderating.reporting.report(
        club.service, club.id_of(ANN), zoes, "spam", "secret-note"
    )
    await club.services.blocks.block(club.service, club.id_of(ANN), club.id_of("cec"))
    await followed(club)
    return club


async def followed(club: ProgrammeUnderTest) -> None:
    """Let all that follows at leisure have been done: totals, segments, campaigns, models."""
    for paused in (True, False):
        await club.services.campaigns.pause(club.operator, "grand", "a reason", paused=paused)
    await club.services.segments.put(club.operator, "insiders", [ANN], is_in=True)
    await club.services.rollups.rebuild_due(club.key)
    await club.services.totals.rebuild_due(club.key)
    await club.services.segment_keeping.sweep_due(club.key)
    await club.services.campaign_reaching.run_due(club.key)
    await club.catch_up()
    await club.services.values.fit_due(club.key)


async def built(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The world, made anew."""
    document = {
        **CLUB,
        "units": [{**unit, "expires_after": "P30D"} for unit in CLUB["units"]] + UNITS,
        "badges": [{**badge, **ADORNED} for badge in CLUB["badges"]] + [{"key": "hidden", "secret": True}],
        "collections": [{**one, "description": {"en": "A set"}} for one in CLUB["collections"]],
        "referrals": [
            {**one, "description": {"en": "An offer"}, "link": "https://club.example/join?c={code}"}
            for one in CLUB["referrals"]
        ],
        "check_ins": [{**one, "description": {"en": "A habit"}} for one in CLUB["check_ins"]],
        "counters": [*CLUB.get("counters", []), {"key": "visits", "on": ["visit"]}],
        "activity_types": [
            {**one, "spend": "amount"} if one["key"] == "buy" else one for one in CLUB["activity_types"]
        ],
        "campaigns": [*CLUB["campaigns"], GRAND],
        "ladders": LADDERS,
        "tasks": [
            {**task, "description": {"en": "A task"}, **TERMS.get(task["key"], {})} for task in CLUB["tasks"]
        ]
        + [{"key": "both", "measure": "tasks", "parts": ["regular", "collector"]}]
        + [{"key": "today", "goal": 1, "cycle": "daily"}],
        "task_pools": [
            {
                "key": "daily",
                "description": {"en": "One a day"},
                "tasks": ["today"],
                "picks": 1,
                "tier": {"ladder": "club", "least": "basic"},
            }
        ],
        "leaderboards": [
            *({**board, "description": {"en": "A board"}} for board in CLUB["leaderboards"]),
            {"key": "regular", "group": "member.locale", "teams": {}},
        ],
    }
    return await lived_in(await programme(document))


async def abroad(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Another programme with the same keys, and a member with the same external id, who has done nothing."""
    other = await programme(CLUB)
    await other.join(ANN, display_name="Another Ann")
    return other
