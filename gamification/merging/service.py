"""Merging one account of a person into another: all of it in one transaction.

The merged account keeps its external id, which finds the survivor from then on, and its ledger, which is emptied into the
survivor's. Whatever else it had is the survivor's: as it was where they had none, else both together, by one rule a kind.
"""

from datetime import timedelta
from typing import Any

import structlog

from gamification.activity.repository import ActivityRepository
from gamification.activity.rescoring import rescore
from gamification.activity.reversal import ReversalService, qualifying_cause
from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, DomainError, ErrorCode, InvalidInput, NotFound
from gamification.ledger.holds import HoldState
from gamification.lottery.model import RoundState
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.merging import referrals
from gamification.merging.audiences import move_audiences
from gamification.merging.awards import grounds_of_collections, move_awards, move_collections
from gamification.merging.boards import move_records
from gamification.merging.model import (
    DOCUMENTS_MAX,
    Merge,
    MergeBlock,
    MergeBlocked,
    MergeWarning,
    Preview,
    closed,
    merge_id,
    profile_blocks,
    united,
)
from gamification.merging.points import move_points
from gamification.merging.repository import MergeRepository
from gamification.merging.steps import NOTHING_MORE, TAKEN_BACK_MAX, Pair, Steps
from gamification.merging.tasks import grounds_of_tasks, move_progress, settle_tasks
from gamification.merging.tiers import take_tiers, unite_tiers
from gamification.partners.leaving import PartnerLeaving
from gamification.referrals.model import Qualifying, Referral, referral_id
from gamification.rewards.model import RedemptionStatus
from gamification.settlement.collecting import grounds_of
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from gamification.tiers.model import state_id
from storage.mongo import Contention

log = structlog.get_logger()
_BOUNDED = ("activities", "badge_awards", "task_progress", "board_records", "reward_redemptions", "transfers")
_ON_THEIR_WAY = [
    status.value
    for status in (RedemptionStatus.PENDING, RedemptionStatus.PROCESSING, RedemptionStatus.SHIPPED)
]
_SWEPT_AT_ONCE = 20
SWEPT_AFTER = timedelta(minutes=2)
"""Longer than a transaction can last that had found the account before it was merged."""


class _Rehearsed(Exception):
    """A merge was done, and is to be taken back with its transaction."""

    def __init__(self, merge: Merge) -> None:
        super().__init__()
        self.merge = merge


