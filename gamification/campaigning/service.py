"""Reading campaigns, and what staff decide on them."""

from collections.abc import Callable
from datetime import datetime

from gamification.campaigning.model import CampaignMember
from gamification.campaigning.report import Figures, figures_of
from gamification.campaigning.repository import CampaignMemberRepository
from gamification.campaigns.approval import digest_of, is_cleared, needs_approval, state_of
from gamification.campaigns.joining import NO_VARIANT, is_for, is_for_everyone, own_of, variant_of
from gamification.campaigns.model import CampaignAct, CampaignRun, CampaignState, Step, new_run
from gamification.campaigns.repository import CampaignRunRepository
from gamification.campaigns.schedule import Occurrence, next_occurrence, occurrence_at
from gamification.experiments.assignment import HOLDOUT
from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import Conflict, Forbidden, NotFound
from gamification.kit.records import evolve, record
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.members.service import may_see_private
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Campaign
from gamification.programmes.service import ProgrammeService
from storage.mongo import Mongo, Tx
from storage.paging import Page, Window

REASON_MAX = 500
_OVER = (CampaignState.ENDED, CampaignState.SETTLED)


@record(frozen=True, slots=True)
class CampaignView:
    """A campaign with what is decided on it, as of now. `digest`: what an approval would be of."""

    definition: Campaign
    run: CampaignRun
    state: CampaignState
    needs_approval: bool
    is_cleared: bool
    digest: str


