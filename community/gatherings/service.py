"""Making, changing and cancelling gatherings: by who looks after the space. Each use case is one transaction."""

import secrets
from typing import Any

from community.acting import kept_name
from community.gatherings.access import require_ahead, require_host
from community.gatherings.codes import SECRET_BYTES
from community.gatherings.limits import (
    BODY_MAX,
    Stated,
    check_capacity,
    check_places,
    check_reminders,
    times_of,
)
from community.gatherings.model import Gathering, GatheringState, NoticeKind, RsvpState
from community.gatherings.places import noticed, reminders_after
from community.gatherings.work import GatheringWork
from community.posts.model import TakenDown, Written
from community.posts.work import check_reason
from community.spaces.service import Viewer
from community.writing.limits import check_body, check_title
from gamification.kit.actors import Actor, Role
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, InvalidInput, NotFound
from gamification.kit.identifiers import new_id
from gamification.kit.records import evolve
from gamification.programmes.definitions import Status
from gamification.settlement.unit import Unit


class GatheringService(GatheringWork):
    """For operators, moderators and services, and members who look after the space."""

    async def create(self, actor: Actor, space: str, stated: Stated, key: str) -> tuple[Gathering, bool]:
        """Make a gathering; and whether it had been made before with this key.

        Raises: Forbidden, NotFound, InvalidInput, IdempotencyConflict.
        """

        async def once(work: Unit) -> dict[str, Any]:
            viewer = await self._work.viewer(work, actor, None)
            rights = viewer.rights.get(space)
            if rights is None:
                raise NotFound("There is no such space.", path=["space"])
            if not rights.moderates or rights.space.status is not Status.PUBLISHED:
                raise Forbidden("This is for those who look after the space, while it is open.")
            viewer.require_voice()
            now = work.space.now
            times = times_of(stated, now)
            place, online_url = check_places(stated)
            check_capacity(stated.capacity, 0)
            reminders = check_reminders(stated.reminders)
            gathering = Gathering(
                id=new_id(),
                programme_id=actor.programme_id,
                space=space,
                host_id=viewer.member.id if viewer.member is not None else None,
                state=GatheringState.SCHEDULED,
                version=1,
                sequence=0,
                written=await self._written(work, stated),
                place=place,
                online_url=online_url,
                times=times,
                capacity=stated.capacity,
                reminders=reminders,
                secret=secrets.token_bytes(SECRET_BYTES),
                created_at=now,
                changed_at=now,
                reminders_due=reminders_after(times.starts_at, reminders, now),
                shadowed=viewer.limited,
                campaign=_campaign(work, actor, None, stated.campaign),
            )
            await self._gatherings.add(gathering, now, work.tx)
            return {"gathering": gathering.id}

        payload = {"space": space, "input": _plain(stated)}
        result, replayed = await self._settlement.run_once(actor, key, "createGathering", payload, once)
        found = await self._gatherings.by_ids(actor.programme_id, [result["gathering"]])
        return found[result["gathering"]], replayed

    async def edit(self, actor: Actor, gathering_id: bytes, version: int, stated: Stated) -> Gathering:
        """Let a gathering be as stated. Who goes, waits or is interested is told where its time or place change; with more
        places, who waits moves up. Raises: Forbidden, NotFound, InvalidInput, Conflict (STALE_VERSION, GATHERING_STATE)."""

        async def changed(work: Unit, viewer: Viewer, before: Gathering) -> Gathering:
            require_host(viewer, before)
            viewer.require_voice()
            _require_version(before, version)
            now = work.space.now
            require_ahead(before, now)
            times = times_of(stated, now)
            place, online_url = check_places(stated)
            check_capacity(stated.capacity, before.count(RsvpState.GOING))
            reminders = check_reminders(stated.reminders)
            after = evolve(
                before,
                written=await self._written(work, stated),
                place=place,
                online_url=online_url,
                times=times,
                capacity=stated.capacity,
                reminders=reminders,
                shadowed=before.shadowed and viewer.limited,
                campaign=_campaign(work, actor, before.campaign, stated.campaign),
            )
            if after == before:
                return before
            moves = (before.times.starts_at, before.reminders) != (times.starts_at, reminders)
            if moves:
                after = evolve(after, reminders_due=reminders_after(times.starts_at, reminders, now))
            if _where(after) != _where(before):
                after = noticed(after, NoticeKind.CHANGED)
            if _shown(after) != _shown(before):
                after = evolve(after, sequence=after.sequence + 1)
            after = evolve(after, version=before.version + 1, changed_at=now)
            return await self.move_up(work, after)

        return await self.change(actor, None, gathering_id, changed)

    async def cancel(self, actor: Actor, gathering_id: bytes, reason: str) -> Gathering:
        """Let a gathering not take place; again is the same as once. All who go, wait or are interested are told. Raises:
        Forbidden, NotFound, InvalidInput, Conflict (GATHERING_STATE)."""
        check_reason(reason)

        async def changed(work: Unit, viewer: Viewer, before: Gathering) -> Gathering:
            require_host(viewer, before)
            if before.state is GatheringState.CANCELLED:
                return before
            require_ahead(before, work.space.now)
            if before.attended:
                raise Conflict(
                    "Members have come to it: strike that first.",
                    code=ErrorCode.GATHERING_STATE,
                    path=["gatheringId"],
                )
            cancelled = evolve(
                before,
                state=GatheringState.CANCELLED,
                cancelled=TakenDown(work.space.now, await kept_name(work, actor), reason),
                version=before.version + 1,
                sequence=before.sequence + 1,
                changed_at=work.space.now,
                reminders_due=(),
                pending=(),
            )
            return noticed(cancelled, NoticeKind.CANCELLED)

        return await self.change(actor, None, gathering_id, changed)

    async def _written(self, work: Unit, stated: Stated) -> Written:
        title = check_title(stated.title)
        rendered = await self._work.rendered(work, check_body(stated.body, length_max=BODY_MAX))
        return evolve(rendered, title=title)


def _campaign(work: Unit, actor: Actor, before: str | None, stated: str | None) -> str | None:
    """The campaign that it belongs to from now on: staff and services say which; members who look after the space leave it as it
    is. Raises: Forbidden, InvalidInput."""
    if stated == before:
        return before
    if actor.role is Role.MEMBER:
        if stated is not None:
            raise Forbidden("Staff say to which campaign a gathering belongs.")
        return before
    if stated is not None and stated not in work.space.catalogue.campaigns:
        raise InvalidInput("There is no such campaign.", path=["campaign"])
    return stated


def _where(gathering: Gathering) -> tuple[Any, ...]:
    """What one must know to be there."""
    times = gathering.times
    return times.starts_at, times.ends_at, times.time_zone, gathering.place, gathering.online_url


def _shown(gathering: Gathering) -> tuple[Any, ...]:
    """What calendars show of it."""
    return *_where(gathering), gathering.written.title, gathering.written.text


def _plain(stated: Stated) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(stated, name) for name in Stated.__dataclass_fields__}
    for name in ("starts_at", "ends_at", "rsvp_by"):
        fields[name] = fields[name].isoformat() if fields[name] is not None else None
    return {**fields, "reminders": list(stated.reminders)}


def _require_version(gathering: Gathering, version: int) -> None:
    if gathering.version != version:
        raise Conflict(
            f"This is version {gathering.version} by now, not {version}: read it again.",
            code=ErrorCode.STALE_VERSION,
            path=["version"],
        )
