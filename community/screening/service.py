"""Screening within the transactions in which texts are written, and what becomes of its verdicts."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from community.screening.comparing import Comparing, PublishedBy, Subject
from community.screening.model import (
    PASSED,
    Finding,
    Judgement,
    RuleStatistics,
    Screened,
    Screening,
    Text,
)
from community.screening.remembered import RememberedTexts
from community.screening.repository import ScreeningRepository
from community.screening.screen import ReadyRule, fresh, look_into, screen_of
from community.spaces.service import Viewer
from community.trust.guard import TrustGuard, require_powers
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput
from gamification.kit.identifiers import new_id
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import ScreeningRule, ScreeningVerdict, Status, localised
from gamification.programmes.gating import meets
from gamification.settlement.unit import Unit
from storage.paging import Page, Window

_PERIOD_MAX = timedelta(days=366)
_REFUSED = "The rules of this community don't allow this text."


class Stage(Enum):
    """PLANNED: it is written, to be published later, and only a refusal matters yet. NEW: it is being published. EDITED: it
    was published, or waits, and says something else now."""

    PLANNED = "planned"
    NEW = "new"
    EDITED = "edited"


class ScreeningHook(Protocol):
    """Hears of what is held or flagged, as the moderators' queue does."""

    async def screened(self, work: Unit, screening: Screening) -> None:
        """A post or comment is held or flagged, in the transaction that stores it."""


