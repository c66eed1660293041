"""Votes in polls, and support of proposals: one of each member, the survivor's where both have one, and tallies follow. Also
of polls that are closed: they count people. Nobody supports their own proposal."""

from collections.abc import Mapping

from community.merging.repository import MergingRepository
from community.polls.counting import recounted
from community.polls.model import Ballot, ballot_id
from community.polls.repository import BALLOTS, PollRepository
from community.proposals.model import Proposal, Support, support_id
from community.proposals.repository import COLLECTION as PROPOSALS
from community.proposals.repository import SUPPORTS, ProposalRepository
from gamification.kit.records import evolve
from gamification.merging.steps import Pair, Step


def moving_ballots(stored: MergingRepository, polls: PollRepository) -> Step:
    """Those cast in polls."""

    async def step(pair: Pair) -> Mapping[str, int]:
        into, tx = pair.into.id, pair.work.tx
        cast = await polls.cast_by(pair.merged.id, tx)
        theirs = [evolve(one, id=ballot_id(one.post_id, into), member_id=into) for one in cast]
        known = await polls.ballots([one.id for one in theirs], tx)
        found = await polls.by_ids([one.post_id for one in known.values()], tx)
        saved: list[Ballot] = []
        for other in theirs:
            kept = known.get(other.id)
            if kept is None:
                saved.append(other)
                continue
            stays, goes = (kept, other) if kept.choices else (other, kept)
            saved.append(stays)
            poll = found.get(other.post_id)
            if poll is not None and goes.counted:
                await polls.save(recounted(poll, goes.counted, ()), tx)
        await polls.save_ballots(saved, tx)
        await stored.delete(BALLOTS, [one.id for one in cast], tx)
        return {}

    return step


def moving_supports(stored: MergingRepository, proposals: ProposalRepository) -> Step:
    """Proposals of the merged account, and whose support they and others have."""

    async def step(pair: Pair) -> Mapping[str, int]:
        merged, into, tx = pair.merged.id, pair.into.id, pair.work.tx
        own = [row["_id"] for row in await stored.rows(PROPOSALS, {"author_id": merged}, tx, ["_id"])]
        await stored.reassign(PROPOSALS, "author_id", merged, into, tx)
        given = await proposals.given_by(merged, tx)
        towards = list((await proposals.supports([support_id(post, into) for post in own], tx)).values())
        known = await proposals.supports([support_id(one.post_id, into) for one in given], tx)
        found = await proposals.by_ids(sorted({one.post_id for one in (*given, *towards)}), tx)
        changed: dict[bytes, Proposal] = {}
        saved: list[Support] = []

        def uncount(one: Support) -> None:
            proposal = changed.get(one.post_id) or found.get(one.post_id)
            if proposal is not None and one.counts:
                changed[one.post_id] = evolve(proposal, support=proposal.support - 1)

        for one in towards:
            uncount(one)
        for other in given:
            proposal = found.get(other.post_id)
            if proposal is not None and proposal.author_id == into:
                uncount(other)
                continue
            theirs = evolve(other, id=support_id(other.post_id, into), member_id=into)
            kept = known.get(theirs.id)
            if kept is not None:
                stays, goes = (kept, theirs) if kept.supports else (theirs, kept)
                uncount(goes)
                theirs = evolve(stays, turn=max(kept.turn, theirs.turn))
            saved.append(theirs)
        await stored.delete(SUPPORTS, [one.id for one in (*given, *towards)], tx)
        await proposals.save_supports(saved, tx)
        for proposal in changed.values():
            await proposals.save(proposal, tx)
        return {}

    return step
