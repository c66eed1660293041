"""Awarding and revoking badges by hand."""

from typing import Any

from gamification.badges.awarding import Outcome, bar, occurrence_for
from gamification.badges.model import BY_HAND, BadgeAward, award_id
from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput, NotFound
from gamification.members.profile import check_text
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Repeat
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

_REASON_LENGTH_MAX = 500
_OCCURRENCE_LENGTH_MAX = 200


class HonourService:
    """`awardBadge`, `revokeBadge`: staff and services; both state a reason that the member can read."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def award(
        self,
        actor: Actor,
        member_id: bytes,
        badge_key: str,
        occurrence: str | None,
        level: int,
        reason: str,
        key: str,
    ) -> tuple[BadgeAward, bool]:
        """Award a badge; where it is held already, the award gets this ground too.

        Raises: NotFound, InvalidInput, IdempotencyConflict, Conflict (EDITION_EXHAUSTED).
        """
        actor.require(Permission.BADGES_AWARD)
        check_text(reason, "reason", _REASON_LENGTH_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            catalogue = work.space.catalogue
            badge = catalogue.badges.get(badge_key)
            if badge is None or not published(badge):
                raise NotFound(f"There is no badge {badge_key!r}.", path=["badge"])
            if (badge.repeat is Repeat.PER_KEY) != (occurrence is not None):
                raise InvalidInput(
                    "State an occurrence exactly for a badge that repeats per key.", path=["occurrence"]
                )
            if occurrence is not None:
                check_text(occurrence, "occurrence", _OCCURRENCE_LENGTH_MAX)
            if level and level not in {known.level for known in badge.levels}:
                raise InvalidInput(f"The badge has no level {level}.", path=["level"])
            member = await self._settlement.member(actor, member_id, work.tx)
            finder = NeedsFinder(catalogue)
            finder.add_award(member, badge_key, occurrence or "")
            await work.load(finder.needs)
            work.space.begin(await work.next_sequence())
            awarded, _ = work.space.award(
                member, badge_key, occurrence or "", BY_HAND, level, _by(actor, work, reason), work.space.now
            )
            if awarded.missed:
                raise Conflict(
                    f"All {badge.limit} of this edition were given.",
                    code=ErrorCode.EDITION_EXHAUSTED,
                    path=["badge"],
                    limit=badge.limit,
                )
            return {"award": awarded.id}

        payload = {"award": [member_id, badge_key, occurrence, level, reason]}
        return await self._once(actor, key, "awardBadge", payload, body)

    async def revoke(
        self, actor: Actor, member_id: bytes, badge_key: str, occurrence: str | None, reason: str, key: str
    ) -> tuple[BadgeAward, bool]:
        """Revoke an award; no rule awards it again, a person may. Raises: NotFound, IdempotencyConflict."""
        actor.require(Permission.BADGES_REVOKE)
        check_text(reason, "reason", _REASON_LENGTH_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            catalogue = work.space.catalogue
            badge = catalogue.badges.get(badge_key)
            if badge is None or badge.status == "draft":
                raise NotFound(f"There is no badge {badge_key!r}.", path=["badge"])
            member = await self._settlement.member(actor, member_id, work.tx)
            found = award_id(
                actor.programme_id, member.id, badge_key, occurrence_for(badge, occurrence or "")
            )
            finder = NeedsFinder(catalogue)
            finder.needs.awards.add(found)
            await work.load(finder.needs)
            award = work.space.awards.get(found)
            if award is None or not award.stands:
                raise NotFound("The member does not hold this badge.", path=["badge"])
            work.space.begin(await work.next_sequence())
            revoked, outcome = bar(award, _by(actor, work, reason), work.space.now)
            assert outcome is Outcome.REVOKED  # noqa: S101 - a standing award is always revoked
            work.space.put_award(revoked, outcome)
            return {"award": found}

        payload = {"revoke": [member_id, badge_key, occurrence, reason]}
        return await self._once(actor, key, "revokeBadge", payload, body)

    async def _once(
        self, actor: Actor, key: str, operation: str, payload: dict[str, Any], body: Any
    ) -> tuple[BadgeAward, bool]:
        result, replayed = await self._settlement.run_once(actor, key, operation, payload, body)
        found = await self._settlement.stores.awards.by_ids([result["award"]])
        return found[result["award"]], replayed


def _by(actor: Actor, work: Unit, reason: str) -> Cause:
    return Cause(
        actor=f"{actor.role}:{actor.subject}", reason=reason, programme_version=work.space.catalogue.version
    )
