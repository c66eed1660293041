"""Cards and freezes that were given for something which does not stand any more: taken back as far as they are there."""

from typing import TYPE_CHECKING

from gamification.checkins.model import state_id
from gamification.kit.identifiers import derived_id
from gamification.settlement.check_ins import add_items
from gamification.settlement.needs import Needs

if TYPE_CHECKING:
    from gamification.settlement.unit import Unit


async def take_back_items(work: "Unit") -> None:
    """Take back what members were given on the grounds that they lost in this transaction. What was used stays used."""
    space, lost = work.space, work.space.lost_items
    space.lost_items = []
    stored = await work.stores.check_ins.items_on({(one.member_id, one.ground) for one in lost}, work.tx)
    found = {entry.id: entry for entry in (*stored, *space.check_in_items.values())}
    back = {
        entry.id: (derived_id("check-in-item-back", entry.id), one.cause)
        for one in lost
        for entry in found.values()
        if (entry.member_id, entry.ground) == (one.member_id, one.ground) and entry.id not in one.keep
    }
    done = await work.stores.check_ins.items_by_ids([reversal for reversal, _ in back.values()], work.tx)
    due = [found[entry] for entry, (reversal, _) in back.items() if reversal not in done]
    if not due:
        return
    programme_id = space.catalogue.programme_id
    await work.load(Needs(check_ins={state_id(programme_id, e.member_id, e.check_in) for e in due}))
    members = await work.stores.members.by_ids(programme_id, sorted({e.member_id for e in due}), work.tx)
    for entry in due:
        definition = space.catalogue.check_ins[entry.check_in]
        reversal, cause = back[entry.id]
        add_items(space, members[entry.member_id], definition, entry.item, -entry.count, reversal, cause)
