"""What moderation has of a member: sanctions, cases, statements and complaints are the survivor's; whom either blocks they block.
Reports, and the log, stay as they were made."""

from collections.abc import Mapping, Sequence

from community.blocks.repository import COLLECTION as BLOCKS
from community.blocks.repository import BlockRepository
from community.complaints.repository import COLLECTION as COMPLAINTS
from community.complaints.repository import MESSAGES
from community.merging.repository import MergingRepository
from community.moderation.repository import CASES
from community.oversight.model import SYSTEM
from community.oversight.repository import STATEMENTS
from community.sanctions.model import Sanction, SanctionKind, Sweep, on_of
from community.sanctions.repository import COLLECTION as SANCTIONS
from community.sanctions.repository import SanctionRepository
from gamification.kit.records import evolve
from gamification.members.follows import Follow, FollowRepository
from gamification.merging.steps import Pair, Step


def moving_records(stored: MergingRepository) -> Step:
    """Cases, statements and complaints, as they are."""

    async def step(pair: Pair) -> Mapping[str, int]:
        for name in (CASES, STATEMENTS, COMPLAINTS, MESSAGES):
            await stored.reassign(name, "member_id", pair.merged.id, pair.into.id, pair.work.tx)
        return {}

    return step


def moving_blocks(stored: MergingRepository, blocks: BlockRepository, follows: FollowRepository) -> Step:
    """Blocks of either hold for both, and against both; nobody blocks themselves, or follows whom they block."""

    async def step(pair: Pair) -> Mapping[str, int]:
        merged, into, tx = pair.merged.id, pair.into.id, pair.work.tx
        query = {"$or": [{"blocker": merged}, {"blocked": merged}]}
        mine = await stored.rows(BLOCKS, query, tx)
        await stored.delete(BLOCKS, [row["_id"] for row in mine], tx)
        kept = await stored.rows(BLOCKS, {"$or": [{"blocker": into}, {"blocked": into}]}, tx)
        known = {(row["blocker"], row["blocked"]) for row in kept}
        for row in mine:
            one, other = (into if row[side] == merged else row[side] for side in ("blocker", "blocked"))
            if one != other and (one, other) not in known:
                known.add((one, other))
                await blocks.add(pair.into.programme_id, one, other, row["at"], tx)
        others = sorted({member for both in known for member in both} - {into, merged})
        await _unfollow(pair, others)
        return {}

    async def _unfollow(pair: Pair, others: Sequence[bytes]) -> None:
        """Let neither account follow these, or be followed by them."""
        both = [pair.merged.id, pair.into.id]
        for side, other in (("follower", "followed"), ("followed", "follower")):
            query = {side: {"$in": both}, other: {"$in": list(others)}}
            for row in await stored.rows("follows", query, pair.work.tx) if others else []:
                found = Follow(pair.into.programme_id, row["follower"], row["followed"], row["at"])
                await follows.remove(found, pair.work.tx)

    return step


def moving_sanctions(stored: MergingRepository, sanctions: SanctionRepository) -> Step:
    """Who is muted or limited stays so: of a kind, by the sanction that goes on the longest. Of who is limited all is hidden
    that either wrote. Who is banned is not merged."""

    async def step(pair: Pair) -> Mapping[str, int]:
        into, tx, now = pair.into, pair.work.tx, pair.work.space.now
        moved = await stored.reassign(SANCTIONS, "member_id", pair.merged.id, into.id, tx)
        going_on = await sanctions.open_of(into.programme_id, into.id, tx)
        changed: list[Sanction] = []
        for kind in (SanctionKind.MUTE, SanctionKind.SHADOW_LIMIT):
            stays = on_of(going_on, kind, now)
            if stays is None:
                continue
            over = [one for one in going_on if one.kind is kind and one.id != stays.id] if moved else []
            changed += [evolve(one, ended_at=now, ended_by=SYSTEM, sweep=None) for one in over]
            if kind is SanctionKind.SHADOW_LIMIT:
                changed.append(evolve(stays, sweep=Sweep.HIDE))
                changed += await _shown_no_more(pair, {one.id for one in (stays, *over)})
        await sanctions.save(changed, tx)
        return {}

    async def _shown_no_more(pair: Pair, but: set[bytes]) -> list[Sanction]:
        """Ended limits of which something was still to be shown again: it stays hidden."""
        known = await sanctions.limits_of(pair.into.programme_id, pair.into.id, pair.work.tx)
        return [evolve(one, sweep=None) for one in known if one.sweep is not None and one.id not in but]

    return step
