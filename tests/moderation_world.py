"""A community that is moderated, for tests."""

from typing import Any

from community.moderation.deciding import Ruling
from community.moderation.model import Case, Decision, case_id
from community.oversight.model import Subject, SubjectKind
from community.sanctions.model import SanctionKind
from community.services import Services
from community.trust.model import Trust
from community.verification.service import VerificationService
from gamification.kit.actors import Actor, Role
from resolvers.relay import decode_bytes_id, encode_id
from storage.paging import Window
from tests.community_world import COMMUNITY, comment_gid, post_gid
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL
from tests.support import ProgrammeUnderTest

MODERATED: dict[str, Any] = {
    **COMMUNITY,
    "programme": {
        "community": {
            **COMMUNITY["programme"]["community"],
            "activities": {
                "post": "community.post",
                "comment": "community.comment",
                "liked": "community.liked",
            },
            "moderation": {
                "templates": [
                    {"key": "spam", "text": {"en": "It is an advertisement.", "zh": "这是广告。"}},
                ]
            },
        }
    },
    "activity_types": [
        *COMMUNITY["activity_types"],
        {"key": "community.comment", "properties": {"type": "object"}},
        {"key": "community.liked", "properties": {"type": "object"}},
    ],
    "rules": [
        *COMMUNITY["rules"],
        {
            "key": "answering",
            "on": ["community.comment"],
            "effects": [{"points": {"unit": "points", "amount": 1, "boards": ["talk"]}}],
        },
        {
            "key": "liking",
            "on": ["community.liked"],
            "effects": [{"points": {"unit": "points", "amount": 1, "boards": ["talk"]}}],
        },
    ],
    "leaderboards": [{"key": "talk"}],
}
"""A post gives 10 points, a comment and a like one; reports hide from a score of 3."""

QUEUE = """query ($filter: ModerationCaseFilter) { moderationQueue(filter: $filter) { totalCount nodes {
    id kind state version round score reportCount isHidden claimedBy sources rules dueAt
    reasons { reason count } decision { decision by reason } member { displayName }
    post { id state title } comment { id state text } statement { action reason appeal { state text } }
    sanction { kind isOn } space { key } reports { nodes { reason note weight verdict reporter { displayName } } } } } }"""


class Desk:
    """Members and moderators at work, by GraphQL."""

    def __init__(self, graphql: GraphQL, club: ProgrammeUnderTest) -> None:
        self.graphql = graphql
        self.club = club
        self.services: Services = club.services
        self.keys = 0

    async def post(self, name: str, title: str = "Hello", space: str = "square", **more: Any) -> str:
        """The id of a post that somebody writes."""
        stated = {"space": space, "title": title, "body": "Words", "idempotencyKey": self.key(), **more}
        done = await self.graphql.done(self.club.member_actor(name), "createPost", stated, "post { id }")
        return str(done["post"]["id"])

    async def comment(self, name: str, post: str, body: str = "Yes", parent: str | None = None) -> str:
        """The id of a comment that somebody writes."""
        stated = {"postId": post, "body": body, "idempotencyKey": self.key(), "parentId": parent}
        actor = self.club.member_actor(name)
        done = await self.graphql.done(actor, "createComment", stated, "comment { id }")
        return str(done["comment"]["id"])

    async def react(self, name: str, target: str, reaction: str | None = "like") -> None:
        """Somebody reacts."""
        actor = self.club.member_actor(name)
        await self.graphql.done(actor, "react", {"targetId": target, "reaction": reaction})

    async def report(self, name: str, target: str, reason: str = "spam", **more: Any) -> dict[str, Any]:
        """Somebody reports."""
        stated = {"targetId": target, "reason": reason, **more}
        return await self.graphql.done(
            self.club.member_actor(name), "reportContent", stated, "reason reportedBefore"
        )

    async def queue(self, actor: Actor | None = None, **filtered: Any) -> list[dict[str, Any]]:
        """What waits for moderators."""
        found = await self.graphql.read(actor or self.club.moderator, QUEUE, {"filter": filtered})
        nodes: list[dict[str, Any]] = found["moderationQueue"]["nodes"]
        return nodes

    async def decide(
        self, case: dict[str, Any], decision: str, actor: Actor | None = None, **more: Any
    ) -> dict[str, Any]:
        """A moderator decides on a case as it was read."""
        stated = {
            "caseId": case["id"],
            "version": case["version"],
            "ruling": {"decision": decision, **more},
        }
        done = await self.graphql.done(
            actor or self.club.moderator, "decideCase", stated, "case { id state version score isHidden }"
        )
        found: dict[str, Any] = done["case"]
        return found

    async def sanction(self, name: str, kind: str, actor: Actor | None = None, **more: Any) -> dict[str, Any]:
        """A moderator lays a sanction on somebody."""
        from tests.resolvers.harness import member_gid

        stated = {
            "memberId": member_gid(self.club, name),
            "kind": kind,
            "reason": "Enough",
            "idempotencyKey": self.key(),
            **more,
        }
        done = await self.graphql.done(
            actor or self.club.moderator, "sanctionMember", stated, "sanction { id kind isOn until endedAt }"
        )
        found: dict[str, Any] = done["sanction"]
        return found

    async def sound(self) -> None:
        """Everything adds up."""
        report = await VerificationService(self.services).verify(self.club.key)
        assert report.differences == []

    async def see(self, name: str | Actor, post: str) -> dict[str, Any] | None:
        """A post as somebody sees it; None where it is not there for them."""
        actor = self.club.member_actor(name) if isinstance(name, str) else name
        query = """query ($id: ID!) { post(id: $id) { id state title commentCount removalReason
            reactions { reaction count } viewerReaction comments { nodes { id text state replyCount } } } }"""
        found: dict[str, Any] | None = (await self.graphql.read(actor, query, {"id": post}))["post"]
        return found

    async def trust(self, name: str, level: int) -> None:
        """Somebody is trusted so far."""
        club = self.club
        trust = Trust(club.id_of(name), club.key, level, club.clock.now)

        async def body(tx: Any) -> None:
            await self.services.moderating.stores.trust.save([trust], tx)

        await self.services.stores.mongo.transaction(body)

    def key(self) -> str:
        """An idempotency key that was not used before."""
        self.keys += 1
        return f"desk-{self.keys}"


