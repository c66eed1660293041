"""Proposals of members in a programme, for tests that go over all there is."""

from community.posts.service import NewPost
from community.proposals.model import ProposalState
from gamification.programmes.definitions import PostKind
from resolvers.relay import encode_id
from tests.support import ProgrammeUnderTest

TERMS = {"support": 1, "answer_days": 7}
"""By which `proposed` proposes."""
_PROPOSALS: dict[tuple[bytes, str], bytes] = {}
_NOTHING = bytes(12)


async def proposed(club: ProgrammeUnderTest, name: str, by: str) -> None:
    """Let a member propose in the square: `open`, which nobody supports; `reached`, which another supports; and `answered`,
    which the club accepted."""
    services, author = club.services, club.id_of(name)
    for label in ("open", "reached", "answered"):
        new = NewPost("square", PostKind.PROPOSAL, "Let us", "Well?")
        post, _ = await services.posts.create(club.service, author, new, f"proposal-{label}-{name}")
        _PROPOSALS[author, label] = post.id
        if label != "open":
            await services.proposals.support(club.service, club.id_of(by), post.id, supports=True)
        if label == "answered":
            await services.proposals.answer(club.operator, post.id, 0, ProposalState.ACCEPTED, "Yes")


def proposal_gid(club: ProgrammeUnderTest, name: str, label: str = "open") -> str:
    """The global id of a proposal that `proposed` wrote: `open`, `reached`, `answered`."""
    return encode_id("Post", _PROPOSALS.get((club.id_of(name), label), _NOTHING))
