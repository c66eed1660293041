"""What the screening rules said of texts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from community.screening import model as domain
from community.screening import testing
from community.screening.service import message_of
from gamification.kit.actors import Permission
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Listing, Node, global_id
from resolvers.scalars import Long
from resolvers.types.members import Member
from resolvers.types.names import viewer_locale

if TYPE_CHECKING:
    from resolvers.types.comments import Comment
    from resolvers.types.posts import Post

SCREENINGS = Listing("screenings", (datetime, bytes))

ScreeningVerdict = definitions.ScreeningVerdict
strawberry.enum(
    ScreeningVerdict,
    name="ScreeningVerdict",
    description="REFUSE: it isn't taken. HOLD: it waits for a moderator. FLAG: it is published, and a moderator looks at it.",
)
ScreenedKind = definitions.ScreenedKind
strawberry.enum(ScreenedKind, name="ScreenedKind", description="What kind of text it is.")
TextPart = domain.TextPart
strawberry.enum(
    TextPart,
    name="TextPart",
    description="TITLE; TEXT: what of the body is read, as in `Post.text`; TAGS, OPTIONS: the tags, and a poll's options, a line each.",
)
RuleOutcome = testing.RuleOutcome
strawberry.enum(
    RuleOutcome,
    name="ScreeningOutcome",
    description="FOUND: the rule minds the text. CLEAR: it doesn't. ELSEWHERE: it is about other texts or spaces. OTHERS: about "
    "other members. UNTESTED: it takes an author to say.",
)


@strawberry.type(description="Where in a text a rule found something.")
class ScreeningSpot:
    model: strawberry.Private[domain.Spot]
    part: TextPart = of_model("part", description="In which part of it.")
    start: Long = of_model("start", description="Its first character, from 0, in Unicode's code points.")
    end: Long = of_model("end", description="The character after its last.")
    words: str = of_model(
        "words", description="What stands there, at most 60 characters; empty once its author was erased."
    )


async def _like_posts(findings: "list[ScreeningFinding]", info: Info) -> "list[Post | None]":
    from resolvers.types.posts import Post

    ids = [_like(one, ScreenedKind.POST) for one in findings]
    found = await info.context.loaders.posts.load_many({one for one in ids if one is not None})
    return [Post.of(found[one]) if one in found else None for one in ids]


async def _like_comments(findings: "list[ScreeningFinding]", info: Info) -> "list[Comment | None]":
    from resolvers.types.comments import Comment

    ids = [_like(one, ScreenedKind.COMMENT) for one in findings]
    found = await info.context.loaders.comments.load_many({one for one in ids if one is not None})
    return [Comment.of(found[one]) if one in found else None for one in ids]


@strawberry.type(description="One rule that a text falls under.")
class ScreeningFinding:
    model: strawberry.Private[domain.Finding]
    rule: str = of_model("rule", description="The rule's key in the programme file.")
    verdict: ScreeningVerdict = of_model("verdict", description="What the rule has become of it.")
    found: Long | None = of_model(
        "found",
        description="How many there are of what the rule counts, this text included; of likeness, how much in percent.",
    )
    limit: Long | None = of_model("limit", description="How many, or how much, the rule lets.")
    like_post: Annotated["Post", strawberry.lazy("resolvers.types.posts")] | None = batched(
        _like_posts,
        description="The post that it is most alike; null where it is none, or not there any more.",
    )
    like_comment: Annotated["Comment", strawberry.lazy("resolvers.types.comments")] | None = batched(
        _like_comments, description="The comment that it is most alike."
    )

    @strawberry.field(description="Where, for words and patterns: the first 20 places of each part.")
    def spots(self) -> list[ScreeningSpot]:
        return [ScreeningSpot(model=spot) for spot in self.model.spots]

    @strawberry.field(description="The hosts that it minds, of those that links lead to; at most 20.")
    def hosts(self) -> list[str]:
        return list(self.model.hosts)


async def _authors(screenings: "list[Screening]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.members.load_many({one.model.author_id for one in screenings})
    return [
        Member.of(found[one.model.author_id]) if one.model.author_id in found else None for one in screenings
    ]


async def _posts(screenings: "list[Screening]", info: Info) -> "list[Post | None]":
    from resolvers.types.posts import Post

    ids = [_target(one.model, ScreenedKind.POST) for one in screenings]
    found = await info.context.loaders.posts.load_many({one for one in ids if one is not None})
    return [Post.of(found[one]) if one in found else None for one in ids]


async def _comments(screenings: "list[Screening]", info: Info) -> "list[Comment | None]":
    from resolvers.types.comments import Comment

    ids = [_target(one.model, ScreenedKind.COMMENT) for one in screenings]
    found = await info.context.loaders.comments.load_many({one for one in ids if one is not None})
    return [Comment.of(found[one]) if one in found else None for one in ids]


@strawberry.type(description="What the rules said of a text when it was written.")
class Screening(Node):
    model: strawberry.Private[domain.Screening]
    id: strawberry.ID = global_id("Screening")
    verdict: ScreeningVerdict = of_model(
        "verdict", description="The heaviest of its findings: what became of it."
    )
    kind: ScreenedKind = of_model("kind", description="What kind of text it is.")
    space: str = of_model("space", description="The key of the space that it was written in.")
    at: datetime = of_model("at", description="When.")
    decided_at: datetime | None = of_model(
        "decided_at",
        description="When a moderator decided on it; null while it waits, and where it was refused.",
    )
    is_upheld: bool | None = of_model(
        "upheld",
        description="Whether they agreed with the rules, and took it down; null before they decided.",
    )
    author: Member | None = batched(_authors, description="Who wrote it; null where they are not visible.")
    post: Annotated["Post", strawberry.lazy("resolvers.types.posts")] | None = batched(
        _posts, description="The post; null where it is none, or was refused."
    )
    comment: Annotated["Comment", strawberry.lazy("resolvers.types.comments")] | None = batched(
        _comments, description="The comment; null where it is none, or was refused."
    )

    @strawberry.field(description="The rules that it falls under, in file order.")
    def findings(self) -> list[ScreeningFinding]:
        return [ScreeningFinding(model=finding) for finding in self.model.findings]

    @classmethod
    def of(cls, screening: domain.Screening) -> "Screening":
        """The GraphQL object of a screening that the caller may see."""
        return cls(model=screening)


async def _rehearsed_posts(rehearsed: "list[RehearsedPost]", info: Info) -> "list[Post | None]":
    from resolvers.types.posts import Post

    found = await info.context.loaders.posts.load_many({one.model[0] for one in rehearsed})
    return [Post.of(found[one.model[0]]) if one.model[0] in found else None for one in rehearsed]


@strawberry.type(description="How a screening rule did in some time.")
class ScreeningRuleStatistics:
    model: strawberry.Private[domain.RuleStatistics]
    rule: str = of_model("rule", description="The rule's key in the programme file.")
    refused: Long = of_model("refused", description="How many texts it refused.")
    held: Long = of_model("held", description="How many it held for a moderator.")
    flagged: Long = of_model("flagged", description="How many it flagged.")
    upheld: Long = of_model("upheld", description="Of those held and flagged, how many moderators took down.")
    overturned: Long = of_model("overturned", description="Of those, how many they let stand.")

    @strawberry.field(
        description="The share of what moderators decided on that they let stand, from 0 to 1; null where they decided on none."
    )
    def overturned_share(self) -> float | None:
        decided = self.model.upheld + self.model.overturned
        return self.model.overturned / decided if decided else None


@strawberry.type(description="What one rule says of a text that is tried.")
class TriedScreeningRule:
    model: strawberry.Private[testing.RuleTried]
    rule: str = of_model("rule.key", description="The rule's key in the programme file.")
    verdict: ScreeningVerdict = of_model(
        "rule.verdict", description="What it has become of texts that it minds."
    )
    outcome: RuleOutcome = of_model("outcome", description="Whether it minds this one.")

    @strawberry.field(description="What it found; null where it minds nothing.")
    def finding(self) -> ScreeningFinding | None:
        found = self.model.finding
        return ScreeningFinding(model=found) if found is not None else None


@strawberry.type(description="What the rules say of a text that nobody posted.")
class TriedText:
    verdict: ScreeningVerdict | None = strawberry.field(
        description="What would become of it; null: it would be published. Drafts don't count."
    )
    rules: list[TriedScreeningRule] = strawberry.field(description="Every rule, in file order.")


@strawberry.type(description="What a rule finds in one of the latest posts.")
class RehearsedPost:
    model: strawberry.Private[tuple[bytes, domain.Finding]]
    post: Annotated["Post", strawberry.lazy("resolvers.types.posts")] | None = batched(
        _rehearsed_posts, description="The post; null where it is not there any more."
    )

    @strawberry.field(description="What it found.")
    def finding(self) -> ScreeningFinding:
        return ScreeningFinding(model=self.model[1])


@strawberry.type(description="What a rule would have said of the latest posts.")
class ScreeningRehearsal:
    looked: int = strawberry.field(description="How many posts were looked at.")
    found: int = strawberry.field(description="In how many of them the rule finds something.")
    examples: list[RehearsedPost] = strawberry.field(description="The latest of those, at most 20.")


async def said_of(info: Info, targets: Sequence[tuple[bytes, str]]) -> list[list[Screening] | None]:
    """What was said of posts and comments, given by id and space: for those who look after the space, null for others."""
    viewer = await info.context.viewer()
    moderated = frozenset(viewer.moderated)
    found = await _of_targets(info, (target for target, space in targets if space in moderated))
    return [
        [Screening.of(one) for one in found.get(target, ())] if space in moderated else None
        for target, space in targets
    ]


async def messages_for(info: Info, waiting: Sequence[bytes | None]) -> list[str | None]:
    """What the programme says to the author of each of these that wait; nothing for None."""
    found = await _of_targets(info, (target for target in waiting if target is not None))
    if not found:
        return [None] * len(waiting)
    catalogue = await info.context.catalogue()
    locale, _ = await viewer_locale(info)
    rules = {rule.key: rule for rule in catalogue.document.screening}

    def message(target: bytes | None) -> str | None:
        for screening in found.get(target or b"", ()):
            deciding = domain.Judgement(screening.findings).deciding
            if screening.verdict is ScreeningVerdict.HOLD and deciding is not None and deciding.rule in rules:
                return message_of(rules[deciding.rule], catalogue, locale)
        return None

    return [message(target) for target in waiting]


async def load_screening(info: Info, raw: bytes) -> Screening | None:
    """The screening of that id; None for who doesn't look after all spaces."""
    if not info.context.caller.can(Permission.COMMUNITY_MODERATE):
        return None
    found = await info.context.services.screening.by_ids(info.context.caller, [raw])
    return Screening.of(found[raw]) if raw in found else None


async def _of_targets(info: Info, targets: Iterable[bytes]) -> Mapping[bytes, Sequence[domain.Screening]]:
    wanted = sorted(set(targets))
    return await info.context.services.screening.of_targets(info.context.caller, wanted) if wanted else {}


def _like(finding: ScreeningFinding, kind: ScreenedKind) -> bytes | None:
    return finding.model.like if finding.model.like_kind is kind else None


def _target(screening: domain.Screening, kind: ScreenedKind) -> bytes | None:
    return screening.target_id if screening.kind is kind else None
