"""What the rules would say of a text, without anybody posting it: for those who make the rules."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from community.screening.comparing import Comparing, PublishedBy, Subject
from community.screening.model import Finding, Text
from community.screening.remembered import RememberedTexts
from community.screening.screen import ReadyRule, look_into
from community.writing.limits import check_body, check_tags, check_title
from community.writing.markup import Markup, read_of
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import NotFound
from gamification.kit.identifiers import new_id
from gamification.kit.records import record
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Likeness, ScreenedKind, ScreeningRule, Status
from gamification.programmes.gating import meets
from gamification.programmes.service import ProgrammeService


class RuleOutcome(StrEnum):
    """FOUND: the rule minds the text. CLEAR: it doesn't. ELSEWHERE: it is about other texts or spaces. OTHERS: about other
    members. UNTESTED: it takes an author to say."""

    FOUND = "found"
    CLEAR = "clear"
    ELSEWHERE = "elsewhere"
    OTHERS = "others"
    UNTESTED = "untested"


@record(frozen=True, slots=True)
class Sample:
    """A text as an author would state it; with `drafts` rules that are drafts are tried, too."""

    kind: ScreenedKind
    space: str
    body: str
    title: str = ""
    tags: tuple[str, ...] = ()
    author_id: bytes | None = None
    drafts: bool = False


@record(frozen=True, slots=True)
class RuleTried:
    """What one rule says of a sample."""

    rule: ScreeningRule
    outcome: RuleOutcome
    finding: Finding | None = None


class ScreeningTests:
    """For moderators and operators; drafts for operators. Nothing is kept."""

    def __init__(
        self,
        texts: RememberedTexts,
        published_by: PublishedBy,
        programmes: ProgrammeService,
        members: MemberRepository,
        member_of: Callable[[str], bytes | None],
        now: Callable[[], datetime],
    ) -> None:
        self._comparing = Comparing(texts, published_by)
        self._programmes = programmes
        self._members = members
        self._member_of = member_of
        self._now = now

    async def run(self, actor: Actor, sample: Sample) -> list[RuleTried]:
        """What each rule says of a text, in file order. Raises: Forbidden, InvalidInput, NotFound."""
        actor.require(Permission.COMMUNITY_MODERATE)
        if sample.drafts:
            actor.require(Permission.PROGRAMME_READ_DRAFTS)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        if sample.space not in catalogue.spaces:
            raise NotFound("There is no such space.", path=["space"])
        author = await self._author(actor, sample)
        text = self._text(catalogue, sample)
        tried = (Status.PUBLISHED, Status.DRAFT) if sample.drafts else (Status.PUBLISHED,)
        rules = [rule for rule in catalogue.document.screening if rule.status in tried]
        outcomes = {rule.key: outcome_of(rule, sample, author) for rule in rules}
        ready = [ReadyRule.of(rule) for rule in rules if outcomes[rule.key] is RuleOutcome.CLEAR]
        subject = Subject(
            actor.programme_id, author.id if author else b"", new_id(), self._now(), is_new=author is not None
        )
        found = [*look_into(text, ready), *await self._comparing.look(subject, text, ready, None)]
        findings = {finding.rule: finding for finding in found}
        return [
            RuleTried(rule, RuleOutcome.FOUND, findings[rule.key])
            if rule.key in findings
            else RuleTried(rule, outcomes[rule.key])
            for rule in rules
        ]

    async def _author(self, actor: Actor, sample: Sample) -> Member | None:
        if sample.author_id is None:
            return None
        found = await self._members.by_ids(actor.programme_id, [sample.author_id])
        author = found.get(sample.author_id)
        if author is None or author.is_gone:
            raise NotFound("There is no such member.", path=["authorId"])
        return author

    def _text(self, catalogue: Catalogue, sample: Sample) -> Text:
        title = check_title(sample.title) if sample.title else ""
        markup = Markup(catalogue.settings.community.image_hosts, self._member_of)
        rendered = markup.render(check_body(sample.body))
        return Text(
            sample.kind,
            sample.space,
            title,
            read_of(rendered.text, rendered.html),
            check_tags(sample.tags),
            tuple(link.url for link in rendered.links),
            len(rendered.mentions),
        )


def outcome_of(rule: ScreeningRule, sample: Sample, author: Member | None) -> RuleOutcome:
    """Why a rule says nothing of a sample; CLEAR where it is to be asked: pure."""
    if not rule.is_about(sample.kind, sample.space):
        return RuleOutcome.ELSEWHERE
    takes_author = rule.first is not None or rule.rate is not None or rule.when is not None
    if rule.duplicates is not None and rule.duplicates.of is not Likeness.ANY:
        takes_author = True
    if takes_author and author is None:
        return RuleOutcome.UNTESTED
    if rule.when is not None and author is not None and not meets(rule.when, member_facts(author)):
        return RuleOutcome.OTHERS
    return RuleOutcome.CLEAR
