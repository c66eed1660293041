"""Questions of members in a programme, for tests that go over all there is: plain ones, accepted ones, and with bounties."""

from community.posts.service import NewPost
from community.reactions.model import Target, TargetKind
from gamification.kit.identifiers import derived_id
from gamification.programmes.definitions import PostKind
from resolvers.relay import encode_id
from tests.support import ProgrammeUnderTest

BOUNTIES = {"unit": "points", "most": 100, "reactions": 1}
"""The terms by which `questioned` offers what it offers."""
_ASKED: dict[tuple[bytes, str], bytes] = {}
_NOTHING = bytes(12)


async def questioned(club: ProgrammeUnderTest, name: str, by: str) -> None:
    """Let a member ask in the square and another answer: `open` is answered, of `accepted` the answer is accepted, `paid`
    had a bounty that was paid for it, `offered` has a bounty and no answer."""
    services, asker = club.services, club.id_of(name)
    for label in ("open", "accepted", "paid", "offered"):
        new = NewPost("square", PostKind.QUESTION, "How?", "So?")
        post, _ = await services.posts.create(club.service, asker, new, f"question-{label}-{name}")
        _ASKED[asker, label] = post.id
        if label in ("paid", "offered"):
            offer = (club.service, asker, post.id, 2, None, f"bounty-{label}-{name}")
            bounty, _ = await services.bounties.offer(*offer)
            _ASKED[asker, f"bounty {label}"] = bounty.id
        if label == "offered":
            continue
        answer, _ = await services.comments.create(
            club.service, club.id_of(by), post.id, None, "So", f"answer-{label}-{name}"
        )
        await services.reactions.react(club.service, asker, Target(TargetKind.COMMENT, answer.id), "like")
        _ASKED[asker, f"answer {label}"] = answer.id
        if label in ("accepted", "paid"):
            await services.questions.accept(club.service, asker, answer.id)
        if label == "paid":
            await services.bounties.end(club.service, asker, post.id)


def question_gid(club: ProgrammeUnderTest, name: str, label: str = "open") -> str:
    """The global id of a question that `questioned` asked: `open`, `accepted`, `paid`, `offered`."""
    return encode_id("Post", _ASKED.get((club.id_of(name), label), _NOTHING))


def answer_gid(club: ProgrammeUnderTest, name: str, label: str = "open") -> str:
    """The global id of the answer to it."""
    return encode_id("Comment", _ASKED.get((club.id_of(name), f"answer {label}"), _NOTHING))


def bounty_gid(club: ProgrammeUnderTest, name: str, label: str = "paid") -> str:
    """The global id of its bounty."""
    return encode_id("Bounty", _ASKED.get((club.id_of(name), f"bounty {label}"), derived_id("none")))


def has_questioned(club: ProgrammeUnderTest, name: str) -> bool:
    """Whether `questioned` was called for a member."""
    return (club.id_of(name), "open") in _ASKED