class MergeService:
    """`mergeMembers`, `mergePreview`: operators and services."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: MergeRepository,
        activities: ActivityRepository,
        reversal: ReversalService,
        more: Steps = NOTHING_MORE,
        leaving: PartnerLeaving | None = None,
    ) -> None:
        """`more`: what those who build upon this domain do."""
        self._settlement = settlement
        self._repository = repository
        self._activities = activities
        self._reversal = reversal
        self._more = more
        self._leaving = leaving

    async def merge(
        self, actor: Actor, from_id: bytes, into_id: bytes, reason: str, key: str
    ) -> tuple[Merge, bool]:
        """Merge one account into another; whether this was a replay. There is no way back.

        Raises: Forbidden, NotFound, InvalidInput (SAME_MEMBER), Conflict (ALREADY_MERGED), MergeBlocked,
        IdempotencyConflict.
        """
        actor.require(Permission.MEMBERS_MERGE)
        check_text(reason, "reason", 500)

        async def body(work: Unit) -> dict[str, Any]:
            merged, into = await self._pair(work, from_id, into_id)
            blocks = await self._blocks(work, merged, into)
            if blocks:
                raise MergeBlocked(blocks)
            return {"merge": (await self._merge(work, merged, into, _by(actor), reason)).id}

        result, replayed = await self._settlement.run_once(
            actor, key, "mergeMembers", {"input": [from_id, into_id, reason]}, body
        )
        found = await self._repository.find(actor.programme_id, result["merge"])
        assert found is not None  # noqa: S101 - it was stored with the key
        return found, replayed

    async def preview(self, actor: Actor, from_id: bytes, into_id: bytes) -> Preview:
        """What merging would do now: it is done, and taken back before anybody sees it. Where it can't be done, why.

        Raises: Forbidden, NotFound, InvalidInput (SAME_MEMBER), Conflict (ALREADY_MERGED).
        """
        actor.require(Permission.MEMBERS_MERGE)

        async def body(work: Unit) -> tuple[MergeBlock, ...]:
            merged, into = await self._pair(work, from_id, into_id)
            blocks = await self._blocks(work, merged, into)
            if blocks:
                return tuple(blocks)
            raise _Rehearsed(await self._merge(work, merged, into, _by(actor), None))

        try:
            return Preview(None, await self._settlement.run(actor.programme_id, body))
        except _Rehearsed as done:
            return Preview(done.merge, ())
        except MergeBlocked as found:
            return Preview(None, found.blocks)

    async def of(self, actor: Actor, member: Member) -> list[Merge]:
        """What was merged into a member, in order. Raises: Forbidden."""
        actor.require(Permission.MEMBERS_READ_PRIVATE)
        return await self._repository.into(actor.programme_id, member.id)

    async def sweep(self) -> int:
        """Give survivors the activity that was in the middle of being recorded, and what was in the middle of being written, as
        their accounts were merged; how many merges are swept up after."""
        merges = await self._repository.to_sweep(_SWEPT_AT_ONCE)
        done = 0
        for merge in merges:

            async def body(work: Unit, merge: Merge = merge) -> bool:
                if work.space.now - merge.at < SWEPT_AFTER:
                    return False
                members = await work.stores.members.by_ids(merge.programme_id, [merge.from_id], work.tx)
                merged = members[merge.from_id]
                if merged.merged_into is not None:
                    await self._repository.activities(merge.from_id, merged.merged_into, work.tx)
                    work.followup.moved[merge.from_id] = merged.merged_into
                    await self._sweep_more(work, merged, merged.merged_into)
                await self._repository.swept(merge, work.tx)
                return True

            try:
                done += await self._settlement.run(merge.programme_id, body)
            except (Contention, DomainError) as error:
                log.warning("merge.put_off", programme=merge.programme_id, error=str(error))
        return done

    async def _sweep_more(self, work: Unit, merged: Member, heir: bytes) -> None:
        found = await work.stores.members.by_ids(merged.programme_id, [heir], work.tx)
        # Who is erased meanwhile is so with all accounts that were merged into theirs.
        if not found[heir].is_gone:
            pair = Pair(work, merged, found[heir], self._reversal, self._activities, None)
            await self._more.run(pair)

    # -- whether

    async def _pair(self, work: Unit, from_id: bytes, into_id: bytes) -> tuple[Member, Member]:
        if from_id == into_id:
            raise InvalidInput("These are one member already.", code=ErrorCode.SAME_MEMBER, path=["into"])
        programme_id = work.space.catalogue.programme_id
        found = await work.stores.members.by_ids(programme_id, [from_id, into_id], work.tx)
        for member_id, name in ((from_id, "from"), (into_id, "into")):
            member = found.get(member_id)
            if member is None or member.erased_at is not None:
                raise NotFound("There is no such member.", path=[name])
            if member.merged_into is not None:
                raise Conflict(
                    "This account was merged into another.", code=ErrorCode.ALREADY_MERGED, path=[name]
                )
        return found[from_id], found[into_id]

    async def _blocks(self, work: Unit, merged: Member, into: Member) -> list[MergeBlock]:
        """What must be settled first."""
        blocks = profile_blocks(into, merged)
        stored, tx, mine = self._repository, work.tx, {"member_id": merged.id}
        found = {
            MergeBlock.OPEN_HOLDS: ("holds", {"state": HoldState.OPEN.value}),
            MergeBlock.RESERVATIONS: ("flash_reservations", {"state": "reserved"}),
            MergeBlock.SUBMISSIONS: ("task_submissions", {"state": "pending"}),
            MergeBlock.GOALS: ("goal_contributions", {}),
        }
        for block, (collection, query) in found.items():
            if await stored.exists(collection, {**mine, **query}, tx):
                blocks.append(block)
        keys = [check_in.key for check_in in work.space.catalogue.document.check_ins]
        if keys:
            theirs = await stored.check_ins(into.programme_id, merged.id, keys, tx)
            if theirs & await stored.check_ins(into.programme_id, into.id, keys, tx):
                blocks.append(MergeBlock.CHECK_INS)
        bounded = [*((name, "member_id") for name in _BOUNDED), *self._more.bounded]
        if await stored.most(merged.id, bounded, tx) > DOCUMENTS_MAX:
            blocks.append(MergeBlock.TOO_MUCH)
        return blocks

    async def _warnings(self, work: Unit, merged: Member) -> list[MergeWarning]:
        stored, tx, warnings = self._repository, work.tx, []
        orders = {"member_id": merged.id, "status": {"$in": _ON_THEIR_WAY}}
        if await stored.exists("reward_redemptions", orders, tx):
            warnings.append(MergeWarning.OPEN_ORDERS)
        entries = await stored.rows("draw_entrants", {"member_id": merged.id}, tx)
        if entries:
            rounds = {"_id": {"$in": [row["round_id"] for row in entries]}}
            undrawn = {"state": {"$nin": [RoundState.DRAWN.value, RoundState.REVEALED.value]}}
            if await stored.exists("draw_rounds", {**rounds, **undrawn}, tx):
                warnings.append(MergeWarning.DRAW_ENTRIES)
        return warnings

    # -- how

    async def _merge(self, work: Unit, merged: Member, into: Member, by: str, reason: str | None) -> Merge:
        space, stored, programme_id = work.space, self._repository, into.programme_id
        cause = Cause(actor=by, reason=reason, programme_version=space.catalogue.version)
        pair = Pair(work, merged, into, self._reversal, self._activities, TAKEN_BACK_MAX)
        more = await self._more.run(pair)
        space.begin(await work.next_sequence())
        sequence = space.sequence
        warnings = await self._warnings(work, merged)
        winner, losers = await referrals.judge(work, merged, into)
        warnings += [why for _, why in losers]
        await referrals.reject(work, self._activities, losers, cause)

        # What is moved is told to nobody, one by one; what follows from it is.
        space.silent = True
        heir = united(into, merged)
        await work.stores.members.replace(closed(merged, into.id), work.tx)
        await work.stores.members.replace(heir, work.tx)
        heir = await move_audiences(work, stored, merged, heir)
        await stored.inherit(merged.id, into.id, work.tx)
        space.touched |= {merged.id, into.id}
        work.followup.moved[merged.id] = into.id
        counts = {**more, "activities": await stored.activities(merged.id, into.id, work.tx)}
        check_ins = [check_in.key for check_in in space.catalogue.document.check_ins]
        days = await stored.check_in_days(merged.id, into.id, work.tx) if check_ins else {}
        renamed = {
            **{f"check-in:{old.hex()}": f"check-in:{new.hex()}" for old, new in days.items()},
            **await grounds_of_tasks(work, stored, merged, heir),
            **await grounds_of_collections(work, merged, heir, grounds_of),
            **await referrals.grounds_of_referrals(work, merged, heir),
        }
        awards = await move_awards(work, stored, merged, heir, renamed)
        await move_collections(work, stored, merged, heir, awards)
        tasks, progress = await move_progress(work, stored, merged, heir)
        counts |= {"awards": len(awards), "tasks": len(tasks)}
        moved = {
            **awards,
            **progress,
            **days,
            **await stored.standings(programme_id, merged.id, into.id, check_ins, work.tx),
        }
        counts["referrals"] = await referrals.move_referrals(
            work, stored, merged, heir, winner, losers, awards
        )
        counts["records"], both_final = await move_records(work, merged, heir, awards)
        if both_final:
            warnings.append(MergeWarning.BOTH_ON_CLOSED_BOARDS)
        counts |= await self._move_the_rest(work, merged, heir, renamed, awards)
        await stored.move_check_ins(programme_id, merged.id, into.id, check_ins, days, awards, work.tx)
        theirs = await take_tiers(work, stored, merged)
        moved |= {state.id: state_id(programme_id, ladder, into.id) for ladder, state in theirs.items()}
        if winner is not None and winner.referee_id == merged.id:
            moved[winner.id] = referral_id(programme_id, into.id)
        await work.stores.members.moved.add(programme_id, moved, work.tx)
        space.silent = False
        points = await move_points(work, stored, merged, heir, cause)
        await work.flush()

        # Now both are one, and whatever that means follows as it would from what a member does.
        tiers = await unite_tiers(work, heir, theirs, cause)
        completed = await settle_tasks(work, heir, tasks, cause)
        await referrals.requalify(work, heir, winner, await self._qualifying(work, heir, winner))
        await work.flush()
        await rescore(work, self._activities, {heir.id: heir})
        merge = Merge(
            id=merge_id(programme_id, merged.id),
            programme_id=programme_id,
            from_id=merged.id,
            into_id=into.id,
            by=by,
            reason=reason,
            at=space.now,
            sequence=sequence,
            points=tuple(points),
            counts=counts,
            warnings=tuple(dict.fromkeys(warnings)),
            completed=completed,
            tiers=tiers,
        )
        await stored.add(merge, work.tx)
        space.tell(into.id, FeedKind.ACCOUNT_MERGED, {"merge": merge.id, "from": merged.id})
        return merge

    async def _move_the_rest(
        self, work: Unit, merged: Member, into: Member, renamed: dict[str, str], awards: dict[bytes, bytes]
    ) -> dict[str, int]:
        """What nothing is derived from but lists and caps."""
        stored, tx = self._repository, work.tx
        await stored.regrounded(merged.id, renamed, tx)
        await stored.tallies(into.programme_id, merged.id, into.id, tx)
        counts = {"redemptions": await stored.reassign("reward_redemptions", merged.id, into.id, tx)}
        await stored.reassign("reward_coupons", merged.id, into.id, tx)
        await stored.reassign("task_submissions", merged.id, into.id, tx)
        counts["wishes"] = await stored.wishes(merged.id, into.id, tx)
        counts["follows"] = await stored.follows(into.programme_id, merged.id, into.id, tx)
        if self._leaving is not None:
            await self._leaving.merge(into.programme_id, merged.id, into.id, tx)
        await stored.showcase(merged.id, into.id, awards, tx)
        signals = await work.stores.referrals.signals([merged.id], tx)
        await work.stores.referrals.note_signals(into.programme_id, into.id, signals.get(merged.id, {}), tx)
        await stored.delete("member_signals", [merged.id], tx)
        return counts

    async def _qualifying(self, work: Unit, into: Member, winner: Referral | None) -> list[Qualifying]:
        if winner is None:
            return []
        standing = await self._activities.qualifying(into.id, winner.offer, work.tx)
        return [
            Qualifying(winner.id, winner.offer, one.occurred_at, qualifying_cause(one, winner.offer))
            for one in standing
        ]


def _by(actor: Actor) -> str:
    return f"{actor.role}:{actor.subject}"
