"""Campaigns that partners run together: taking part in one's is recorded at the other's, for members who agreed to it in both accounts.

Once for each time a campaign is on, member and agreement, whatever is followed twice: by the id of the activity at its source. What
was recorded so, and what segments and campaigns record by themselves, is not passed on: nothing goes round.
"""

from collections import defaultdict
from collections.abc import Sequence

import structlog

from gamification.activity.daily import PLATFORM_SOURCES
from gamification.activity.model import Activity, NewActivity
from gamification.activity.recording import RecordingService
from gamification.activity.repository import ActivityRepository
from gamification.kit.actors import system_actor
from gamification.kit.identifiers import derived_id
from gamification.partners.model import SOURCE, Agreement, AgreementState, Joint, Link
from gamification.partners.repository import PartnerRepository
from gamification.settlement.followup import Fate, followup_of
from gamification.settlement.unit import Stores
from storage.backlog import Chore

log = structlog.get_logger()
CONSUMER = "partners"


class PartnerFollowing:
    """The consumer that passes participation on."""

    def __init__(
        self,
        stores: Stores,
        activities: ActivityRepository,
        recording: RecordingService,
        repository: PartnerRepository,
    ) -> None:
        self._stores = stores
        self._activities = activities
        self._recording = recording
        self._repository = repository

    async def handle(self, chores: Sequence[Chore]) -> None:
        """Follow what these transactions did, programme by programme."""
        by_programme: dict[str, list[bytes]] = defaultdict(list)
        for chore in chores:
            done = followup_of(chore.body).activities
            by_programme[chore.programme_id] += [one.activity_id for one in done if one.fate is Fate.RECORDED]
        for programme_id, ids in by_programme.items():
            if ids:
                await self._follow(programme_id, ids)

    async def _follow(self, programme_id: str, ids: Sequence[bytes]) -> None:
        joint = [
            (agreement, one)
            for agreement in await self._repository.all_of(programme_id)
            if agreement.state is AgreementState.ACTIVE and agreement.terms is not None
            for one in agreement.terms.joint
            if one.source is agreement.side(programme_id)
        ]
        if not joint:
            return
        for activity in (await self._activities.by_ids(programme_id, list(ids))).values():
            if activity.source in PLATFORM_SOURCES or activity.reversal is not None:
                continue
            for agreement, one in joint:
                for time in {
                    found.occurrence for found in activity.campaigns if found.campaign == one.campaign
                }:
                    await self._pass_on(agreement, one, activity, time)

    async def _pass_on(self, agreement: Agreement, joint: Joint, activity: Activity, time: str) -> None:
        partner = agreement.programme(joint.source.other)
        half = await self._repository.link(agreement.id, activity.programme_id, activity.member_id)
        twin = await self._repository.twin(half, partner) if half is not None else None
        # What they did before they agreed to it is not passed on.
        if (
            half is None
            or twin is None
            or not (half.shares and twin.shares)
            or activity.occurred_at < half.since
        ):
            return
        await self._record(agreement, joint, twin, activity, time)

    async def _record(
        self, agreement: Agreement, joint: Joint, twin: Link, activity: Activity, time: str
    ) -> None:
        members = await self._stores.members.by_ids(twin.programme_id, [twin.member_id])
        member = members.get(twin.member_id)
        if member is None or member.is_gone:
            return
        once = derived_id("partner-joint", agreement.id, joint.source.value, joint.campaign, time, member.id)
        stated = NewActivity(
            joint.activity, SOURCE, once.hex(), member.external_id, activity.occurred_at, None, {}
        )
        (outcome,) = await self._recording.record(system_actor(twin.programme_id), [stated])
        if outcome.error is not None:
            log.info(
                "partners.not_recorded",
                programme=twin.programme_id,
                agreement=agreement.id.hex(),
                code=outcome.error.code.value,
            )
