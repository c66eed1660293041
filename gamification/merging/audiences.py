"""Segments and campaigns of a merged account: the survivor is in the lists that it was in, and whatever it was told or given for a
campaign, the survivor was."""

from gamification.campaigning.repository import CampaignMemberRepository
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.merging.repository import MergeRepository
from gamification.segments.model import segment_member_id
from gamification.settlement.unit import Unit


async def move_audiences(work: Unit, stored: MergeRepository, merged: Member, heir: Member) -> Member:
    """The survivor, in the lists of both; live segments are looked at anew, as what they did is moved."""
    heir = await _move_lists(work, stored, merged, heir)
    campaigns = CampaignMemberRepository(work.stores.mongo)
    await campaigns.hand_over(heir.programme_id, merged.id, heir.id, work.tx)
    return heir


async def _move_lists(work: Unit, stored: MergeRepository, merged: Member, heir: Member) -> Member:
    programme_id, tx = heir.programme_id, work.tx
    lists = {one.key for one in work.space.catalogue.document.segments if not one.is_live}
    theirs = await stored.rows("segment_members", {"member_id": merged.id}, tx)
    own = {row["segment"]: row for row in await stored.rows("segment_members", {"member_id": heir.id}, tx)}
    joined = set(heir.segments)
    for row in theirs:
        key = row["segment"]
        if key in lists and row["in"] and not own.get(key, {}).get("in"):
            await stored.delete("segment_members", [own[key]["_id"]] if key in own else [], tx)
            found = segment_member_id(programme_id, key, heir.id)
            await stored.rename("segment_members", row["_id"], {"_id": found, "member_id": heir.id}, tx)
            joined.add(key)
        else:
            await stored.delete("segment_members", [row["_id"]], tx)
    changed = evolve(heir, segments=tuple(sorted(joined)))
    await work.stores.members.replace(changed, tx)
    return changed
