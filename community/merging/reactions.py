"""Reactions: one of a member to a thing, and none to what they wrote. Where both reacted the survivor's stays; what the one
gave to the other goes. Counts follow, and so does what being liked counted for."""

from collections.abc import Mapping

from community.merging.repository import MergingRepository
from community.reactions.model import Reaction, Target, reaction_id
from community.reactions.repository import COLLECTION as REACTIONS
from community.reactions.repository import ReactionRepository
from gamification.kit.records import evolve
from gamification.merging.steps import Pair, Step


def united(kept: Reaction, other: Reaction) -> tuple[Reaction, bytes | None]:
    """The survivor's reaction to a thing to which both reacted, and what counts no more of the two. A withdrawn one is none;
    what counted for the author goes on to, once. What is still to be settled of either is so of what stays."""
    times, marked = max(kept.times, other.times), kept.marked or other.marked
    if kept.key is None and other.key is not None:
        after = evolve(other, id=kept.id, member_id=kept.member_id, times=times, marked=marked)
        return after, kept.activity_id
    if kept.counted is not None and kept.activity_id is None:
        return evolve(kept, times=times, marked=marked, activity_id=other.activity_id), None
    return evolve(kept, times=times, marked=marked), other.activity_id


def moving_reactions(stored: MergingRepository, reactions: ReactionRepository) -> Step:
    """Those of the merged account, and those to what it wrote."""

    async def step(pair: Pair) -> Mapping[str, int]:
        merged, into, tx = pair.merged.id, pair.into.id, pair.work.tx
        given = await reactions.given_by(merged, tx)
        own = {one.id: one for one in given if one.author_id in (merged, into)}
        own |= {one.id: one for one in await reactions.given_by(into, tx, merged)}
        moved = [one for one in given if one.id not in own]
        ids = {one.id: reaction_id(one.target, into) for one in moved}
        known = await reactions.by_ids(sorted(ids.values()), tx)
        saved: list[Reaction] = []
        over: list[bytes | None] = [one.activity_id for one in own.values()]
        counts: list[tuple[Target, str | None, str | None]] = [
            (one.target, one.counted, None) for one in own.values()
        ]
        for one in moved:
            before = known.get(ids[one.id])
            if before is None:
                saved.append(evolve(one, id=ids[one.id], member_id=into))
                continue
            after, activity = united(before, one)
            saved.append(after)
            over.append(activity)
            counts += [
                (one.target, before.counted, after.counted),
                (one.target, one.counted, None),
            ]
        for target, gone, come in counts:
            if gone != come:
                await reactions.count(target, gone, come, tx)
        await stored.delete(REACTIONS, sorted({*own, *ids}), tx)
        await reactions.save_all(saved, tx)
        await stored.reassign(REACTIONS, "author_id", merged, into, tx)
        for activity in over:
            await pair.take_back(activity)
        await stored.heat(sorted({one.post_id for one in given}), tx)
        return {"reactions": len(given)}

    return step