async def moderated(graphql: GraphQL, programme: MakeProgramme, *names: str, **settings: Any) -> Desk:
    """The community, with these members in it; `settings` of its moderation."""
    document: dict[str, Any] = {**MODERATED}
    if settings:
        community = document["programme"]["community"]
        moderation = {**community["moderation"], **settings}
        document["programme"] = {"community": {**community, "moderation": moderation}}
    club = await programme(document)
    for name in names:
        await club.join(name, display_name=name.title())
    return Desk(graphql, club)


def another_moderator(club: ProgrammeUnderTest, name: str = "kim") -> Actor:
    """A moderator of that name."""
    return Actor(club.key, name, Role.MODERATOR)


def raw(gid: str, kind: str) -> bytes:
    """The raw id behind a global one."""
    found = decode_bytes_id(gid, kind)
    assert found is not None
    return found


_JUDGED: dict[tuple[bytes, str], bytes] = {}
_NOTHING = bytes(32)


async def judged(club: ProgrammeUnderTest, name: str, by: str, word: str = "") -> None:
    """Let a member whom `wrote` wrote for be moderated: their post is reported by another, their comment was kept, they were warned, and appealed against that in vain. `word` stands in every text that is not for everyone."""
    moderation = club.services.moderating
    lee = another_moderator(club, "lee")
    member, reporter = club.id_of(name), club.id_of(by)
    subjects = {
        "post": Subject(SubjectKind.POST, raw(post_gid(club, name), "Post")),
        "comment": Subject(SubjectKind.COMMENT, raw(comment_gid(club, name), "Comment")),
    }
    for label, subject in subjects.items():
        await moderation.reporting.report(club.service, reporter, subject, "spam", word or None)
        _JUDGED[member, label] = case_id(club.key, subject)
    kept = await case_of(club, _JUDGED[member, "comment"])
    await moderation.deciding.decide(
        club.moderator, kept.id, kept.version, Ruling(Decision.KEEP, f"{word} reason")
    )
    warning, _ = await moderation.sanctioning.sanction(
        club.moderator, member, SanctionKind.WARNING, None, f"{word} reason", None, f"warning-{name}"
    )
    _JUDGED[member, "sanction"] = warning.id
    page = await moderation.stores.statements.page(club.key, {"sanction_id": warning.id}, Window(1))
    _JUDGED[member, "statement"] = page.rows[0].id
    actor = club.member_actor(name)
    await moderation.appealing.appeal(actor, page.rows[0].id, f"{word} appeal")
    appeal = await case_of(club, case_id(club.key, Subject(SubjectKind.STATEMENT, page.rows[0].id)))
    await moderation.deciding.decide(
        lee, appeal.id, appeal.version, Ruling(Decision.UPHOLD, f"{word} answer")
    )
    told, _ = await moderation.sanctioning.sanction(
        club.moderator, member, SanctionKind.WARNING, None, f"{word} reason", None, f"second-{name}"
    )
    page = await moderation.stores.statements.page(club.key, {"sanction_id": told.id}, Window(1))
    _JUDGED[member, "open"] = page.rows[0].id


async def case_of(club: ProgrammeUnderTest, found: bytes) -> Case:
    """A case as it is stored."""
    return (await club.services.moderating.stores.cases.by_ids(club.key, [found]))[found]


def judged_gid(club: ProgrammeUnderTest, name: str, label: str = "post") -> str:
    """The global id of what `judged` made: the cases `post` and `comment`, the `sanction`, the `statement` that was
    appealed against, and the `open` one that was not."""
    kinds = {"sanction": "Sanction", "statement": "ModerationStatement", "open": "ModerationStatement"}
    found = _JUDGED.get((club.id_of(name), label), _NOTHING)
    return encode_id(kinds.get(label, "ModerationCase"), found)


def has_been_judged(club: ProgrammeUnderTest, name: str) -> bool:
    """Whether `judged` was called for a member."""
    return (club.id_of(name), "post") in _JUDGED
