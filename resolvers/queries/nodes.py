"""`node` and `nodes`: any object again by its global id."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from gamification.kit.actors import Permission
from gamification.kit.errors import LimitExceeded
from gamification.programmes.definitions import Status
from resolvers.context import Info
from resolvers.queries.campaigns import campaign_of
from resolvers.queries.programme import load_programme
from resolvers.relay import PAGE_SIZE_MAX, Node, decode_id
from resolvers.types.activity import load_activity
from resolvers.types.badges import build_badge, load_award
from resolvers.types.campaigns import build_campaign
from resolvers.types.check_ins import build_check_in
from resolvers.types.collections import build_collection
from resolvers.types.comments import load_comment
from resolvers.types.complaints import build_category, load_complaint
from resolvers.types.contests import build_contest, contests_of
from resolvers.types.draw_results import load_participation, load_play, load_win
from resolvers.types.draws import build_draw, load_round
from resolvers.types.flash_sales import build_sale, load_reservation
from resolvers.types.gatherings import load_gathering
from resolvers.types.goals import build_goal, load_contribution
from resolvers.types.holds import load_hold
from resolvers.types.leaderboards import build_board
from resolvers.types.ledger import build_unit, load_transfer
from resolvers.types.members import Member
from resolvers.types.moderation import load_case
from resolvers.types.notification_settings import load_notification_delivery
from resolvers.types.notifications import load_notification
from resolvers.types.partners import load_agreement
from resolvers.types.posts import load_post
from resolvers.types.questions import load_bounty
from resolvers.types.redemptions import load_redemption
from resolvers.types.referrals import build_offer, load_referral
from resolvers.types.rehearsals import load_rehearsal
from resolvers.types.rewards import build_reward
from resolvers.types.sanctions import load_sanction, load_statement
from resolvers.types.screening import load_screening
from resolvers.types.segments import build_segment
from resolvers.types.spaces import space_of
from resolvers.types.surveys import build_survey, load_response
from resolvers.types.task_evidence import load_submission
from resolvers.types.tasks import build_task, load_progress
from resolvers.types.tiers import build_ladder, load_change
from resolvers.types.webhooks import load_delivery, load_endpoint, load_event


async def _member(info: Info, raw: bytes) -> Node | None:
    found = await info.context.loaders.members.load(raw)
    return Member.of(found) if found else None


async def _leaderboard(info: Info, key: str) -> Node | None:
    found = await info.context.services.leaderboards.board(
        info.context.caller, key, await info.context.catalogue()
    )
    return await build_board(info, found) if found else None


async def _task(info: Info, key: str) -> Node | None:
    found = await info.context.services.tasks.task(info.context.caller, key)
    return await build_task(info, found) if found else None


async def _goal(info: Info, key: str) -> Node | None:
    found = await info.context.services.goals.goal(info.context.caller, key)
    return await build_goal(info, found) if found else None


async def _badge(info: Info, key: str) -> Node | None:
    hidden = await info.context.hidden_badges()
    found = await info.context.services.badges.badge(info.context.caller, key, hidden)
    return await build_badge(info, found) if found else None


async def _referral_offer(info: Info, key: str) -> Node | None:
    found = await info.context.services.referrals.offer(info.context.caller, key)
    return await build_offer(info, found) if found else None


async def _collection(info: Info, key: str) -> Node | None:
    found = await info.context.services.badges.collection(info.context.caller, key)
    return await build_collection(info, found) if found else None


async def _check_in(info: Info, key: str) -> Node | None:
    found = await info.context.services.check_in_readings.check_in(info.context.caller, key)
    return await build_check_in(info, found) if found else None


async def _reward(info: Info, key: str) -> Node | None:
    found = await info.context.services.rewards.reward(info.context.caller, key)
    return await build_reward(info, found) if found else None


async def _flash_sale(info: Info, key: str) -> Node | None:
    found = await info.context.services.flash_sales.sale(info.context.caller, key)
    return await build_sale(info, found) if found else None


async def _unit(info: Info, key: str) -> Node | None:
    found = (await info.context.catalogue()).units.get(key)
    if found is None or (
        found.status is Status.DRAFT and not info.context.caller.can(Permission.PROGRAMME_READ_DRAFTS)
    ):
        return None
    return await build_unit(info, found)


async def _ladder(info: Info, key: str) -> Node | None:
    ladders = await info.context.services.tiers.ladders(info.context.caller)
    found = next((ladder for ladder in ladders if ladder.key == key), None)
    return await build_ladder(info, found) if found else None


async def _programme(info: Info, key: str) -> Node | None:
    return await load_programme(info) if key == info.context.caller.programme_id else None


async def _draw(info: Info, key: str) -> Node | None:
    found = await info.context.services.lottery.draw(info.context.caller, key)
    return await build_draw(info, found) if found else None


async def _contest(info: Info, key: str) -> Node | None:
    found = (await contests_of(info)).get(key)
    return await build_contest(info, found) if found else None


async def _space(info: Info, key: str) -> Node | None:
    return await space_of(info, await info.context.viewer(), key)


async def _complaint_category(info: Info, key: str) -> Node | None:
    stated = await info.context.services.complaint_reading.categories(info.context.caller)
    found = next((one for one in stated if one.key == key), None)
    return await build_category(info, found) if found else None


async def _survey(info: Info, key: str) -> Node | None:
    found = await info.context.services.survey_reading.survey(info.context.caller, key)
    return await build_survey(info, found) if found else None


async def _segment(info: Info, key: str) -> Node | None:
    if not info.context.caller.can(Permission.SEGMENTS_READ):
        return None
    found = await info.context.services.segments.segment(info.context.caller, key)
    return await build_segment(info, found) if found else None


async def _campaign(info: Info, key: str) -> Node | None:
    found = await campaign_of(info, key)
    return await build_campaign(info, found) if found else None


_BY_BYTES: dict[str, Callable[[Info, bytes], Awaitable[Node | None]]] = {
    "Member": _member,
    "Activity": load_activity,
    "Transfer": load_transfer,
    "Hold": load_hold,
    "TaskProgress": load_progress,
    "GoalContribution": load_contribution,
    "TaskSubmission": load_submission,
    "BadgeAward": load_award,
    "DrawRound": load_round,
    "DrawPlay": load_play,
    "DrawParticipation": load_participation,
    "DrawWin": load_win,
    "Redemption": load_redemption,
    "Reservation": load_reservation,
    "Referral": load_referral,
    "Rehearsal": load_rehearsal,
    "PartnerAgreement": load_agreement,
    "TierChange": load_change,
    "Post": load_post,
    "ModerationCase": load_case,
    "ModerationStatement": load_statement,
    "Sanction": load_sanction,
    "Screening": load_screening,
    "Comment": load_comment,
    "Gathering": load_gathering,
    "SurveyResponse": load_response,
    "Complaint": load_complaint,
    "Notification": load_notification,
    "NotificationDelivery": load_notification_delivery,
    "Bounty": load_bounty,
    "WebhookEndpoint": load_endpoint,
    "WebhookDelivery": load_delivery,
    "WebhookEvent": load_event,
}
_BY_KEY: dict[str, Callable[[Info, str], Awaitable[Node | None]]] = {
    "Leaderboard": _leaderboard,
    "Task": _task,
    "Goal": _goal,
    "Badge": _badge,
    "Collection": _collection,
    "Reward": _reward,
    "FlashSale": _flash_sale,
    "ReferralOffer": _referral_offer,
    "CheckIn": _check_in,
    "Draw": _draw,
    "Unit": _unit,
    "TierLadder": _ladder,
    "Space": _space,
    "Contest": _contest,
    "Survey": _survey,
    "ComplaintCategory": _complaint_category,
    "Segment": _segment,
    "Campaign": _campaign,
    "Programme": _programme,
}
"""Who fetches a type's objects, for this caller. What is missing and what is invisible are both null."""


async def fetch_node(info: Info, global_id: str) -> Node | None:
    """The object of that id as this caller may see it."""
    decoded = decode_id(global_id)
    if decoded is None:
        return None
    type_name, raw = decoded
    if type_name in _BY_KEY:
        return await _BY_KEY[type_name](info, raw)
    if type_name not in _BY_BYTES:
        return None
    try:
        found = bytes.fromhex(raw)
    except ValueError:
        return None
    return await _BY_BYTES[type_name](info, found)


@strawberry.type
class NodeQueries:
    @strawberry.field(description="An object by its global id; null where it is missing or not visible.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> Node | None:
        _ = info.context.caller
        return await fetch_node(info, id)

    @strawberry.field(description="Objects by their global ids, in order; null where missing or not visible.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100.")],
    ) -> list[Node | None]:
        _ = info.context.caller
        if len(ids) > PAGE_SIZE_MAX:
            raise LimitExceeded(f"At most {PAGE_SIZE_MAX} ids are taken.", path=["ids"], limit=PAGE_SIZE_MAX)
        return list(await asyncio.gather(*(fetch_node(info, found) for found in ids)))