class CampaignService:
    """Campaigns that take effect are there for whom they are for; all of them for operators and services."""

    def __init__(
        self,
        mongo: Mongo,
        programmes: ProgrammeService,
        runs: CampaignRunRepository,
        members: CampaignMemberRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._programmes = programmes
        self._runs = runs
        self._members = members
        self._now = now

    async def views(self, actor: Actor, viewer: Member | None) -> list[CampaignView]:
        """Every campaign that is there for the caller, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        runs = await self._runs.of(actor.programme_id, catalogue.campaigns)
        found = [self._view(catalogue, one, runs.get(one.key)) for one in catalogue.document.campaigns]
        return [one for one in found if self._is_there(catalogue, actor, viewer, one)]

    async def view(self, actor: Actor, viewer: Member | None, key: str) -> CampaignView | None:
        """One by its key; None where it is not there for the caller."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        stated = catalogue.campaigns.get(key)
        if stated is None:
            return None
        runs = await self._runs.of(actor.programme_id, [key])
        found = self._view(catalogue, stated, runs.get(key))
        return found if self._is_there(catalogue, actor, viewer, found) else None

    async def figures(self, actor: Actor, view: CampaignView, occurrence: str | None) -> Figures:
        """What it brought and cost, of one time or in all. Raises: Forbidden."""
        actor.require(Permission.CAMPAIGNS_READ)
        key = view.definition.key
        arms = await self._members.totals(actor.programme_id, key, occurrence)
        # Who ends a campaign early has looked at it: then its effects are only as sure as at any look.
        is_final = view.state is CampaignState.SETTLED and view.run.ended_at is None
        return figures_of(view.definition, arms, is_final=is_final)

    async def of_member(self, actor: Actor, member: Member, window: Window) -> Page[CampaignMember]:
        """The campaigns that a member was noted in, the latest first; empty for those who may not read them."""
        if not actor.can(Permission.CAMPAIGNS_READ):
            return Page([], [], has_next=False, has_previous=False)
        return await self._members.of_member(actor.programme_id, member.id, window)

    async def on_for(self, actor: Actor, member: Member) -> list[Campaign]:
        """The campaigns that are on for a member now, in file order; those that keep them out are not. Empty for those who may
        not read it."""
        if not may_see_private(actor, member):
            return []
        found = await self.views(actor, member)
        now, zone = self._now(), (await self._programmes.catalogue(actor.programme_id)).settings.time_zone
        return [
            one.definition
            for one in found
            if one.state is CampaignState.LIVE
            and self._is_open_to(actor.programme_id, one.definition, member)
            and occurrence_at(one.definition.schedule, now, zone, own_of(member)) is not None
        ]

    @staticmethod
    def variant(actor: Actor, view: CampaignView, viewer: Member | None) -> str | None:
        """The variant of its experiment by which the member who asks is treated; None where there is none, and for others."""
        if viewer is None:
            return None
        found = variant_of(actor.programme_id, view.definition, viewer.id)
        return found if found not in (NO_VARIANT, HOLDOUT) else None

    async def next_time(self, actor: Actor, view: CampaignView, viewer: Member | None) -> Occurrence | None:
        """The time that a campaign is on, else the next one; None where it is over, or goes by members and nobody asks."""
        if view.state in _OVER:
            return None
        zone = (await self._programmes.catalogue(actor.programme_id)).settings.time_zone
        own = own_of(viewer) if viewer is not None else None
        return next_occurrence(view.definition.schedule, self._now(), zone, own)

    # -- deciding

    async def submit(self, actor: Actor, key: str) -> CampaignView:
        """Ask for somebody's approval of the campaign as it is now. Raises: Forbidden, NotFound, Conflict."""
        actor.require(Permission.CAMPAIGNS_MANAGE)

        def step(view: CampaignView) -> CampaignRun:
            self._refuse(view, view.state not in (CampaignState.DRAFT, CampaignState.REVIEW))
            run = evolve(view.run, submitted=view.digest, submitted_by=_by(actor))
            return self._stepped(run, actor, CampaignAct.SUBMITTED, None, view.digest)

        return await self._decide(actor, key, step)

    async def approve(self, actor: Actor, key: str, digest: str, reason: str | None) -> CampaignView:
        """Approve of the campaign as it was read. Nobody approves of what they submitted. Raises: Forbidden, NotFound,
        Conflict where it is another by now, or was not submitted."""
        actor.require(Permission.CAMPAIGNS_APPROVE)
        _check_reason(reason)

        def step(view: CampaignView) -> CampaignRun:
            self._refuse(view, view.run.submitted is None or view.state in _OVER)
            if view.digest != digest or view.run.submitted != digest:
                raise Conflict("The campaign was changed since; read it again.", path=["digest"])
            if view.run.submitted_by == _by(actor):
                raise Forbidden("Nobody approves of what they submitted themselves.")
            run = evolve(view.run, approved=digest, approved_by=_by(actor))
            return self._stepped(run, actor, CampaignAct.APPROVED, reason, digest)

        return await self._decide(actor, key, step)

    async def reject(self, actor: Actor, key: str, reason: str) -> CampaignView:
        """Send it back. Raises: Forbidden, NotFound, Conflict where it waits for nobody."""
        actor.require(Permission.CAMPAIGNS_APPROVE)
        _check_reason(reason)

        def step(view: CampaignView) -> CampaignRun:
            self._refuse(view, view.state is not CampaignState.REVIEW)
            run = evolve(view.run, submitted=None, submitted_by=None, approved=None, approved_by=None)
            return self._stepped(run, actor, CampaignAct.REJECTED, reason, view.digest)

        return await self._decide(actor, key, step)

    async def pause(self, actor: Actor, key: str, reason: str | None, *, paused: bool) -> CampaignView:
        """Keep it from taking effect, or let it again; again is the same as once. Raises: Forbidden, NotFound, Conflict."""
        actor.require(Permission.CAMPAIGNS_MANAGE)
        _check_reason(reason)

        def step(view: CampaignView) -> CampaignRun:
            self._refuse(view, view.state in (*_OVER, CampaignState.DRAFT, CampaignState.REVIEW))
            if view.run.paused == paused:
                return view.run
            act = CampaignAct.PAUSED if paused else CampaignAct.RESUMED
            return self._stepped(evolve(view.run, paused=paused), actor, act, reason)

        return await self._decide(actor, key, step)

    async def end(self, actor: Actor, key: str, reason: str | None) -> CampaignView:
        """End it before its time, for good; again is the same as once. Raises: Forbidden, NotFound, Conflict."""
        actor.require(Permission.CAMPAIGNS_MANAGE)
        _check_reason(reason)

        def step(view: CampaignView) -> CampaignRun:
            if view.run.ended_at is not None:
                return view.run
            self._refuse(view, view.state in (*_OVER, CampaignState.DRAFT, CampaignState.REVIEW))
            run = evolve(view.run, ended_at=self._now())
            return self._stepped(run, actor, CampaignAct.ENDED, reason)

        return await self._decide(actor, key, step)

    async def _decide(
        self, actor: Actor, key: str, step: Callable[[CampaignView], CampaignRun]
    ) -> CampaignView:
        async def body(tx: Tx) -> CampaignView:
            catalogue = await self._programmes.catalogue(actor.programme_id, tx=tx)
            campaign = catalogue.campaigns.get(key)
            if campaign is None:
                raise NotFound(f"There is no campaign {key[:100]!r}.", path=["campaign"])
            stored = await self._runs.of(actor.programme_id, [key], tx)
            before = self._view(catalogue, campaign, stored.get(key))
            after = step(before)
            if after != before.run:
                await self._runs.save(evolve(after, version=before.run.version + 1), tx)
            return self._view(catalogue, campaign, after)

        return await self._mongo.transaction(body)

    def _stepped(
        self,
        run: CampaignRun,
        actor: Actor,
        act: CampaignAct,
        reason: str | None,
        digest: str | None = None,
    ) -> CampaignRun:
        return evolve(run, steps=(*run.steps, Step(act, _by(actor), self._now(), reason, digest)))

    def _view(self, catalogue: Catalogue, campaign: Campaign, run: CampaignRun | None) -> CampaignView:
        known = run or new_run(catalogue.programme_id, campaign.key)
        return CampaignView(
            campaign,
            known,
            state_of(catalogue, campaign, known, self._now()),
            needs_approval(catalogue, campaign),
            is_cleared(catalogue, campaign, known),
            digest_of(catalogue, campaign),
        )

    def _is_there(
        self, catalogue: Catalogue, actor: Actor, viewer: Member | None, view: CampaignView
    ) -> bool:
        """Operators and services see all of them; members those that take effect or did, of whose audience they are; moderators
        those that are for everyone."""
        if actor.can(Permission.CAMPAIGNS_READ):
            return True
        campaign = view.definition
        told = campaign.schedule.starts_at <= self._now() or campaign.warm_up_days > 0
        shown = published(campaign) and view.is_cleared and told
        if viewer is None:
            return shown and actor.role is Role.MODERATOR and is_for_everyone(campaign.audience)
        return shown and self._is_open_to(catalogue.programme_id, campaign, viewer)

    @staticmethod
    def _is_open_to(programme_id: str, campaign: Campaign, member: Member) -> bool:
        return is_for(campaign.audience, member) and variant_of(programme_id, campaign, member.id) != HOLDOUT

    @staticmethod
    def _refuse(view: CampaignView, is_wrong: bool) -> None:  # noqa: FBT001 - what it is told is a finding
        if is_wrong:
            raise Conflict(f"The campaign is in the state {view.state.value}.", path=["campaign"])


def _by(actor: Actor) -> str:
    return f"{actor.role}:{actor.subject}"


def _check_reason(reason: str | None) -> None:
    if reason is not None:
        check_text(reason, "reason", REASON_MAX)