class ScreeningService:
    """What writing calls; and for moderators, how the rules do. `hooks` hear of what waits for them."""

    def __init__(
        self,
        repository: ScreeningRepository,
        texts: RememberedTexts,
        published_by: PublishedBy,
        guard: TrustGuard,
        hooks: Sequence[ScreeningHook] = (),
    ) -> None:
        self._guard = guard
        self._repository = repository
        self._hooks = hooks
        self._comparing = Comparing(texts, published_by)

    # -- while writing

    async def judge(
        self,
        work: Unit,
        viewer: Viewer,
        target_id: bytes,
        text: Text,
        stage: Stage,
        before: Text | None = None,
    ) -> Judgement:
        """What the rules say of what the viewer writes, in the transaction that stores it; `before` is what it said before an
        edit: what was found in it then holds or flags it no second time. Who looks after the space is not screened.

        Raises: Screened where a rule refuses it; Conflict (POSTING_LIMIT, TRUST_TOO_LOW) where the viewer's trust does.
        """
        await self._check_trust(work, viewer, target_id, text, stage)
        catalogue = work.space.catalogue
        if not catalogue.document.screening:
            return PASSED
        rights = viewer.rights.get(text.space)
        author = viewer.member
        if author is None or (rights is not None and rights.moderates):
            return PASSED
        rules = screen_of(catalogue).about(text.kind, text.space)
        if not rules:
            return PASSED
        rules = applying(rules, author)
        found = look_into(text, rules)
        if before is not None:
            known = fresh(found, look_into(before, rules))
            found = [one for one in found if one.verdict is ScreeningVerdict.REFUSE or one in known]
        is_new = stage is not Stage.EDITED
        subject = Subject(catalogue.programme_id, author.id, target_id, work.space.now, is_new)
        if not _refuses(found):
            compared = await self._comparing.look(subject, text, rules, work.tx, before)
            found = _in_order(rules, [*found, *compared])
        judgement = Judgement(tuple(found))
        if judgement.verdict is ScreeningVerdict.REFUSE:
            raise self._refusal(catalogue, author, judgement, subject, text)
        if stage is Stage.PLANNED:
            return PASSED
        await self._comparing.remember(subject, text, rules, work.tx)
        if judgement.verdict is not None:
            kept = _kept(judgement, subject, text, target_id)
            await self._repository.add(kept, work.tx)
            for hook in self._hooks:
                await hook.screened(work, kept)
        return judgement

    async def _check_trust(
        self, work: Unit, viewer: Viewer, target_id: bytes, text: Text, stage: Stage
    ) -> None:
        settings = work.space.catalogue.settings.community.trust
        rights = viewer.rights.get(text.space)
        if settings is None or viewer.member is None or (rights is not None and rights.moderates):
            return
        counts = {"links": len(text.links), "images": text.images, "mentions": text.mentions}
        require_powers(settings, viewer.trust, **counts)
        if stage is Stage.NEW:
            await self._guard.check_amount(work, settings, viewer.member.id, viewer.trust, target_id)

    @asynccontextmanager
    async def noting(self) -> AsyncIterator[None]:
        """Around a transaction that may be refused: the refusal is kept although the transaction is undone."""
        try:
            yield
        except Screened as refused:
            await self._repository.add(refused.screening)
            raise

    async def note(self, work: Unit, refused: Screened) -> None:
        """Keep a refusal within a transaction that goes on."""
        await self._repository.add(refused.screening, work.tx)

    async def decided(self, work: Unit, target_id: bytes, *, upheld: bool) -> None:
        """A moderator looked at a post or comment that was held or flagged: `upheld` where they took it down. It goes for
        what was not decided on; where all is, they changed their mind on the latest."""
        programme_id = work.space.catalogue.programme_id
        found = (await self._repository.of_targets(programme_id, [target_id], work.tx)).get(target_id, [])
        meant = [one.id for one in found if one.decided_at is None] or [one.id for one in found[:1]]
        if meant:
            await self._repository.decide(meant, work.space.now, work.tx, upheld=upheld)

    # -- reading

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Screening]:
        """Judgements by id, for those who look after every space."""
        if not actor.can(Permission.COMMUNITY_MODERATE):
            return {}
        return await self._repository.by_ids(actor.programme_id, ids)

    async def of_targets(self, actor: Actor, target_ids: Sequence[bytes]) -> dict[bytes, list[Screening]]:
        """What was said of posts and comments that the caller looks after or wrote, by their id, the latest first."""
        return await self._repository.of_targets(actor.programme_id, target_ids)

    async def page(
        self,
        actor: Actor,
        window: Window,
        rule: str | None = None,
        verdict: ScreeningVerdict | None = None,
        *,
        waiting: bool = False,
    ) -> Page[Screening]:
        """Judgements, the latest first; `waiting`: those that no moderator has decided on. Raises: Forbidden."""
        actor.require(Permission.COMMUNITY_MODERATE)
        query: dict[str, Any] = {"waits": True} if waiting else {}
        if rule is not None:
            query["findings.rule"] = rule
        if verdict is not None:
            query["verdict"] = verdict.value
        return await self._repository.page(actor.programme_id, query, window)

    async def statistics(
        self, actor: Actor, catalogue: Catalogue, since: datetime, until: datetime
    ) -> list[RuleStatistics]:
        """How each rule did from `since` to before `until`, in file order; those that said nothing too, but for drafts.
        Raises: Forbidden, InvalidInput."""
        actor.require(Permission.COMMUNITY_MODERATE)
        if not timedelta() < until - since <= _PERIOD_MAX:
            raise InvalidInput(
                f"The period ends after it begins, {_PERIOD_MAX.days} days later at most.",
                path=["until"],
                limit=_PERIOD_MAX.days,
            )
        found = await self._repository.statistics(actor.programme_id, since, until)
        rules = [rule for rule in catalogue.document.screening if rule.status is not Status.DRAFT]
        return [found.get(rule.key, RuleStatistics(rule.key)) for rule in rules]

    def _refusal(
        self, catalogue: Catalogue, author: Member, judgement: Judgement, subject: Subject, text: Text
    ) -> Screened:
        finding = judgement.deciding
        assert finding is not None  # noqa: S101 - it refuses
        rule = next(one for one in catalogue.document.screening if one.key == finding.rule)
        return Screened(
            message_of(rule, catalogue, author.locale) or _REFUSED,
            finding,
            _kept(judgement, subject, text, None),
        )


def message_of(rule: ScreeningRule, catalogue: Catalogue, locale: str) -> str | None:
    """What the programme tells an author of a rule, in their locale."""
    return localised(rule.message, locale, catalogue.settings.locale)


def applying(rules: Iterable[ReadyRule], author: Member) -> list[ReadyRule]:
    """The rules that go for this member."""
    facts = member_facts(author)
    return [ready for ready in rules if ready.rule.when is None or meets(ready.rule.when, facts)]


def _in_order(rules: Iterable[ReadyRule], found: Iterable[Finding]) -> list[Finding]:
    by_rule = {finding.rule: finding for finding in found}
    return [by_rule[ready.rule.key] for ready in rules if ready.rule.key in by_rule]


def _refuses(found: Iterable[Finding]) -> bool:
    return any(finding.verdict is ScreeningVerdict.REFUSE for finding in found)


def _kept(judgement: Judgement, subject: Subject, text: Text, target_id: bytes | None) -> Screening:
    verdict = judgement.verdict
    assert verdict is not None  # noqa: S101 - what is nothing is not kept
    return Screening(
        id=new_id(),
        programme_id=subject.programme_id,
        author_id=subject.author_id,
        kind=text.kind,
        space=text.space,
        target_id=target_id,
        verdict=verdict,
        findings=judgement.findings,
        at=subject.at,
    )
